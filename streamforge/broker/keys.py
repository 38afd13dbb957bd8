"""Every Redis key, with its type, writer and lifetime.

Keys of one shard share a hash tag (``{0}``), so that on a Redis Cluster one script can touch them all. The job id will
choose the shard; today there is one. Lua builds the same names from the same prefix (``lua/lib.lua``); a test
compares them.

| key                         | type   | written by                 | lifetime                                   |
|-----------------------------|--------|----------------------------|--------------------------------------------|
| ``P:inbox``                 | stream | anybody                    | entries leave when accepted or refused     |
| ``P:{0}:queue:<q>:<prio>``  | stream | submit, promote, settle    | entries leave when their job's turn ends   |
| ``P:{0}:scheduled``         | zset   | submit, settle             | members leave when due                     |
| ``P:{0}:job:<id>``          | hash   | submit, take, settle, …    | result TTL after the end                   |
| ``P:{0}:steps:<id>``        | hash   | checkpoint                 | with its job                               |
| ``P:{0}:files:<id>``        | hash   | artifact                   | with its job                               |
| ``P:{0}:log:<id>``          | list   | every script (capped)      | with its job                               |
| ``P:{0}:feed``              | stream | every script (capped)      | the newest N events                        |
| ``P:{0}:dead``              | stream | settle, take, inbox        | the newest N dead letters                  |
| ``P:{0}:worker:<name>``     | string | renew                      | a lease; gone when the worker is           |
| ``P:{0}:idem:<tenant>:<k>`` | string | submit                     | idempotency TTL                            |
"""

from __future__ import annotations

from collections.abc import Iterable

from streamforge.jobs.model import Priority

GROUP = "workers"
"""The consumer group of every queue stream."""

INBOX_GROUP = "inbox"
"""The consumer group of the inbox."""


class Keys:
    """Key names under one prefix."""

    def __init__(self, prefix: str = "streamforge", shard: int = 0) -> None:
        self.inbox = f"{prefix}:inbox"
        self.base = f"{prefix}:{{{shard}}}"
        self.feed = f"{self.base}:feed"
        self.dead = f"{self.base}:dead"
        self.scheduled = f"{self.base}:scheduled"

    def queue(self, queue: str, priority: Priority) -> str:
        """The stream of a queue's jobs of one priority."""
        return f"{self.base}:queue:{queue}:{priority}"

    def queues(self, queues: Iterable[str]) -> list[str]:
        """The streams of these queues, the most urgent first."""
        names = list(queues)
        return [self.queue(name, priority) for priority in Priority for name in names]

    def job(self, job_id: str) -> str:
        """The job's record."""
        return f"{self.base}:job:{job_id}"

    def steps(self, job_id: str) -> str:
        """The job's checkpoints."""
        return f"{self.base}:steps:{job_id}"

    def files(self, job_id: str) -> str:
        """The job's artifacts by name."""
        return f"{self.base}:files:{job_id}"

    def log(self, job_id: str) -> str:
        """The job's own events."""
        return f"{self.base}:log:{job_id}"

    def worker(self, name: str) -> str:
        """Who lives under a worker's name."""
        return f"{self.base}:worker:{name}"

    def idempotency(self, tenant: str, key: str) -> str:
        """Which job an idempotency key stands for."""
        return f"{self.base}:idem:{tenant}:{key}"
