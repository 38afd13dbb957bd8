-- Shared by every script, which it precedes.
-- KEYS[1] is always the feed; ARGV[1..3] are always: base (key prefix with hash tag), feed_max, log_max.
-- Writes come after every check, so that a refused call changes nothing.

local FEED, BASE, FEED_MAX, LOG_MAX = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local GROUP = 'workers'
local MONTHS_MS = 8640000000

local function job_key(id) return BASE .. ':job:' .. id end
local function steps_key(id) return BASE .. ':steps:' .. id end
local function files_key(id) return BASE .. ':files:' .. id end
local function uploads_key(id) return BASE .. ':uploads:' .. id end
local function children_key(id) return BASE .. ':children:' .. id end
local function log_key(id) return BASE .. ':log:' .. id end
local function workers_key() return BASE .. ':workers' end
local function tenants_key() return BASE .. ':tenants' end
local function idem_key(tenant, name) return BASE .. ':idem:' .. tenant .. ':' .. name end
local function rate_key(caller) return BASE .. ':rate:' .. caller end
local function index_key(tenant) return BASE .. ':index:' .. tenant end
local function worker_key(name) return BASE .. ':worker:' .. name end
local function queue_key(queue, line) return BASE .. ':queue:' .. queue .. ':' .. line end
local function lines_key(queue) return BASE .. ':lines:' .. queue end
local function ring_key(queue, priority) return BASE .. ':ring:' .. queue .. ':' .. priority end
local function past_key(queue, priority) return BASE .. ':past:' .. queue .. ':' .. priority end
local function capped_key(tenant) return BASE .. ':capped:' .. tenant end
local function bell_key(queue) return BASE .. ':bell:' .. queue end
local function dead_key() return BASE .. ':dead' end
local function given_key() return BASE .. ':dead:given' end
local function refused_key(entry) return BASE .. ':refused:' .. entry end
local function letters_key(tenant) return BASE .. ':dead:of:' .. tenant end
local function scheduled_key() return BASE .. ':scheduled' end
local function expiring_key() return BASE .. ':expiring' end
local function running_key() return BASE .. ':running' end
local function clock_key() return BASE .. ':clock' end
local function paused_key() return BASE .. ':paused' end
local function control_key() return BASE .. ':control' end
local function outbox_key() return BASE .. ':outbox' end
local function archive_key() return BASE .. ':archive' end
local function hooks_cursor_key() return BASE .. ':hooks:cursor' end
local function hooks_bell_key() return BASE .. ':hooks:bell' end
local function condemned_key() return BASE .. ':objects:condemned' end
local function deleted_key() return BASE .. ':objects:deleted' end
local function stored_key() return BASE .. ':objects:stored' end
local function unwanted_key() return BASE .. ':objects:unwanted' end
local function objects_round_key() return BASE .. ':objects:round' end

-- Milliseconds since 1970 by Redis's clock: the one clock that all workers share.
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- %.0f keeps integers over 2^31 exact where tostring would turn to 1.7e+12.
local function int(n) return string.format('%.0f', n) end

-- Crashes since the job last got on, by a checkpoint: those count against it.
local function strikes_of(crashes, spared) return tonumber(crashes or 0) - tonumber(spared or 0) end

local function quote(text) return cjson.encode(text) end

-- The fields of a hash by name; nil where absent.
local function pick(key, ...)
  local names, out = {...}, {}
  for i, value in ipairs(redis.call('HMGET', key, ...)) do
    if value then out[names[i]] = value end
  end
  return out
end

-- Events after which a job's log grows no more, unless it is requeued.
local ENDS = {['job.succeeded'] = true, ['job.failed'] = true, ['job.cancelled'] = true, ['job.expired'] = true,
              ['job.upload_failed'] = true}

