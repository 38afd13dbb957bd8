-- Moves a tenant's balance, once for each entry. ASK: tenant, entry, amount (below 0: spent)
-- Returns {1, balance} moved; {0, balance} this entry was made before; {-1, balance} the balance does not cover it;
--         {-2, balance} the entry was made before with another amount

local credits, field = credits_key(ASK.tenant), 'entry:' .. ASK.entry
local balance = tonumber(redis.call('HGET', credits, 'balance') or 0)
local made = redis.call('HGET', credits, field)
if made then return {tonumber(made) == ASK.amount and 0 or -2, balance} end
local held = tonumber(redis.call('GET', held_key(ASK.tenant)) or 0)
if ASK.amount < 0 and balance - held + ASK.amount < 0 then return {-1, balance} end
redis.call('HSET', credits, field, int(ASK.amount))
redis.call('HINCRBY', credits, ASK.amount < 0 and 'spent' or 'granted', int(math.abs(ASK.amount)))
return {1, redis.call('HINCRBY', credits, 'balance', int(ASK.amount))}
