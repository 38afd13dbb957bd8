-- Writes down what a call to a model came to, and gives back what was held for it.
-- ASK: job, tenant, step, charge, call, provider, model, fingerprint, is_answered, is_unaccounted, used (a number for each of
--      MEASURES), cost (-1 unknown), hold (as held by hold.lua), is_prepaid, keep_job_ms, keep_day_ms, stream_max
-- Returns {is_news, charged}: whether anything was written; what the tenant pays for it. Repeated, it changes nothing.
--
-- Three names, three promises. `call` is what the provider counts as one call: it is counted once, however often it is
-- written down; an answer adds what a broken try of the same call had not used yet. `charge` is what the tenant pays for
-- (a job's step's n-th call): the first answer is paid for, and no other. The cost of all else (calls that broke, calls
-- repeated by an attempt that did not know of the first) is counted in cost_uusd, for it is real, and not in charged_uusd.

local MEASURES = {'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'images', 'audio_ms'}
local ledger, field = ledger_key(ASK.job), 'call:' .. ASK.call

local function is_blank()
  for _, amount in ipairs(ASK.used) do if amount > 0 then return false end end
  return not ASK.is_answered and not ASK.is_unaccounted
end

-- What of the call was not written down before, in each measure and in money.
local function news_since(before)
  local news = {}
  for i, amount in ipairs(ASK.used) do news[i] = math.max(0, amount - (before and before.used[i] or 0)) end
  local known = before and math.max(0, before.cost) or 0
  return news, math.max(0, ASK.cost - known)
end

local function pay()
  if not ASK.is_answered then return 0 end
  local price = math.max(0, ASK.cost)
  if redis.call('HSETNX', ledger, 'paid:' .. ASK.charge, int(price)) == 0 then return 0 end
  if ASK.is_prepaid then
    redis.call('HINCRBY', credits_key(ASK.tenant), 'balance', int(-price))
    redis.call('HINCRBY', credits_key(ASK.tenant), 'spent', int(price))
  end
  return price
end

local function sum_up(before, news, cost, charged)
  local of_model = '|' .. ASK.provider .. '/' .. ASK.model
  local is_unpriced = ASK.cost < 0 and not ASK.is_unaccounted
  local sums = {calls = before and 0 or 1, cost_uusd = cost, charged_uusd = charged,
                unpriced_calls = is_unpriced and not (before and before.cost < 0) and 1 or 0}
  for i, measure in ipairs(MEASURES) do sums[measure] = news[i] end
  for name, amount in pairs(sums) do
    add(name, amount)
    add(name .. of_model, amount)
  end
  redis.call('PEXPIRE', today, int(ASK.keep_day_ms))
end

local function write_down(before)
  local used = {}
  for i, amount in ipairs(ASK.used) do used[i] = math.max(amount, before and before.used[i] or 0) end
  local record = {charge = ASK.charge, step = ASK.step, provider = ASK.provider, model = ASK.model,
                  fingerprint = ASK.fingerprint, is_answered = ASK.is_answered, is_unaccounted = ASK.is_unaccounted,
                  held = amount_of(ASK.hold), cost = math.max(ASK.cost, before and before.cost or -1), used = used}
  redis.call('HSET', ledger, field, cmsgpack.pack(record))
end

-- The archive has differences: its sums are right however often a call was written down.
local function archive(news, cost, charged)
  local row = {'job', ASK.job, 'tenant', ASK.tenant, 'step', ASK.step, 'charge', ASK.charge, 'call', ASK.call,
               'provider', ASK.provider, 'model', ASK.model, 'fingerprint', ASK.fingerprint,
               'is_answered', ASK.is_answered and 1 or 0, 'is_priced', ASK.cost >= 0 and 1 or 0,
               'cost_uusd', int(cost), 'charged_uusd', int(charged)}
  for i, measure in ipairs(MEASURES) do
    row[#row + 1] = measure
    row[#row + 1] = int(news[i])
  end
  redis.call('XADD', charges_key(), 'MAXLEN', '~', int(ASK.stream_max), '*', unpack(row))
end

-- A hold that had lapsed was counted as a call of which nothing is known; now something is.
local function end_hold()
  if not let_go(ASK.hold) then count_unaccounted(-1, -amount_of(ASK.hold)) end
end

local function settle_unaccounted(before)
  if before and before.is_unaccounted then count_unaccounted(-1, -before.held) end
  if ASK.is_unaccounted then count_unaccounted(1, amount_of(ASK.hold)) end
end

if redis.call('HSETNX', ledger, 'told:' .. ASK.hold, 1) == 0 then return {0, 0} end
redis.call('PEXPIRE', ledger, int(ASK.keep_job_ms))
end_hold()
local packed = redis.call('HGET', ledger, field)
local before = packed and cmsgpack.unpack(packed)
if is_blank() or (before and before.is_answered) then return {0, 0} end
local news, cost = news_since(before)
local charged = pay()
sum_up(before, news, cost, charged)
settle_unaccounted(before)
write_down(before)
archive(news, cost, charged)
return {1, charged}
