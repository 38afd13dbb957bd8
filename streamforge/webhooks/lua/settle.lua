-- Writes down how one try went: it is delivered, due again, or given up.
-- KEYS: feed; ARGV: base, id, endpoint, try, outcome ('delivered' | 'retry' | 'dead' | 'gone'), attempt (JSON), delay_ms,
--   keep_s, dead_max, disable_after_ms (0: the endpoint is never disabled), feed_max
-- Returns 1 written; 2 written, and the endpoint is disabled by it; 0 another try has been begun meanwhile, nothing changed.

local id, endpoint, try, outcome, attempt = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local delay_ms, keep_s, dead_max, disable_after_ms = tonumber(ARGV[7]), ARGV[8], ARGV[9], tonumber(ARGV[10])
local key, health, at = sent_key(id), health_key(endpoint), now_ms()
if redis.call('HGET', key, 'try') ~= try then return 0 end

redis.call('HSET', key, 'attempt:' .. try, attempt)
redis.call('EXPIRE', key, keep_s)
local is_known = redis.call('HEXISTS', endpoints_key(), endpoint) == 1

local function end_as(state)
  redis.call('HSET', key, 'state', state, 'ended_ms', int(at))
  redis.call('ZREM', line_key(endpoint), id)
end

local function disable(why)
  if not is_known or disable_after_ms == 0 or redis.call('HEXISTS', health, 'disabled_ms') == 1 then return 1 end
  redis.call('HSET', health, 'disabled_ms', int(at), 'why', why)
  redis.call('INCR', version_key())
  redis.call('XADD', FEED, 'MAXLEN', '~', ARGV[11], '*', 'job', '', 'type', 'webhook.disabled', 'at', int(at),
             'attempt', 0, 'data', '{"endpoint":"' .. endpoint .. '","reason":"' .. why .. '"}',
             'tenant', redis.call('HGET', key, 'tenant'), 'kind', '')
  return 2
end

if outcome == 'delivered' then
  end_as('delivered')
  redis.call('HDEL', health, 'failing_ms')
  place(endpoint)
  return 1
end

redis.call('HINCRBY', key, 'failures', 1)
if outcome == 'retry' and is_known then
  local due = int(at + delay_ms)
  redis.call('HSET', key, 'due_ms', due)
  redis.call('ZADD', line_key(endpoint), due, id)
else
  end_as('dead')
  redis.call('ZADD', dead_key(), int(at), id)
  redis.call('ZREMRANGEBYRANK', dead_key(), 0, -1 - dead_max)
end
place(endpoint)
if outcome == 'gone' then return disable('gone') end
if not is_known then return 1 end
redis.call('HSETNX', health, 'failing_ms', int(at))
if at - redis.call('HGET', health, 'failing_ms') >= disable_after_ms then return disable('failing') end
return 1
