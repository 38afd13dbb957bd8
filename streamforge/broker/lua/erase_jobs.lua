-- Forgets jobs that have ended, with everything that Redis has of them but what they cost.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, tenant, act (JSON: of one job; '' for many), id…
-- Returns {codes, objects, now}: for each job 1 forgotten, 0 there was no record of it, -1 it has not ended, -2 it is
-- another tenant's; the keys of the objects that those named which are forgotten; and the time (ms), from which on whatever
-- is made was not erased. The act is told also of a job that is known to the archive alone.

local tenant, act = ARGV[4], ARGV[5]
local KEY = string.rep('[0-9a-f]', 64)
local objects, seen = {}, {}

local function look_in(text)
  for key in string.gmatch(text, KEY) do
    if not seen[key] then
      seen[key] = true
      objects[#objects + 1] = key
    end
  end
end

local function look_in_all(job)
  look_in(job.input or '')
  look_in(job.result or '')
  for _, key in ipairs({steps_key(job.id), files_key(job.id), uploads_key(job.id)}) do
    for _, value in ipairs(redis.call('HVALS', key)) do look_in(value) end
  end
end

-- The job's idempotency key is free again, unless it stands for another job by now.
local function free(job)
  if not job.idem then return end
  local name = idem_key(tenant, job.idem)
  local known = redis.call('GET', name)
  if known and string.sub(known, 1, #job.id + 1) == job.id .. ' ' then redis.call('DEL', name) end
end

local function forget(job)
  look_in_all(job)
  free(job)
  if job.letter then forget_letter(job.letter) end
  redis.call('DEL', job_key(job.id), steps_key(job.id), files_key(job.id), uploads_key(job.id), log_key(job.id),
             children_key(job.id))
end

local function erase(id)
  local job = pick(job_key(id), 'tenant', 'input', 'result', 'letter', 'idem', 'state')
  job.id = id
  if job.state and job.tenant ~= tenant then return -2 end
  if job.state and not TERMINAL[job.state] then return -1 end
  if job.state then forget(job) end
  redis.call('ZREM', index_key(tenant), id)
  note_act(act, tenant)
  return job.state and 1 or 0
end

local codes = {}
for i = 6, #ARGV do codes[#codes + 1] = erase(ARGV[i]) end
if redis.call('EXISTS', index_key(tenant)) == 0 then redis.call('SREM', tenants_key(), tenant) end
return {codes, objects, now_ms()}
