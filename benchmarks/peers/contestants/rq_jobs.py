"""RQ: its worker without a fork for each job, which is its fastest."""

import sys

import tape
from redis import Redis
from rq import Queue, SimpleWorker

connection = Redis.from_url(tape.URL)
queue = Queue(connection=connection)


def noop(number):
    """Nothing."""
    tape.tell(number)


def many(numbers):
    """As its guide does it."""
    queue.enqueue_many([Queue.prepare_data("rq_jobs.noop", args=(number,), result_ttl=0) for number in numbers])


if __name__ == "__main__":
    if sys.argv[1] == "work":
        SimpleWorker([queue], connection=connection).work(logging_level="WARNING")
    else:
        single = lambda number: queue.enqueue("rq_jobs.noop", number, result_ttl=0)  # noqa: E731
        tape.perform_plainly(sys.argv[1], int(sys.argv[2]), single, many)
