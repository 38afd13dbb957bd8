-- Tells the archive of jobs that ended before it was there, and keeps them until it has them.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, done ('1': those were all | ''), id…
-- Returns how many had ended.

local told = 0
for i = 5, #ARGV do
  local id = ARGV[i]
  if TERMINAL[redis.call('HGET', job_key(id), 'state')] and tell_archive('job', id) then
    for _, key in ipairs({job_key(id), log_key(id), steps_key(id), files_key(id), uploads_key(id)}) do
      redis.call('PERSIST', key)
    end
    told = told + 1
  end
end
if ARGV[4] == '1' and redis.call('EXISTS', archive_key()) == 1 then redis.call('HSET', archive_key(), 'enlisted', 1) end
return told
