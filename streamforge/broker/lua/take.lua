-- Reads entries for a worker and claims their jobs, in one step: nothing is read that is not claimed.
-- KEYS: feed, stream…   (the most urgent first)
-- ARGV: base, feed_max, log_max, worker, count, mode ('new' | 'crashed' | 'lost' | 'expired'),
--       max_crashes, dead_max, result_ttl_s, lease_ms, held id…
--   'crashed' takes over what an earlier process of this name held when it died, and charges a crash;
--   'expired' takes over what any worker has held for longer than a lease without renewing it, and charges a crash;
--   'lost' takes over what this process claimed without hearing of it (the reply was lost), except the held ones.
-- Returns {claims, cursors}
--   claims: {stream, entry, id, kind, input, token, attempt, crashes, tenant, created_ms, waited_ms}…
--   cursors (only where there are no claims): the last id of each stream, to wait for what comes after.
-- A missing group is made, so a failover that lost it heals here.

local worker, count, mode = ARGV[4], tonumber(ARGV[5]), ARGV[6]
local max_crashes, dead_max, ttl = tonumber(ARGV[7]), ARGV[8], ARGV[9]
local held = {}
local lease_ms = ARGV[10]
for i = 11, #ARGV do held[ARGV[i]] = true end
local at = now_ms()
local at_text = int(at)
local by = '{"worker":' .. quote(worker) .. '}'
local claims = {}

local function read(stream, from, n)
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', n, 'STREAMS', stream, from)
  if reply and reply.err then
    if not string.find(reply.err, 'NOGROUP', 1, true) then error(reply.err) end
    redis.call('XGROUP', 'CREATE', stream, GROUP, '0', 'MKSTREAM')
    reply = redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', n, 'STREAMS', stream, from)
  end
  if not reply then return {} end
  return reply[1][2]
end

-- Up to n entries that nobody renewed; the next place to look from, '0-0' at the end.
local function expired(stream, from, n)
  local reply = redis.pcall('XAUTOCLAIM', stream, GROUP, worker, lease_ms, from, 'COUNT', n)
  if reply.err then
    if not string.find(reply.err, 'NOGROUP', 1, true) and not string.find(reply.err, 'no such key', 1, true) then
      error(reply.err)
    end
    return '0-0', {}
  end
  return reply[1], reply[2]
end

local function drop(stream, entry)
  redis.call('XACK', stream, GROUP, entry)
  redis.call('XDEL', stream, entry)
end

-- The job has crashed its workers too often: it ends here, with the cause.
local function poisoned(id, key, attempt, crashes, stream, entry)
  local err = '{"code":"crashed","message":"the job was running when its worker died, ' .. crashes ..
              ' times in a row","hint":"look at the worker\'s log and memory before requeueing"}'
  redis.call('HSET', key, 'state', 'failed', 'error', err, 'finished_ms', at_text, 'owner', '')
  emit(id, 'job.failed', at, attempt, '{"reason":"crashed","error":' .. err .. '}')
  bury(id, key, at, dead_max, 'crashed', err)
  drop(stream, entry)
  expire(id, ttl, true)
end

local function claim(stream, entry, id)
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'state', 'kind', 'input', 'attempt', 'crashes', 'token', 'tenant', 'created_ms',
                         'queued_ms')
  local state, attempt, crashes, token = job[1], tonumber(job[4] or 0), tonumber(job[5] or 0), tonumber(job[6] or 0) + 1
  if state ~= 'queued' and state ~= 'running' then return drop(stream, entry) end
  local event, data = 'job.started', by
  if state == 'queued' then
    attempt = attempt + 1
  else
    if mode ~= 'lost' then
      crashes = crashes + 1
      redis.call('HSET', key, 'crashes', crashes)
      if crashes > max_crashes then return poisoned(id, key, attempt, crashes, stream, entry) end
    end
    event, data = 'job.recovered', '{"worker":' .. quote(worker) .. ',"crashes":' .. crashes .. '}'
  end
  redis.call('HSET', key, 'state', 'running', 'owner', worker, 'entry', entry, 'started_ms', at_text, 'token', token,
             'attempt', attempt)
  emit(id, event, at, attempt, data)
  local waited = math.max(0, at - tonumber(job[9] or at))
  claims[#claims + 1] = {stream, entry, id, job[2] or '', job[3] or '', token, attempt, crashes, job[7] or 'default',
                         job[8] or '0', waited}
end

local function each(stream, entries)
  for _, entry in ipairs(entries) do
    local id = entry[2] and entry[2][2]
    if not id then drop(stream, entry[1])
    elseif not held[id] then claim(stream, entry[1], id) end
  end
end

local function take_expired(stream)
  local from = '0-0'
  repeat
    local entries
    from, entries = expired(stream, from, count - #claims)
    each(stream, entries)
  until from == '0-0' or #claims >= count
end

local function take_read(stream)
  local from = mode == 'new' and '>' or '0'
  while #claims < count do
    local entries = read(stream, from, count - #claims)
    if #entries == 0 then break end
    each(stream, entries)
    if mode ~= 'new' then from = entries[#entries][1] end
  end
end

for i = 2, #KEYS do
  if #claims < count then
    if mode == 'expired' then take_expired(KEYS[i]) else take_read(KEYS[i]) end
  end
end

local cursors = {}
if #claims == 0 then
  for i = 2, #KEYS do
    local info = redis.call('XINFO', 'STREAM', KEYS[i])
    for j = 1, #info, 2 do
      if info[j] == 'last-generated-id' then cursors[#cursors + 1] = info[j + 1] end
    end
  end
end
return {claims, cursors}
