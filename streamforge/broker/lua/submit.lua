-- Creates jobs once: record, queue entry (or schedule, or a wait for files), index, first event; all or nothing for each.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, idempotency_ttl_s, frees ('1': a key whose job failed is free again | ''), jobs
--   (msgpack, a list of maps: id, kind, input, queue, priority, tenant, source, fingerprint (of kind and input); where
--   they are not empty also title, not_before_ms, expires_ms, idempotency_key, parent, callback_url, traceparent, named (keys
--   of objects in the input, joined); and for a job that waits for files: wanted (JSON), names (JSON: theirs), upload_ttl_ms)
-- Returns {code, id} for each: 1 created; 0 exists already (same id or key, same fingerprint);
--                              -1 the key stands for another input; -2 the id does, or is another tenant's.
-- What can fail is done first, and the key is written last: a job that could not be queued leaves nothing behind.

local idem_ttl, frees = ARGV[4], ARGV[5] == '1'
local at = now_ms()
local FAILURES = {failed = true, cancelled = true, expired = true, upload_failed = true}

-- The job that a key stands for, and its fingerprint; nothing where the key is free.
local function owner_of(name)
  local known = redis.call('GET', name)
  if not known then return nil end
  local split = string.find(known, ' ', 1, true)
  local owner = string.sub(known, 1, split - 1)
  if frees then
    local state = redis.call('HGET', job_key(owner), 'state')
    if not state or FAILURES[state] then return nil end
  end
  return owner, string.sub(known, split + 1)
end

local function known_as(job, name)
  if name then
    local owner, stands_for = owner_of(name)
    if owner then return {stands_for == job.fingerprint and 0 or -1, owner} end
  end
  local existing = pick(job_key(job.id), 'state', 'fingerprint', 'tenant')
  if not existing.state then return nil end
  if existing.tenant ~= job.tenant then return {-2, job.id} end -- nothing more is told of it
  return {existing.fingerprint and existing.fingerprint ~= job.fingerprint and -2 or 0, job.id}
end

local function await_files(job, key, facts)
  local until_ms = math.min(at + job.upload_ttl_ms, job.expires_ms or math.huge)
  redis.call('HSET', key, 'state', 'created', 'wanted', job.wanted, 'due_ms', int(job.not_before_ms or 0), unpack(facts))
  redis.call('ZADD', expiring_key(), int(until_ms), job.id)
  emit(job.id, 'job.created', at, 0, '{"files":' .. job.names .. '}')
end

local function await_time(job, key, facts)
  local due = int(job.not_before_ms)
  redis.call('HSET', key, 'state', 'scheduled', 'queued_ms', int(at), 'due_ms', due, unpack(facts))
  redis.call('ZADD', scheduled_key(), due, job.id)
  emit(job.id, 'job.scheduled', at, 0, '{"due_ms":' .. due .. '}')
end

local function await_worker(job, key, facts)
  local entry = enqueue(job.id, job.queue, job.priority, job.tenant)
  redis.call('HSET', key, 'state', 'queued', 'queued_ms', int(at), 'entry', entry, unpack(facts))
  tell_queued(job.id, at, 0, job.kind, job.queue, job.priority)
end

local function facts_of(job)
  local facts = {'kind', job.kind, 'input', job.input, 'queue', job.queue, 'priority', job.priority, 'tenant', job.tenant,
                 'source', job.source, 'created_ms', int(at), 'fingerprint', job.fingerprint}
  local function note(field, value)
    facts[#facts + 1] = field
    facts[#facts + 1] = value
  end
  if job.title then note('title', job.title) end
  if job.expires_ms then note('expires_ms', int(job.expires_ms)) end
  if job.parent then note('parent', job.parent) end
  if job.callback_url then note('callback_url', job.callback_url) end
  if job.traceparent then note('traceparent', job.traceparent) end
  return facts
end

local listed = {}
local function create(job, name)
  local key, facts = job_key(job.id), facts_of(job)
  if job.named then pardon(job.named) end
  if job.callback_url then want_webhooks() end
  if job.wanted then
    await_files(job, key, facts)
  elseif job.not_before_ms and job.not_before_ms > at then
    await_time(job, key, facts)
  else
    await_worker(job, key, facts)
  end
  if job.expires_ms and not job.wanted then redis.call('ZADD', expiring_key(), int(job.expires_ms), job.id) end
  if job.parent then redis.call('SADD', children_key(job.parent), job.id) end
  list_job(job.id, job.tenant, at, listed)
  if name then
    redis.call('HSET', key, 'idem', job.idempotency_key)
    redis.call('SET', name, job.id .. ' ' .. job.fingerprint, 'EX', idem_ttl)
  end
  return {1, job.id}
end

local answers = {}
for i, job in ipairs(cmsgpack.unpack(ARGV[6])) do
  local name = job.idempotency_key and idem_key(job.tenant, job.idempotency_key)
  answers[i] = known_as(job, name) or create(job, name)
end
return answers
