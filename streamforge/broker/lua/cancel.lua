-- Ends a job on request; see `cancel` in lib.lua.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, error (JSON), result_ttl_s, act (JSON: who asks)
-- Returns 1 ended now; 2 its worker will end it; 0 it had ended before; -1 no such job.

local id = ARGV[4]
local code = cancel(id, now_ms(), ARGV[6], ARGV[5])
if code > 0 then note_act(ARGV[7], redis.call('HGET', job_key(id), 'tenant')) end
return code
