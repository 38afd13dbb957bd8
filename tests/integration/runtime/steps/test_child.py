"""Jobs that wait for other jobs."""

from __future__ import annotations

import hashlib
from typing import Any

import anyio
import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.errors import ChildFailed, InvalidInput
from streamforge.jobs.model import Claim, Job, JobError, JobState, Priority, Submission
from streamforge.jobs.store import JobStore
from streamforge.runtime.children import POLL_S
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from tests.integration.engine import Text
from tests.integration.moves import settle, take
from tests.integration.runtime.steps.attempts import Attempts, error_of
from tests.integration.runtime.steps.conftest import Make


class Family:
    """Children as plain jobs of the store."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.started: list[str] = []

    async def start(
        self,
        parent: Claim,
        name: str,
        kind: str,
        input: bytes,  # noqa: A002 - the protocol's
        *,
        queue: str | None,
        priority: Priority | None,
    ) -> str:
        """Hand the child in, under an id that the parent and the step make."""
        self.started.append(name)
        child = hashlib.sha256(f"{parent.id}/{name}".encode()).hexdigest()[:20]
        job = Submission(
            id=child,
            kind=kind,
            input=input,
            queue=queue or "children",
            priority=priority or Priority.NORMAL,
            parent=parent.id,
        )
        return (await self._store.submit(job)).id

    async def look(self, child_id: str) -> Job:
        """The child's record."""
        return await self._store.get(child_id)


@pytest.fixture
def family(store: JobStore) -> Family:
    """Who starts the children."""
    return Family(store)


@pytest.fixture
def attempts(broker: Broker, objects: Objects, family: Family) -> Make:
    """Make the attempts at a parent of that recipe."""

    def make(recipe: Any, **more: Any) -> Attempts:  # noqa: ANN401
        return Attempts(broker, objects, recipe, **{"children": family, **more})

    return make


async def parent(ctx: Context, _: Text) -> str:
    """One child, and what it said."""
    said = await ctx.child("ask", "echo", Text("hello"), returns=Text)
    return said.text


async def end_children(broker: Broker, outcome: str = "succeeded", body: bytes = b'{"text":"there"}') -> list[Claim]:
    """Run every child that waits to its end."""
    claims = await take(broker, worker="other", queues=("children",))
    for claim in claims:
        assert await settle(broker, claim, outcome, body=body) == 1
    return claims


async def test_a_parent_waits_without_a_slot(attempts: Make, broker: Broker, family: Family) -> None:
    """It is parked, uncharged, naming the child whose end wakes it; then it goes on with the child's result."""
    job = attempts(parent)
    end = await job.run()
    assert end is not None
    assert (end.outcome, end.delay_ms) == ("snooze", 1000 * POLL_S)
    assert end.reason == f"waits for {end.awaits}"
    (claim,) = await end_children(broker)
    assert (claim.id, claim.kind, claim.input) == (end.awaits, "echo", b'{"text":"hello"}')
    woken = await job.run()
    assert woken is not None
    assert (woken.outcome, woken.body) == ("succeeded", b'"there"')
    assert family.started == ["ask", "ask"]
    assert [event.payload()["child"] for event in await job.events("step.started")] == [end.awaits] * 2


async def test_a_childs_result_is_a_checkpoint(attempts: Make, broker: Broker, family: Family) -> None:
    """Once it is there nobody asks for the child again, which may be forgotten."""
    job = attempts(parent)
    await job.run()
    await end_children(broker)
    await job.run()
    again = await job.run()
    assert again is not None
    assert again.body == b'"there"'
    assert len(family.started) == 2


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
async def test_a_child_that_did_not_succeed_is_an_error(attempts: Make, broker: Broker, outcome: str) -> None:
    """ChildFailed names the child and tells its error; it is permanent."""
    job = attempts(parent)
    end = await job.run()
    assert end is not None
    await end_children(broker, outcome)
    woken = await job.run()
    assert woken is not None
    assert (woken.outcome, woken.reason) == ("failed", "child_failed")
    message = error_of(woken).message
    assert all(part in message for part in (end.awaits, outcome, "internal", "no"))


