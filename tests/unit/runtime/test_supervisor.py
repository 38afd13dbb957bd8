"""The supervisor: services start in order, stop in reverse, and one that ends by itself ends them all."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from streamforge.ops.service import Service, ServiceFailed, Supervisor
from streamforge.testing.waiting import until


class Part(Service):
    """A service that writes down what happens to it."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self._said = said
        self._stopping = anyio.Event()

    async def start(self) -> None:
        """Say so."""
        self._said.append(f"start {self.name}")

    async def run(self) -> None:
        """Wait for the end."""
        await self._stopping.wait()
        self._said.append(f"end {self.name}")

    def stop(self) -> None:
        """Say so."""
        self._said.append(f"stop {self.name}")
        self._stopping.set()


class Slow(Part):
    """Never becomes ready."""

    async def start(self) -> None:
        """Take for ever."""
        await super().start()
        await anyio.sleep_forever()


class Broken(Part):
    """Fails at start."""

    async def start(self) -> None:
        """Raise."""
        raise OSError("no socket")


class Quitter(Part):
    """Ends by itself once told to, by returning or by raising."""

    def __init__(self, name: str, said: list[str], error: Exception | None = None) -> None:
        super().__init__(name, said)
        self.quit = anyio.Event()
        self._error = error

    async def run(self) -> None:
        """Quit."""
        await self.quit.wait()
        if self._error:
            raise self._error


async def test_what_starts_first_stops_last() -> None:
    """Each service is ready before the next starts, and at its end before the one it leans on is stopped."""
    said: list[str] = []
    supervisor = Supervisor([Part("a", said), Part("b", said)], lambda: said.append("ready"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        await until(lambda: "ready" in said, "everything has started")
        supervisor.stop()
        supervisor.stop()
    assert said == ["start a", "start b", "ready", "stop b", "end b", "stop a", "end a"]


async def test_a_start_that_fails_stops_the_others() -> None:
    """What started before is stopped, what comes after is never started, and the cause is told."""
    said: list[str] = []
    parts = [Part("a", said), Broken("b", said), Part("c", said)]
    supervisor = Supervisor(parts, lambda: said.append("ready"))
    with pytest.raises(ServiceFailed, match="service b ended: OSError") as caught:
        await supervisor.run()
    assert isinstance(caught.value.__cause__, OSError)
    assert said == ["start a", "stop a", "end a"]


@pytest.mark.parametrize("error", [None, ValueError("x"), ExceptionGroup("g", [ValueError()])])
async def test_a_service_that_ends_by_itself_ends_them_all(error: Exception | None) -> None:
    """Returning is as bad as raising; the first cause is the one that is told."""
    said: list[str] = []
    quitter = Quitter("q", said, error)
    supervisor = Supervisor([Part("a", said), quitter, Part("c", said)], quitter.quit.set)
    with pytest.raises(ServiceFailed, match="service q") as caught:
        await supervisor.run()
    assert caught.value.__cause__ is error or isinstance(caught.value.__cause__, ServiceFailed)
    assert said[-5:] == ["stop c", "end c", "stop q", "stop a", "end a"]


async def test_a_failure_does_not_wait_for_a_slow_start() -> None:
    """A service that breaks down while another takes for ever to start ends them all at once."""
    said: list[str] = []
    quitter = Quitter("q", said, ValueError("x"))
    supervisor = Supervisor([quitter, Slow("slow", said)])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_failing(supervisor))
        await until(lambda: "start slow" in said, "the slow one starts")
        quitter.quit.set()
    assert "service q" in running.result()


async def _failing(supervisor: Supervisor) -> str:
    with pytest.raises(ServiceFailed) as caught:
        await supervisor.run()
    return str(caught.value)


async def test_stopping_during_a_slow_start() -> None:
    """A start that takes for ever is given up, and what had started is stopped; that is no failure."""
    said: list[str] = []
    supervisor = Supervisor([Part("a", said), Slow("slow", said), Part("c", said)], lambda: said.append("ready"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        await until(lambda: "start slow" in said, "the slow one starts")
        supervisor.stop()
    assert said == ["start a", "start slow", "stop a", "end a"]


async def test_stopping_before_the_start() -> None:
    """A supervisor that was stopped before it ran starts nothing and returns."""
    said: list[str] = []
    supervisor = Supervisor([Part("a", said)])
    supervisor.stop()
    await supervisor.run()
    assert said == []
