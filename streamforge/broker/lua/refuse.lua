-- Writes a dead letter of a message in the inbox that cannot become a job, once however often it is asked to. The message
-- is taken out after that, by another call: the inbox is of another shard.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, entry, keep_s (how long it is known), dead_max, tenant ('' nobody's), given (the message's
--   fields, JSON), then the letter's fields and values
-- Returns 1; 0 where an earlier try has written it.

if not redis.call('SET', refused_key(ARGV[4]), 1, 'NX', 'EX', ARGV[5]) then return 0 end
write_letter(ARGV[6], ARGV[7], ARGV[8], unpack(ARGV, 9))
return 1
