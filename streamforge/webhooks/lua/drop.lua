-- Forgets an endpoint, and what was to be delivered to it. What was, stays known by its id for as long as it is kept.
-- KEYS: feed; ARGV: base, id, act (JSON: who asks)
-- Returns 1; 0 where there was none.

local id = ARGV[2]
local was = redis.call('HDEL', endpoints_key(), id)
redis.call('DEL', health_key(id), line_key(id), log_key(id))
redis.call('ZREM', due_key(), id)
redis.call('INCR', version_key())
if was == 1 then note_act(ARGV[3]) end
return was
