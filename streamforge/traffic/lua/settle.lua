-- Ends a reservation: what was not used goes back, what was used beyond it is charged, and what the provider said counts.
-- ASK: key {fingerprint, limits, concurrent}, reservation, outcome (streamforge.traffic.outcome.Outcome), input, output (tokens
--      used; -1 unknown), retry_ms (the pause that the provider asked for; -1 none), told, remaining (by dimension: the
--      provider's limit a minute and what is left of it; -1 unknown), told_age_ms, bench_ms, bench_whole ('' | '1': the key is
--      of no use to any model), reason, duration_ms, money (the call's charge, as in ledger.lua; none: it has no hold)
-- Returns {is_held, breaker ('' | 'opened' | 'closed'), is_newly_benched, cooldown_ms, has_made_room (1: somebody waits who
--          may go earlier than was told), charged (what the tenant pays for the call)}

local fp, id, outcome = ASK.key[1], ASK.reservation, ASK.outcome
local granted, input, output = reservation_of(id)
local is_held_still = redis.call('ZREM', slots_key(fp), id)

local REFUSED_UNREAD = {limited = true, overloaded = true, bad_key = true, refused = true}
local WORKS = {ok = true, refused = true, limited = true, bad_key = true}
local BROKEN = {failed = true, overloaded = true}
local UNANSWERED = {refused = true, limited = true, bad_key = true, unsent = true}

-- Takes the provider's limits over; whether one of them has changed. Older news than what is known already is no news:
-- answers of streamed calls come out of order.
local function hear_limits()
  local heard_at = now - ASK.told_age_ms
  local known = redis.call('HMGET', limit_key(fp), 'told_at', 'told_requests', 'told_input', 'told_output', 'told_tokens')
  if heard_at < tonumber(known[1] or 0) then return false end
  local row, has_changed = {}, false
  for d, name in ipairs(DIMENSIONS) do
    if ASK.told[d] > 0 then
      local told = int(ASK.told[d])
      row[#row + 1] = 'told_' .. name
      row[#row + 1] = told
      has_changed = has_changed or told ~= known[d + 1]
    end
  end
  if #row > 0 then redis.call('HSET', limit_key(fp), 'told_at', int(heard_at), unpack(row)) end
  return has_changed
end

-- What was taken from a larger bucket counts in the smaller one: the provider has counted it.
local function shrink(key, before)
  for d, bucket in pairs(key.buckets) do
    local was = before.buckets[d]
    if was and was.size > bucket.size then
      bucket.level = math.min(bucket.level, was.level - (was.size - bucket.size))
    end
  end
end

-- What goes back (or, below 0, is still to be charged) for an estimate and what was used of it.
local function difference(estimate, used)
  if outcome == 'unsent' then return estimate end
  if used >= 0 then return estimate - used end
  return REFUSED_UNREAD[outcome] and estimate or 0
end

local has_made_room = ASK.key[3] > 0 and is_held_still == 1

-- A lease that had run out has given the output back already.
local function give_back(key)
  local held_output = is_held_still == 1 and output or 0
  for d, estimate in ipairs({1, input, held_output, input + held_output}) do
    local bucket = key.buckets[d]
    if bucket then
      local used = ({1, ASK.input, ASK.output, -1})[d]
      if d == 4 and ASK.input >= 0 and ASK.output >= 0 then used = ASK.input + ASK.output end
      local back = difference(charge(bucket, estimate), charge(bucket, used))
      bucket.level = math.min(bucket.size, bucket.level + back)
      has_made_room = has_made_room or back > estimate / 2
    end
  end
end

-- No bucket holds more than the provider says there is left, and what it has refilled since.
local function heed_remaining(key)
  for d, bucket in pairs(key.buckets) do
    local left = ASK.remaining[d]
    if left >= 0 then
      bucket.level = math.min(bucket.level, left + ASK.told_age_ms * bucket.limit / MINUTE_MS)
    end
  end
end

local function pause_of(strikes)
  if ASK.retry_ms >= 0 then return math.max(ASK.retry_ms, RULES.cooldown_least_ms) end
  return math.min(RULES.cooldown_longest_ms, RULES.cooldown_ms * 2 ^ strikes)
end

-- Refusals of calls that were under way when the key began to cool say nothing new: they make no pause longer by doubling.
local function cool_down(key)
  local is_news = granted > key.cooled_at
  key.cool = math.max(key.cool, now + pause_of(is_news and key.strikes or math.max(0, key.strikes - 1)))
  if is_news then
    key.strikes = key.strikes + 1
    key.cooled_at = now
  end
end

-- Only the probe's own answer says that the pause is over.
local function end_probe(key)
  if key.probe ~= id then return end
  key.probe = ''
  if outcome == 'ok' or outcome == 'refused' then key.cool, key.strikes = 0, 0 end
end

local function settle_key()
  local key = load_key(fp, ASK.key[2])
  if hear_limits() then
    local before = key
    key = load_key(fp, ASK.key[2])
    shrink(key, before)
  end
  give_back(key)
  heed_remaining(key)
  end_probe(key)
  if outcome == 'limited' then cool_down(key) end
  if outcome == 'ok' then
    key.mean_ms = key.mean_ms + (ASK.duration_ms - key.mean_ms) / 8
    if key.cool == 0 then key.strikes = 0 end
  end
  save_key(key)
  return key
end

local function bench()
  local field = ASK.bench_whole == '1' and fp or fp .. '/' .. ASK.model
  local before = redis.call('HGET', benched_key(), field)
  local is_new = not before or tonumber(string.match(before, '^%d+')) <= now
  redis.call('HSET', benched_key(), field, int(now + ASK.bench_ms) .. ' ' .. ASK.reason)
  keep_for(benched_key(), ASK.bench_ms)
  return is_new and 1 or 0
end

-- THE BREAKER; see lib.lua.

-- Counts a result; good and bad ones within the window, kept as {part, good, bad}….
local function count_result(is_bad)
  local part = math.floor(now / (RULES.breaker_window_ms / RULES.breaker_parts))
  local packed, results, mine = redis.call('HGET', model_key(), 'results'), {}, nil
  for _, result in ipairs(packed and cmsgpack.unpack(packed) or {}) do
    if result[1] > part - RULES.breaker_parts then results[#results + 1] = result end
    if result[1] == part then mine = result end
  end
  if not mine then
    mine = {part, 0, 0}
    results[#results + 1] = mine
  end
  mine[is_bad and 3 or 2] = mine[is_bad and 3 or 2] + 1
  set_model('results', cmsgpack.pack(results))
  local good, bad = 0, 0
  for _, result in ipairs(results) do good, bad = good + result[2], bad + result[3] end
  return good, bad
end

local function open_circuit(model, for_ms)
  set_model('open_until', int(math.max(model.open_until, now + for_ms)), 'opens', model.opens + 1, 'probe', '')
  redis.call('HDEL', model_key(), 'results')
  return 'opened'
end

local function opening_of(model)
  if outcome == 'overloaded' and ASK.retry_ms >= 0 then return math.max(ASK.retry_ms, RULES.cooldown_least_ms) end
  return math.min(RULES.breaker_longest_ms, RULES.breaker_open_ms * 2 ^ model.opens)
end

local function conclude_probe(model)
  if BROKEN[outcome] then return open_circuit(model, opening_of(model)) end
  if not WORKS[outcome] then
    set_model('probe', '')
    return ''
  end
  set_model('open_until', 0, 'opens', 0, 'probe', '')
  return 'closed'
end

-- What came of calls that were under way when the circuit opened says nothing new.
local function settle_breaker()
  local model = load_model()
  if model.probe == fp .. '|' .. id then return conclude_probe(model) end
  if model.open_until > 0 then return '' end
  if outcome == 'overloaded' and ASK.retry_ms >= 0 then return open_circuit(model, opening_of(model)) end
  if not BROKEN[outcome] and not WORKS[outcome] then return '' end
  local good, bad = count_result(BROKEN[outcome])
  if BROKEN[outcome] and good + bad >= RULES.breaker_least and bad >= RULES.breaker_ratio * (good + bad) then
    return open_circuit(model, opening_of(model))
  end
  return ''
end

-- Those who are parked come when there is room that nobody waits for, and nothing else is in the way.
local function call_parked(key)
  if outcome == 'bad_key' or key.cool > 0 or redis.call('EXISTS', parked_key()) == 0 then return end
  forget_vanished()
  if redis.call('EXISTS', waiting_key()) == 1 or load_model().open_until > 0 then return end
  lay_out(key, ASK.key[3], redis.call('ZCARD', slots_key(fp)))
  call_up(parked_key(), room_of(key))
end

-- Of all others the provider may have the answer.
if MONEY.hold and UNANSWERED[outcome] then redis.call('HDEL', ledger_key(MONEY.job), begun_field(MONEY.charge)) end
local key = settle_key()
local is_newly_benched = outcome == 'bad_key' and bench() or 0
local breaker = settle_breaker()
local is_news = (has_made_room or breaker == 'closed') and redis.call('EXISTS', waiting_key()) == 1
local charged = MONEY.hold and write_charge() or 0
call_parked(key)
if MONEY.hold then call_unpaid() end
return {is_held_still, breaker, is_newly_benched, math.ceil(math.max(0, key.cool - now)), is_news and 1 or 0, charged}
