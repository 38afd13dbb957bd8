-- A tenant's money. MONEY (ASK.money, where a script has to do with it) holds at least `tenant`.
-- Amounts are whole micro-dollars, days are counted from 1970-01-01 UTC.

local MONEY = ASK.money or {}
local TENANT = MONEY.tenant or ''
local DAY_MS = 86400000

local function ledger_key(job) return BASE .. ':ledger:' .. job end
local function spent_key(tenant, day) return BASE .. ':spent:' .. tenant .. ':' .. day end
local function holds_key(tenant) return BASE .. ':holds:' .. tenant end
local function held_key(tenant) return BASE .. ':held:' .. tenant end
local function claim_key(tenant) return BASE .. ':claim:' .. tenant end
local function unpaid_key(tenant) return BASE .. ':unpaid:' .. tenant end
local function credits_key(tenant) return BASE .. ':credits:' .. tenant end
local function charges_key() return BASE .. ':charges' end
local function outbox_key() return BASE .. ':outbox' end

-- In a job's ledger, the API key and the hold that one of its calls was begun with: for a provider that knows it by the key.
local function begun_field(call) return 'begun:' .. ASK.scope .. ':' .. call end

local today = spent_key(TENANT, int(math.floor(now / DAY_MS)))

local function add(field, amount)
  if amount ~= 0 then redis.call('HINCRBY', today, field, int(amount)) end
end

local function held_in_sum() return tonumber(redis.call('GET', held_key(TENANT)) or 0) end

-- HOLDS: members `<nonce>:<amount>`, scored by the end of their lease.

local function amount_of(hold) return tonumber(string.match(hold, ':(%d+)$')) end

-- Whether it was still held.
local function let_go(hold)
  if redis.call('ZREM', holds_key(TENANT), hold) == 0 then return false end
  if redis.call('EXISTS', holds_key(TENANT)) == 0 then
    redis.call('DEL', held_key(TENANT))
  else
    redis.call('DECRBY', held_key(TENANT), int(amount_of(hold)))
  end
  return true
end

-- What is known of no call that may have cost something: how many there were, and what they can have cost at most.
local function count_unaccounted(calls, amount)
  add('unaccounted_calls', calls)
  add('unaccounted_uusd', amount)
  redis.call('PEXPIRE', today, int(MONEY.keep_day_ms))
end

-- A hold that had lapsed was counted as a call of which nothing is known; now something is.
local function end_hold(hold)
  if not let_go(hold) then count_unaccounted(-1, -amount_of(hold)) end
end

-- THE CLAIM of a tenant's call that has come back for money, `<amount> <lacks> <caller>`: until it has its own, the others
-- leave it so much, or a large call would wait for as long as small ones come. Of those who come back, it is for the one that
-- has lacked money the longest. It lapses with the caller's turn.

local function read_claim()
  local amount, lacks, caller = string.match(redis.call('GET', claim_key(TENANT)) or '', '^(%d+) (%S+) (.*)$')
  return {amount = tonumber(amount or 0), lacks = tonumber(lacks), caller = caller}
end

local function claimed_by_others(claim, caller) return claim.caller ~= caller and claim.amount or 0 end

-- What does not cover the amount ('budget' or 'credits'), what is left of it without what is taken, and whether that were
-- enough: then calls under way hold it, and give back what they do not use. Nothing where all cover it. `terms` are the
-- tenant's: limit, is_prepaid.
local function lacking(terms, amount, taken)
  local purses, busy = {}, nil
  if terms.limit >= 0 then
    purses[1] = {'budget', terms.limit - tonumber(redis.call('HGET', today, 'cost_uusd') or 0)}
  end
  if terms.is_prepaid then
    purses[#purses + 1] = {'credits', tonumber(redis.call('HGET', credits_key(TENANT), 'balance') or 0)}
  end
  for _, purse in ipairs(purses) do
    if amount > purse[2] then return purse[1], purse[2], false end
    if amount > purse[2] - taken then busy = purse end
  end
  if busy then return busy[1], busy[2], true end
end

-- Lets those come who are parked for the tenant's money, as far as it covers their calls now.
local function call_unpaid()
  if redis.call('EXISTS', unpaid_key(TENANT)) == 0 then return end
  local claim, taken = read_claim(), held_in_sum()
  local function is_held(turn)
    local _, _, is_busy = lacking(turn, turn.amount, taken + claimed_by_others(claim, turn.caller))
    return is_busy
  end
  call_up(unpaid_key(TENANT), {
    suits = function() return true end,
    from = function(turn) return not is_held(turn) and now or nil end,
    take = function(turn)
      taken = taken + turn.amount
      if turn.caller == claim.caller then claim.amount = 0 end
    end,
  })
end
