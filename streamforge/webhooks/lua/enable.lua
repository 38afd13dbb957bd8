-- Lets an endpoint be told again, of whatever the feed has not been read for yet.
-- KEYS: feed; ARGV: base, id, act (JSON: who asks)
-- Returns 1; 0 where it was not disabled.

local was = redis.call('HDEL', health_key(ARGV[2]), 'disabled_ms')
redis.call('DEL', health_key(ARGV[2]))
redis.call('INCR', version_key())
if was == 1 then note_act(ARGV[3]) end
return was
