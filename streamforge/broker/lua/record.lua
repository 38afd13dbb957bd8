-- Writes what running attempts have to say: checkpoints, artifacts, progress; each with its event, all or nothing for each.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, then fifteen for each record:
--   id, token, serial (of this write within its attempt), target ('steps' | 'files' | ''), field, value,
--   event type, event data (JSON), step ('' = unchanged), progress ('' = unchanged), version (of the recipe, kept with its checkpoints),
--   object (the key of one that was put for this value; '' none), its place's number, its size, named (keys of others, joined)
-- Returns a code for each record:
--   1 written, now or by an earlier try of this call, whose answer was lost: it is not newer than the newest of its attempt;
--   0 fenced: another attempt holds the job, nothing changed;
--   above 1: the object may be deleted where it was put, nothing changed; put it again, in the place of this number.

local at = now_ms()

local function is_known(written, token, serial)
  local by, newest = string.match(written or '', '^(.+)%.(.+)$')
  return by == token and tonumber(serial) <= tonumber(newest)
end

local function keep_object(tenant, target_key, field, value, object, size)
  pardon(object)
  if redis.call('HGET', target_key, field) ~= value then count_stored(tenant, size) end
end

local function record(id, token, serial, target, field, value, event, data, step, progress, version, object, number, size, named)
  local key = job_key(id)
  local job = pick(key, 'state', 'token', 'attempt', 'written', 'crashes', 'tenant')
  if job.state ~= 'running' or job.token ~= token then return 0 end
  if is_known(job.written, token, serial) then return 1 end
  local instead = object ~= '' and place_instead(object, number)
  if instead then return instead end

  if object ~= '' then keep_object(job.tenant, target == 'steps' and steps_key(id) or files_key(id), field, value, object, size) end
  pardon(named)

  local facts = {'written', token .. '.' .. serial}
  local function note(name, fact)
    facts[#facts + 1] = name
    facts[#facts + 1] = fact
  end
  if target == 'steps' then
    redis.call('HSET', steps_key(id), field, value)
    note('version', version)
    if job.crashes then note('spared', job.crashes) end
  elseif target == 'files' then
    redis.call('HSET', files_key(id), field, value)
  end
  if target ~= '' then note('kept', 1) end
  if step ~= '' then note('step', step) end
  if progress ~= '' then note('progress', progress) end
  redis.call('HSET', key, unpack(facts))
  emit(id, event, at, job.attempt, data)
  return 1
end

local codes = {}
for i = 4, #ARGV, 15 do codes[#codes + 1] = record(unpack(ARGV, i, i + 14)) end
return codes
