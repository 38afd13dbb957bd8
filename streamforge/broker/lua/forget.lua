-- Forgets dead letters.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, act (JSON: who asks; '' their time is over), ids…
-- Returns how many of them there were.

local gone = 0
for i = 5, #ARGV do
  if forget_letter(ARGV[i]) then gone = gone + 1 end
end
if ARGV[4] ~= '' then note_act(ARGV[4]) end
return gone
