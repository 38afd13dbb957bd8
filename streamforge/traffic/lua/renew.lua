-- Says which calls are still under way, and which callers have given up waiting.
-- ASK: held ({fingerprint, reservation, is_answering}…), gone (members of those who wait: caller|input|output…)
-- Returns a code for each of `held`: 1 renewed, 0 its lease had run out, or it is settled.
-- A probe whose answer has begun ends its key's half-open state: a long answer need not hold the others up.


local function renew(fp, id, is_answering)
  if not redis.call('ZSCORE', slots_key(fp), id) then return 0 end
  redis.call('ZADD', slots_key(fp), 'XX', int(now + RULES.lease_ms), id)
  redis.call('PEXPIRE', slots_key(fp), int(RULES.lease_ms + RULES.forget_ms))
  if is_answering and redis.call('HGET', limit_key(fp), 'probe') == id then
    redis.call('HSET', limit_key(fp), 'probe', '', 'cool', 0, 'strikes', 0)
  end
  return 1
end

local codes = {}
for _, held in ipairs(ASK.held) do codes[#codes + 1] = renew(held[1], held[2], held[3]) end
for _, member in ipairs(ASK.gone) do
  redis.call('ZREM', waiting_key(), member)
  redis.call('ZREM', asking_key(), member)
end
return codes
