-- Holds money for a call before it is made, where the tenant's budget of the day and its credits still cover it.
-- ASK: tenant, hold (`<nonce>:<amount>`), limit (of the day; -1 none), is_prepaid, lease_ms, keep_ms (of the day's sums)
-- Returns {1, left, 0}         held; left is what remains of the day's budget (-1: there is none)
--         {0, left, is_first}  over the day's budget; is_first says that nobody was refused before on this day
--         {-1, left, is_first} the credits do not cover it
-- A repeated call holds nothing more. What was held for dead workers' calls is given back here, and counted: such a call
-- may have been made.

local amount = amount_of(ASK.hold)

local function give_back_lapsed()
  local lapsed = redis.call('ZRANGEBYSCORE', holds_key(ASK.tenant), '-inf', int(now), 'LIMIT', 0, 1000)
  for _, hold in ipairs(lapsed) do
    let_go(hold)
    count_unaccounted(1, amount_of(hold))
  end
  if #lapsed > 0 then redis.call('PEXPIRE', today, int(ASK.keep_ms)) end
end

local function refuse(code, left)
  local is_first = redis.call('HSETNX', today, 'refused_ms', int(now))
  redis.call('PEXPIRE', today, int(ASK.keep_ms))
  return {code, math.max(0, left), is_first}
end

local function keep()
  redis.call('ZADD', holds_key(ASK.tenant), int(now + ASK.lease_ms), ASK.hold)
  redis.call('INCRBY', held_key(ASK.tenant), int(amount))
  for _, key in ipairs({holds_key(ASK.tenant), held_key(ASK.tenant)}) do
    local ttl = math.max(redis.call('PTTL', key), ASK.lease_ms + DAY_MS)
    redis.call('PEXPIRE', key, int(ttl))
  end
end

give_back_lapsed()
if redis.call('ZSCORE', holds_key(ASK.tenant), ASK.hold) then return {1, -1, 0} end
local held = tonumber(redis.call('GET', held_key(ASK.tenant)) or 0)
local left = -1
if ASK.limit >= 0 then
  left = ASK.limit - tonumber(redis.call('HGET', today, 'cost_uusd') or 0) - held
  if amount > left then return refuse(0, left) end
  left = left - amount
end
if ASK.is_prepaid then
  local balance = tonumber(redis.call('HGET', credits_key(ASK.tenant), 'balance') or 0) - held
  if amount > balance then return refuse(-1, balance) end
end
keep()
return {1, left, 0}
