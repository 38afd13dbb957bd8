-- Ends a job on request: at once where nobody runs it, else by a durable mark that its worker is told of.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, error (JSON), result_ttl_s
-- Returns {code, child}: 1 ended now; 2 its worker will end it; 0 it had ended before; -1 no such job.
--   child: the job that it was waiting for, to be cancelled as well; '' for none.

local id, err, ttl_s = ARGV[4], ARGV[5], ARGV[6]
local key, at = job_key(id), now_ms()
local job = pick(key, 'state', 'attempt', 'queue', 'priority', 'tenant', 'entry', 'kept', 'parent', 'awaits')
if not job.state then return {-1, ''} end
if TERMINAL[job.state] then return {0, ''} end
if job.state == 'running' then
  redis.call('HSET', key, 'cancel', err)
  redis.call('PUBLISH', control_key(), '{"cancel":' .. quote(id) .. '}')
  return {2, ''}
end
withdraw(id, job)
end_cancelled(id, key, job, at, ttl_s, err)
return {1, job.awaits or ''}
