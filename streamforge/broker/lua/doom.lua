-- Gives objects up for good, unless they were pardoned, or condemned anew, since they were condemned under this number:
-- from here on, who has put one in a place of a smaller number is told to put it again.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, number, key…
-- Returns for each 1 given up: it may be deleted from the places that were known before it was condemned; 0 it may not.

local round, codes = ARGV[4], {}
for i = 5, #ARGV do
  local is_ours = tonumber(redis.call('ZSCORE', condemned_key(), ARGV[i]) or -1) == tonumber(round)
  if is_ours then
    redis.call('ZREM', condemned_key(), ARGV[i])
    redis.call('ZADD', deleted_key(), round, ARGV[i])
  end
  codes[#codes + 1] = is_ours and 1 or 0
end
return codes
