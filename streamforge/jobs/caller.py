"""Who calls: the job and the step in whose name an outside service is used, for limits, ledgers and fairness.

    with calling(JobCaller.of(claim)):
        ...                              # everything that runs in here is the job's

Without a job (a command, a script) each call is of a caller of its own, ``anonymous``.
"""

from __future__ import annotations

import hashlib
import secrets
from contextvars import ContextVar

from msgspec import Struct

from streamforge.jobs.model import Claim, Priority

_PRIORITIES = frozenset(Priority)

ANONYMOUS = "anonymous"
"""The tenant of calls without a job, and the beginning of the name that stands for one."""

STEP: ContextVar[str] = ContextVar("streamforge_step", default="")
"""The step that this task runs, or the item of a fan-out."""


class NthCall(Struct, frozen=True):
    """A call's place in its job: the same in every attempt that comes to it in the same way."""

    job_id: str
    step: str
    number: int

    @property
    def id(self) -> str:
        """What it is charged under: plain characters, whatever the step is called."""
        return f"{self.job_id}.{hashlib.sha256(self.step.encode(errors='replace')).hexdigest()[:16]}.{self.number}"


class JobCaller:
    """One attempt of a job as a caller; it counts the calls of each step."""

    def __init__(
        self, job_id: str, tenant: str = "default", priority: Priority = Priority.NORMAL, traceparent: str = ""
    ) -> None:
        self.job_id = job_id
        self.traceparent = traceparent
        self.tenant = tenant
        self.priority = priority
        self._calls: dict[str, int] = {}

    @classmethod
    def of(cls, claim: Claim) -> JobCaller:
        """The caller that an attempt is."""
        return cls(claim.id, claim.tenant, _priority_of(claim.stream), claim.traceparent)

    @classmethod
    def anonymous(cls) -> JobCaller:
        """A caller without a job."""
        return cls(f"{ANONYMOUS}-{secrets.token_hex(8)}", ANONYMOUS)

    def next_call(self) -> NthCall:
        """The place of the call that is to be made now, in the step that runs."""
        step = STEP.get()
        number = self._calls[step] = self._calls.get(step, 0) + 1
        return NthCall(self.job_id, step, number)


_CALLER: ContextVar[JobCaller | None] = ContextVar("streamforge_caller", default=None)


def current_caller() -> JobCaller:
    """In whose name this task calls."""
    return _CALLER.get() or JobCaller.anonymous()


class calling:  # noqa: N801 - used as a function
    """What runs inside ``with`` calls in this name. A plain class: a worker enters this once for every job."""

    __slots__ = ("_caller", "_token")

    def __init__(self, caller: JobCaller) -> None:
        self._caller = caller

    def __enter__(self) -> None:
        self._token = _CALLER.set(self._caller)

    def __exit__(self, *_: object) -> None:
        _CALLER.reset(self._token)


def _priority_of(stream: bytes) -> Priority:
    """The priority in a line's name, ``…:<priority>:<tenant>``."""
    name = stream.decode(errors="replace").rpartition(":")[0].rpartition(":")[2]
    return Priority(name) if name in _PRIORITIES else Priority.NORMAL