-- Appends an event to the feed and to the job's log, under one id. `data` is a JSON object as text. The feed's entry
-- names the job's tenant, kind and trace, and with its end the address that is to be told of it.
local function emit(id, kind, at, attempt, data)
  local job = redis.call('HMGET', job_key(id), 'tenant', 'kind', 'callback_url', 'traceparent')
  local fields = {'job', id, 'type', kind, 'at', int(at), 'attempt', attempt, 'data', data, 'tenant', job[1] or '',
                  'kind', job[2] or ''}
  local function note(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if job[3] and ENDS[kind] then note('callback', job[3]) end
  if job[4] then note('trace', job[4]) end
  local event = redis.call('XADD', FEED, '*', unpack(fields))
  local log = log_key(id)
  local length = redis.call('RPUSH', log, cmsgpack.pack({event, kind, at, tonumber(attempt), data}))
  if length > LOG_MAX then redis.call('LPOP', log) end
  return event
end

-- From here on the feed is read for webhooks, beginning with what follows.
local function want_webhooks()
  if redis.call('EXISTS', hooks_cursor_key()) == 1 then return end
  local newest = redis.call('XREVRANGE', FEED, '+', '-', 'COUNT', 1)
  redis.call('SET', hooks_cursor_key(), newest[1] and newest[1][1] or '0-0')
  redis.call('XADD', hooks_bell_key(), 'MAXLEN', 1, '*', 'x', '')
end

-- Keeps the feed within its cap; called by settle and promote, since trimming with each event costs far more.
local function trim_feed() redis.call('XTRIM', FEED, 'MAXLEN', '~', FEED_MAX) end

-- LINES. A line is one tenant's jobs of one priority in one queue: a stream, and its part `<priority>:<tenant>` of the
-- queue's set of lines while it has entries. The ring holds the tenants for whom something waits, by their pass: who
-- has had the fewest turns for his weight is next (stride scheduling: C. Waldspurger, W. Weihl, MIT/LCS/TM-528, 1995).

local function line_of(stream)
  return string.match(stream, ':queue:([^:]+):(([^:]+):(.+))$')
end

-- Wakes every worker that waits for this queue.
local function ring_bell(queue)
  redis.call('XADD', bell_key(queue), 'MAXLEN', 1, '*', 'x', '')
end

-- A tenant enters the ring no better placed than those who were served meanwhile.
local function join_ring(queue, priority, tenant)
  local ring = ring_key(queue, priority)
  if redis.call('ZSCORE', ring, tenant) then return end
  local clock = tonumber(redis.call('HGET', clock_key(), queue .. ':' .. priority) or 0)
  local past = tonumber(redis.call('ZSCORE', past_key(queue, priority), tenant) or 0)
  redis.call('ZADD', ring, math.max(clock, past), tenant)
  ring_bell(queue)
end

-- A tenant for whom nothing waits leaves; what he has had counts until the others have had as much.
local function leave_ring(queue, priority, tenant)
  local ring, past = ring_key(queue, priority), past_key(queue, priority)
  local pass = redis.call('ZSCORE', ring, tenant)
  if not pass then return end
  redis.call('ZREM', ring, tenant)
  local field = queue .. ':' .. priority
  if redis.call('EXISTS', ring) == 0 then
    redis.call('DEL', past)
    redis.call('HDEL', clock_key(), field)
    return
  end
  redis.call('ZADD', past, pass, tenant)
  redis.call('ZREMRANGEBYSCORE', past, '-inf', redis.call('HGET', clock_key(), field) or 0)
end

-- Makes a line's lost group anew; its tenant gets a turn, for what the old one had delivered.
local function mend(stream)
  local queue, _, priority, tenant = line_of(stream)
  redis.pcall('XGROUP', 'CREATE', stream, GROUP, '0')
  join_ring(queue, priority, tenant)
end

-- Leaves an entry pending where it is, as one that nobody has renewed for ever: the next look of any worker finds it.
local function put_back(stream, entry)
  local claimed = redis.pcall('XCLAIM', stream, GROUP, 'released', 0, entry, 'IDLE', MONTHS_MS, 'JUSTID')
  if claimed.err then mend(stream) end
end

-- Puts a job at the end of its line; returns the entry's id.
local function enqueue(id, queue, priority, tenant)
  local line = priority .. ':' .. tenant
  local stream = queue_key(queue, line)
  if redis.call('SADD', lines_key(queue), line) == 1 then
    redis.pcall('XGROUP', 'CREATE', stream, GROUP, '0', 'MKSTREAM')
  end
  local entry = redis.call('XADD', stream, '*', 'job', id)
  join_ring(queue, priority, tenant)
  return entry
end

-- Removes entries from their line, and the line with its last one. Lua's stack holds some 8000 values.
local function drop(stream, entries)
  for first = 1, #entries, 1000 do
    local last = math.min(first + 999, #entries)
    redis.call('XACK', stream, GROUP, unpack(entries, first, last))
    redis.call('XDEL', stream, unpack(entries, first, last))
  end
  if redis.call('XLEN', stream) > 0 then return end
  local queue, line, priority, tenant = line_of(stream)
  redis.call('DEL', stream)
  redis.call('SREM', lines_key(queue), line)
  leave_ring(queue, priority, tenant)
end

-- Counts a tenant's running jobs; with one fewer, queues that held him back look again.
local function count_running(tenant, change)
  local running = redis.call('HINCRBY', running_key(), tenant, change)
  if change > 0 then return end
  if running <= 0 then redis.call('HDEL', running_key(), tenant) end
  for _, queue in ipairs(redis.call('SMEMBERS', capped_key(tenant))) do
    redis.call('SREM', capped_key(tenant), queue)
    ring_bell(queue)
  end
end

-- JOBS.

local function tell_queued(id, at, attempt, kind, queue, priority)
  emit(id, 'job.queued', at, attempt,
       '{"kind":' .. quote(kind) .. ',"queue":' .. quote(queue) .. ',"priority":' .. quote(priority) .. '}')
end

-- Puts a job into its tenant's index; `listed` remembers the tenants that this call has named already.
local function list_job(id, tenant, at, listed)
  redis.call('ZADD', index_key(tenant), int(at), id)
  if listed and listed[tenant] then return end
  redis.call('SADD', tenants_key(), tenant)
  if listed then listed[tenant] = true end
end

-- Lets a parked job's turn come: to the end of its line.
local function to_queue(id, key, at)
  local job = pick(key, 'kind', 'queue', 'priority', 'tenant', 'attempt')
  redis.call('HDEL', key, 'awaits', 'parked_for', 'called')
  local entry = enqueue(id, job.queue, job.priority, job.tenant)
  redis.call('HSET', key, 'state', 'queued', 'queued_ms', int(at), 'entry', entry)
  tell_queued(id, at, job.attempt or 0, job.kind, job.queue, job.priority)
end

-- Takes a job that nobody runs out of the schedule or its line.
local function withdraw(id, job)
  redis.call('ZREM', expiring_key(), id)
  if job.state == 'scheduled' then redis.call('ZREM', scheduled_key(), id) end
  if job.state == 'queued' then drop(queue_key(job.queue, job.priority .. ':' .. job.tenant), {job.entry}) end
end

local TERMINAL = {succeeded = true, failed = true, cancelled = true, expired = true, upload_failed = true}

-- The job that waits for this one's end need wait no more.
local function wake_parent(parent, child, at)
  local key = job_key(parent)
  local waiting = pick(key, 'state', 'awaits')
  if waiting.state ~= 'scheduled' or waiting.awaits ~= child then return end
  redis.call('ZREM', scheduled_key(), parent)
  to_queue(parent, key, at)
end

-- OUTBOX. What must outlive Redis is told to the archive by the script that makes the change. The stream is there
-- where an archive has claimed this Redis, and nowhere else.

-- Whether there is an archive, which has been told.
local function tell_archive(...)
  return redis.call('XADD', outbox_key(), 'NOMKSTREAM', '*', ...) and true or false
end

-- What somebody did to something of a tenant's, as JSON (streamforge.jobs.acts); '' where it is nobody's act.
local function note_act(act, tenant)
  if act ~= '' then tell_archive('act', act, 'tenant', tenant or '') end
end

-- Writes a job's end: state, time, further fields. Its keys live on for the result's time, which begins with the end, or,
-- where there is an archive, once it is there (archived.lua). `job` has kept and parent, and state where it may be uploading.
local function finish(id, key, job, state, at, ttl_s, ...)
  redis.call('HSET', key, 'state', state, 'finished_ms', int(at), 'owner', '', ...)
  if not tell_archive('job', id) then
    redis.call('EXPIRE', key, ttl_s)
    redis.call('EXPIRE', log_key(id), ttl_s)
    if job.kept then
      redis.call('EXPIRE', steps_key(id), ttl_s)
      redis.call('EXPIRE', files_key(id), ttl_s)
    end
    if job.state == 'uploading' then redis.call('EXPIRE', uploads_key(id), ttl_s) end
  end
  if job.parent then
    redis.call('SREM', children_key(job.parent), id)
    wake_parent(job.parent, id, at)
  end
end

local cancel

-- Whoever is cancelled takes those along that work for him.
local function end_cancelled(id, key, job, at, ttl_s, err, ...)
  emit(id, 'job.cancelled', at, job.attempt or 0, '{"error":' .. err .. '}')
  finish(id, key, job, 'cancelled', at, ttl_s, 'error', err, ...)
  for _, child in ipairs(redis.call('SMEMBERS', children_key(id))) do cancel(child, at, ttl_s, err) end
end

-- Ends a job on request: at once where nobody runs it, else by a mark that its worker is told of; and its children.
-- Returns 1 ended now; 2 its worker will end it; 0 it had ended before; -1 no such job.
function cancel(id, at, ttl_s, err)
  local key = job_key(id)
  local job = pick(key, 'state', 'attempt', 'queue', 'priority', 'tenant', 'entry', 'kept', 'parent')
  if not job.state then return -1 end
  if TERMINAL[job.state] then return 0 end
  if job.state == 'running' then
    redis.call('HSET', key, 'cancel', err)
    redis.call('PUBLISH', control_key(), '{"cancel":' .. quote(id) .. '}')
    return 2
  end
  withdraw(id, job)
  end_cancelled(id, key, job, at, ttl_s, err)
  return 1
end

local function end_expired(id, key, job, at, ttl_s)
  local err = '{"code":"expired","message":"nobody had begun the job when its time ran out"}'
  emit(id, 'job.expired', at, job.attempt or 0, '{"error":' .. err .. '}')
  finish(id, key, job, 'expired', at, ttl_s, 'error', err)
end

local function end_upload_failed(id, key, job, at, ttl_s)
  local err = '{"code":"upload_failed","message":"its files were not complete when its time ran out"}'
  emit(id, 'job.upload_failed', at, job.attempt or 0, '{"error":' .. err .. '}')
  finish(id, key, job, 'upload_failed', at, ttl_s, 'error', err)
end

-- DEAD LETTERS. The stream holds what lists tell of them, in order; a hash holds what each was given, which may be
-- large; and of each tenant's there is an index, whose members sort as text as the ids do as numbers.

local function place_of(letter)
  local ms, seq = string.match(letter, '^(%d+)-(%d+)$')
  return string.rep('0', 16 - #ms) .. ms .. '-' .. string.rep('0', 16 - #seq) .. seq
end

-- Forgets a letter; returns whether there was one.
local function forget_letter(letter)
  local found = redis.call('XRANGE', dead_key(), letter, letter)[1]
  if not found then return false end
  for i = 1, #found[2], 2 do
    if found[2][i] == 'tenant' then redis.call('ZREM', letters_key(found[2][i + 1]), place_of(letter)) end
  end
  redis.call('HDEL', given_key(), letter)
  redis.call('XDEL', dead_key(), letter)
  return true
end

-- Writes a letter of a tenant ('' nobody's), and forgets the oldest beyond `dead_max`; returns its id.
local function write_letter(dead_max, tenant, given, ...)
  local letter = redis.call('XADD', dead_key(), '*', 'tenant', tenant, ...)
  redis.call('HSET', given_key(), letter, given)
  if tenant ~= '' then redis.call('ZADD', letters_key(tenant), 0, place_of(letter)) end
  local beyond = redis.call('XLEN', dead_key()) - tonumber(dead_max)
  if beyond > 0 then
    for _, old in ipairs(redis.call('XRANGE', dead_key(), '-', '+', 'COUNT', math.min(beyond, 100))) do
      forget_letter(old[1])
    end
  end
  return letter
end

-- Ends a job with a dead letter that can be requeued from itself alone. `err` is JSON.
local function end_failed(id, key, job, at, ttl_s, dead_max, reason, err, signal, peak_rss_kb, ...)
  emit(id, 'job.failed', at, job.attempt or 0, '{"reason":' .. quote(reason) .. ',"error":' .. err .. '}')
  local facts = redis.call('HMGET', key, 'kind', 'tenant', 'queue', 'priority', 'attempt', 'crashes', 'input')
  local letter = write_letter(dead_max, facts[2] or '', facts[7] or '', 'source', 'job', 'job', id, 'at', int(at),
             'reason', reason, 'error', err, 'kind', facts[1] or '', 'queue', facts[3] or '', 'priority', facts[4] or '',
             'attempts', facts[5] or '0', 'crashes', facts[6] or '0', 'signal', signal or '', 'peak_rss_kb',
             peak_rss_kb or 0)
  finish(id, key, job, 'failed', at, ttl_s, 'error', err, 'letter', letter, ...)
end

-- Starts a job that has ended anew, where it has a record.
local function restart(id, key, at, is_fresh)
  redis.call('HSET', key, 'attempt', 0, 'crashes', 0)
  redis.call('HDEL', key, 'error', 'finished_ms', 'result', 'cancel', 'boosted', 'signal', 'spared', 'letter')
  for _, name in ipairs({key, steps_key(id), files_key(id), log_key(id)}) do redis.call('PERSIST', name) end
  if is_fresh then
    redis.call('DEL', steps_key(id))
    redis.call('HDEL', key, 'version', 'step', 'progress')
  end
  emit(id, 'job.requeued', at, 0, '{}')
  to_queue(id, key, at)
end

-- OBJECTS. Whatever writes a reference to an object says so here, in the same script: that is what the collector's proof
-- leans on (see streamforge/collector). `keys` are joined, 64 digits each.

-- Objects that are named from now on are condemned no more.
local function pardon(keys)
  for first = 1, #keys, 64 do redis.call('ZREM', condemned_key(), string.sub(keys, first, first + 63)) end
end

-- The same for all that a JSON text names, in any string of 64 hex digits.
local function pardon_named(text)
  local quote_at = string.find(text, '"', 1, true)
  while quote_at do
    local key = string.match(text, '^[0-9a-f]+', quote_at + 1)
    if key and #key == 64 then pardon(key) end
    quote_at = string.find(text, '"', quote_at + 1, true)
  end
end

-- Where an object has to be put again, having been put in place `number` while or before the collector deleted what was
-- there; nil where it is safe.
local function place_instead(key, number)
  local deleted = redis.call('ZSCORE', deleted_key(), key)
  if deleted and tonumber(deleted) > tonumber(number) then return tonumber(deleted) end
end

-- Counts what a tenant's objects come to; the collector sets it right from time to time.
local function count_stored(tenant, bytes) redis.call('HINCRBY', stored_key(), tenant, bytes) end

-- Objects of a job that was erased: the collector need not wait until they are old.
local function unwant(tenant, keys)
  for _, key in ipairs(keys) do redis.call('SADD', unwanted_key(), tenant .. '/' .. key) end
end