async def test_a_recipe_may_do_without_a_child(attempts: Make, broker: Broker) -> None:
    """ChildFailed can be caught, and the job succeed."""

    async def forgiving(ctx: Context, spec: Text) -> str:
        try:
            return await parent(ctx, spec)
        except ChildFailed:
            return "alone"

    job = attempts(forgiving)
    await job.run()
    await end_children(broker, "failed")
    end = await job.run()
    assert end is not None
    assert end.body == b'"alone"'


async def test_children_make_a_chain(attempts: Make, broker: Broker) -> None:
    """One after the other: the second begins when the first has ended, with what that gave."""

    async def chain(ctx: Context, _: Text) -> str:
        first = await ctx.child("first", "echo", {"text": "one"}, returns=Text)
        second = await ctx.child("second", "echo", {"text": first.text}, returns=Text, priority=Priority.HIGH)
        return second.text

    job = attempts(chain)
    inputs: list[bytes] = []
    for _ in range(2):
        await job.run()
        inputs += [claim.input for claim in await end_children(broker)]
    end = await job.run()
    assert end is not None
    assert (end.body, inputs) == (b'"there"', [b'{"text":"one"}', b'{"text":"there"}'])


@pytest.mark.parametrize("by_map", [True, False])
async def test_children_run_side_by_side(attempts: Make, broker: Broker, *, by_map: bool) -> None:
    """A fan-out starts all of them before the parent is parked; a task group may, and any of them wakes it."""

    async def one(ctx: Context, name: str) -> str:
        return (await ctx.child(f"child-{name}", "echo", Text(name), returns=Text)).text

    async def many(ctx: Context, _: Text) -> list[str]:
        if by_map:
            return (await ctx.map("all", ["a", "b", "c"], lambda name: one(ctx, name), returns=str, key=str)).values
        said: list[str] = []

        async def keep(name: str) -> None:
            said.append(await one(ctx, name))

        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", "c"):
                tasks.start_soon(keep, name)
        return said

    job = attempts(many)
    first = await job.run()
    assert first is not None
    assert first.outcome == "snooze"
    found = len(await end_children(broker))
    assert found == 3 if by_map else found >= 1
    end = await job.run()
    while end is not None and end.outcome == "snooze":
        await end_children(broker)
        end = await job.run()
    assert end is not None
    assert msgspec.json.decode(end.body) == ["there"] * 3


@pytest.mark.parametrize("result", [b'{"text":5}', b"null"])
async def test_a_childs_result_must_fit(attempts: Make, broker: Broker, result: bytes) -> None:
    """A result of another form than the step declares is a mistake in the recipe, and told so."""
    job = attempts(parent)
    await job.run()
    await end_children(broker, body=result)
    error = error_of(await job.run())
    assert (error.code, error.field) == ("recipe_misused", "ask")


async def test_an_input_that_is_no_json_is_refused(attempts: Make, family: Family) -> None:
    """Before any job is started."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.child("ask", "echo", object(), returns=Text)

    error = error_of(await attempts(recipe).run())
    assert (error.code, error.field, family.started) == ("recipe_misused", "ask", [])


async def test_a_refused_child_fails_its_parent(attempts: Make, family: Family, monkeypatch: Any) -> None:  # noqa: ANN401
    """What the child's kind says against its input reaches the parent's owner."""

    async def refuse(*_: object, **__: object) -> str:
        raise InvalidInput("too short", field="text")

    monkeypatch.setattr(family, "start", refuse)
    error = error_of(await attempts(parent).run())
    assert error == JobError(code="invalid_input", message="too short", field="text")


async def test_a_daemon_without_children_says_so(attempts: Make) -> None:
    """Where nothing is lent to start jobs with, the recipe is told, not left waiting."""
    error = error_of(await attempts(parent, children=None).run())
    assert (error.code, error.field) == ("permanent_error", "ask")


async def test_an_expired_child_has_no_error_of_its_own(family: Family, attempts: Make, monkeypatch: Any) -> None:  # noqa: ANN401
    """It ended without ever running: its state is what is told."""
    really = family.look

    async def look(child_id: str) -> Job:
        return msgspec.structs.replace(await really(child_id), state=JobState.EXPIRED)

    monkeypatch.setattr(family, "look", look)
    assert "ended as expired" in error_of(await attempts(parent).run()).message
