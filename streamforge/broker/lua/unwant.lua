-- Has the collector look soon at objects of what was erased, whatever their age.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, tenant, key…

local keys = {}
for i = 5, #ARGV do keys[#keys + 1] = ARGV[i] end
unwant(ARGV[4], keys)
return #keys
