"""No queue at all: what Redis itself does for the same work, from one connection, with replies parsed in C.

``plain``  a stream entry is read, acknowledged and deleted, a hundred in a round trip: no state, nothing to look up.
``state``  the least that a durable job needs, in two scripts for a hundred jobs: a hash with its state, the owner
           checked before its end is written, an event for each change, acknowledged and deleted by that script.

Nothing here runs a function, renews a lease, retries or counts. It is a ceiling, not a contestant.
"""

import os
import socket
import sys
import time
from urllib.parse import urlsplit

import hiredis
import tape

IS_PLAIN = os.environ.get("PEER_BARE", "plain") == "plain"
BATCH = min(100, tape.PORTION)
SUBMIT = """
for i = 1, #ARGV, 2 do
  redis.call('HSET', 'j:' .. ARGV[i], 'state', 'queued', 'input', ARGV[i + 1])
  redis.call('XADD', 'events', 'MAXLEN', '~', 100000, '*', 'job', ARGV[i], 'state', 'queued')
  redis.call('XADD', 'q', '*', 'n', ARGV[i])
end
"""
TAKE = """
local read = redis.call('XREADGROUP', 'GROUP', 'g', ARGV[1], 'COUNT', ARGV[2], 'STREAMS', 'q', '>')
local taken = {}
for _, entry in ipairs(read and read[1][2] or {}) do
  local number = entry[2][2]
  redis.call('HSET', 'j:' .. number, 'state', 'running', 'owner', ARGV[1])
  redis.call('XADD', 'events', 'MAXLEN', '~', 100000, '*', 'job', number, 'state', 'running')
  taken[#taken + 1] = {entry[1], number, redis.call('HGET', 'j:' .. number, 'input')}
end
return taken
"""
SETTLE = """
for i = 2, #ARGV, 2 do
  local job = 'j:' .. ARGV[i + 1]
  if redis.call('HGET', job, 'owner') == ARGV[1] then
    redis.call('HSET', job, 'state', 'succeeded', 'result', '{}')
    redis.call('EXPIRE', job, 86400)
    redis.call('XADD', 'events', 'MAXLEN', '~', 100000, '*', 'job', ARGV[i + 1], 'state', 'succeeded')
    redis.call('XACK', 'q', 'g', ARGV[i])
    redis.call('XDEL', 'q', ARGV[i])
  end
end
"""


class Line:
    """A connection: commands out in one write, replies back."""

    def __init__(self):
        address = urlsplit(tape.URL)
        self._line = socket.create_connection((address.hostname, address.port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = hiredis.Reader()

    def send(self, *commands):
        """Every reply."""
        self._line.sendall(b"".join(hiredis.pack_command(command) for command in commands))
        replies = []
        while len(replies) < len(commands):
            reply = self._reader.gets()
            if reply is False:
                self._reader.feed(self._line.recv(1 << 20))
            else:
                replies.append(reply)
        return replies


def hand_in(line, numbers):
    """Those jobs, in one round trip."""
    if IS_PLAIN:
        line.send(*(("XADD", "q", "*", "n", str(number), "t", tape.TEXT) for number in numbers))
    else:
        line.send(("EVAL", SUBMIT, "0", *(each for number in numbers for each in (str(number), tape.TEXT))))


def work(line):
    """Take and settle, for ever."""
    me = f"w{os.getpid()}"
    line.send(("XGROUP", "CREATE", "q", "g", "0", "MKSTREAM"))
    while True:
        jobs = _take_plain(line, me) if IS_PLAIN else _take_state(line, me)
        entries = [entry for entry, *_ in jobs]
        if IS_PLAIN:
            line.send(("XACK", "q", "g", *entries), ("XDEL", "q", *entries))
        else:
            line.send(("EVAL", SETTLE, "0", me, *(each for entry, number, _ in jobs for each in (entry, number))))
        for _, number, *_ in jobs:
            tape.tell(int(number))


def _take_plain(line, me):
    read = None
    while not read:
        (read,) = line.send(("XREADGROUP", "GROUP", "g", me, "COUNT", str(BATCH), "BLOCK", "1000", "STREAMS", "q", ">"))
    return [(entry, fields[1]) for entry, fields in read[0][1]]


def _take_state(line, me):
    while True:
        (taken,) = line.send(("EVAL", TAKE, "0", me, str(BATCH)))
        if taken:
            return taken
        time.sleep(0.0005)


def main():
    """The commands that every contestant has."""
    line = Line()
    if sys.argv[1] == "work":
        work(line)
    one = lambda number: hand_in(line, [number])  # noqa: E731
    tape.perform_plainly(sys.argv[1], int(sys.argv[2]), one, lambda numbers: hand_in(line, numbers))


if __name__ == "__main__":
    main()
