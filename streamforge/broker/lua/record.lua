-- Writes what a running attempt has to say: a checkpoint, an artifact, progress; each with its event.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, token, target ('steps' | 'files' | ''), field, value, event type, event data (JSON),
--       step ('' = unchanged), progress ('' = unchanged), serial (of this write within its attempt),
--       version (of the recipe; kept with its checkpoints)
-- Returns 1 written, or written before by this very call (it was repeated because its answer was lost);
--         0 fenced: another attempt holds the job, nothing changed.

local id, token, target, field, value, kind, data, step, progress =
  ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local written, version = token .. '.' .. ARGV[13], ARGV[14]
local key = job_key(id)
local job = pick(key, 'state', 'token', 'attempt', 'written', 'crashes')
if job.state ~= 'running' or job.token ~= token then return 0 end
if job.written == written then return 1 end

if target == 'steps' then
  redis.call('HSET', steps_key(id), field, value)
  redis.call('HSET', key, 'kept', 1, 'version', version)
  if job.crashes then redis.call('HSET', key, 'spared', job.crashes) end
elseif target == 'files' then
  redis.call('HSET', files_key(id), field, value)
  redis.call('HSET', key, 'kept', 1)
end
redis.call('HSET', key, 'written', written)
if step ~= '' then redis.call('HSET', key, 'step', step) end
if progress ~= '' then redis.call('HSET', key, 'progress', progress) end
emit(id, kind, now_ms(), job.attempt, data)
return 1
