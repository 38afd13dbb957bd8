-- THE PARKED. Who steps aside leaves a note of its turn: which it is, of which job, what it needs. A line has the names of
-- those who are parked, `<scope>:<caller>`, in the order of their turns: for room at a model by their tags, for a tenant's
-- money by when they first lacked it. A name leaves its line when its caller asks again. The jobs stand in the schedule by
-- themselves: a note that lapses, or whose job will not come for this call, costs nobody more than the time that was told.
--
-- A note: name, scope, caller, job, tag, due (ms), line (key; '' none), fp (the one key that will do; '' any), input, output,
--         lacks (place among those who lack money), amount (of money), limit and is_prepaid (the tenant's, as in holds.lua)

local function job_key(job) return BASE .. ':job:' .. job end
local function schedule_key() return BASE .. ':scheduled' end
local function turn_key(name) return BASE .. ':turn:' .. name end

local function load_turn(name)
  local packed = redis.call('GET', turn_key(name))
  return packed and cmsgpack.unpack(packed)
end

local function keep_turn(turn)
  redis.call('SET', turn_key(turn.name), cmsgpack.pack(turn), 'PX', int(turn.due - now + RULES.turn_ms))
end

local function line_up(turn, order)
  redis.call('ZADD', turn.line, string.format('%.17g', order), turn.name)
  keep_for(turn.line, turn.due - now + RULES.turn_ms)
end

-- 'parked': for this model, and for nothing else meanwhile; 'coming': it is called, or waits for its worker; 'elsewhere': its
-- job runs, and is about to be parked, about to ask, or got on without this model; nil: it will not come for this call.
local function fate_of(turn)
  local state, model = unpack(redis.call('HMGET', job_key(turn.job), 'state', 'parked_for'))
  if state == 'scheduled' then return model == turn.scope and 'parked' or nil end
  if state == 'queued' or (state == 'running' and turn.is_called) then return 'coming' end
  return state == 'running' and 'elsewhere' or nil
end

-- Never later, and only what stands in the schedule.
local function bring_forward(turn, at)
  turn.due, turn.is_called = at, true
  keep_turn(turn)
  if redis.call('ZADD', schedule_key(), 'XX', 'LT', 'CH', int(at), turn.job) == 1 then
    redis.call('HSET', job_key(turn.job), 'due_ms', int(at))
  end
end

-- Returns how many come of it. A job that runs is told in its record: if it is parked for this model after all, it comes at
-- once.
local function call(turn, fate, at, offer)
  if fate == 'elsewhere' then
    redis.call('HSET', job_key(turn.job), 'called', int(at) .. ' ' .. turn.scope)
    redis.call('ZREM', turn.line, turn.name)
    return 0
  end
  offer.take(turn)
  if fate == 'parked' and turn.due > at then bring_forward(turn, at) end
  return 1
end

-- Lets those of a line come for whom there is something, in their order, each beside those before it. Who is called and has
-- not asked yet has its part, too, so that no two are called for the same.
-- offer: suits(turn); from(turn), since when there is enough for it, or nil where there is nothing for anybody; take(turn)
local function call_up(line, offer)
  local called = 0
  for _, name in ipairs(redis.call('ZRANGE', line, 0, RULES.seen_max - 1)) do
    local turn = load_turn(name)
    local fate = turn and fate_of(turn)
    if not fate then
      redis.call('ZREM', line, name)
    elseif offer.suits(turn) then
      local at = offer.from(turn)
      local comes_by_then = fate == 'parked' and at and turn.due > now and at >= turn.due
      if not at or comes_by_then or called == RULES.woken_max then return end
      called = called + call(turn, fate, at, offer)
    end
  end
end
