"""What a recipe sees of the runtime: run a step once, use a pool slot, save a file, tell how far it is."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from time import monotonic
from typing import Any, ParamSpec, TypeVar, cast

import msgspec

from streamforge.config import JobsSettings
from streamforge.errors import InvalidInput, PermanentError, RecipeMisused
from streamforge.jobs.model import Artifact, Priority
from streamforge.ops.logs import WITHHELD, get_logger
from streamforge.runtime.children import Children, result_of
from streamforge.runtime.deltas import Deltas, Speech
from streamforge.runtime.journal import Put, Records
from streamforge.runtime.limits import Limits, SecondsLeft, Terms, chosen
from streamforge.runtime.mapping import Fanout, How, Mapped, OnError, keyed
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import writable
from streamforge.runtime.run import STEP, Call, Run
from streamforge.runtime.steps import Steps, json_of
from streamforge.storage.objects import Objects

I = TypeVar("I")  # noqa: E741 - an item of a fan-out
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Resources = Mapping[type[Any], Any]
"""What the composition root lends to recipes, by type: models, clients, settings of their own."""

Fact = str | int | float | bool

TEXT_MAX = 300
"""Characters of a message, or of a fact, that are told."""

FACTS_MAX = 20

log = get_logger(__name__)


class Lent(msgspec.Struct, frozen=True):
    """What every context of a daemon shares."""

    records: Records
    objects: Objects
    rack: Rack
    limits: JobsSettings
    resources: Resources
    children: Children | None = None
    deltas: Deltas | None = None


class Context:
    """One attempt of one job, as its recipe sees it.

    Every write carries the attempt's fencing token; where another attempt has taken over, it raises FencedError,
    which a recipe must let pass. Steps may run side by side. After the recipe has ended a context is of no more use:
    RecipeMisused.
    """

    def __init__(self, run: Run, pipeline: Pipeline[Any], terms: Terms, lent: Lent) -> None:
        self.job_id = run.claim.id
        self.kind = run.claim.kind
        self.attempt = run.claim.attempt
        self.tenant = run.claim.tenant
        self._run = run
        self._pipeline = pipeline
        self._terms = terms
        self._lent = lent
        self._speeches: dict[str, Speech] = {}

    @cached_property
    def _steps(self) -> Steps:
        """Made when it is needed: many a recipe is a single call."""
        lent = self._lent
        return Steps(self._run, self._pipeline, lent.records, lent.objects, lent.limits)

    @cached_property
    def _objects(self) -> Objects:
        return self._lent.objects.of(self.tenant)

    @property
    def seconds_left(self) -> SecondsLeft:
        """How long this attempt may still go on, as ``soft`` and ``hard``; infinite where there is no soft limit."""
        return self._run.seconds_left

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has asked for the job's end, for use in ``finally`` and ``except``.

        False where the attempt ends for another reason, and the job may go on elsewhere.
        """
        return self._run.is_cancelled

    def idempotency_key(self, step: str) -> str:
        """A text that stands for that step of this job, the same in every attempt (at most 81 plain characters).

        A step's effect on the outside is at least once: a crash between the effect and the checkpoint repeats it. Give
        the key to every service that takes one, such as payments, model calls and HTTP APIs, and the effect is once.
        """
        return f"{self.job_id}.{hashlib.sha256(step.encode(errors='replace')).hexdigest()[:16]}"

    async def step(
        self,
        name: str,
        call: Callable[[], Awaitable[T]],
        *,
        returns: type[T],
        soft_timeout_s: float | None = None,
        timeout_s: float | None = None,
    ) -> T:
        """The value of the step ``name``: run now and written down, or read back where an earlier attempt has done it.

        ``returns`` is the value's type, for reading it back. A name is used once in a recipe. Raises what ``call``
        raises, and ResultTooLarge.

        Over ``soft_timeout_s`` (default: the kind's; 0: none) the call is cancelled and StepTimeout raised, which the
        recipe may catch, to answer in a cheaper way under another step's name. The soft limit of the whole attempt
        comes the same way, once: out of every step that runs then, or else out of the next one. Over ``timeout_s``
        the job fails, and nothing can catch that.
        """
        limits = self._limits(name, soft_timeout_s, timeout_s)
        self._steps.begin(name)
        found, value = await self._steps.find(name, returns)
        if found:
            await self._steps.replayed(name)
            return cast("T", value)
        await self._steps.started(name)
        started = monotonic()
        try:
            value = await Call(self._run, name, limits)(call)
            saved = await self._steps.encode(name, value)
            await self._steps.completed(name, saved, monotonic() - started)
        finally:
            self._steps.progress.leave(name)
        return value

    async def map(
        self,
        name: str,
        items: Sequence[I],
        call: Callable[[I], Awaitable[T]],
        *,
        returns: type[T],
        concurrency: int = 8,
        on_error: OnError = "raise",
        key: Callable[[I], object] | None = None,
        soft_timeout_s: float | None = None,
        timeout_s: float | None = None,
    ) -> Mapped[T]:
        """``call`` for every item, ``concurrency`` at a time; each value is a checkpoint, ``name[key]``.

        An item's key is its place, or what ``key`` gives for it: keep it the same over attempts, and its items in a
        step's value or the input. Only items without a checkpoint run again. ``returns`` is the type of one value; the
        time limits are for one item.

        With ``on_error="raise"`` the first error stops the others and is raised as it is; values that were ready are
        kept. With ``"continue"`` the others go on, and ``failed`` of what is returned lists each failure; once all have
        ended the failures are kept too, so that another attempt gets the same answer. FencedError, Snooze, a reached
        limit of the attempt and cancellation are no item's failure. After a Snooze the others go on to their end.
        """
        by_key = keyed(items, key, name)
        how = How(concurrency, on_error, self._limits(name, soft_timeout_s, timeout_s))
        return await Fanout(name, by_key, returns, how, self._steps, self._run).over(call)

    async def child(
        self,
        name: str,
        kind: str,
        input: object,  # noqa: A002 - the word for it everywhere else
        *,
        returns: type[T],
        queue: str | None = None,
        priority: Priority | None = None,
    ) -> T:
        """The result of another job, which this step starts once and waits for; several make a chain.

        Until it has ended this job is parked, holding no slot and charging no attempt: the recipe runs anew from its
        start then, through its checkpoints. ``input`` is anything that JSON can hold. Raises ChildFailed, with the
        child's id and its error, where it ended in any other way than well.
        """
        if self._lent.children is None:
            raise PermanentError("this daemon cannot start jobs for other jobs", field=name)
        self._steps.begin(name)
        found, value = await self._steps.find(name, returns)
        if found:
            await self._steps.replayed(name)
            return cast("T", value)
        started = monotonic()
        raw = json_of(input, "the input of a child", name)
        child = await self._lent.children.start(self._run.claim, name, kind, raw, queue=queue, priority=priority)
        await self._steps.started(name, child=child)
        try:
            value = _decoded(result_of(await self._lent.children.look(child)), returns, name)
            await self._steps.completed(name, await self._steps.encode(name, value), monotonic() - started)
        finally:
            self._steps.progress.leave(name)
        return value

    async def offload(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a module-level function in a pool child; see ``Rack.call``."""
        return await self._lent.rack.call(function, *args, **kwargs)

    async def save(self, name: str, data: bytes, media_type: str) -> Artifact:
        """Keep a file as the job's artifact ``name``; durable on return. The same name again replaces it.

        Raises QuotaExceeded where the tenant has no room for it.
        """
        if not name or "/" in name or name.startswith(".") or len(name) > 200:  # noqa: PLR2004
            raise InvalidInput(f"not a file name: {name[:80]!r}", field="name", hint="letters, digits, - _ . and no /")
        self._steps.journal.require_open(f"file {name!r}")
        ref = await self._objects.put(data)
        artifact = Artifact(name=name, key=ref.key, media_type=media_type, size=ref.size)
        facts = {"name": name, "media_type": media_type, "size": ref.size}
        value, number = msgspec.json.encode(artifact), 0
        while number := await self._steps.journal.write(
            "artifact",
            "artifact.saved",
            facts,
            target="files",
            field=name,
            value=value,
            put=Put(ref.key, ref.size, number),
        ):
            await self._objects.put(data, number)
        return artifact

    async def load(self, artifact: Artifact) -> bytes:
        """The bytes of an artifact."""
        return await self._objects.get(artifact.key)

    async def progress(self, percent: float, message: str = "") -> None:
        """Tell how far the running step is, 0 to 100 of that step; ``message`` may be shown to the job's owner."""
        reached = self._steps.progress.within(STEP.get(), percent / 100)
        facts = {"step": STEP.get(), "progress": round(reached, 1), "message": _shortened(message)}
        await self._steps.journal.write("progress", "job.progress", facts, progress=reached)

    async def log(self, message: str, **facts: Fact) -> None:
        """Tell something: a line in the daemon's log and an event of the job, both with ``facts``.

        The job's owner can read it: no secrets, and nothing of other people. Texts are cut at 300 characters. Raises
        RecipeMisused for more than 20 facts, or one that is not a str, int, float or bool.
        """
        told = _facts(facts)
        log.info("recipe_log", message=_shortened(message), facts=told)
        await self._steps.journal.write("log", "job.log", {"message": _shortened(message), "facts": told})

    def delta(self, text: str, *, at: int | None = None) -> None:
        """Show a piece of text that a model is writing to those who watch the job now. Costs next to nothing else.

        It is a preview: not kept, not sent again, void once the step has ended. Pieces follow each other within a
        step; ``at`` is the place in the step's text where this one begins, where it does not follow (a call that is
        made anew begins at 0). Never waits: made for ``TextRequest.on_progress``.
        """
        self._steps.journal.require_open("a delta")
        if self._lent.deltas is None or not text:
            return
        step = STEP.get()
        if step not in self._speeches:
            self._speeches[step] = Speech(self._run.claim, step)
        self._lent.deltas.say(self._speeches[step], text, at)

    def use(self, resource: type[R]) -> R:
        """What the daemon lends under that type; raises PermanentError where it lends none."""
        found = self._lent.resources.get(resource)
        if found is None:
            raise PermanentError(f"this daemon has no {resource.__name__} to lend to pipelines")
        return cast("R", found)

    def _limits(self, name: str, soft_timeout_s: float | None, timeout_s: float | None) -> Limits:
        return chosen(self._terms.step, soft_timeout_s, timeout_s, name)


def _decoded(raw: bytes, returns: type[T], step: str) -> T:
    try:
        return msgspec.json.decode(raw, type=returns)
    except msgspec.ValidationError as error:
        raise RecipeMisused(
            f"the child's result does not fit the type that the step returns: {error}", field=step
        ) from error


def _facts(facts: Mapping[str, object]) -> dict[str, Fact]:
    if len(facts) > FACTS_MAX:
        raise RecipeMisused(f"{len(facts)} facts are too many, at most {FACTS_MAX}", field="log")
    return {name[:TEXT_MAX]: "[withheld]" if name in WITHHELD else _fact(name, fact) for name, fact in facts.items()}


def _fact(name: str, fact: object) -> Fact:
    if isinstance(fact, str):
        return _shortened(fact)
    if isinstance(fact, int | float):
        return fact
    raise RecipeMisused(f"a fact is text, a number or a truth value, not {type(fact).__name__}", field=f"log.{name}")


def _shortened(text: str) -> str:
    return writable(text[:TEXT_MAX])
