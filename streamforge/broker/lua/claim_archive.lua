-- Claims this Redis for an archive's database, and opens the outbox.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, database (its id), source (a name for this Redis, where it has none), act (JSON, for the log)
-- Returns {1 claimed, now or before | 0 another database has it, database, source, 1 what was there before is enlisted | 0}.

local database, source, act = ARGV[4], ARGV[5], ARGV[6]
local known = pick(archive_key(), 'database', 'source', 'enlisted')
if known.database and known.database ~= database then return {0, known.database, known.source, 0} end
if not known.database then redis.call('HSET', archive_key(), 'database', database, 'source', source) end
if redis.call('EXISTS', outbox_key()) == 0 then redis.call('XADD', outbox_key(), '*', 'act', act) end
return {1, database, known.source or source, known.enlisted and 1 or 0}
