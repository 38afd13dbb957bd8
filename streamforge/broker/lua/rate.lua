-- Counts a request of a caller where there is room for it.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, caller, interval_ms (of one request), burst
-- Returns {1 counted | 0 not, how many more there is room for now, ms until all of it is, ms until there is room for one}.
-- What is kept is the time at which all that has been counted will have been paid off, one interval for each request.

local key, interval, burst = rate_key(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local clock = redis.call('TIME')
local at = clock[1] * 1000 + clock[2] / 1000
local paid_off = math.max(at, tonumber(redis.call('GET', key) or 0))
local owed = paid_off + interval - at
local wait = owed - burst * interval
if wait > 0 then return {0, 0, math.ceil(paid_off - at), math.ceil(wait)} end
redis.call('SET', key, string.format('%.3f', paid_off + interval), 'PX', math.ceil(owed))
return {1, math.floor(-wait / interval), math.ceil(owed), 0}
