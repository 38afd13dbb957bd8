-- Takes a message out of the inbox that cannot become a job, and writes a dead letter of it.
-- KEYS: feed, inbox
-- ARGV: base, feed_max, log_max, group, entry, dead_max, tenant ('' nobody's), given (the message's fields, JSON), then
--   the letter's fields and values
-- Returns 1; 0 where the message is not there any more: it was refused by an earlier try, or withdrawn.

local inbox, group, entry = KEYS[2], ARGV[4], ARGV[5]
local is_there = #redis.call('XRANGE', inbox, entry, entry) > 0
if is_there then write_letter(ARGV[6], ARGV[7], ARGV[8], unpack(ARGV, 9)) end
redis.call('XACK', inbox, group, entry)
redis.call('XDEL', inbox, entry)
return is_there and 1 or 0
