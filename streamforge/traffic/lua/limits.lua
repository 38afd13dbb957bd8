-- What a model's keys may still do. ASK: scope, provider, model; RULES is streamforge.traffic.rules.Rules.
--
-- BUCKETS. Each limit of a key is a token bucket ("leaky bucket as a meter": J. Turner, IEEE Communications 24(10), 1986;
-- its arithmetic is the GCRA's of ATM Forum TM 4.0). A bucket of size C = burst·L that refills with
-- r = (1 - burst - headroom)·L a minute lets at most C + r <= (1 - headroom)·L through in any minute, so that a provider
-- that counts in a sliding window refuses nothing; headroom is for the time that calls take on their way.
-- A call larger than C is let in when the bucket is full, and paid for afterwards: the level is negative meanwhile, but never
-- by more than DEEPEST minutes' limits: a figure that is nonsense must not shut a key for good.

local SCOPE = ASK.scope
local DIMENSIONS = {'requests', 'input', 'output', 'tokens'}
local MINUTE_MS = 60000
local DEEPEST = 10

local function model_key() return BASE .. ':model:' .. SCOPE end
local function limit_key(fp) return BASE .. ':limit:' .. SCOPE .. ':' .. fp end
local function slots_key(fp) return BASE .. ':slots:' .. SCOPE .. ':' .. fp end
local function waiting_key() return BASE .. ':waiting:' .. SCOPE end
local function asking_key() return BASE .. ':asking:' .. SCOPE end
local function parked_key() return BASE .. ':parked:' .. SCOPE end
local function passes_key() return BASE .. ':passes:' .. SCOPE end
local function benched_key() return BASE .. ':benched:' .. ASK.provider end

-- KEYS OF A PROVIDER, by fingerprint.

-- A key's fields, in the order in which load_key reads them: the levels and the provider's limits by dimension first.
local FIRST_TOLD = #DIMENSIONS
local function state_of(fp)
  return redis.call('HMGET', limit_key(fp), 'requests', 'input', 'output', 'tokens', 'told_requests', 'told_input',
                    'told_output', 'told_tokens', 'at', 'cool', 'cooled_at', 'strikes', 'mean_ms', 'probe')
end

-- What applies: the operator's limit, or the provider's own where that is lower or the only one.
local function effective(configured, told)
  if told <= 0 then return configured end
  if configured <= 0 then return told end
  return math.min(configured, told)
end

local function bucket_of(limit, level, elapsed)
  local size = limit * RULES.burst
  local rate = limit * (1 - RULES.burst - RULES.headroom) / MINUTE_MS
  level = level and math.min(size, math.max(level, -DEEPEST * limit) + elapsed * rate) or size
  return {level = level, size = size, rate = rate, limit = limit}
end

-- A key's state, refilled up to now. `limits` are the operator's, by dimension; 0 is none.
local function load_key(fp, limits)
  local row, buckets = state_of(fp), {}
  local elapsed = math.max(0, now - tonumber(row[9] or now))
  for d = 1, #DIMENSIONS do
    local limit = effective(limits[d], tonumber(row[FIRST_TOLD + d] or 0))
    if limit > 0 then buckets[d] = bucket_of(limit, row[d] and tonumber(row[d]), elapsed) end
  end
  return {fp = fp, buckets = buckets, cool = tonumber(row[10] or 0), cooled_at = tonumber(row[11] or 0),
          strikes = tonumber(row[12] or 0), mean_ms = tonumber(row[13] or 1000), probe = row[14] or ''}
end

local function save_key(key)
  local row = {'at', int(now), 'cool', int(key.cool), 'cooled_at', int(key.cooled_at), 'strikes', key.strikes,
               'probe', key.probe, 'mean_ms', int(key.mean_ms)}
  for d, bucket in pairs(key.buckets) do
    row[#row + 1] = DIMENSIONS[d]
    row[#row + 1] = string.format('%.3f', bucket.level)
  end
  redis.call('HSET', limit_key(key.fp), unpack(row))
  redis.call('PEXPIRE', limit_key(key.fp), int(math.max(RULES.forget_ms, key.cool - now + RULES.forget_ms)))
end

local function cost_of(input, output) return {1, input, output, input + output} end

-- What a call is charged in a bucket: at most the limit, or the call could never be made.
local function charge(bucket, amount) return math.min(amount, bucket.limit) end

local function pour(key, amounts)
  for d, bucket in pairs(key.buckets) do bucket.level = math.min(bucket.size, bucket.level + amounts[d]) end
end

-- RESERVATIONS: members of a key's slots, `<nonce>:<granted_ms>:<input>:<output>`, scored by the end of their lease.

local function reservation_of(id)
  local granted, input, output = string.match(id, ':(%d+):(%d+):(%d+)$')
  return tonumber(granted), tonumber(input), tonumber(output)
end

-- Takes back what a dead worker held. Its slot is free. Its request and input may have been counted by the provider and
-- stay charged; of the output, all goes back that no model could have written between the grant and the latest moment
-- at which the worker can have died (a renewal after its last one).
local function reclaim(key)
  local found = redis.call('ZRANGEBYSCORE', slots_key(key.fp), '-inf', int(now), 'WITHSCORES', 'LIMIT', 0, 100)
  for i = 1, #found, 2 do
    local granted, _, output = reservation_of(found[i])
    local lived_ms = tonumber(found[i + 1]) - RULES.lease_ms + RULES.renew_ms - granted
    local unwritten = math.max(0, output - lived_ms / 1000 * RULES.fastest_tokens_per_s)
    pour(key, {0, 0, unwritten, unwritten})
    redis.call('ZREM', slots_key(key.fp), found[i])
    key.is_changed = true
  end
  key.busy = redis.call('ZCARD', slots_key(key.fp))
end

-- THE CIRCUIT BREAKER of a provider's model: closed (open_until 0), open (until then), half-open (after it: one probe).
-- Results are counted in RULES.breaker_parts parts of the window.

local function is_held(probe)
  local fp, id = string.match(probe, '^([^|]*)|(.*)$')
  return fp ~= nil and redis.call('ZSCORE', slots_key(fp), id) ~= false
end

local function load_model()
  local row = redis.call('HMGET', model_key(), 'open_until', 'opens', 'probe')
  return {open_until = tonumber(row[1] or 0), opens = tonumber(row[2] or 0), probe = row[3] or ''}
end

local function set_model(...)
  redis.call('HSET', model_key(), ...)
  redis.call('PEXPIRE', model_key(), int(RULES.forget_ms + RULES.breaker_longest_ms))
end
