-- Ends a job on request; see `cancel` in lib.lua.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, error (JSON), result_ttl_s
-- Returns 1 ended now; 2 its worker will end it; 0 it had ended before; -1 no such job.

return cancel(ARGV[4], now_ms(), ARGV[6], ARGV[5])
