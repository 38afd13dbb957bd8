-- Lets go of what the archive has: the entries up to these places, and the jobs once their result's time is over.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, database, source, place, charges_place, result_ttl_s, then three for each job: id, token, finished_ms
-- Returns how many jobs are to expire now; one that has begun anew since is kept. Repeated, it changes nothing more.

local database, source, ttl_ms = ARGV[4], ARGV[5], tonumber(ARGV[8]) * 1000
local claim = redis.call('HMGET', archive_key(), 'database', 'source')
if claim[1] ~= database or claim[2] ~= source then return 0 end

-- MINID keeps the entry that it names.
local function trim(stream, place)
  local ms, seq = string.match(place, '^(%d+)-(%d+)$')
  redis.call('XTRIM', stream, 'MINID', ms .. '-' .. int(seq + 1))
end

local function expire(id, token, finished_ms)
  local job = pick(job_key(id), 'state', 'token', 'finished_ms', 'kept', 'wanted')
  if not TERMINAL[job.state] or (job.token or '0') ~= token or job.finished_ms ~= finished_ms then return 0 end
  local at = int(finished_ms + ttl_ms)
  redis.call('PEXPIREAT', job_key(id), at)
  redis.call('PEXPIREAT', log_key(id), at)
  if job.kept then
    redis.call('PEXPIREAT', steps_key(id), at)
    redis.call('PEXPIREAT', files_key(id), at)
  end
  if job.wanted then redis.call('PEXPIREAT', uploads_key(id), at) end
  return 1
end

trim(outbox_key(), ARGV[6])
trim(BASE .. ':charges', ARGV[7])
local expiring = 0
for i = 9, #ARGV, 3 do expiring = expiring + expire(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
return expiring
