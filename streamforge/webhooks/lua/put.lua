-- Writes an endpoint: a new one, or one changed.
-- KEYS: feed; ARGV: base, id, endpoint (JSON), what it takes the place of ('' nothing), most of its tenant ('' any number),
--   act (JSON: who writes it)
-- Returns 1; 0 where something else stands there; -1 where its tenant has as many as it may.

local id, now, before, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local found = redis.call('HGET', endpoints_key(), id) or ''
if found ~= before then return 0 end

local function count_of(tenant)
  local count = 0
  for _, endpoint in ipairs(redis.call('HVALS', endpoints_key())) do
    if cjson.decode(endpoint).tenant == tenant then count = count + 1 end
  end
  return count
end

if most and found == '' and count_of(cjson.decode(now).tenant) >= most then return -1 end
redis.call('HSET', endpoints_key(), id, now)
redis.call('INCR', version_key())
note_act(ARGV[6])
want_feed()
ring()
return 1
