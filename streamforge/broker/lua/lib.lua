-- Shared by every script, which it precedes.
-- KEYS[1] is always the feed; ARGV[1..3] are always: base (key prefix with hash tag), feed_max, log_max.
-- Writes come after every check, so that a refused call changes nothing.

local FEED, BASE, FEED_MAX, LOG_MAX = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local GROUP = 'workers'

local function job_key(id) return BASE .. ':job:' .. id end
local function steps_key(id) return BASE .. ':steps:' .. id end
local function files_key(id) return BASE .. ':files:' .. id end
local function log_key(id) return BASE .. ':log:' .. id end
local function queue_key(queue, priority) return BASE .. ':queue:' .. queue .. ':' .. priority end
local function worker_key(name) return BASE .. ':worker:' .. name end
local function dead_key() return BASE .. ':dead' end
local function scheduled_key() return BASE .. ':scheduled' end

-- Milliseconds since 1970 by Redis's clock: the one clock that all workers share.
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- %d keeps integers over 2^31 exact where tostring would turn to 1.7e+12.
local function int(n) return string.format('%.0f', n) end

-- Appends an event to the feed and to the job's log, under one id. `data` is a JSON object as text.
local function emit(id, kind, at, attempt, data)
  local event = redis.call('XADD', FEED, 'MAXLEN', '~', FEED_MAX, '*', 'job', id, 'type', kind, 'at', int(at),
                           'attempt', attempt, 'data', data)
  local log = log_key(id)
  local length = redis.call('RPUSH', log, cmsgpack.pack({event, kind, at, tonumber(attempt), data}))
  if length > LOG_MAX then redis.call('LPOP', log) end
  return event
end

-- Appends a dead letter that can be requeued from itself alone. `err` is JSON.
local function bury(id, key, at, max, reason, err)
  local job = redis.call('HMGET', key, 'kind', 'tenant', 'queue', 'priority', 'attempt', 'crashes', 'input')
  redis.call('XADD', dead_key(), 'MAXLEN', '~', max, '*', 'source', 'job', 'job', id, 'at', int(at), 'reason', reason,
             'error', err, 'kind', job[1] or '', 'tenant', job[2] or '', 'queue', job[3] or '', 'priority', job[4] or '',
             'attempts', job[5] or '0', 'crashes', job[6] or '0', 'input', job[7] or '')
end

-- The fields of a hash by name; nil where absent.
local function pick(key, ...)
  local names, out = {...}, {}
  local values = redis.call('HMGET', key, ...)
  for i, name in ipairs(names) do out[name] = values[i] or nil end
  return out
end

-- The job's keys live on for the result's time. `kept` says that it has steps or files.
local function expire(id, ttl_s, kept)
  redis.call('EXPIRE', job_key(id), ttl_s)
  redis.call('EXPIRE', log_key(id), ttl_s)
  if kept then
    redis.call('EXPIRE', steps_key(id), ttl_s)
    redis.call('EXPIRE', files_key(id), ttl_s)
  end
end

local function quote(text) return cjson.encode(text) end
