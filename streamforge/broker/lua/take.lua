-- Claims jobs of one queue for a worker, in one step: nothing is read that is not claimed.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, queue, worker, count, mode ('new' | 'crashed' | 'lost' | 'expired'),
--       first (the priority that is served before the others, which follow by urgency), max_crashes, dead_max, result_ttl_s, lease_ms,
--       cause (what ended the worker's earlier process, told for jobs that it held; '' unknown), tenants (JSON, '' none),
--       has_suspect ('1': this worker runs one already | ''), held id…
--   'new' serves the tenants in turn, by weight, within their limits: see LINES in lib.lua;
--   'crashed' takes over what an earlier process of this name held when it died, and charges a crash;
--   'expired' takes over what any worker has held for longer than a lease without renewing it, and charges a crash,
--             and what a stopping worker has handed back, which charges none;
--   'lost' takes over what this process claimed without hearing of it (the reply was lost), except the held ones.
--   tenants: {"max_running": n, "weights": {tenant: w}, "limits": {tenant: n}}; 0 is no limit
-- Returns {claims, cursor}
--   claims: {stream, entry, id, kind, input, token, attempt, crashes, tenant, created_ms, waited_ms, version, boosted}…
--   cursor: the bell's last id, to wait for what comes after; 0-0, which waits for nothing, where there is more to go through.
-- A missing group is made, so a failover that lost it heals here.

local queue, worker, count, mode, first = ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7], ARGV[8]
local max_crashes, dead_max, ttl_s, lease_ms, cause = tonumber(ARGV[9]), ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local tenants = ARGV[14] ~= '' and cjson.decode(ARGV[14]) or nil
local has_suspect = ARGV[15] == '1'
local held = {}
for i = 16, #ARGV do held[ARGV[i]] = true end
local at = now_ms()
local at_text = int(at)
local by = '{"worker":' .. quote(worker) .. '}'
local is_paused = redis.call('SISMEMBER', paused_key(), queue) == 1
local bell = redis.call('XREVRANGE', bell_key(queue), '+', '-', 'COUNT', 1)
local cursor = bell[1] and bell[1][1] or '0-0'
local claims, dropped, started = {}, {}, {}
local looks = 1000 -- entries that one call goes through: those of jobs that have ended are many after a long standstill

local function read(stream, from, n)
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', n, 'STREAMS', stream, from)
  if reply and reply.err then
    if not string.find(reply.err, 'NOGROUP', 1, true) then error(reply.err) end
    if redis.call('EXISTS', stream) == 0 then return {} end
    mend(stream)
    reply = redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', n, 'STREAMS', stream, from)
  end
  if not reply then return {} end
  return reply[1][2]
end

-- Up to n entries that nobody renewed; the next place to look from, '0-0' at the end.
local function expired(stream, from, n)
  local reply = redis.pcall('XAUTOCLAIM', stream, GROUP, worker, lease_ms, from, 'COUNT', n)
  if not reply.err then return reply[1], reply[2] end
  if not string.find(reply.err, 'NOGROUP', 1, true) and not string.find(reply.err, 'no such key', 1, true) then
    error(reply.err)
  end
  if redis.call('EXISTS', stream) == 1 then mend(stream) end
  return '0-0', {}
end

local function discard(stream, entry)
  dropped[stream] = dropped[stream] or {}
  table.insert(dropped[stream], entry)
end

-- The job has crashed its workers too often: it ends here, with the cause.
local function poison(id, key, job, strikes)
  local signal = job.signal or ''
  local how = signal ~= '' and ' (' .. signal .. ')' or ''
  local err = '{"code":"crashed","message":"the job was running when its worker died' .. how .. '; with pool children, crash ' ..
              strikes .. ' in a row","hint":"look at the worker\'s log and memory before requeueing"}'
  count_running(job.tenant, -1)
  end_failed(id, key, job, at, ttl_s, dead_max, 'crashed', err, signal, 0)
end

local function give(stream, entry, id, key, job, event, data)
  local attempt, strikes = tonumber(job.attempt or 0), strikes_of(job.crashes, job.spared)
  local token = tonumber(job.token or 0) + 1
  redis.call('HSET', key, 'state', 'running', 'owner', worker, 'started_ms', at_text, 'token', token, 'attempt', attempt)
  emit(id, event, at, attempt, data)
  local waited = math.max(0, at - tonumber(job.queued_ms or at))
  claims[#claims + 1] = {stream, entry, id, job.kind or '', job.input or '', token, attempt, strikes, job.tenant,
                         job.created_ms or '0', waited, job.version or '', job.boosted or '', job.traceparent or ''}
end

local function weight_of(tenant)
  return tenants and tenants.weights[tenant] or 1
end

-- How many more jobs the tenant may run now, over all workers.
local function room_of(tenant)
  local limit = tenants and (tenants.limits[tenant] or tenants.max_running) or 0
  if limit == 0 then return count end
  return limit - tonumber(redis.call('HGET', running_key(), tenant) or 0) - (started[tenant] or 0)
end

