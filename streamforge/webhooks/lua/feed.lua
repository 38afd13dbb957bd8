-- Moves the cursor over a part of the feed, and puts what follows from it into the lines, all at once.
-- KEYS: feed; ARGV: base, cursor before, cursor after, version of the endpoints that were asked, keep_s, log_max, then nine for each delivery:
--   id, endpoint, tenant, url ('' the endpoint's), event type, event id, job, body, traceparent
-- Returns how many are new; -1 where the cursor is not where it was thought to be (another daemon has moved it), or the
-- endpoints have changed since: nothing is written then.

local before, after, version, keep_s, log_max = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('GET', cursor_key()) ~= before or (redis.call('GET', version_key()) or '0') ~= version then return -1 end
local at, new = now_ms(), 0
for i = 7, #ARGV, 9 do new = new + add(at, keep_s, log_max, unpack(ARGV, i, i + 8)) end
redis.call('SET', cursor_key(), after)
if new > 0 then ring() end
return new
