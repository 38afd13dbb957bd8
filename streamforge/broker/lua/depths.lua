-- How much waits in each line, and since when.
-- KEYS: feed
-- ARGV: base, feed_max, log_max, queue…
-- Returns {queue, priority, tenant, waiting, claimed, first waiting entry's id ('' none)}… Changes nothing.

local rows = {}
local function group_of(stream)
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  if groups.err then return {} end
  for _, group in ipairs(groups) do
    local facts = {}
    for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
    if facts.name == GROUP then return facts end
  end
  return {}
end
for i = 4, #ARGV do
  for _, line in ipairs(redis.call('SMEMBERS', lines_key(ARGV[i]))) do
    local stream = queue_key(ARGV[i], line)
    local _, _, priority, tenant = line_of(stream)
    local group = group_of(stream)
    local claimed = group.pending or 0
    local first = redis.call('XRANGE', stream, '(' .. (group['last-delivered-id'] or '0-0'), '+', 'COUNT', 1)
    rows[#rows + 1] = {ARGV[i], priority, tenant, redis.call('XLEN', stream) - claimed, claimed, first[1] and first[1][1] or ''}
  end
end
return rows
