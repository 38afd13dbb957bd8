-- Moves jobs whose time has come from the schedule to their lines, and ends those whose time has run out.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, limit, result_ttl_s
-- Returns {moved, expired, ms until the next one is due (-1: none waits)}.

local limit, ttl_s = ARGV[4], ARGV[5]
local at = now_ms()

local overdue = redis.call('ZRANGEBYSCORE', expiring_key(), '-inf', int(at), 'LIMIT', 0, limit)
for _, id in ipairs(overdue) do
  redis.call('ZREM', expiring_key(), id)
  local key = job_key(id)
  local job = pick(key, 'state', 'token', 'queue', 'priority', 'tenant', 'entry', 'kept', 'parent')
  if (job.state == 'queued' or job.state == 'scheduled') and not job.token then
    withdraw(id, job)
    end_expired(id, key, job, at, ttl_s)
  elseif job.state == 'created' then
    end_expired(id, key, job, at, ttl_s)
  elseif job.state == 'uploading' then
    end_upload_failed(id, key, job, at, ttl_s)
  end
end

local due = redis.call('ZRANGEBYSCORE', scheduled_key(), '-inf', int(at), 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  redis.call('ZREM', scheduled_key(), id)
  local key = job_key(id)
  if redis.call('HGET', key, 'state') == 'scheduled' then to_queue(id, key, at) end
end

trim_feed()
local next_due = redis.call('ZRANGE', scheduled_key(), 0, 0, 'WITHSCORES')
if #next_due == 0 then return {#due, #overdue, -1} end
return {#due, #overdue, int(math.max(0, tonumber(next_due[2]) - at))}
