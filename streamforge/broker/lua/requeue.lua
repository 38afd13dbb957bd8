-- Starts a dead job anew, from its record or, where that has expired, from the dead letter itself.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, dead entry id, fresh ('1': without its checkpoints | ''), act (JSON: who asks)
-- Returns {code, id}: 1 requeued; 0 no such dead letter; -1 the letter is not of a job; -2 the job is not in a state to restart.

local found = redis.call('XRANGE', dead_key(), ARGV[4], ARGV[4])
if #found == 0 then return {0, ''} end
local letter = {}
for i = 1, #found[1][2], 2 do letter[found[1][2][i]] = found[1][2][i + 1] end
if letter.source ~= 'job' then return {-1, ''} end

local id, at = letter.job, now_ms()
local key = job_key(id)
local state = redis.call('HGET', key, 'state')
if state and state ~= 'failed' and state ~= 'cancelled' then return {-2, id} end
local given = redis.call('HGET', given_key(), ARGV[4]) or letter.input
forget_letter(ARGV[4])
if not state then
  pardon_named(given)
  redis.call('HSET', key, 'kind', letter.kind, 'input', given, 'queue', letter.queue, 'priority', letter.priority,
             'tenant', letter.tenant, 'source', 'requeue', 'created_ms', int(at))
  list_job(id, letter.tenant, at)
end
restart(id, key, at, ARGV[5] == '1')
note_act(ARGV[6], letter.tenant)
return {1, id}
