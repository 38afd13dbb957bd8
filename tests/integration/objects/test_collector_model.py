"""No reference that stands is ever without its object, whatever happens between any two steps of two collections."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from streamforge.jobs.model import Claim
from streamforge.testing.server import TestServer
from tests.integration.objects.world import KEYS, ONE, TENANTS, TWO, World

T = TypeVar("T")

JOBS_MAX = 3
KEY = st.sampled_from((ONE, ONE, ONE, TWO))
TENANT = st.sampled_from((TENANTS[0], TENANTS[0], TENANTS[1]))
PICK = st.integers(0, 5)
WHICH = st.sampled_from((0, 0, 1))


class Store(RuleBasedStateMachine):
    """A world in the hands of chance. Few things, so that they meet."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(self.url)

    def do(self, call: Coroutine[Any, Any, T]) -> T:
        """Run it, and nothing else."""
        return self.loop.run_until_complete(call)

    @initialize(old=st.booleans(), own=st.booleans())
    def begin(self, *, old: bool, own: bool) -> None:
        """A job; perhaps garbage, and an object of before tenants had any of their own that the job names."""
        self.do(self._begin(old=old, own=own))

    async def _begin(self, *, old: bool, own: bool) -> None:
        await self.world.begin()
        claim = await self.world.start()
        if own:
            await self.world.objects.of("a").put(KEYS[ONE])
        if old:
            await self.world.objects.put(KEYS[TWO])
            await self.world.copy(claim, TWO)

    @precondition(lambda self: len(self.world.claims) < JOBS_MAX)
    @rule(tenant=TENANT, key=KEY)
    def start(self, tenant: str, key: str) -> None:
        """A job begins; its input names an object that stands, if there is one."""
        is_named = self.world.stands(tenant, key)
        self.do(self.world.start(tenant, msgspec.json.encode({"file": key}) if is_named else b"{}"))

    @precondition(lambda self: self.world.claims)
    @rule(pick=PICK, key=KEY)
    def put(self, pick: int, key: str) -> None:
        """An object is put."""
        self.do(self.world.put(self._one(pick), key))

    @precondition(lambda self: self.world.puts)
    @rule(pick=PICK)
    def record(self, pick: int) -> None:
        """An object that was put is recorded, or put again."""
        self.do(self.world.record(self.world.puts[pick % len(self.world.puts)]))

    @precondition(lambda self: self.world.claims)
    @rule(pick=PICK, key=KEY)
    def copy(self, pick: int, key: str) -> None:
        """A step's value names an object that stands."""
        claim = self._one(pick)
        if self.world.stands(claim.tenant, key):
            self.do(self.world.copy(claim, key))

    @precondition(lambda self: self.world.claims)
    @rule(pick=PICK, how=st.sampled_from(("archive", "forget", "fail")))
    def let_go(self, pick: int, how: str) -> None:
        """A job is archived, or its record goes, perhaps into a letter."""
        self.do(getattr(self.world, how)(self._one(pick)))

    @precondition(lambda self: self.world.letters and len(self.world.claims) < JOBS_MAX)
    @rule()
    def requeue(self) -> None:
        """A dead letter becomes a job again."""
        self.do(self.world.requeue(next(iter(self.world.letters.values()))))

    @precondition(lambda self: self.world.rows.keys)
    @rule()
    def erase_rows(self) -> None:
        """A job's rows are erased."""
        self.world.rows.keys.popitem()

    @rule(which=WHICH, steps=st.integers(1, 4))
    def collect(self, which: int, steps: int) -> None:
        """A collector gets on by some steps."""
        for _ in range(steps):
            self.do(self.world.collectors[which].step())

    @rule(which=WHICH, steps=st.integers(5, 20))
    def collect_more(self, which: int, steps: int) -> None:
        """A collector gets on by many."""
        self.collect(which, steps)

    @rule(which=WHICH, is_late=st.booleans())
    def kill(self, which: int, *, is_late: bool) -> None:
        """A collector is killed, or a deletion takes effect that a dead one had sent off."""
        collector = self.world.collectors[which]
        self.do(collector.delete_late() if is_late else collector.kill())

    @invariant()
    def every_reference_has_its_object(self) -> None:
        """In Redis and in the archive."""
        self.do(self.world.check())

    def teardown(self) -> None:
        """Close everything."""
        self.do(self.world.end())
        self.do(self.world.broker.close())
        self.loop.close()

    def _one(self, pick: int) -> Claim:
        return self.world.claims[sorted(self.world.claims)[pick % len(self.world.claims)]]


@pytest.mark.timeout(300)
def test_no_reference_is_ever_without_its_object(shared_server: TestServer) -> None:
    """Two collectors, killed and late, between the steps of writers that put, record, copy, archive and erase."""
    machine = type("Here", (Store,), {"url": shared_server.url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
