-- Puts one delivery into its line.
-- KEYS: feed; ARGV: base, keep_s, log_max, id, endpoint, tenant, url, event type, event id, job, body, traceparent
-- Returns 1; 0 where there is one of that id.

local new = add(now_ms(), ARGV[2], ARGV[3], unpack(ARGV, 4, 12))
if new > 0 then ring() end
return new
