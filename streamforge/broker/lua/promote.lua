-- Moves jobs whose time has come from the schedule to their queues.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, limit
-- Returns {moved, ms until the next one is due (-1: none waits)}.

local at = now_ms()
local due = redis.call('ZRANGEBYSCORE', scheduled_key(), '-inf', int(at), 'LIMIT', 0, ARGV[4])
for _, id in ipairs(due) do
  redis.call('ZREM', scheduled_key(), id)
  local key = job_key(id)
  local job = pick(key, 'state', 'kind', 'queue', 'priority', 'attempt')
  if job.state == 'scheduled' then
    redis.call('HSET', key, 'state', 'queued', 'queued_ms', int(at))
    redis.call('XADD', queue_key(job.queue, job.priority), '*', 'job', id)
    emit(id, 'job.queued', at, job.attempt or 0,
         '{"kind":' .. quote(job.kind) .. ',"queue":' .. quote(job.queue) .. ',"priority":' .. quote(job.priority) .. '}')
  end
end
local next_due = redis.call('ZRANGE', scheduled_key(), 0, 0, 'WITHSCORES')
if #next_due == 0 then return {#due, -1} end
return {#due, int(math.max(0, tonumber(next_due[2]) - at))}
