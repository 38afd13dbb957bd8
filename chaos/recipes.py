"""The jobs that are run while everything breaks. What each does to the outside world is in the ledger.

A step has one effect, on an outside API that knows idempotency keys: ``is_first`` counts for it. The line itself
counts for an API that knows none. Results are a function of the input alone (``expected``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from msgspec import Struct

from chaos.ledger import Ledger, Note, now_ms
from streamforge import Context, Pipeline
from streamforge.errors import TransientError

VERSION_VARIABLE = "CHAOS_VERSION"
WORKER_VARIABLE = "STREAMFORGE_WORKER__NAME"

STEPS: dict[str, tuple[str, ...]] = {
    "quick": (),
    "steps": ("draft", "refine", "publish"),
    "pool": ("prepare", "compute"),
    "long": ("open", "hold", "close"),
    "blocker": ("block",),
    "poison": ("break",),
    "worker-killer": ("kill",),
}
"""Each kind with its steps."""

DOOMED = frozenset({"poison", "worker-killer"})
"""Kinds that are meant to fail."""

CHILD_LIMITS = {"soft_timeout_s": 10.0, "timeout_s": 40.0}
"""Of a step in the pool, which may wait for a slot. A child that hangs is killed at the soft limit, and the job is
tried again; long against a stop of its daemon or its loop, which must cost no job its second try."""
GATE_POLL_S = 0.01
WORDS = 400
TOO_MUCH_BYTES = 64 << 30
AFTER_EFFECT_S = 0.01
"""Between an effect and its checkpoint: where a crash makes a step run again."""


class Work(Struct, frozen=True, kw_only=True):
    """Any job's input. ``seconds`` is how long its slow step takes; ``mode`` is what goes wrong in it, once."""

    ledger: str
    salt: int
    seconds: float = 0.0
    mode: str = ""


class Done(Struct, frozen=True, kw_only=True):
    """Any job's result, and who made it."""

    value: int
    worker: str
    pid: int
    run: str


def expected(kind: str, salt: int) -> int:
    """The value of a finished job."""
    value = salt
    for step in STEPS[kind]:
        value = following(value, step)
    return value


def following(value: int, step: str) -> int:
    """The value after a step."""
    return (value * 31 + len(step)) % 1_000_003


class Scene(Struct, frozen=True):
    """A step of one attempt: what a note about it says. Small and picklable, so that a pool child can have it."""

    ledger: str
    job: str
    run: str
    attempt: int
    worker: str
    step: str = ""
    key: str = ""

    def begin(self) -> None:
        """Note that the step's work begins."""
        self._note("begin")

    def effect(self) -> None:
        """Do to the outside world what this step is for."""
        is_first = Ledger(Path(self.ledger)).is_first(self.key)
        self._note("effect", key=self.key, is_first=is_first)

    def run_began(self) -> None:
        """Note that the attempt began."""
        self._note("run")

    def stall(self) -> None:
        """Note that this process stands still from now on."""
        self._note("stall")

    def death(self) -> None:
        """Note that this process is as good as dead."""
        self._note("death")

    def happens_once(self, what: str) -> bool:
        """Whether it has not happened to this job yet."""
        return Ledger(Path(self.ledger)).is_first(f"{self.job}!{what}")

    def _note(self, what: Any, **more: Any) -> None:  # noqa: ANN401 - as Note has them
        note = Note(
            what=what,
            at_ms=now_ms(),
            job=self.job,
            run=self.run,
            attempt=self.attempt,
            worker=self.worker,
            step=self.step,
            pid=os.getpid(),
            **more,
        )
        Ledger(Path(self.ledger)).write(note)


class Actor:
    """One attempt of a job: runs its steps, and writes down what they did."""

    def __init__(self, ctx: Context, work: Work) -> None:
        self.ctx = ctx
        self.work = work
        self.value = work.salt
        worker = os.environ.get(WORKER_VARIABLE, "")
        self._scene = Scene(work.ledger, ctx.job_id, uuid.uuid4().hex[:12], ctx.attempt, worker)
        self._scene.run_began()

    async def step(self, name: str, act: Callable[[Scene], Awaitable[None]], **limits: float) -> None:
        """A step: ``act`` prepares and has the effect."""
        value, scene = self.value, self.scene(name)

        async def perform() -> int:
            await act(scene)
            await anyio.sleep(AFTER_EFFECT_S)
            return following(value, name)

        self.value = await self.ctx.step(name, perform, returns=int, **limits)

    async def wait(self, name: str, seconds: float) -> None:
        """A step that waits, as for a model's answer."""

        async def act(scene: Scene) -> None:
            scene.begin()
            await anyio.sleep(seconds)
            scene.effect()

        await self.step(name, act)

    async def compute(self, name: str, seconds: float, mode: str) -> None:
        """A step in the pool."""

        async def act(scene: Scene) -> None:
            await self.ctx.offload(in_child, scene, seconds, mode)

        await self.step(name, act, **CHILD_LIMITS)

    def scene(self, step: str) -> Scene:
        """What is noted about a step."""
        own = self._scene
        return Scene(own.ledger, own.job, own.run, own.attempt, own.worker, step, self.ctx.idempotency_key(step))

    def done(self) -> Done:
        """The result."""
        return Done(value=self.value, worker=self._scene.worker, pid=os.getpid(), run=self._scene.run)


