-- Shared by every script, which it precedes. KEYS[1] is the feed; ARGV[1] is the key prefix with the hash tag.
-- An endpoint has a line of its own, `due:<endpoint>`, by when each delivery is due; `due` holds the endpoints by when
-- the first of theirs is. A delivery that somebody is at work on is due again when his lease ends.

local FEED, BASE = KEYS[1], ARGV[1] .. ':hooks'

local function cursor_key() return BASE .. ':cursor' end
local function version_key() return BASE .. ':version' end
local function feeder_key() return BASE .. ':feeder' end
local function bell_key() return BASE .. ':bell' end
local function endpoints_key() return BASE .. ':endpoints' end
local function health_key(endpoint) return BASE .. ':health:' .. endpoint end
local function due_key() return BASE .. ':due' end
local function line_key(endpoint) return BASE .. ':due:' .. endpoint end
local function log_key(endpoint) return BASE .. ':log:' .. endpoint end
local function sent_key(id) return BASE .. ':sent:' .. id end
local function dead_key() return BASE .. ':dead' end

-- Tells the archive, where there is one, what somebody did (streamforge.jobs.acts).
local function note_act(act) redis.call('XADD', ARGV[1] .. ':outbox', 'NOMKSTREAM', '*', 'act', act) end

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function int(n) return string.format('%.0f', n) end

-- Wakes the daemons that deliver.
local function ring() redis.call('XADD', bell_key(), 'MAXLEN', 1, '*', 'x', '') end

-- The endpoint's place among those with something due.
local function place(endpoint)
  local first = redis.call('ZRANGE', line_key(endpoint), 0, 0, 'WITHSCORES')
  if first[1] then
    redis.call('ZADD', due_key(), first[2], endpoint)
  else
    redis.call('ZREM', due_key(), endpoint)
  end
end

-- The feed is read from its end on, where it was not read before.
local function want_feed()
  if redis.call('EXISTS', cursor_key()) == 1 then return end
  local newest = redis.call('XREVRANGE', FEED, '+', '-', 'COUNT', 1)
  redis.call('SET', cursor_key(), newest[1] and newest[1][1] or '0-0')
end

-- Puts a delivery into its line, to be made now; returns 0 where there is one of that id.
local function add(at, keep_s, log_max, id, endpoint, tenant, url, event_type, event, job, body, trace)
  local key = sent_key(id)
  if redis.call('EXISTS', key) == 1 then return 0 end
  redis.call('HSET', key, 'endpoint', endpoint, 'tenant', tenant, 'url', url, 'type', event_type, 'event', event,
             'job', job, 'body', body, 'trace', trace, 'state', 'pending', 'created_ms', int(at), 'due_ms', int(at), 'try', 0, 'failures', 0)
  redis.call('EXPIRE', key, keep_s)
  redis.call('ZADD', log_key(endpoint), int(at), id)
  redis.call('ZREMRANGEBYRANK', log_key(endpoint), 0, -1 - log_max)
  redis.call('EXPIRE', log_key(endpoint), keep_s)
  redis.call('ZADD', line_key(endpoint), int(at), id)
  place(endpoint)
  return 1
end
