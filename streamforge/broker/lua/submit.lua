-- Creates a job once: record, queue entry (or schedule), first event.
-- KEYS: feed, idempotency key (or the feed again where there is none)
-- ARGV: base, feed_max, log_max, id, kind, input, queue, priority, tenant, source, not_before_ms,
--       fingerprint (of kind and input), idempotency_ttl_s, has_key ('1' | '')
-- Returns {code, id}: 1 created; 0 exists already (same id or key, same fingerprint);
--                     -1 the key stands for another input; -2 the id does.

local id, kind, input, queue, priority, tenant, source = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local not_before, fingerprint, idem_ttl, has_key = tonumber(ARGV[11]), ARGV[12], ARGV[13], ARGV[14] == '1'
local key = job_key(id)

if has_key then
  local known = redis.call('GET', KEYS[2])
  if known then
    local split = string.find(known, ' ', 1, true)
    local owner = string.sub(known, 1, split - 1)
    if string.sub(known, split + 1) == fingerprint then return {0, owner} end
    return {-1, owner}
  end
end
local existing = redis.call('HMGET', key, 'state', 'fingerprint')
if existing[1] then
  if existing[2] and existing[2] ~= fingerprint then return {-2, id} end
  return {0, id}
end

local at = now_ms()
local is_due = not_before <= at
redis.call('HSET', key, 'kind', kind, 'state', is_due and 'queued' or 'scheduled', 'input', input, 'queue', queue,
           'priority', priority, 'tenant', tenant, 'source', source, 'created_ms', int(at), 'queued_ms', int(at), 'fingerprint', fingerprint)
if has_key then redis.call('SET', KEYS[2], id .. ' ' .. fingerprint, 'EX', idem_ttl) end
if is_due then
  redis.call('XADD', queue_key(queue, priority), '*', 'job', id)
  emit(id, 'job.queued', at, 0, '{"kind":' .. quote(kind) .. ',"queue":' .. quote(queue) .. ',"priority":' .. quote(priority) .. '}')
else
  redis.call('HSET', key, 'due_ms', int(not_before))
  redis.call('ZADD', scheduled_key(), int(not_before), id)
  emit(id, 'job.scheduled', at, 0, '{"due_ms":' .. int(not_before) .. '}')
end
return {1, id}