-- From the queue to this worker; the first time is the last moment at which a job may expire.
local function start(stream, entry, id, key, job)
  if job.expires_ms and not job.token then
    redis.call('ZREM', expiring_key(), id)
    if at >= tonumber(job.expires_ms) then
      discard(stream, entry)
      return end_expired(id, key, job, at, ttl_s)
    end
  end
  if mode ~= 'new' and (is_paused or room_of(job.tenant) <= 0) then return put_back(stream, entry) end
  job.attempt = tonumber(job.attempt or 0) + 1
  started[job.tenant] = (started[job.tenant] or 0) + 1
  give(stream, entry, id, key, job, 'job.started', by)
end

-- A job that has crashed its workers twice in a row is a suspect: a worker runs one of them at a time, so that the
-- crashes of the guilty are not charged to those who happened to run beside it.
local function is_to_wait(strikes)
  if strikes < 2 or strikes > max_crashes then return false end
  local is_occupied = has_suspect
  has_suspect = true
  return is_occupied
end

-- From a worker that is gone to this one, under a new token.
local function take_over(stream, entry, id, key, job)
  if job.cancel then
    discard(stream, entry)
    count_running(job.tenant, -1)
    return end_cancelled(id, key, job, at, ttl_s, job.cancel)
  end
  if mode ~= 'lost' then
    job.crashes = tonumber(job.crashes or 0) + 1
    local strikes = strikes_of(job.crashes, job.spared)
    if cause ~= '' and job.owner == worker then
      job.signal = cause
      redis.call('HSET', key, 'signal', cause)
    end
    if is_to_wait(strikes) then return put_back(stream, entry) end
    redis.call('HSET', key, 'crashes', job.crashes)
    if strikes > max_crashes then
      discard(stream, entry)
      return poison(id, key, job, strikes)
    end
  end
  give(stream, entry, id, key, job, 'job.recovered',
       '{"worker":' .. quote(worker) .. ',"crashes":' .. (job.crashes or 0) .. '}')
end

local function claim(stream, entry, id)
  local key = job_key(id)
  local job = pick(key, 'state', 'kind', 'input', 'attempt', 'crashes', 'token', 'tenant', 'created_ms', 'queued_ms',
                   'version', 'boosted', 'expires_ms', 'cancel', 'signal', 'kept', 'parent', 'spared', 'owner', 'traceparent')
  if job.state == 'queued' then return start(stream, entry, id, key, job) end
  if job.state == 'running' then
    if mode == 'new' then return end -- read again since its group was lost: its worker renews it, or its lease ends
    return take_over(stream, entry, id, key, job)
  end
  discard(stream, entry)
end

local function each(stream, entries)
  for _, entry in ipairs(entries) do
    local id = entry[2] and entry[2][2]
    if not held[id] then looks = looks - 1 end
    if not id then discard(stream, entry[1])
    elseif not held[id] then claim(stream, entry[1], id) end
  end
end

local function take_expired(stream)
  local from = '0-0'
  repeat
    local entries
    from, entries = expired(stream, from, count - #claims)
    each(stream, entries)
  until from == '0-0' or #claims >= count or looks <= 0
end

local function take_own(stream)
  local from = '0'
  while #claims < count and looks > 0 do
    local entries = read(stream, from, count - #claims)
    if #entries == 0 then return end
    each(stream, entries)
    from = entries[#entries][1]
  end
end

local function recover()
  local take = mode == 'expired' and take_expired or take_own
  for _, line in ipairs(redis.call('SMEMBERS', lines_key(queue))) do
    if #claims < count and looks > 0 then take(queue_key(queue, line)) end
  end
end

-- One turn: as many jobs as there is room for where nobody else waits, else one. Who was held back meanwhile has not
-- saved up turns. The ring is right again before the jobs are looked at: they may wake others of the same line.
local function serve(priority, tenant, pass, is_alone, room)
  local stream, field = queue_key(queue, priority .. ':' .. tenant), queue .. ':' .. priority
  local wanted = is_alone and math.min(count - #claims, room) or 1
  local entries = read(stream, '>', wanted)
  if #entries > 0 then
    local share = 1 / weight_of(tenant)
    local from = math.max(pass, tonumber(redis.call('HGET', clock_key(), field) or 0))
    redis.call('HSET', clock_key(), field, from + (#entries - 1) * share)
    redis.call('ZADD', ring_key(queue, priority), from + #entries * share, tenant)
  end
  if #entries < wanted then leave_ring(queue, priority, tenant) end
  each(stream, entries)
end

local function serve_in_turn(priority)
  local held_back = 0
  while #claims < count and looks > 0 do
    local next_two = redis.call('ZRANGE', ring_key(queue, priority), held_back, held_back + 1, 'WITHSCORES')
    local tenant = next_two[1]
    if not tenant then return end
    local room = room_of(tenant)
    if room > 0 then
      serve(priority, tenant, tonumber(next_two[2]), held_back == 0 and not next_two[3], room)
    else
      redis.call('SADD', capped_key(tenant), queue)
      held_back = held_back + 1
    end
  end
end

if mode ~= 'new' then
  recover()
elseif not is_paused then
  serve_in_turn(first)
  for _, priority in ipairs({'high', 'normal', 'low'}) do
    if priority ~= first then serve_in_turn(priority) end
  end
end

for tenant, jobs in pairs(started) do count_running(tenant, jobs) end
for stream, entries in pairs(dropped) do drop(stream, entries) end
return {claims, looks > 0 and cursor or '0-0'}
