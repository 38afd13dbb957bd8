-- Lets a call to a model go, or says when to ask again; one step, for all workers.
-- ASK: caller (a stable name: a caller that asks again keeps its place), flow (priority and tenant), weight, input, output
--      (estimated tokens), patience_ms, nonce, keys ({fingerprint, {requests, input, output, tokens} a minute, concurrent}…),
--      money (what is to be held for the call, as in holds.lua; none: nothing)
-- Returns {1, fingerprint, reservation, is_probe}  go; settle.lua must follow, and renew.lua until then
--         {0, wait_ms, why, waiting}                ask again then: the caller has a place among those who wait
--         {-1, wait_ms, why, waiting}               more than patience_ms: come back then, the place is kept
--         {-2, 0, 'benched', 0}                     every key is benched
--         {-3, left, 'budget' | 'credits', is_first} it could go, and the tenant's money does not cover it: nothing is held
-- why: requests | input | output | tokens | concurrent | cooldown | probe | breaker | money (calls under way hold it; who
--      waits for that has a turn and no place, so that others with money of their own pass)
--
-- THE ORDER of those who wait is self-clocked fair queueing (S. Golestani, INFOCOM 1994): a flow's next call gets the tag
-- max(virtual time, the flow's last tag) + its share of the keys' minute / weight; the lowest tag goes first; virtual time is
-- the tag served last. Tags never grow, and virtual time does as long as anybody waits or is parked, so everybody's turn comes,
-- a large call's too.
-- A caller may go where there is room for all who are before it and itself: seats are given out in that order, on paper,
-- so that one who wakes late holds nobody up, and the wait that is told is the time until the caller's own seat is free.

local model = load_model()
local cost = cost_of(ASK.input, ASK.output)
local me = ASK.caller .. '|' .. int(ASK.input) .. '|' .. int(ASK.output)
local name = SCOPE .. ':' .. ASK.caller

-- The caller's turn, where it had stepped aside; it is back, and parked no more.
local TURN = load_turn(name)
if TURN and TURN.line ~= '' then redis.call('ZREM', TURN.line, name) end

-- The keys that are not benched: for all models of the provider, or for this one.
local function usable_keys()
  local keys, fields = {}, {}
  for _, key in ipairs(ASK.keys) do
    fields[#fields + 1] = key[1]
    fields[#fields + 1] = key[1] .. '/' .. ASK.model
  end
  local benched = redis.call('HMGET', benched_key(), unpack(fields))
  local function is_benched(entry) return entry and tonumber(string.match(entry, '^%d+')) > now end
  for i, given in ipairs(ASK.keys) do
    if not is_benched(benched[2 * i - 1]) and not is_benched(benched[2 * i]) then
      local key = load_key(given[1], given[2])
      reclaim(key)
      lay_out(key, given[3], key.busy)
      key.is_half_open = key.cool > 0 and now >= key.cool
      key.is_probed = key.is_half_open and key.probe ~= '' and is_held(key.fp .. '|' .. key.probe)
      keys[#keys + 1] = key
    end
  end
  return keys
end

-- Ms until the key can take a call beside those who have seats already, and what it waits for.
local function wait_for(key, amounts)
  if now < key.cool then return key.cool - now, 'cooldown' end
  if key.is_probed then return RULES.recheck_ms, 'probe' end
  local wait, why = refill_for(key, amounts)
  if is_full(key) then
    local each = math.min(RULES.recheck_ms, key.mean_ms / key.concurrent)
    local free_in = math.max(1, each * (key.seats - key.concurrent + 1))
    if free_in > wait then return free_in, 'concurrent' end
  end
  return wait, why
end

-- How many such calls the key still has room for.
local function room_in(key, amounts)
  local room = key.concurrent > 0 and key.concurrent - key.seats or math.huge
  for d, bucket in pairs(key.buckets) do
    if amounts[d] > 0 then room = math.min(room, bucket.left / amounts[d]) end
  end
  return room
end

local function has_more_room(key, other, amounts)
  local room, others = room_in(key, amounts), room_in(other, amounts)
  return room > others or (room == others and key.seats < other.seats)
end

-- The key that can take the call soonest; among equals the one with the most room.
local function seat_for(keys, amounts)
  local best, soonest, why
  for _, key in ipairs(keys) do
    local wait, reason = wait_for(key, amounts)
    if not best or wait < soonest or (wait == soonest and has_more_room(key, best, amounts)) then
      best, soonest, why = key, wait, reason
    end
  end
  return best, soonest, why
end

-- The key and the hold with which an attempt before began this call.
local function begun_with()
  local begun = MONEY.is_repeatable and redis.call('HGET', ledger_key(MONEY.job), begun_field(ASK.caller))
  return string.match(begun or '', '^(%S+) (%S+)$')
end

-- The seat for this call, and whether no other key will do. One that an attempt before began with a key goes on with it, or
-- it would be made, and paid, twice; unless that is too long a wait.
local function own_seat(keys)
  local begun = begun_with()
  for _, key in ipairs(begun and keys or {}) do
    local wait, why = wait_for(key, cost)
    if key.fp == begun and wait <= RULES.loyal_ms then return key, wait, why, true end
  end
  return seat_for(keys, cost)
end

local function seat(key, amounts)
  give_seat(key, amounts)
  key.is_probed = key.is_probed or key.is_half_open
end

-- The part of what all keys allow in a minute that the call takes, by the limit that it strains most.
local function share_of(keys)
  local share = 1e-6
  for d = 1, #DIMENSIONS do
    local total = 0
    for _, key in ipairs(keys) do total = total + (key.buckets[d] and key.buckets[d].limit or 0) end
    if total > 0 then share = math.max(share, cost[d] / total) end
  end
  return share
end

-- The caller's tag, and whether it is new. Who comes back is never worse off than who comes for the first time: its tag may
-- have outlived the virtual time that it was of.
local function tag_of(share)
  local virtual, last = unpack(redis.call('HMGET', passes_key(), 'virtual', ASK.flow))
  local fresh = math.max(tonumber(virtual or 0), tonumber(last or 0)) + share / ASK.weight
  local kept = tonumber(redis.call('ZSCORE', waiting_key(), me) or nil) or (TURN and TURN.tag)
  if kept then return math.min(kept, fresh), false end
  return fresh, true
end

local function seat_those_before(keys, tag)
  local before = redis.call('ZRANGEBYSCORE', waiting_key(), '-inf', string.format('(%.17g', tag), 'LIMIT', 0, RULES.seen_max)
  for _, other in ipairs(before) do
    local input, output = string.match(other, '|(%d+)|(%d+)$')
    if other ~= me then
      local amounts = cost_of(tonumber(input), tonumber(output))
      seat(seat_for(keys, amounts), amounts)
    end
  end
end

local function leave_queue()
  redis.call('ZREM', waiting_key(), me)
  redis.call('ZREM', asking_key(), me)
end

local function reserve(key)
  local id = ASK.nonce .. ':' .. int(now) .. ':' .. int(ASK.input) .. ':' .. int(ASK.output)
  for d, bucket in pairs(key.buckets) do bucket.level = bucket.level - charge(bucket, cost[d]) end
  redis.call('ZADD', slots_key(key.fp), int(now + RULES.lease_ms), id)
  redis.call('PEXPIRE', slots_key(key.fp), int(RULES.lease_ms + RULES.forget_ms))
  if key.is_half_open then key.probe = id end
  key.is_changed = true
  local is_probe = key.is_half_open
  if model.open_until > 0 then
    is_probe = true
    set_model('probe', key.fp .. '|' .. id)
  end
  return {1, key.fp, id, is_probe and 1 or 0}
end

-- With the same key it is the same call to the provider, and this one will tell what it used: what a try before holds, whose
-- worker died or is late, ends.
local function end_try_before(key)
  local fp, hold = begun_with()
  if fp == key.fp and redis.call('HSETNX', ledger_key(MONEY.job), 'told:' .. hold, 1) == 1 then end_hold(hold) end
end

local function note_begun(key)
  redis.call('HSET', ledger_key(MONEY.job), begun_field(ASK.caller), key.fp .. ' ' .. MONEY.hold)
  redis.call('PEXPIRE', ledger_key(MONEY.job), int(MONEY.keep_job_ms))
end

local function keep_pass(flow, tag)
  redis.call('HSET', passes_key(), flow, string.format('%.17g', tag))
  keep_for(passes_key(), RULES.forget_ms)
end

local function move_clock(tag)
  if tag > tonumber(redis.call('HGET', passes_key(), 'virtual') or 0) then keep_pass('virtual', tag) end
end

-- What flows have had counts as long as somebody waits, here or parked; then virtual time begins anew.
local function give_up_place()
  leave_queue()
  redis.call('DEL', turn_key(name))
  if redis.call('EXISTS', waiting_key(), parked_key()) == 0 then redis.call('DEL', passes_key()) end
end

local function queue_up(wait, why, tag)
  redis.call('ZADD', waiting_key(), string.format('%.17g', tag), me)
  redis.call('ZADD', asking_key(), int(now + wait + RULES.vanish_ms), me)
  redis.call('PEXPIRE', waiting_key(), int(RULES.forget_ms))
  redis.call('PEXPIRE', asking_key(), int(RULES.forget_ms))
  return {0, math.ceil(wait), why, redis.call('ZCARD', waiting_key())}
end

-- The caller's place among those who lack money: since when it does, as if the urgent had come a minute sooner, and those
-- who have time a minute later. Tags would not do: those of two models are of two clocks.
local LEAD_MS = {high = MINUTE_MS, normal = 0, low = -MINUTE_MS}
local function place_for_money() return TURN and TURN.lacks or now - LEAD_MS[string.match(ASK.flow, '^%a+')] end

-- Leaves the queue, and keeps the turn until a while after the caller was to come back.
local function step_aside(turn)
  leave_queue()
  turn.name, turn.scope, turn.caller, turn.job = name, SCOPE, ASK.caller, MONEY.job or ''
  turn.input, turn.output, turn.lacks = ASK.input, ASK.output, turn.lacks or (TURN and TURN.lacks)
  keep_turn(turn)
end

-- Those who are sent away come back one after the other, and sooner when there is enough for them: `gap` ms apart.
local function park(turn, wait, why, order, gap)
  local first = now + math.max(wait, RULES.park_least_ms)
  local before = redis.call('ZCOUNT', turn.line, '-inf', string.format('%.17g', order))
  turn.due = math.ceil(first + math.min(before * gap, RULES.spread_ms))
  step_aside(turn)
  line_up(turn, order)
  keep_for(passes_key(), turn.due - now + RULES.turn_ms)
  return {-1, turn.due - now, why, redis.call('ZCARD', waiting_key())}
end

-- For room at up to twice the rate that the keys allow, for estimates are high. Many whom an open circuit sends away go
-- another way, and keep nobody.
local function park_for_room(wait, why, tag, share, fp)
  local gap = why == 'breaker' and 0 or math.max(RULES.park_gap_ms, share * MINUTE_MS / 2)
  return park({tag = tag, line = parked_key(), fp = fp}, wait, why, tag, gap)
end

-- The turn has come, but calls under way hold the money. The caller steps aside for those who have theirs, and keeps its
-- turn; one that comes back for money, and not for room, may claim it.
local function await_money(keys, tag, is_new)
  if not tag then tag, is_new = tag_of(share_of(keys)) end
  if is_new then keep_pass(ASK.flow, tag) end
  local lacks, wait = place_for_money(), RULES.recheck_ms
  local turn = {tag = tag, due = now + wait, line = '', fp = '', lacks = lacks, amount = amount_of(MONEY.hold),
                limit = MONEY.limit, is_prepaid = MONEY.is_prepaid}
  local reply = {0, wait, 'money', redis.call('ZCARD', waiting_key())}
  if wait > ASK.patience_ms then
    turn.line = unpaid_key(TENANT)
    reply = park(turn, wait, 'money', lacks, RULES.park_gap_ms)
  else
    step_aside(turn)
  end
  if TURN and TURN.lacks then claim_money(lacks, reply[2] + RULES.turn_ms) end
  return reply
end

-- The turn has come. Money that is not there costs the caller its place and nobody anything.
local function go(keys, key, tag, is_new)
  local refusal = MONEY.hold and refuse_money()
  if refusal and #refusal == 0 then return await_money(keys, tag, is_new) end
  drop_claim()
  if refusal then
    if tag then give_up_place() end
    return {-3, refusal[2], refusal[1], refusal[3]}
  end
  if MONEY.is_repeatable then
    end_try_before(key)
    note_begun(key)
  end
  if MONEY.hold then hold_money() end
  local reply = reserve(key)
  if not tag then return reply end
  move_clock(tag)
  if is_new then keep_pass(ASK.flow, tag) end
  give_up_place()
  return reply
end

-- Ms for which the breaker lets nobody through.
local function shut_for()
  if model.open_until > now then return model.open_until - now end
  if model.open_until > 0 and is_held(model.probe) then return RULES.recheck_ms end
  return 0
end

local function answer(keys)
  local shut = shut_for()
  local is_anybody_waiting = redis.call('EXISTS', waiting_key()) == 1
  if shut == 0 and not is_anybody_waiting then
    local key, wait = own_seat(keys)
    if wait == 0 then return go(keys, key, TURN and TURN.tag, false) end
  end
  local share = share_of(keys)
  local tag, is_new = tag_of(share)
  local key, wait, why, is_bound = nil, shut, 'breaker', false
  if shut == 0 then
    seat_those_before(keys, tag)
    key, wait, why, is_bound = own_seat(keys)
    if wait == 0 then return go(keys, key, tag, is_new) end
  end
  if is_new then keep_pass(ASK.flow, tag) end
  if wait > ASK.patience_ms then return park_for_room(wait, why, tag, share, is_bound and key.fp or '') end
  return queue_up(wait, why, tag)
end

forget_vanished()
local keys = usable_keys()
if #keys == 0 then return {-2, 0, 'benched', 0} end
local reply = answer(keys)
for _, key in ipairs(keys) do
  if key.is_changed then save_key(key) end
end
return reply
