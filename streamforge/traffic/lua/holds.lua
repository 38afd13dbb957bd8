-- Holds money for a call, where the tenant's budget of the day and its credits still cover it; ASK.caller is its charge.
-- MONEY: tenant, hold (`<nonce>:<amount>`), limit (of the day; -1 none), is_prepaid, lease_ms, job, is_repeatable (whether
--        the provider counts a repeated call with the same API key once), keep_day_ms, keep_job_ms
-- What was held for dead workers' calls is given back here, and counted: such a call may have been made. In a job's ledger,
-- `hold:<charge>` is the hold of the last try.

local function give_back_lapsed()
  local lapsed = redis.call('ZRANGEBYSCORE', holds_key(TENANT), '-inf', int(now), 'LIMIT', 0, 1000)
  for _, hold in ipairs(lapsed) do
    let_go(hold)
    count_unaccounted(1, amount_of(hold))
  end
end

local function keep_hold(amount)
  redis.call('ZADD', holds_key(TENANT), int(now + MONEY.lease_ms), MONEY.hold)
  redis.call('INCRBY', held_key(TENANT), int(amount))
  for _, key in ipairs({holds_key(TENANT), held_key(TENANT)}) do keep_for(key, MONEY.lease_ms + DAY_MS) end
end

-- The hold of a try before of this very call, where it is held still: that worker is dead, or late.
local function held_before()
  local hold = redis.call('HGET', ledger_key(MONEY.job), 'hold:' .. ASK.caller)
  return hold and redis.call('ZSCORE', holds_key(TENANT), hold) and hold
end

local CLAIM = MONEY.hold and (MONEY.limit >= 0 or MONEY.is_prepaid) and read_claim() or {amount = 0}

local function claim_money(lacks, keep_ms)
  if CLAIM.caller and CLAIM.caller ~= ASK.caller and CLAIM.lacks <= lacks then return end
  local mine = int(amount_of(MONEY.hold)) .. ' ' .. int(lacks) .. ' ' .. ASK.caller
  redis.call('SET', claim_key(TENANT), mine, 'PX', int(keep_ms))
end

local function drop_claim()
  if CLAIM.caller == ASK.caller then redis.call('DEL', claim_key(TENANT)) end
end

-- Why the call cannot have its money: {what, left, 1 for the day's first refusal}, or {} where it only has to wait for it.
-- Nothing where it can; a try before of the same call is not in its way.
local function refuse_money()
  give_back_lapsed()
  local before = held_before()
  local taken = held_in_sum() + claimed_by_others(CLAIM, ASK.caller) - (before and amount_of(before) or 0)
  local what, left, is_busy = lacking(MONEY, amount_of(MONEY.hold), taken)
  if not what then return nil end
  if is_busy then return {} end
  local is_first = redis.call('HSETNX', today, what .. '_refused_ms', int(now))
  redis.call('PEXPIRE', today, int(MONEY.keep_day_ms))
  return {what, math.max(0, left), is_first}
end

-- Holds the money, in the place of what a try before of this call held: of that one nothing is known.
local function hold_money()
  local before = held_before()
  if before and let_go(before) then count_unaccounted(1, amount_of(before)) end
  keep_hold(amount_of(MONEY.hold))
  redis.call('HSET', ledger_key(MONEY.job), 'hold:' .. ASK.caller, MONEY.hold)
  redis.call('PEXPIRE', ledger_key(MONEY.job), int(MONEY.keep_job_ms))
end
