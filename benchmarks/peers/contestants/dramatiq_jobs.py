"""dramatiq: threads of one process; a message is acknowledged when its actor has returned.

What a dead worker held is looked for by one command in a thousand, once its heartbeat is a minute old.
"""

import os
import sys

import dramatiq
import tape
from dramatiq.brokers.redis import RedisBroker

OPTIONS = {"heartbeat_timeout": 5000, "maintenance_chance": 1_000_000} if tape.IS_BEST else {}
broker = RedisBroker(url=tape.URL, **OPTIONS)
dramatiq.set_broker(broker)
THREADS = 8
"""Its default."""


@dramatiq.actor
def noop(number, text=""):
    """Nothing."""
    del text
    tape.run_plainly(number)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        program = os.path.join(os.path.dirname(sys.executable), "dramatiq")
        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        os.execv(program, [program, "--processes", "1", "--threads", str(THREADS), "dramatiq_jobs"])
    tape.perform_plainly(sys.argv[1], int(sys.argv[2]), lambda number: noop.send(number, **tape.LOAD), None)
