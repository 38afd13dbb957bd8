"""What waits for one listener, and what ends its stream."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack

import pytest

from streamforge.api.hub import Frame, Reason, Subscription
from streamforge.api.refusals import ListenersFull, TooManyListeners
from streamforge.api.seats import Seat, Seats
from streamforge.api.streams import Pulse
from streamforge.config import ApiSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.feed import is_wanted, order_of


def event(number: int, size: int = 10) -> Frame:
    """An event of that many bytes."""
    return Frame(f"{number}-0", "job.log", b"x" * size)


def delta(size: int = 10) -> Frame:
    """A piece of model text."""
    return Frame("", "step.delta", b"x" * size)


async def test_everything_waits_in_order() -> None:
    """What was pushed is taken together, once."""
    waiting = Subscription(("job", "1"), 100)
    for number in range(3):
        waiting.push(event(number))
    assert [frame.id for frame in await waiting.take(0.0)] == ["0-0", "1-0", "2-0"]
    assert await waiting.take(0.0) == []
    assert waiting.end is None


async def test_too_much_ends_it() -> None:
    """Beyond its bytes a subscription ends and holds nothing more, and the first reason stands."""
    waiting = Subscription(("job", "1"), 100)
    for number in range(11):
        waiting.push(event(number))
    assert waiting.end == "slow_consumer"
    waiting.finish("stopping")
    assert (waiting.end, await waiting.take(1.0)) == ("slow_consumer", [])


async def test_text_is_left_out_before_events_are() -> None:
    """Model text fills half of the room at most, so that a preview never costs the listener its events."""
    waiting = Subscription(("job", "1"), 100)
    for _ in range(100):
        waiting.push(delta())
    for number in range(5):
        waiting.push(event(number))
    frames = await waiting.take(0.0)
    assert ([frame.type for frame in frames].count("step.delta"), waiting.end) == (5, None)
    assert [frame.id for frame in frames if frame.id] == [f"{number}-0" for number in range(5)]


@pytest.mark.parametrize(
    ("event_type", "filters", "wanted"),
    [
        ("job.log", (), True),
        ("job.log", ("*",), True),
        ("job.log", ("job.*",), True),
        ("job.log", ("step.*", "job.log"), True),
        ("job.log", ("step.*",), False),
        ("job.log", ("job.logs",), False),
    ],
)
def test_filters(event_type: str, filters: Sequence[str], *, wanted: bool) -> None:
    """A type, all of a family, or everything; no filter lets everything through."""
    assert is_wanted(event_type, filters) is wanted


def test_ids_are_ordered_as_numbers() -> None:
    """9 comes before 10, and the second event of a millisecond after the first."""
    ids = ["10-0", "9-0", "10-11", "10-2", "0"]
    assert sorted(ids, key=order_of) == ["0", "9-0", "10-0", "10-2", "10-11"]


class Quiet:
    """A stream on which nothing happens, or whose past cannot be read."""

    def __init__(self, error: Exception | None = None) -> None:
        self.end: Reason | None = None
        self._error = error

    async def batch(self, patience_s: float) -> list[Frame]:  # noqa: ARG002 - as Stream
        """Nothing."""
        if self._error is not None:
            raise self._error
        return []

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(("good", "end"), [(True, None), (False, "revoked"), (BrokerUnavailable(), None)])
async def test_who_may_not_listen_any_more_is_sent_away(*, good: bool | Exception, end: str | None) -> None:
    """What let a listener in is looked at again and again; while nobody can tell, he stays."""

    async def still_good() -> bool:
        if isinstance(good, Exception):
            raise good
        return good

    seats, seat, stream = Seats(), Seat("acme", "key-1", still_good), Quiet()
    with seats.taken(seat, ApiSettings()):
        await seats.look()
    assert await Pulse(0.0, seat).batch(stream) == []
    assert stream.end == end


async def test_a_key_is_looked_at_once() -> None:
    """However many listen by one key, it is asked about once a round, and all of them go with it."""
    asked: list[str] = []

    async def gone() -> bool:
        asked.append("key-1")
        return False

    seats, listeners = Seats(), [Seat("acme", "key-1", gone) for _ in range(50)]
    with ExitStack() as places:
        for seat in listeners:
            places.enter_context(seats.taken(seat, ApiSettings()))
        await seats.look()
    assert (asked, all(seat.is_revoked for seat in listeners)) == (["key-1"], True)


async def test_places_are_counted_while_they_are_taken() -> None:
    """A tenant has no more than its own number, all together no more than the whole; what is given up is free again."""
    settings, seats = ApiSettings(max_listeners=3, max_listeners_per_tenant=2), Seats()

    def seat(tenant: str) -> AbstractContextManager[Seat]:
        return seats.taken(Seat(tenant, "", always), settings)

    with seat("acme"), seat("acme"):
        with pytest.raises(TooManyListeners), seat("acme"):
            pass
        with seat("*"), pytest.raises(ListenersFull), seat("other"):
            pass
        with seat("other"):
            pass
    with seat("acme"):
        pass


async def test_a_past_that_cannot_be_read_interrupts() -> None:
    """Where Redis goes away while a listener is told of the past, he is sent away to come back."""
    stream = Quiet(BrokerUnavailable())
    assert await Pulse(60.0, Seat("acme", "", always)).batch(stream) == []
    assert stream.end == "interrupted"


async def always() -> bool:
    """Nobody is sent away."""
    return True
