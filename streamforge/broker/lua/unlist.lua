-- Takes jobs whose records are gone out of their tenant's index, and the tenant with its last one.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, tenant, id…
-- Returns how many it took out.

local tenant, gone = ARGV[4], 0
for i = 5, #ARGV do
  if redis.call('EXISTS', job_key(ARGV[i])) == 0 then gone = gone + redis.call('ZREM', index_key(tenant), ARGV[i]) end
end
if redis.call('EXISTS', index_key(tenant)) == 0 then redis.call('SREM', tenants_key(), tenant) end
return gone
