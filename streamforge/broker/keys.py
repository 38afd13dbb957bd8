"""Every Redis key, with its type, writer and lifetime.

Keys of one shard share a hash tag (``{0}``), so that on a Redis Cluster one script can touch them all. The job id will
choose the shard; today there is one. Lua builds the same names from the same prefix (``lua/lib.lua``); a test
compares them. ``traffic`` stands for the scripts that bring parked jobs forward: settle, charge and credit in its
``lua`` folder.

| key                              | type   | written by                | lifetime                                  |
|----------------------------------|--------|---------------------------|-------------------------------------------|
| ``P:inbox``                      | stream | anybody                   | entries leave when accepted or refused    |
| ``P:{0}:queue:<q>:<prio>:<t>``   | stream | submit, promote, settle   | gone with its last job                    |
| ``P:{0}:lines:<q>``              | set    | the same                  | members are a queue's lines that exist    |
| ``P:{0}:ring:<q>:<prio>``        | zset   | the same, take            | members are tenants for whom jobs wait    |
| ``P:{0}:past:<q>:<prio>``        | zset   | take, settle, cancel, …   | gone when nothing waits                   |
| ``P:{0}:clock``                  | hash   | take                      | a field for each ring that is not empty   |
| ``P:{0}:running``                | hash   | take, settle              | a field for each tenant with running jobs |
| ``P:{0}:capped:<t>``             | set    | take, settle              | gone when the tenant has room again       |
| ``P:{0}:bell:<q>``               | stream | submit, settle, resume    | one entry for each queue that was used    |
| ``P:{0}:paused``                 | set    | pause, resume             | members are the queues that are paused    |
| ``P:{0}:scheduled``              | zset   | submit, settle, traffic   | members leave when due                    |
| ``P:{0}:expiring``               | zset   | submit, take, promote     | members leave when begun or expired       |
| ``P:{0}:job:<id>``               | hash   | submit, take, traffic, …  | result TTL after the end, and not before  |
|                                  |        |                           | the archive has it, where there is one    |
| ``P:{0}:steps:<id>``             | hash   | record                    | with its job                              |
| ``P:{0}:files:<id>``             | hash   | record                    | with its job                              |
| ``P:{0}:children:<id>``          | set    | submit, every end         | gone with its last child that has not     |
|                                  |        |                           | ended                                     |
| ``P:{0}:log:<id>``               | list   | every script (capped)     | with its job                              |
| ``P:{0}:feed``                   | stream | every script (capped)     | the newest N events                       |
| ``P:{0}:dead``                   | stream | settle, take, inbox       | the newest N dead letters, for their TTL  |
| ``P:{0}:dead:given``             | hash   | the same                  | a field for each letter: what it was given|
| ``P:{0}:dead:of:<t>``            | zset   | the same                  | members are the tenant's letters          |
| ``P:{0}:refused:<entry>``        | string | inbox                     | a day; the message is out long before     |
| ``P:{0}:cron``                   | zset   | cron                      | a member for each recurring job           |
| ``P:{0}:workers``                | set    | renew, reclaimer          | names, until somebody finds them gone     |
| ``P:{0}:worker:<name>``          | string | renew                     | a lease; gone when the worker is          |
| ``P:{0}:probe``                  | string | watchdog                  | a second                                  |
| ``P:{0}:index:<t>``              | zset   | submit, janitor           | members are jobs, by the time they were   |
|                                  |        |                           | submitted, until they have expired        |
| ``P:{0}:tenants``                | set    | submit, janitor           | members are tenants with an index         |
| ``P:{0}:rate:<caller>``          | string | rate                      | until its requests are paid off           |
| ``P:{0}:idem:<tenant>:<k>``      | string | submit                    | idempotency TTL                           |
| ``P:{0}:uploads:<id>``           | hash   | upload                    | until its job is queued; with its record  |
| ``P:{0}:apikeys``                | hash   | accounts                  | a field for each key, until it is revoked |
| ``P:{0}:apikeys:used``           | hash   | accounts                  | the same fields                           |
| ``P:{0}:apikeys:session:<h>``    | string | accounts                  | api.session_ttl_s, or until logout        |
| ``P:{0}:signing``                | string | accounts                  | for good: what sessions and links are     |
|                                  |        |                           | signed with                               |
| ``P:{0}:ticket:<hash>``          | string | accounts                  | half a minute, or until it is used        |
| ``P:{0}:model:<s>``              | hash   | admit, settle (traffic)   | an hour after the last use; s is provider |
|                                  |        |                           | and model                                 |
| ``P:{0}:limit:<s>:<key>``        | hash   | admit, settle, renew      | the same; key is a fingerprint            |
| ``P:{0}:slots:<s>:<key>``        | zset   | admit, settle, renew      | members are calls, until their lease ends |
| ``P:{0}:waiting:<s>``            | zset   | admit, renew              | members are callers, until they go        |
| ``P:{0}:asking:<s>``             | zset   | admit, renew              | the same members, by when they are due    |
| ``P:{0}:parked:<s>``             | zset   | admit, settle (traffic)   | members are callers parked for room,      |
|                                  |        |                           | until they ask again                      |
| ``P:{0}:passes:<s>``             | hash   | admit                     | gone when nobody waits or is parked       |
| ``P:{0}:turn:<s>:<caller>``      | string | admit, settle, charge, …  | a minute longer than its caller, who has  |
|                                  |        |                           | stepped aside, was to stay away           |
| ``P:{0}:benched:<provider>``     | hash   | settle (traffic)          | until the last of its keys may try again  |
| ``P:{0}:ledger:<id>``            | hash   | admit, settle, charge     | a week after the job's last call          |
| ``P:{0}:spent:<t>:<day>``        | hash   | admit, settle, charge     | about a year; days since 1970, UTC        |
| ``P:{0}:holds:<t>``              | zset   | admit, settle, charge     | members are calls, until their lease ends |
| ``P:{0}:held:<t>``               | string | admit, settle, charge     | with the holds, whose sum it is           |
| ``P:{0}:claim:<t>``              | string | admit                     | until its call has money; as its turn     |
| ``P:{0}:unpaid:<t>``             | zset   | admit, settle, charge, …  | members are callers parked for money,     |
|                                  |        |                           | until they ask again                      |
| ``P:{0}:credits:<t>``            | hash   | credit, settle, charge    | for good: it is somebody's money          |
| ``P:{0}:charges``                | stream | settle, charge            | the newest N calls; until they are        |
|                                  |        |                           | archived, where there is an archive       |
| ``P:{0}:outbox``                 | stream | every end, and what       | until it is archived; there is none       |
|                                  |        | people do                 | without an archive                        |
| ``P:{0}:archive``                | hash   | claim_archive, enlist     | for good: whose this Redis's records are  |
| ``P:{0}:hooks:cursor``           | string | submit, webhooks          | for good: the feed is read from here      |
| ``P:{0}:hooks:version``          | string | webhooks                  | for good: counts changes of endpoints     |
| ``P:{0}:hooks:feeder``           | string | webhooks                  | a lease of seconds                        |
| ``P:{0}:hooks:bell``             | stream | submit, webhooks          | one entry                                 |
| ``P:{0}:hooks:endpoints``        | hash   | webhooks                  | a field for each, until it is deleted     |
| ``P:{0}:hooks:health:<e>``       | hash   | webhooks                  | with its endpoint                         |
| ``P:{0}:hooks:due``              | zset   | webhooks                  | members are endpoints with what is due    |
| ``P:{0}:hooks:due:<e>``          | zset   | webhooks                  | members leave when delivered or given up  |
| ``P:{0}:hooks:log:<e>``          | zset   | webhooks (capped)         | the newest N deliveries, as long as kept  |
| ``P:{0}:hooks:sent:<id>``        | hash   | webhooks                  | a delivery: webhooks.keep_s               |
| ``P:{0}:hooks:dead``             | zset   | webhooks (capped)         | the newest N deliveries given up          |
| ``P:{0}:objects``                | hash   | collector                 | for good: whose the object store is, and  |
|                                  |        |                           | since when                                |
| ``P:{0}:objects:collector``      | string | collector                 | a lease of minutes                        |
| ``P:{0}:objects:round``          | string | condemn                   | for good: the last condemnation           |
| ``P:{0}:objects:condemned``      | zset   | condemn, doom, record, …  | members leave when named, or given up     |
| ``P:{0}:objects:deleted``        | zset   | doom, collector           | members are keys, for a week              |
| ``P:{0}:objects:unwanted``       | set    | erasing, collector        | members leave when they have been seen to |
| ``P:{0}:objects:stored``         | hash   | record, upload, collector | a field for each tenant: its bytes        |

``P:{0}:control`` is a channel, on which workers are told what is asked of them; ``P:{0}:deltas:<id>`` is one on which
the text of a job's models is told while they write it.
"""

