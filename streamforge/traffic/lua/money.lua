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