async def quick(ctx: Context, work: Work) -> Done:
    """Nothing."""
    return Actor(ctx, work).done()


async def steps(ctx: Context, work: Work) -> Done:
    """Three waits. Mode ``stumble``: the second fails the first time, as a network does."""
    actor = Actor(ctx, work)
    for name in STEPS["steps"]:
        if name == "refine" and work.mode == "stumble" and actor.scene(name).happens_once("stumble"):
            raise TransientError("stumbled")
        await actor.wait(name, work.seconds / 3)
    return actor.done()


async def pool(ctx: Context, work: Work) -> Done:
    """A wait, then work in the pool. The mode goes wrong there, once: ``segv``, ``oom``, ``hang``."""
    actor = Actor(ctx, work)
    await actor.wait("prepare", 0.01)
    await actor.compute("compute", work.seconds, work.mode)
    return actor.done()


async def long(ctx: Context, work: Work) -> Done:
    """A step over the lease between two short ones.

    Mode ``gate``: it ends once the ledger's gate for it is open. Mode ``chatty``: it writes all the time.
    """
    actor = Actor(ctx, work)
    gate = Ledger(Path(work.ledger)).gate(ctx.job_id)

    async def wait_at_gate(scene: Scene) -> None:
        scene.begin()
        while not gate.exists():  # noqa: ASYNC110 - another process opens it
            await anyio.sleep(GATE_POLL_S)
        scene.effect()

    async def chat(scene: Scene) -> None:
        scene.begin()
        for share in range(WORDS):
            await ctx.progress(100 * share / WORDS)
            await anyio.sleep(work.seconds / WORDS)
        scene.effect()

    await actor.wait("open", 0.05)
    if work.mode:
        await actor.step("hold", {"gate": wait_at_gate, "chatty": chat}[work.mode])
    else:
        await actor.wait("hold", work.seconds)
    await actor.wait("close", 0.05)
    return actor.done()


async def blocker(ctx: Context, work: Work) -> Done:
    """Blocks the event loop, as careless code does."""
    actor = Actor(ctx, work)

    async def act(scene: Scene) -> None:
        scene.begin()
        scene.stall()
        time.sleep(work.seconds)  # noqa: ASYNC251 - the fault itself
        scene.effect()
        await asyncio.sleep(0)

    await actor.step("block", act)
    return actor.done()


async def poison(ctx: Context, work: Work) -> Done:
    """Its pool child dies each time."""
    actor = Actor(ctx, work)
    await actor.compute("break", 0.0, "deadly")
    return actor.done()


async def worker_killer(ctx: Context, work: Work) -> Done:
    """Its daemon dies each time, after ``seconds``."""
    actor = Actor(ctx, work)

    async def act(scene: Scene) -> None:
        scene.begin()
        await anyio.sleep(work.seconds)
        scene.death()
        os.kill(os.getpid(), signal.SIGKILL)

    await actor.step("kill", act)
    return actor.done()


def in_child(scene: Scene, seconds: float, mode: str) -> None:
    """What a pool child does: compute, or go wrong."""
    scene.begin()
    if mode == "deadly" or (mode == "segv" and scene.happens_once(mode)):
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "oom" and scene.happens_once(mode):
        bytearray(TOO_MUCH_BYTES)
    if mode == "hang" and scene.happens_once(mode):
        time.sleep(3600)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    scene.effect()


def _pipeline(name: str, recipe: Callable[[Context, Work], Awaitable[Done]]) -> Pipeline[Work]:
    """In two versions, told apart by an environment variable, each of which goes on from the other's checkpoints."""
    version = os.environ.get(VERSION_VARIABLE, "1")
    return Pipeline(name, Work, recipe, result_type=Done, steps=STEPS[name], version=version, accepts=("1", "2"))


QUICK = _pipeline("quick", quick)
STEPWISE = _pipeline("steps", steps)
POOL = _pipeline("pool", pool)
LONG = _pipeline("long", long)
BLOCKER = _pipeline("blocker", blocker)
POISON = _pipeline("poison", poison)
WORKER_KILLER = _pipeline("worker-killer", worker_killer)

NAMES = ("QUICK", "STEPWISE", "POOL", "LONG", "BLOCKER", "POISON", "WORKER_KILLER")
MODULES = ",".join(f"{__name__}:{name}" for name in NAMES)
"""These pipelines, as the setting ``pipelines.modules`` names them."""
