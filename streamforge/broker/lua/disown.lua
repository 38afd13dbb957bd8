-- Frees what a dead worker holds, for the next look of any worker. Its jobs are then taken over as after a lease's end.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, worker, identity (of the dead process, as it was seen), queue…
-- Returns how many entries were freed; nothing changes where another process has the name by now.

local worker, identity = ARGV[4], ARGV[5]
if redis.call('GET', worker_key(worker)) ~= identity then return 0 end
redis.call('DEL', worker_key(worker))

local freed = 0
local function free(stream)
  repeat
    local held = redis.pcall('XPENDING', stream, GROUP, '-', '+', 100, worker)
    if held.err then return end
    for _, row in ipairs(held) do put_back(stream, row[1]) end
    freed = freed + #held
  until #held == 0
end

for i = 6, #ARGV do
  for _, line in ipairs(redis.call('SMEMBERS', lines_key(ARGV[i]))) do free(queue_key(ARGV[i], line)) end
end
return freed
