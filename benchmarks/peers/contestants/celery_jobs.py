"""Celery: threads of one process, acknowledged late, results not kept.

What a dead worker held is taken over after the visibility timeout, an hour; it may be no shorter than the longest job.
"""

import sys

import tape
from celery import Celery

app = Celery("celery_jobs", broker=tape.URL)
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=4)
if tape.IS_BEST:
    often = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    app.conf.broker_transport_options = {"visibility_timeout": 10, **often}
THREADS = 8


@app.task(name="noop")
def noop(number, text=""):
    """Nothing."""
    del text
    tape.run_plainly(number)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "--pool", "threads", "--concurrency", str(THREADS), *quiet])
    else:
        tape.perform_plainly(sys.argv[1], int(sys.argv[2]), lambda number: noop.delay(number, **tape.LOAD), None)
