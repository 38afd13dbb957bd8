-- Whether this daemon is the one that reads the feed, and where it stands. Its lease begins anew, where the feed is wanted.
-- KEYS: feed; ARGV: base, name, lease_ms
-- Returns {is_leader (1 | 0), cursor ('' the feed is not wanted), version of the endpoints, newest id of the bell}

local name, lease_ms = ARGV[2], ARGV[3]
local holder = redis.call('GET', feeder_key())
local is_leader = not holder or holder == name
local cursor = redis.call('GET', cursor_key())
if is_leader and cursor then redis.call('SET', feeder_key(), name, 'PX', lease_ms) end
local bell = redis.call('XREVRANGE', bell_key(), '+', '-', 'COUNT', 1)
return {is_leader and 1 or 0, cursor or '', redis.call('GET', version_key()) or '0',
        bell[1] and bell[1][1] or '0-0'}
