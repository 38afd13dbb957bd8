-- Shared by the scripts of the ledger, which it precedes. ARGV: base (key prefix with hash tag), ask (msgpack: what each
-- script says). Amounts are whole micro-dollars, times milliseconds by Redis's clock, days are counted from 1970-01-01 UTC.

local BASE, ASK = ARGV[1], cmsgpack.unpack(ARGV[2])
local DAY_MS = 86400000

local function ledger_key(job) return BASE .. ':ledger:' .. job end
local function spent_key(tenant, day) return BASE .. ':spent:' .. tenant .. ':' .. day end
local function holds_key(tenant) return BASE .. ':holds:' .. tenant end
local function held_key(tenant) return BASE .. ':held:' .. tenant end
local function credits_key(tenant) return BASE .. ':credits:' .. tenant end
local function charges_key() return BASE .. ':charges' end

local function int(n) return string.format('%.0f', n) end

-- By Redis's clock, the one that all workers share.
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local now = now_ms()
local today = ASK.tenant and spent_key(ASK.tenant, int(math.floor(now / DAY_MS)))

local function add(field, amount)
  if amount ~= 0 then redis.call('HINCRBY', today, field, int(amount)) end
end

-- HOLDS: members `<nonce>:<amount>`, scored by the end of their lease.

local function amount_of(hold) return tonumber(string.match(hold, ':(%d+)$')) end

-- Whether it was still held.
local function let_go(hold)
  if redis.call('ZREM', holds_key(ASK.tenant), hold) == 0 then return false end
  if redis.call('EXISTS', holds_key(ASK.tenant)) == 0 then
    redis.call('DEL', held_key(ASK.tenant))
  else
    redis.call('DECRBY', held_key(ASK.tenant), int(amount_of(hold)))
  end
  return true
end

-- What is known of no call that may have cost something: how many there were, and what they can have cost at most.
local function count_unaccounted(calls, amount)
  add('unaccounted_calls', calls)
  add('unaccounted_uusd', amount)
end
