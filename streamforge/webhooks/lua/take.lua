-- Gives deliveries that are due to a daemon, each under a lease: of every endpoint some, so that a slow one holds up no other.
-- KEYS: feed; ARGV: base, count, per_endpoint, lease_ms, then pairs: endpoint, how many of it this daemon is at work on
-- Returns {deliveries, ms until the next is due (-1: none waits)}
--   deliveries: {id, endpoint, try, url, event type, body, failures, traceparent}…

local count, per_endpoint, lease_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local busy, at, taken = {}, now_ms(), {}
for i = 5, #ARGV, 2 do busy[ARGV[i]] = tonumber(ARGV[i + 1]) end

local function take(endpoint)
  local room = math.min(per_endpoint - (busy[endpoint] or 0), count - #taken)
  if room <= 0 then return end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', line_key(endpoint), '-inf', int(at), 'LIMIT', 0, room)) do
    local key = sent_key(id)
    local job = redis.call('HMGET', key, 'url', 'type', 'body', 'failures', 'trace')
    if job[3] then
      redis.call('ZADD', line_key(endpoint), int(at + lease_ms), id)
      taken[#taken + 1] = {id, endpoint, redis.call('HINCRBY', key, 'try', 1), job[1], job[2], job[3], job[4],
                            job[5] or ''}
    else
      redis.call('ZREM', line_key(endpoint), id) -- it was kept for as long as anything is
    end
  end
  place(endpoint)
end

for _, endpoint in ipairs(redis.call('ZRANGEBYSCORE', due_key(), '-inf', int(at), 'LIMIT', 0, 2 * count + #ARGV)) do
  if #taken >= count then break end
  take(endpoint)
end
local next = redis.call('ZRANGEBYSCORE', due_key(), '(' .. int(at), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return {taken, next[2] and math.ceil(next[2] - at) or -1}
