-- Shared by all scripts of the traffic, which it precedes.
-- KEYS[1] is the model's hash; ARGV: base (key prefix with hash tag), ask (msgpack: what each script says).
-- Times are milliseconds.

local BASE, ASK = ARGV[1], cmsgpack.unpack(ARGV[2])

local function int(n) return string.format('%.0f', n) end

-- By Redis's clock, the one that all workers share.
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local now = now_ms()

-- A key that is kept for so long at least; longer where it is already.
local function keep_for(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, int(ms)) end
end
