-- Moves a tenant's balance, once for each entry. MONEY: tenant, entry, amount (below 0: spent), act (JSON: who does it)
-- Returns {1, balance} moved; {0, balance} this entry was made before; {-1, balance} the balance does not cover it;
--         {-2, balance} the entry was made before with another amount

local credits, field = credits_key(TENANT), 'entry:' .. MONEY.entry
local balance = tonumber(redis.call('HGET', credits, 'balance') or 0)
local made = redis.call('HGET', credits, field)
if made then return {tonumber(made) == MONEY.amount and 0 or -2, balance} end
if MONEY.amount < 0 and balance - held_in_sum() + MONEY.amount < 0 then return {-1, balance} end
redis.call('HSET', credits, field, int(MONEY.amount))
redis.call('XADD', outbox_key(), 'NOMKSTREAM', '*', 'act', MONEY.act)
redis.call('HINCRBY', credits, MONEY.amount < 0 and 'spent' or 'granted', int(math.abs(MONEY.amount)))
balance = redis.call('HINCRBY', credits, 'balance', int(MONEY.amount))
call_unpaid()
return {1, balance}
