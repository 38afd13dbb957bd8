"""RQ: its worker without a fork for each job, which is its fastest."""

import sys

import tape
from redis import Redis
from rq import Queue, SimpleWorker

connection = Redis.from_url(tape.URL)
queue = Queue(connection=connection)


def noop(number, text=""):
    """Nothing."""
    del text
    tape.run_plainly(number)


def one(number):
    """By its path, as its guide has it."""
    queue.enqueue("rq_jobs.noop", number, result_ttl=0, **tape.LOAD)


def many(numbers):
    """The same in one pipeline."""
    data = [Queue.prepare_data("rq_jobs.noop", args=(each,), kwargs=tape.LOAD, result_ttl=0) for each in numbers]
    queue.enqueue_many(data)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        SimpleWorker([queue], connection=connection).work(logging_level="WARNING")
    else:
        tape.perform_plainly(sys.argv[1], int(sys.argv[2]), one, many)
