"""What Python promises and Lua does: the same key names, and only the moves that the table of states allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import load_sources
from streamforge.jobs.model import TRANSITIONS, JobState, Priority
from tests.integration.moves import checkpoint, field, raw, settle, submit, take, take_one

FIELDS = {"kind", "token", "attempt", "fingerprint", "awaits", "queue", "letter", "uploads_written", "expires_ms"}

Move = Callable[[Broker], Awaitable[object]]


async def test_lua_and_python_name_keys_alike(broker: Broker) -> None:
    """Each function of the prelude gives the name that ``Keys`` gives."""
    keys = broker.keys
    prelude = next(iter(load_sources().values())).split("-- Milliseconds since", 1)[0]
    expected = {
        "job_key('x')": keys.job("x"),
        "steps_key('x')": keys.steps("x"),
        "files_key('x')": keys.files("x"),
        "uploads_key('x')": keys.uploads("x"),
        "log_key('x')": keys.log("x"),
        "idem_key('t', 'x')": keys.idempotency("t", "x"),
        "rate_key('k')": keys.rate("k"),
        "index_key('t')": keys.index("t"),
        "tenants_key()": keys.tenants,
        "worker_key('x')": keys.worker("x"),
        "queue_key('q', 'low:t')": keys.queue("q", Priority.LOW, "t"),
        "lines_key('q')": keys.lines("q"),
        "bell_key('q')": keys.bell("q"),
        "dead_key()": keys.dead,
        "given_key()": keys.given,
        "letters_key('t')": keys.letters("t"),
        "scheduled_key()": keys.scheduled,
        "running_key()": keys.running,
        "paused_key()": keys.paused,
        "control_key()": keys.control,
        "condemned_key()": keys.condemned,
        "deleted_key()": keys.deleted,
        "stored_key()": keys.stored,
        "unwanted_key()": keys.unwanted,
        "FEED": keys.feed,
    }
    script = f"{prelude}\nreturn {{{', '.join(expected)}}}"
    found = await raw(broker).eval(script, 1, keys.feed, keys.base, 1, 1)
    assert [name.decode() for name in found] == list(expected.values())


async def test_a_life_leaves_no_other_keys(broker: Broker) -> None:
    """A job that went through everything has touched exactly the keys that ``Keys`` names."""
    await submit(broker, idempotency_key="k")
    claim = await take_one(broker)
    await broker.record(checkpoint(claim))
    await broker.record(checkpoint(claim, "a.png", b"{}", target="files"))
    await settle(broker, claim, "retry", delay_ms=60_000)
    await submit(broker, "job-2")
    await settle(broker, await take_one(broker), "failed", reason="x")
    keys = broker.keys
    named = {make(job_id) for make in (keys.job, keys.log) for job_id in ("job-1", "job-2")}
    named |= {keys.steps("job-1"), keys.files("job-1"), keys.feed, keys.dead, keys.scheduled}
    named |= {keys.given, keys.letters("default")}
    named |= {keys.idempotency("default", "k"), keys.bell("default"), keys.index("default"), keys.tenants}
    assert {key.decode() for key in await raw(broker).keys("*")} == named


async def _fail(broker: Broker) -> None:
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="x")


async def _requeue(broker: Broker) -> None:
    newest = (await raw(broker).xrevrange(broker.keys.dead, count=1))[0][0]
    await broker.requeue(newest.decode())


def _ending(outcome: str) -> Move:
    async def move(broker: Broker) -> None:
        held = await take(broker, mode="lost")
        await settle(broker, held[0], outcome, reason="x")

    return move


async def _crash_out(broker: Broker) -> None:
    await take(broker, mode="crashed", max_crashes=0)


MOVES: dict[str, Move] = {
    "submit": submit,
    "submit later": lambda broker: submit(broker, not_before_ms=4_102_444_800_000),
    "take": take,
    "take over": lambda broker: take(broker, mode="expired"),
    "recover": lambda broker: take(broker, mode="crashed"),
    "crash out": _crash_out,
    "requeue": _requeue,
    "promote": lambda broker: broker.promote(),
    **{outcome: _ending(outcome) for outcome in ("succeeded", "failed", "cancelled", "retry", "snooze", "released")},
}
PATHS = [
    ["submit", "take", "succeeded", "take", "recover", "promote"],
    ["submit", "take", "failed", "requeue", "take", "recover", "succeeded"],
    ["submit", "take", "retry", "take", "promote", "take", "snooze", "promote", "take", "cancelled"],
    ["submit", "take", "released", "take over", "recover", "crash out", "requeue", "take", "succeeded"],
    ["submit later", "take", "promote", "submit"],
]


@pytest.mark.parametrize("path", PATHS, ids=">".join)
async def test_scripts_make_only_the_moves_of_the_table(broker: Broker, path: list[str]) -> None:
    """Whatever the scripts do to a job in whatever order, each change of state is one that TRANSITIONS has."""
    states: list[str] = []
    for name in path:
        before = await field(broker, "job-1", "state")
        await MOVES[name](broker)
        after = await field(broker, "job-1", "state")
        states.append(after)
        if before and after != before:
            assert JobState(after) in TRANSITIONS[JobState(before)], f"{name}: {before} -> {after}"
    assert len(set(states)) > 1 or path[0] == "submit later"


async def test_a_take_over_is_a_move_too(broker: Broker) -> None:
    """RUNNING to RUNNING is in the table, and is what a recovery does."""
    await submit(broker)
    await take_one(broker)
    await take_one(broker, mode="crashed")
    assert await field(broker, "job-1", "state") == "running"
    assert JobState.RUNNING in TRANSITIONS[JobState.RUNNING]


async def test_only_known_states_are_written() -> None:
    """Every state that a script's text writes is one of JobState's."""
    sources = "".join(load_sources().values())
    words, ends = (
        {part.partition("'")[0] for part in sources.split(before)[1:]}
        for before in ("'state', '", "finish(id, key, job, '")
    )
    written = (words | ends) - FIELDS  # lists of fields to read, not assignments
    assert written >= {"queued", "running", "failed", "scheduled", "succeeded", "cancelled", "expired"}
    assert written <= set(cast("list[str]", list(JobState)))


async def test_failing_is_what_requeue_needs(broker: Broker) -> None:
    """The one way out of an end is the operator's: FAILED and CANCELLED to QUEUED."""
    await _fail(broker)
    await _requeue(broker)
    assert await field(broker, "job-1", "state") == "queued"
    out_of_ends = {state: TRANSITIONS[state] for state in ("failed", "cancelled", "succeeded")}  # type: ignore[index]
    assert out_of_ends == {"failed": {"queued"}, "cancelled": {"queued"}, "succeeded": set()}
