-- Hands a job whose files are here to its queue, or to the schedule, with the input that names them.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, input, uploads_written (as it was when the input was made; '' none), result_ttl_s
-- Returns 1 handed over; 2 it was before; 0 no such job; -1 it has ended without it; -2 its files have changed meanwhile.

local id, input, written, ttl_s = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = job_key(id)
local job = pick(key, 'state', 'uploads_written', 'expires_ms', 'due_ms', 'kept', 'parent', 'queued_ms')
if not job.state then return 0 end
if job.state ~= 'created' and job.state ~= 'uploading' then return job.queued_ms and 2 or -1 end
if (job.uploads_written or '') ~= written then return -2 end

local at = now_ms()
redis.call('ZREM', expiring_key(), id)
if job.expires_ms then
  if at >= tonumber(job.expires_ms) then
    end_expired(id, key, job, at, ttl_s)
    return -1
  end
  redis.call('ZADD', expiring_key(), job.expires_ms, id)
end
redis.call('HSET', key, 'input', input)
redis.call('HDEL', key, 'uploads_written')
redis.call('DEL', uploads_key(id))
local due = tonumber(job.due_ms or 0)
if due > at then
  redis.call('HSET', key, 'state', 'scheduled', 'queued_ms', int(at))
  redis.call('ZADD', scheduled_key(), int(due), id)
  emit(id, 'job.scheduled', at, 0, '{"due_ms":' .. int(due) .. '}')
else
  to_queue(id, key, at)
end
return 1
