-- Creates a job once: record, queue entry (or schedule), first event.
-- KEYS: feed, idempotency key (or the feed again where there is none)
-- ARGV: base, feed_max, log_max, id, kind, input, queue, priority, tenant, source, not_before_ms,
--       fingerprint (of kind and input), idempotency_ttl_s, has_key ('1' | ''), expires_at_ms (0: never), parent ('' none)
-- Returns {code, id}: 1 created; 0 exists already (same id or key, same fingerprint);
--                     -1 the key stands for another input; -2 the id does.

local id, kind, input, queue, priority, tenant, source = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local not_before, fingerprint, idem_ttl, has_key = tonumber(ARGV[11]), ARGV[12], ARGV[13], ARGV[14] == '1'
local expires, parent = tonumber(ARGV[15]), ARGV[16]
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
redis.call('HSET', key, 'kind', kind, 'input', input, 'queue', queue, 'priority', priority, 'tenant', tenant,
           'source', source, 'created_ms', int(at), 'fingerprint', fingerprint)
if parent ~= '' then
  redis.call('HSET', key, 'parent', parent)
  redis.call('SADD', children_key(parent), id)
end
if has_key then redis.call('SET', KEYS[2], id .. ' ' .. fingerprint, 'EX', idem_ttl) end
if expires > 0 then
  redis.call('HSET', key, 'expires_ms', int(expires))
  redis.call('ZADD', expiring_key(), int(expires), id)
end
if not_before <= at then
  to_queue(id, key, at)
else
  redis.call('HSET', key, 'state', 'scheduled', 'queued_ms', int(at), 'due_ms', int(not_before))
  redis.call('ZADD', scheduled_key(), int(not_before), id)
  emit(id, 'job.scheduled', at, 0, '{"due_ms":' .. int(not_before) .. '}')
end
return {1, id}
