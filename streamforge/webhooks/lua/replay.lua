-- Makes a delivery once more, from the beginning of its schedule, under the same id.
-- KEYS: feed; ARGV: base, id, keep_s
-- Returns 1; 0 where it, or its endpoint, is not kept any more.

local id, key = ARGV[2], sent_key(ARGV[2])
local endpoint = redis.call('HGET', key, 'endpoint')
if not endpoint or redis.call('HEXISTS', endpoints_key(), endpoint) == 0 then return 0 end
local at = int(now_ms())
redis.call('HSET', key, 'state', 'pending', 'due_ms', at, 'failures', 0)
redis.call('HDEL', key, 'ended_ms')
redis.call('HINCRBY', key, 'try', 1) -- whoever is at work on it settles nothing
redis.call('EXPIRE', key, ARGV[3])
redis.call('ZREM', dead_key(), id)
redis.call('ZADD', line_key(endpoint), at, id)
place(endpoint)
ring()
return 1
