-- Renews the leases of what a worker runs, tells which it has lost, and shows the worker alive.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, worker, identity, lease_ms, then four for each job: id, token, stream, entry
-- Returns a code for each job: 1 renewed, or ended by this very attempt meanwhile;
--                              2 renewed, and somebody has asked for its end;
--                              0 lost (another attempt holds it, or has ended it).
-- The token is checked before XCLAIM: a worker that woke from a long stop cannot take a job back.

local worker, identity, lease_ms = ARGV[4], ARGV[5], ARGV[6]
redis.call('SET', worker_key(worker), identity, 'PX', lease_ms)
redis.call('SADD', workers_key(), worker)
local codes = {}

-- With FORCE a claim that a failover lost is made again.
local function claim(stream, entry)
  return redis.pcall('XCLAIM', stream, GROUP, worker, 0, entry, 'FORCE', 'JUSTID')
end

local function renew(stream, entry)
  if not claim(stream, entry).err then return end
  mend(stream)
  claim(stream, entry)
end

for i = 7, #ARGV, 4 do
  local job = redis.call('HMGET', job_key(ARGV[i]), 'state', 'token', 'cancel', 'settled')
  if job[4] == ARGV[i + 1] then
    codes[#codes + 1] = 1
  elseif job[1] ~= 'running' or job[2] ~= ARGV[i + 1] then
    codes[#codes + 1] = 0
  else
    renew(ARGV[i + 2], ARGV[i + 3])
    codes[#codes + 1] = job[3] and 2 or 1
  end
end
return codes
