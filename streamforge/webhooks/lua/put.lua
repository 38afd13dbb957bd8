-- Writes an endpoint: a new one, or one changed.
-- KEYS: feed; ARGV: base, id, endpoint (JSON), what it takes the place of ('' nothing), act (JSON: who writes it)
-- Returns 1; 0 where something else stands there.

local id, now, before = ARGV[2], ARGV[3], ARGV[4]
local found = redis.call('HGET', endpoints_key(), id) or ''
if found ~= before then return 0 end
redis.call('HSET', endpoints_key(), id, now)
redis.call('INCR', version_key())
note_act(ARGV[5])
want_feed()
ring()
return 1
