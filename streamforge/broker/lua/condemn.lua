-- Condemns objects: they will be deleted unless somebody names them before that.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, key…
-- Returns the number of this condemnation: larger than any before, for one place is called by it that nobody knew yet.

local round = math.max(now_ms(), tonumber(redis.call('GET', objects_round_key()) or 0) + 1)
redis.call('SET', objects_round_key(), int(round))
for i = 4, #ARGV do redis.call('ZADD', condemned_key(), int(round), ARGV[i]) end
return round
