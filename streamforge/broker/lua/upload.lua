-- Writes down what has arrived of a file that a job waits for, or that it is gone again; the time it may wait starts anew.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, name, record (JSON with key and size; '' removes it), upload_ttl_ms, max_total_bytes,
--       event type, event data (JSON), number of the place in which the object was put
-- Returns 1 written; 0 no such job; -1 it does not wait for files; -2 all files together are too large;
--         -3 there is nothing to remove; above 1: put the object again, in the place of this number.

local id, name, record, ttl_ms = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local max_total, event, data, number = tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
local key, uploads = job_key(id), uploads_key(id)
local job = pick(key, 'state', 'expires_ms', 'tenant')
if not job.state then return 0 end
if job.state ~= 'created' and job.state ~= 'uploading' then return -1 end

if record == '' then
  if redis.call('HDEL', uploads, name) == 0 then return -3 end
else
  local file = cjson.decode(record)
  local total = file.size
  local others = redis.call('HGETALL', uploads)
  for i = 1, #others, 2 do
    if others[i] ~= name then total = total + cjson.decode(others[i + 1]).size end
  end
  if total > max_total then return -2 end
  local instead = place_instead(file.key, number)
  if instead then return instead end
  pardon(file.key)
  if redis.call('HGET', uploads, name) ~= record then count_stored(job.tenant, file.size) end
end

local at = now_ms()
if record ~= '' then redis.call('HSET', uploads, name, record) end
local until_ms = at + ttl_ms
if job.expires_ms then until_ms = math.min(until_ms, tonumber(job.expires_ms)) end
redis.call('ZADD', expiring_key(), int(until_ms), id)
redis.call('HSET', key, 'state', 'uploading')
redis.call('HINCRBY', key, 'uploads_written', 1)
emit(id, event, at, 0, data)
return 1
