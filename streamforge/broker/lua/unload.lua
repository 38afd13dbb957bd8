-- Reads what the archive is to have next. Changes nothing.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, database, source (as claimed), place (in the outbox), charges_place, count, max_bytes
-- Returns {entries, jobs, charges, accounts}, or {} where this database has no claim here, or the outbox is gone.
--   entries: {place, field ('job' | 'act'), value, tenant (of an act, where its script knew)}…, at most count, and fewer where they come to more than max_bytes; never none
--   jobs: {id, record, log, files, steps, uploads}… of those entries' jobs that stand ended now, each once; record, files and
--         uploads as HGETALL gives them, log as LRANGE, steps as {name, bytes, …}. What has begun anew will end anew.
--   charges: {place, fields}…, at most count
--   accounts: {tenant, balance, granted, spent}… of the tenants whose balance these may have moved

local database, source, place, charges_place = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local count, max_bytes = ARGV[8], tonumber(ARGV[9])
local claim = redis.call('HMGET', archive_key(), 'database', 'source')
if claim[1] ~= database or claim[2] ~= source or redis.call('EXISTS', outbox_key()) == 0 then return {} end

local function size_of(list)
  local size = 0
  for _, value in ipairs(list) do size = size + #value end
  return size
end

local function steps_of(id)
  local steps, names = {}, redis.call('HKEYS', steps_key(id))
  for i, name in ipairs(names) do
    steps[2 * i - 1] = name
    steps[2 * i] = redis.call('HSTRLEN', steps_key(id), name)
  end
  return steps
end

-- A job as it stands, and its size; nothing where it has not ended, or is forgotten.
local function snapshot(id)
  local has = pick(job_key(id), 'kept', 'wanted', 'state')
  if not TERMINAL[has.state] then return nil, 0 end
  local record, log = redis.call('HGETALL', job_key(id)), redis.call('LRANGE', log_key(id), 0, -1)
  local files = has.kept and redis.call('HGETALL', files_key(id)) or {}
  local uploads = has.wanted and redis.call('HGETALL', uploads_key(id)) or {}
  local job = {id, record, log, files, has.kept and steps_of(id) or {}, uploads}
  return job, size_of(record) + size_of(log)
end

local entries, jobs, seen, size = {}, {}, {}, 0
for _, entry in ipairs(redis.call('XRANGE', outbox_key(), '(' .. place, '+', 'COUNT', count)) do
  local field, value = entry[2][1], entry[2][2]
  local is_new = field == 'job' and not seen[value]
  local job, bytes = nil, #value
  if is_new then job, bytes = snapshot(value) end
  size = size + bytes
  if #entries > 0 and size > max_bytes then break end
  entries[#entries + 1] = {entry[1], field, value, entry[2][4] or ''}
  if job then jobs[#jobs + 1] = job end
  if is_new then seen[value] = true end
end

local accounts, known = {}, {}
local function read_account(tenant)
  if not tenant or known[tenant] then return end
  known[tenant] = true
  local found = redis.call('HMGET', BASE .. ':credits:' .. tenant, 'balance', 'granted', 'spent')
  if found[1] then accounts[#accounts + 1] = {tenant, found[1], found[2] or '0', found[3] or '0'} end
end

local charges = redis.call('XRANGE', BASE .. ':charges', '(' .. charges_place, '+', 'COUNT', count)
for _, charge in ipairs(charges) do
  for i = 1, #charge[2], 2 do
    if charge[2][i] == 'tenant' then read_account(charge[2][i + 1]) end
  end
end
for _, entry in ipairs(entries) do
  if entry[2] == 'act' and string.find(entry[3], '"credits.', 1, true) then read_account(entry[4] ~= '' and entry[4] or cjson.decode(entry[3]).tenant) end
end
return {entries, jobs, charges, accounts}
