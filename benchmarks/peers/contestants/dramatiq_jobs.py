"""dramatiq: threads of one process; a message is acknowledged when its actor has returned."""

import os
import sys

import dramatiq
import tape
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=tape.URL)
dramatiq.set_broker(broker)
THREADS = 8
"""Its default; more threads are slower here, since one interpreter runs them all."""


@dramatiq.actor
def noop(number):
    """Nothing."""
    tape.tell(number)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        program = os.path.join(os.path.dirname(sys.executable), "dramatiq")
        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        os.execv(program, [program, "--processes", "1", "--threads", str(THREADS), "dramatiq_jobs"])
    tape.perform_plainly(sys.argv[1], int(sys.argv[2]), noop.send, None)
