-- Which of these queues hold jobs that nobody has renewed for a lease.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, lease_ms, queue…
-- Returns the queues' names. Changes nothing.

local found = {}
local function has_expired(queue)
  for _, line in ipairs(redis.call('SMEMBERS', lines_key(queue))) do
    local late = redis.pcall('XPENDING', queue_key(queue, line), GROUP, 'IDLE', ARGV[4], '-', '+', 1)
    if late.err or #late > 0 then return true end -- a lost group is made anew by the take that follows
  end
end
for i = 5, #ARGV do
  if has_expired(ARGV[i]) then found[#found + 1] = ARGV[i] end
end
return found
