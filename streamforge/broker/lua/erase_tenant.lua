-- Forgets what Redis has of a tenant besides jobs: balances, what was spent, how many run. Not while there are jobs.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, tenant, act (JSON), first day, last day (since 1970, UTC) of which spending is known
-- Returns the time (ms), from which on whatever is made was not erased; 0 there are jobs. How many bytes his files take is
-- counted on, until the collector has deleted them.

local tenant = ARGV[4]
if redis.call('EXISTS', index_key(tenant)) == 1 then return 0 end
for _, name in ipairs({'credits', 'holds', 'held', 'capped'}) do redis.call('DEL', BASE .. ':' .. name .. ':' .. tenant) end
for day = tonumber(ARGV[6]), tonumber(ARGV[7]) do redis.call('DEL', BASE .. ':spent:' .. tenant .. ':' .. int(day)) end
redis.call('HDEL', running_key(), tenant)
redis.call('SREM', tenants_key(), tenant)
note_act(ARGV[5], tenant)
return now_ms()
