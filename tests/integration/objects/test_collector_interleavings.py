"""A collection and a writer of references, in every order that their steps can have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import combinations_with_replacement, product

import msgspec
import pytest

from streamforge.jobs.model import Claim
from streamforge.testing.server import TestServer
from tests.integration.objects.world import KEYS, ONE, World

pytestmark = pytest.mark.long

Step = Callable[[], Awaitable[object]]
Due = dict[int, list[Step]]
Program = Callable[[World], Awaitable[Sequence[Step]]]

GIVEN = msgspec.json.encode({"file": ONE})


@pytest.fixture
async def world(shared_server: TestServer) -> AsyncIterator[World]:
    """A world over the session's server."""
    world = World(shared_server.url)
    yield world
    await world.end()
    await world.broker.close()


async def recording(world: World) -> Sequence[Step]:
    """What is there already is put by a writer, and recorded."""
    claim = await world.start()
    return [lambda: world.put(claim), world.record_all]


async def uploading(world: World) -> Sequence[Step]:
    """A file arrives, and its job goes to the queue, which moves the reference into its input."""
    await world.await_file()
    return [world.upload, world.process]


async def copying(world: World) -> Sequence[Step]:
    """A job saves it, a step's value of another names it, and the first is erased."""
    return await _copying(world, await world.start(), await world.start())


async def copying_back(world: World) -> Sequence[Step]:
    """The same between jobs that are read in the other order."""
    other = await world.start()
    return await _copying(world, await world.start(), other)


async def _copying(world: World, source: Claim, other: Claim) -> Sequence[Step]:
    return [lambda: world.save(source), lambda: world.copy(other), lambda: world.forget(source)]


async def handing_on(world: World) -> Sequence[Step]:
    """A job saves it, another's input names it, and the first is erased."""
    source = await world.start()
    return [lambda: world.save(source), lambda: world.start(given=GIVEN), lambda: world.forget(source)]


async def archiving(world: World) -> Sequence[Step]:
    """A job saves it, its rows are committed, and its record goes."""
    claim = await world.start()
    return [lambda: world.save(claim), lambda: world.archive(claim), lambda: world.forget(claim)]


async def failing(world: World) -> Sequence[Step]:
    """A job whose input alone names it becomes a dead letter, and is started again from that."""
    claim, _ = await world.start(), await world.start()
    return [lambda: world.pass_on(claim, GIVEN), lambda: world.fail(world.last), lambda: world.requeue(world.last)]


async def reviving(world: World) -> Sequence[Step]:
    """A dead letter that alone names it becomes a job, which fails again."""
    claim, _ = await world.start(), await world.start()

    async def fall() -> None:
        await world.pass_on(claim, GIVEN)
        await world.fail(world.last)

    return [fall, lambda: world.requeue(world.last), lambda: world.fail(world.last)]


PROGRAMS = [recording, uploading, copying, copying_back, handing_on, archiving, failing, reviving]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
async def test_no_order_loses_an_object(world: World, program: Program) -> None:
    """Each step of a writer between any two of a collection's: what is referred to is there, at every moment."""
    steps = await _begun(world, program)
    length = await _collect(world, {99: list(steps)})  # all after the end, to see how long it takes
    orders = combinations_with_replacement(range(length + 2), len(steps))
    for places in orders:
        due: Due = {}
        for place, step in zip(places, await _begun(world, program), strict=True):
            due.setdefault(place, []).append(step)
        await _collect(world, due)
        await _collect(world, {})
        await world.end()


@pytest.mark.timeout(120)
async def test_two_collectors_do_not_help_each_other(world: World) -> None:
    """One gives nothing up that the other condemned anew: a reference may have been written between the two."""
    await _begun(world, recording)
    length = await _collect(world, {})
    for first, second in product(range(length + 1), repeat=2):
        put, record = await _begun(world, recording)
        other, collector = world.collectors
        await put()
        for _ in range(first):
            await other.step()
        for _ in range(second):
            await collector.step()
        await record()
        for one in (other, other, other, *[collector] * length, *[other] * length):
            await one.step()
            await world.check()
        await world.end()


async def _begun(world: World, program: Program) -> Sequence[Step]:
    """A world in which the object is garbage, and the steps of the writer."""
    await world.begin()
    await world.objects.of("a").put(KEYS[ONE])
    return await program(world)


async def _collect(world: World, due: Due) -> int:
    """A collection, with what is due before each of its steps; how many there were."""
    collector, number = world.collectors[0], 0
    while True:
        for step in due.pop(number, ()):
            await step()
            await world.check()
        if await collector.step():
            break
        await world.check()
        number += 1
    for steps in due.values():
        for step in steps:
            await step()
    await world.check()
    return number
