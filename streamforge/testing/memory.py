"""What a rehearsal has in place of Redis and the pool: the few calls that a running attempt makes of them, in memory.

Everything else of an attempt is the real thing. The job's record, its queue and what a settlement does to them are not
here: the tests of those need a server.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any

import anyio.lowlevel
import msgspec
from msgspec import Struct

from streamforge.broker.messages import Record, Settlement
from streamforge.errors import PermanentError, StreamForgeError
from streamforge.jobs.events import Event
from streamforge.jobs.model import Artifact, Claim, Job, JobState, Priority
from streamforge.runtime.children import child_id
from streamforge.runtime.places import where
from streamforge.runtime.pool_child import RemoteFault
from streamforge.runtime.retry import describe

FENCED, SETTLED = 0, 1
"""settle.lua's codes."""

UNSENDABLE = (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError)
"""What pickling raises for what cannot be sent to a pool child."""


class Point(Struct, frozen=True):
    """Where an attempt's process dies: as the checkpoint ``name`` is written, or right after where it ``is_kept``."""

    name: str = ""
    is_kept: bool = False


class Book:
    """A job's checkpoints, files and events, written under the token of its attempt, and how that was settled.

    ``version`` is the recipe's that wrote the checkpoints which a test has given; one rehearsal has one recipe.
    """

    def __init__(self) -> None:
        self.checkpoints_by_name: dict[str, bytes] = {}
        self.files: dict[str, Artifact] = {}
        self.events: list[Event] = []
        self.version = ""
        self.claim: Claim | None = None
        self.end: Settlement | None = None
        self.has_crashed = False
        self._point = Point()
        self._die: Callable[[], None] = lambda: None

    def open(self, claim: Claim, point: Point, die: Callable[[], None]) -> None:
        """An attempt begins; ``die`` ends it where ``crash`` is called or its point is reached."""
        self.claim, self.end, self.has_crashed = claim, None, False
        self._point, self._die = point, die

    def crash(self) -> None:
        """The process is gone: what the attempt still writes is refused."""
        self.has_crashed, self.claim = True, None
        self._die()

    async def checkpoints(self, job_id: str) -> dict[str, bytes]:
        """As ``Broker.checkpoints``."""
        del job_id  # there is one
        return dict(self.checkpoints_by_name)

    async def record(self, record: Record) -> int:
        """As ``Broker.record``."""
        await anyio.lowlevel.checkpoint()  # as a round trip is one
        is_point = record.target == "steps" and record.field == self._point.name
        if is_point and not self._point.is_kept:
            self.crash()
        is_ours = self._write(record)
        if is_point and is_ours:
            self.crash()
        await anyio.lowlevel.checkpoint()  # where an attempt that has just died goes no further
        return is_ours

    async def settle(self, settlement: Settlement) -> int:
        """As ``Settler.settle``."""
        if not self._holds(settlement.token):
            return FENCED
        self.end = settlement
        return SETTLED

    def _write(self, record: Record) -> bool:
        if self.claim is None or not self._holds(record.token):
            return False
        if record.target == "steps":
            self.checkpoints_by_name[record.field] = record.value
        elif record.target == "files":
            self.files[record.field] = msgspec.json.decode(record.value, type=Artifact)
        number = len(self.events) + 1
        self.events.append(Event(f"{number}-0", record.event, number, self.claim.attempt, record.data.decode()))
        return True

    def _holds(self, token: int) -> bool:
        return self.claim is not None and self.claim.token == token


class SameProcess:
    """A pool whose child is this process: what crosses over is pickled as it would be, a crash is a real one."""

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Rack.call
        """As ``Rack.call``."""
        if kwargs:
            raise TypeError("pool calls take positional arguments only")
        sent, given = _through_the_wire((function, args), "cannot be sent")
        try:
            value = sent(*given)
        except StreamForgeError:
            raise
        except Exception as error:  # what a recipe cannot catch by its class in production, it cannot catch here
            raise RemoteFault(type(error).__name__, tuple(where(error))) from error
        return _through_the_wire(value, "returned what cannot be sent")


def _through_the_wire(value: Any, what: str) -> Any:  # noqa: ANN401 - any value that pickle takes
    try:
        return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))  # noqa: S301 - our own
    except UNSENDABLE as error:
        raise PermanentError(f"a pool call {what}: {type(error).__name__}") from error


class Asked(Struct, frozen=True):
    """A child that a recipe asked for; ``input`` is decoded JSON."""

    step: str
    kind: str
    input: Any


class Answers:
    """Children that are answered by a test: a result, or an exception, by the name of the step that starts them."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.by_step = dict(answers)
        self.asked: dict[str, Asked] = {}

    async def start(
        self,
        parent: Claim,
        name: str,
        kind: str,
        input: bytes,  # noqa: A002 - as Children's
        *,
        queue: str | None,
        priority: Priority | None,
    ) -> str:
        """As ``Children.start``, for any kind."""
        del queue, priority
        job_id = child_id(parent.id, name)
        self.asked[job_id] = Asked(name, kind, msgspec.json.decode(input))
        return job_id

    async def look(self, child_id: str) -> Job:
        """As ``Children.look``: one without an answer runs still."""
        asked = self.asked[child_id]
        facts: dict[str, Any] = {"state": JobState.RUNNING}
        if asked.step in self.by_step:
            facts = _ended(self.by_step[asked.step])
        priority = Priority.NORMAL
        return Job(
            id=child_id, kind=asked.kind, queue="default", priority=priority, tenant="default", created_ms=0, **facts
        )


def _ended(answer: object) -> dict[str, Any]:
    if isinstance(answer, Exception):
        return {"state": JobState.FAILED, "error": describe(answer)}
    return {"state": JobState.SUCCEEDED, "result": msgspec.Raw(msgspec.json.encode(answer))}
