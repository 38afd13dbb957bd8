-- Writes down what a call to a model came to, and gives back what was held for it.
-- ASK: provider, model
-- MONEY: job, tenant, step, charge, call, fingerprint, is_answered, is_unaccounted, used (a number for each of MEASURES),
--        cost (-1 unknown), hold (`<nonce>:<amount>`), is_prepaid, keep_job_ms, keep_day_ms, stream_max
--
-- Three names, three promises. `call` is what the provider counts as one call: it is counted once, however often it is
-- written down; an answer adds what a broken try of the same call had not used yet. `charge` is what the tenant pays for
-- (a job's step's n-th call): the first answer is paid for, and no other. The cost of all else (calls that broke, calls
-- repeated by an attempt that did not know of the first) is counted in cost_uusd, for it is real, and not in charged_uusd.

local MEASURES = {'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'images', 'audio_ms'}
local ledger, field = ledger_key(MONEY.job or ''), 'call:' .. (MONEY.call or '')

local function is_blank()
  for _, amount in ipairs(MONEY.used) do if amount > 0 then return false end end
  return not MONEY.is_answered and not MONEY.is_unaccounted
end

-- What of the call was not written down before, in each measure and in money.
local function news_since(before)
  local news = {}
  for i, amount in ipairs(MONEY.used) do news[i] = math.max(0, amount - (before and before.used[i] or 0)) end
  local known = before and math.max(0, before.cost) or 0
  return news, math.max(0, MONEY.cost - known)
end

local function pay()
  if not MONEY.is_answered then return 0 end
  local price = math.max(0, MONEY.cost)
  if redis.call('HSETNX', ledger, 'paid:' .. MONEY.charge, int(price)) == 0 then return 0 end
  if MONEY.is_prepaid and price > 0 then
    redis.call('HINCRBY', credits_key(TENANT), 'balance', int(-price))
    redis.call('HINCRBY', credits_key(TENANT), 'spent', int(price))
  end
  return price
end

local function sum_up(before, news, cost, charged)
  local of_model = '|' .. ASK.provider .. '/' .. ASK.model
  local is_unpriced = MONEY.cost < 0 and not MONEY.is_unaccounted
  local sums = {calls = before and 0 or 1, cost_uusd = cost, charged_uusd = charged,
                unpriced_calls = is_unpriced and not (before and before.cost < 0) and 1 or 0}
  for i, measure in ipairs(MEASURES) do sums[measure] = news[i] end
  for name, amount in pairs(sums) do
    add(name, amount)
    add(name .. of_model, amount)
  end
  redis.call('PEXPIRE', today, int(MONEY.keep_day_ms))
end

local function write_down(before)
  local used = {}
  for i, amount in ipairs(MONEY.used) do used[i] = math.max(amount, before and before.used[i] or 0) end
  local record = {charge = MONEY.charge, step = MONEY.step, provider = ASK.provider, model = ASK.model,
                  fingerprint = MONEY.fingerprint, is_answered = MONEY.is_answered, is_unaccounted = MONEY.is_unaccounted,
                  held = amount_of(MONEY.hold), cost = math.max(MONEY.cost, before and before.cost or -1), used = used}
  redis.call('HSET', ledger, field, cmsgpack.pack(record))
end

-- The archive has differences: its sums are right however often a call was written down.
local function archive(news, cost, charged)
  local row = {'job', MONEY.job, 'tenant', MONEY.tenant, 'step', MONEY.step, 'charge', MONEY.charge, 'call', MONEY.call,
               'provider', ASK.provider, 'model', ASK.model, 'fingerprint', MONEY.fingerprint,
               'is_answered', MONEY.is_answered and 1 or 0, 'is_priced', MONEY.cost >= 0 and 1 or 0,
               'cost_uusd', int(cost), 'charged_uusd', int(charged)}
  for i, measure in ipairs(MEASURES) do
    row[#row + 1] = measure
    row[#row + 1] = int(news[i])
  end
  if redis.call('EXISTS', outbox_key()) == 1 then -- the archive trims what it has read
    redis.call('XADD', charges_key(), '*', unpack(row))
  else
    redis.call('XADD', charges_key(), 'MAXLEN', '~', int(MONEY.stream_max), '*', unpack(row))
  end
end

local function settle_unaccounted(before)
  if before and before.is_unaccounted then count_unaccounted(-1, -before.held) end
  if MONEY.is_unaccounted then count_unaccounted(1, amount_of(MONEY.hold)) end
end

-- What the tenant pays for the call. Repeated, it changes nothing, and the answer is 0.
local function write_charge()
  if redis.call('HSETNX', ledger, 'told:' .. MONEY.hold, 1) == 0 then return 0 end
  redis.call('PEXPIRE', ledger, int(MONEY.keep_job_ms))
  end_hold(MONEY.hold)
  local packed = redis.call('HGET', ledger, field)
  local before = packed and cmsgpack.unpack(packed)
  if is_blank() or (before and before.is_answered) then return 0 end
  local news, cost = news_since(before)
  local charged = pay()
  sum_up(before, news, cost, charged)
  settle_unaccounted(before)
  write_down(before)
  archive(news, cost, charged)
  return charged
end
