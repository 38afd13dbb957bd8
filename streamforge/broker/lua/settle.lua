-- Ends the attempts of a batch of jobs: state, result or error, event, dead letter, XACK and XDEL, all or nothing for each.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, dead_max, result_ttl_s, then eight for each job:
--   id, token, stream, entry, outcome, body, reason, delay_ms
--   outcome: succeeded (body: result JSON) | failed (body: error JSON, reason) | cancelled (body: error JSON)
--            retry (body: error JSON, delay_ms) | snooze (reason, delay_ms) | released
-- Returns a code for each job: 1 settled; 2 this very token had settled it before (a repeated call); 0 fenced, nothing changed.

local dead_max, ttl = ARGV[4], ARGV[5]
local at = now_ms()
local at_text = int(at)

local function finish(id, key, token, kept, state, field, body)
  redis.call('HSET', key, 'state', state, field, body, 'finished_ms', at_text, 'owner', '', 'settled', token)
  expire(id, ttl, kept)
end

local function park(id, key, token, delay)
  local due = int(at + tonumber(delay))
  redis.call('HSET', key, 'state', 'scheduled', 'due_ms', due, 'owner', '', 'settled', token)
  redis.call('ZADD', scheduled_key(), due, id)
  return due
end

local ends = {}

function ends.succeeded(id, key, token, attempt, kept, body)
  finish(id, key, token, kept, 'succeeded', 'result', body)
  emit(id, 'job.succeeded', at, attempt, '{}')
end

function ends.failed(id, key, token, attempt, kept, body, reason)
  emit(id, 'job.failed', at, attempt, '{"reason":' .. quote(reason) .. ',"error":' .. body .. '}')
  bury(id, key, at, dead_max, reason, body)
  finish(id, key, token, kept, 'failed', 'error', body)
end

function ends.cancelled(id, key, token, attempt, kept, body)
  emit(id, 'job.cancelled', at, attempt, '{"error":' .. body .. '}')
  finish(id, key, token, kept, 'cancelled', 'error', body)
end

function ends.retry(id, key, token, attempt, _, body, _, delay)
  local due = park(id, key, token, delay)
  redis.call('HSET', key, 'error', body)
  emit(id, 'job.retrying', at, attempt, '{"due_ms":' .. due .. ',"error":' .. body .. '}')
end

function ends.snooze(id, key, token, attempt, _, _, reason, delay)
  local due = park(id, key, token, delay)
  redis.call('HINCRBY', key, 'attempt', -1)
  emit(id, 'job.snoozed', at, attempt, '{"due_ms":' .. due .. ',"reason":' .. quote(reason) .. '}')
end

function ends.released(id, key, token, attempt)
  local route = redis.call('HMGET', key, 'queue', 'priority')
  redis.call('HSET', key, 'state', 'queued', 'owner', '', 'queued_ms', at_text, 'settled', token)
  redis.call('HINCRBY', key, 'attempt', -1)
  redis.call('XADD', queue_key(route[1], route[2]), '*', 'job', id)
  emit(id, 'job.released', at, attempt, '{}')
end

local codes, entries, streams = {}, {}, {}
for i = 6, #ARGV, 8 do
  local id, token, stream, outcome = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 4]
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'state', 'token', 'settled', 'attempt', 'kept')
  if job[3] == token then
    codes[#codes + 1] = 2
  elseif job[1] ~= 'running' or job[2] ~= token then
    codes[#codes + 1] = 0
  else
    ends[outcome](id, key, token, job[4], job[5], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7])
    if not entries[stream] then
      entries[stream] = {}
      streams[#streams + 1] = stream
    end
    table.insert(entries[stream], ARGV[i + 3])
    codes[#codes + 1] = 1
  end
end
for _, stream in ipairs(streams) do
  redis.call('XACK', stream, GROUP, unpack(entries[stream]))
  redis.call('XDEL', stream, unpack(entries[stream]))
end
return codes
