"""Celery: threads of one process, acknowledged late, results not kept."""

import sys

import tape
from celery import Celery

app = Celery("celery_jobs", broker=tape.URL)
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=4)
THREADS = 8


@app.task(name="noop")
def noop(number):
    """Nothing."""
    tape.tell(number)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "--pool", "threads", "--concurrency", str(THREADS), *quiet])
    else:
        tape.perform_plainly(sys.argv[1], int(sys.argv[2]), noop.delay, None)
