-- Starts a job that failed or was cancelled anew, and takes its dead letter away.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, id, fresh ('1': without its checkpoints | ''), act (JSON: who asks)
-- Returns 1 started; 0 no such job; -2 it is not in a state to restart, or was never ready to run.

local id, at = ARGV[4], now_ms()
local key = job_key(id)
local job = pick(key, 'state', 'letter', 'queued_ms', 'tenant')
if not job.state then return 0 end
if not job.queued_ms or (job.state ~= 'failed' and job.state ~= 'cancelled') then return -2 end
if job.letter then forget_letter(job.letter) end
restart(id, key, at, ARGV[5] == '1')
note_act(ARGV[6], job.tenant)
return 1