from __future__ import annotations

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
        self.given = f"{self.base}:dead:given"
        self.scheduled = f"{self.base}:scheduled"
        self.paused = f"{self.base}:paused"
        self.running = f"{self.base}:running"
        self.workers = f"{self.base}:workers"
        self.tenants = f"{self.base}:tenants"
        self.cron = f"{self.base}:cron"
        self.control = f"{self.base}:control"
        self.probe = f"{self.base}:probe"
        self.charges = f"{self.base}:charges"
        self.outbox = f"{self.base}:outbox"
        self.archive = f"{self.base}:archive"
        self.hooks = f"{self.base}:hooks"
        self.hooks_cursor = f"{self.hooks}:cursor"
        self.hooks_bell = f"{self.hooks}:bell"
        self.api_keys = f"{self.base}:apikeys"
        self.api_keys_used = f"{self.base}:apikeys:used"
        self.signing = f"{self.base}:signing"
        self.objects = f"{self.base}:objects"
        self.collector = f"{self.objects}:collector"
        self.condemned = f"{self.objects}:condemned"
        self.deleted = f"{self.objects}:deleted"
        self.unwanted = f"{self.objects}:unwanted"
        self.stored = f"{self.objects}:stored"

    def queue(self, queue: str, priority: Priority, tenant: str = "default") -> str:
        """The stream of one line: a tenant's jobs of one priority in a queue."""
        return f"{self.base}:queue:{queue}:{priority}:{tenant}"

    def lines(self, queue: str) -> str:
        """The queue's lines that hold entries."""
        return f"{self.base}:lines:{queue}"

    def bell(self, queue: str) -> str:
        """What rings when there may be something to take from a queue."""
        return f"{self.base}:bell:{queue}"

    def job(self, job_id: str) -> str:
        """The job's record."""
        return f"{self.base}:job:{job_id}"

    def steps(self, job_id: str) -> str:
        """The job's checkpoints."""
        return f"{self.base}:steps:{job_id}"

    def files(self, job_id: str) -> str:
        """The job's artifacts by name."""
        return f"{self.base}:files:{job_id}"

    def uploads(self, job_id: str) -> str:
        """The files that have arrived for a job which waits for them."""
        return f"{self.base}:uploads:{job_id}"

    def ticket(self, digest: str) -> str:
        """What a ticket stands for."""
        return f"{self.base}:ticket:{digest}"

    def log(self, job_id: str) -> str:
        """The job's own events."""
        return f"{self.base}:log:{job_id}"

    def deltas(self, job_id: str) -> str:
        """The channel of a job's model text."""
        return f"{self.base}:deltas:{job_id}"

    def letters(self, tenant: str) -> str:
        """The tenant's dead letters, in order."""
        return f"{self.base}:dead:of:{tenant}"

    def index(self, tenant: str) -> str:
        """The tenant's jobs, by the time they were submitted."""
        return f"{self.base}:index:{tenant}"

    def worker(self, name: str) -> str:
        """Who lives under a worker's name."""
        return f"{self.base}:worker:{name}"

    def rate(self, caller: str) -> str:
        """When the caller's requests will have been paid off."""
        return f"{self.base}:rate:{caller}"

    def idempotency(self, tenant: str, key: str) -> str:
        """Which job an idempotency key stands for."""
        return f"{self.base}:idem:{tenant}:{key}"

    def model(self, scope: str) -> str:
        """A model's circuit, and the order of those who wait for it; ``scope`` is ``<provider>/<model>``."""
        return f"{self.base}:model:{scope}"

    def limit(self, scope: str, fingerprint: str) -> str:
        """What is left of a provider's key for a model."""
        return f"{self.base}:limit:{scope}:{fingerprint}"

    def slots(self, scope: str, fingerprint: str) -> str:
        """The calls under way with a provider's key."""
        return f"{self.base}:slots:{scope}:{fingerprint}"

    def waiting(self, scope: str) -> str:
        """The callers that wait for a model, in order."""
        return f"{self.base}:waiting:{scope}"

    def benched(self, provider: str) -> str:
        """The provider's keys that are out of use."""
        return f"{self.base}:benched:{provider}"

    def ledger(self, job_id: str) -> str:
        """The calls to models that a job made."""
        return f"{self.base}:ledger:{job_id}"

    def spent(self, tenant: str, day: int) -> str:
        """What a tenant's calls came to on a day, counted from 1970-01-01 UTC."""
        return f"{self.base}:spent:{tenant}:{day}"

    def holds(self, tenant: str) -> str:
        """The tenant's calls under way for which money is held."""
        return f"{self.base}:holds:{tenant}"

    def held(self, tenant: str) -> str:
        """The sum of what is held for the tenant's calls."""
        return f"{self.base}:held:{tenant}"

    def credits(self, tenant: str) -> str:
        """The tenant's balance, and what moved it."""
        return f"{self.base}:credits:{tenant}"
