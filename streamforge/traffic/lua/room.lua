-- Room for calls, on paper; and the parked, whose time comes sooner when there is room for them.

-- A seat is what a call would take of a key: of what is left in its buckets, and of its calls at once (0: any number).
local function lay_out(key, concurrent, busy)
  key.concurrent, key.seats = concurrent, busy
  for _, bucket in pairs(key.buckets) do bucket.left = bucket.level end
end

local function give_seat(key, amounts)
  for d, bucket in pairs(key.buckets) do bucket.left = bucket.left - charge(bucket, amounts[d]) end
  key.seats = key.seats + 1
end

local function is_full(key) return key.concurrent > 0 and key.seats >= key.concurrent end

-- Ms until the key's buckets hold enough for a call beside those that are seated, and which of them is the last.
local function refill_for(key, amounts)
  local wait, why = 0, ''
  for d, bucket in pairs(key.buckets) do
    local lacking = math.min(charge(bucket, amounts[d]), bucket.size) - bucket.left
    if amounts[d] > 0 and lacking > 0 and lacking / bucket.rate > wait then
      wait, why = lacking / bucket.rate, DIMENSIONS[d]
    end
  end
  return wait, why
end

-- THE PARKED: members `<job>|<caller>|<input>|<output>`, scored by when they are to come back, one after the other. A note
-- goes when its caller asks again. The jobs stand in the schedule by themselves: a note that is lost, or of a job that
-- will not come for this call, costs nobody more than the time that was told.

local function job_key(job) return BASE .. ':job:' .. job end
local function schedule_key() return BASE .. ':scheduled' end

local function note_parked(note, back)
  redis.call('ZREMRANGEBYSCORE', parked_key(), '-inf', int(now - RULES.turn_ms))
  local ttl = math.max(redis.call('PTTL', parked_key()), back - now + RULES.turn_ms)
  redis.call('ZADD', parked_key(), int(back), note)
  redis.call('PEXPIRE', parked_key(), int(ttl))
end

local function last_to_come_back()
  local last = redis.call('ZRANGE', parked_key(), -1, -1, 'WITHSCORES')
  return tonumber(last[2] or 0)
end

-- Whether the job's pause is one for this model: it may have got on without, and paused for something else since. Its last
-- event tells; Parked in traffic.limiter words it.
local function is_pause_ours(job)
  local event = redis.call('LINDEX', BASE .. ':log:' .. job, -1)
  local _, kind, _, _, data = unpack(event and cmsgpack.unpack(event) or {})
  return kind == 'job.snoozed' and string.find(cjson.decode(data).reason, 'waits for ' .. SCOPE .. ': ', 1, true) == 1
end

-- 'parked'; 'coming' (it is about to be parked, or waits for its worker, or runs); '' it will not come for this call.
local function fate_of(job)
  local state = redis.call('HGET', job_key(job), 'state')
  if state == 'scheduled' then return is_pause_ours(job) and 'parked' or '' end
  return (state == 'queued' or state == 'running') and 'coming' or ''
end

-- Never later, and only what stands in the schedule.
local function bring_forward(note, job, at)
  redis.call('ZADD', parked_key(), int(at), note)
  if redis.call('ZADD', schedule_key(), 'XX', 'LT', 'CH', int(at), job) == 1 then
    redis.call('HSET', job_key(job), 'due_ms', int(at))
  end
end

-- Lets those whom the key has room for come when it has: in their order, each with a seat for those before it. Who is due
-- and has not asked yet has one, too, so that no two are called for the same room.
local function wake_parked(key)
  local notes = redis.call('ZRANGE', parked_key(), 0, RULES.woken_max - 1, 'WITHSCORES')
  for i = 1, #notes, 2 do
    local note, due = notes[i], tonumber(notes[i + 1])
    local job, input, output = string.match(note, '^([^|]*)|.*|(%d+)|(%d+)$')
    local amounts = cost_of(tonumber(input), tonumber(output))
    local at = math.ceil(now + refill_for(key, amounts))
    if due > now and (at >= due or is_full(key)) then return end
    local fate = due + RULES.turn_ms > now and fate_of(job) or ''
    if fate == '' then redis.call('ZREM', parked_key(), note) else give_seat(key, amounts) end
    if fate == 'parked' and due > at then bring_forward(note, job, at) end
  end
end
