-- Room for calls, on paper; and the parked, who come sooner when there is room for them.

-- A seat is what a call would take of a key: of what is left in its buckets, and of its calls at once (0: any number).
local function lay_out(key, concurrent, busy)
  key.concurrent, key.seats = concurrent, busy
  for _, bucket in pairs(key.buckets) do bucket.left = bucket.level end
end

local function give_seat(key, amounts)
  for d, bucket in pairs(key.buckets) do bucket.left = bucket.left - charge(bucket, amounts[d]) end
  key.seats = key.seats + 1
end

local function is_full(key) return key.concurrent > 0 and key.seats >= key.concurrent end

-- Ms until the key's buckets hold enough for a call beside those that are seated, and which of them is the last.
local function refill_for(key, amounts)
  local wait, why = 0, ''
  for d, bucket in pairs(key.buckets) do
    local lacking = math.min(charge(bucket, amounts[d]), bucket.size) - bucket.left
    if amounts[d] > 0 and lacking > 0 and lacking / bucket.rate > wait then
      wait, why = lacking / bucket.rate, DIMENSIONS[d]
    end
  end
  return wait, why
end

-- Who waits and does not ask again when it should is gone.
local function forget_vanished()
  local gone = redis.call('ZRANGEBYSCORE', asking_key(), '-inf', int(now), 'LIMIT', 0, 100)
  if #gone == 0 then return end
  redis.call('ZREM', asking_key(), unpack(gone))
  redis.call('ZREM', waiting_key(), unpack(gone))
end

-- What a key offers to those who are parked for the model, and not for another key.
local function room_of(key)
  local function needs_of(turn) return cost_of(turn.input, turn.output) end
  return {
    suits = function(turn) return turn.fp == '' or turn.fp == key.fp end,
    from = function(turn) return not is_full(key) and math.ceil(now + refill_for(key, needs_of(turn))) or nil end,
    take = function(turn) give_seat(key, needs_of(turn)) end,
  }
end
