-- Forgets dead letters.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, ids…
-- Returns how many of them there were.

local gone = 0
for i = 4, #ARGV do
  if forget_letter(ARGV[i]) then gone = gone + 1 end
end
return gone
