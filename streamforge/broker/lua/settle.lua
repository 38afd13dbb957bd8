-- Ends the attempts of a batch of jobs: state, result or error, event, dead letter, XACK and XDEL, all or nothing for each.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, dead_max, result_ttl_s, max_crashes, then nine for each job:
--   id, token, stream, entry, outcome, body, reason, delay_ms, extra (JSON, '' none: charge, awaits,
--   parked_for, signal, peak_rss_kb)
--   outcome: succeeded (body: result JSON) | failed (body: error JSON, reason) | cancelled (body: error JSON)
--            retry (body: error JSON, delay_ms; charge: attempt | crash | soft_limit)
--            snooze (reason, delay_ms; awaits: a child job; parked_for: a model, `provider/model`) | released
-- A job that was to be cancelled meanwhile is neither tried again nor parked: it ends.
-- Returns a code for each job: 1 settled; 2 this very token had settled it before (a repeated call); 0 fenced, nothing changed.

local dead_max, ttl_s, max_crashes = ARGV[4], ARGV[5], tonumber(ARGV[6])
local at = now_ms()
local HIGHER = {low = 'normal', normal = 'high', high = 'high'}

local function park(id, key, token, delay)
  local due = int(at + math.max(0, tonumber(delay)))
  redis.call('HSET', key, 'state', 'scheduled', 'due_ms', due, 'owner', '', 'settled', token)
  redis.call('ZADD', scheduled_key(), due, id)
  return due
end

-- A crash costs no attempt, but there is a limit to them.
local function charge_crash(id, key, token, job, body, extra)
  local crashes = redis.call('HINCRBY', key, 'crashes', 1)
  redis.call('HSET', key, 'signal', extra.signal or '')
  if strikes_of(crashes, redis.call('HGET', key, 'spared') or nil) <= max_crashes then
    redis.call('HINCRBY', key, 'attempt', -1)
    return true
  end
  end_failed(id, key, job, at, ttl_s, dead_max, 'crashed', body, extra.signal, extra.peak_rss_kb, 'settled', token)
  return false
end

local CHARGES = {}
function CHARGES.attempt() return true end
CHARGES.crash = charge_crash
function CHARGES.soft_limit(_, key)
  redis.call('HSET', key, 'boosted', 1, 'priority', HIGHER[redis.call('HGET', key, 'priority')])
  return true
end

local ends = {}

function ends.succeeded(id, key, token, job, body)
  if token ~= '1' then redis.call('HDEL', key, 'error') end -- an earlier attempt's
  emit(id, 'job.succeeded', at, job.attempt, '{}')
  finish(id, key, job, 'succeeded', at, ttl_s, 'result', body, 'settled', token)
end

function ends.failed(id, key, token, job, body, reason, _, extra)
  end_failed(id, key, job, at, ttl_s, dead_max, reason, body, extra.signal, extra.peak_rss_kb, 'settled', token)
end

function ends.cancelled(id, key, token, job, body)
  end_cancelled(id, key, job, at, ttl_s, body, 'settled', token)
end

function ends.retry(id, key, token, job, body, _, delay, extra)
  if not CHARGES[extra.charge or 'attempt'](id, key, token, job, body, extra) then return end
  redis.call('HSET', key, 'error', body)
  local due = park(id, key, token, delay)
  emit(id, 'job.retrying', at, job.attempt, '{"due_ms":' .. due .. ',"error":' .. body .. '}')
end

-- Where a model has had room since it sent the job away (`<ms> <model>`, see traffic/lua/parked.lua), it need not wait for it.
local function until_called(key, model, delay)
  local called, by = string.match(redis.call('HGET', key, 'called') or '', '^(%d+) (.*)$')
  return by == model and math.min(tonumber(delay), called - at) or delay
end

function ends.snooze(id, key, token, job, _, reason, delay, extra)
  local model = extra.parked_for
  if model then
    delay = until_called(key, model, delay)
    redis.call('HSET', key, 'parked_for', model)
  end
  local awaited = extra.awaits and redis.call('HGET', job_key(extra.awaits), 'state')
  local is_over = extra.awaits and (not awaited or TERMINAL[awaited])
  redis.call('HINCRBY', key, 'attempt', -1)
  local due = park(id, key, token, is_over and 0 or delay)
  if extra.awaits and not is_over then redis.call('HSET', key, 'awaits', extra.awaits) end
  emit(id, 'job.snoozed', at, job.attempt, '{"due_ms":' .. due .. ',"reason":' .. quote(reason) .. '}')
end

-- Handed back: the entry stays where it is, as one that was held for ever, so that the next look of any worker finds it.
function ends.released(id, key, token, job, _, _, _, _, stream, entry)
  redis.call('HSET', key, 'state', 'queued', 'owner', '', 'queued_ms', int(at), 'settled', token, 'entry', entry)
  redis.call('HINCRBY', key, 'attempt', -1)
  put_back(stream, entry)
  emit(id, 'job.released', at, job.attempt, '{}')
end

-- Ends that give way to a cancel that was asked for meanwhile, under the reason that was given with it.
local GIVES_WAY = {retry = true, snooze = true, released = true, cancelled = true}

local codes, entries, fewer = {}, {}, {}
local function settle(i, id, token, stream, entry, outcome)
  local key = job_key(id)
  local job = pick(key, 'state', 'token', 'settled', 'attempt', 'kept', 'parent', 'tenant', 'cancel')
  if job.settled == token then return 2 end
  if job.state ~= 'running' or job.token ~= token then return 0 end
  local body, extra = ARGV[i + 5], ARGV[i + 8] ~= '' and cjson.decode(ARGV[i + 8]) or {}
  if job.cancel and GIVES_WAY[outcome] then
    outcome, body = 'cancelled', job.cancel
  end
  ends[outcome](id, key, token, job, body, ARGV[i + 6], ARGV[i + 7], extra, stream, entry)
  fewer[job.tenant] = (fewer[job.tenant] or 0) + 1
  if outcome ~= 'released' then
    entries[stream] = entries[stream] or {}
    table.insert(entries[stream], entry)
  end
  return 1
end

for i = 7, #ARGV, 9 do
  codes[#codes + 1] = settle(i, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
for stream, gone in pairs(entries) do drop(stream, gone) end
for tenant, jobs in pairs(fewer) do count_running(tenant, -jobs) end
trim_feed()
return codes
