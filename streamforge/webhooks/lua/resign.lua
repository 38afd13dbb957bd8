-- Lets another daemon read the feed at once.
-- KEYS: feed; ARGV: base, name

if redis.call('GET', feeder_key()) == ARGV[2] then redis.call('DEL', feeder_key()) end
return 1
