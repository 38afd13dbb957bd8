"""The parts of the gateway that need no server."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from streamforge.errors import ConfigError, ProviderUnavailable, RateLimited, StreamForgeError
from streamforge.jobs.caller import JobCaller, NthCall
from streamforge.providers.images import ImageRequest
from streamforge.providers.text import TextRequest, Turn, Usage
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.gate import Ear, Errand
from streamforge.traffic.gateway import GatewayText, digest, hopefullest
from streamforge.traffic.model import Candidate, Go, NoUsableKey, Parked, Scope
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.prices import Used

REQUEST = TextRequest(system="You write.", turns=(Turn("user", "A poem"),), schema={"type": "object"})
PINNED = "d198100a496ad84c"


def test_a_digest_is_of_what_makes_the_answer() -> None:
    """Another word, shape or length is another call; time limits, keys and listeners are not part of it."""
    same = [
        replace(REQUEST, timeout_s=1.0),
        replace(REQUEST, idempotency_key="k"),
        replace(REQUEST, on_progress=print),
    ]
    others = [
        replace(REQUEST, system="You draw."),
        replace(REQUEST, turns=(Turn("user", "A song"),)),
        replace(REQUEST, turns=(Turn("assistant", "A poem"),)),
        replace(REQUEST, schema={"type": "array"}),
        replace(REQUEST, max_tokens=5),
        replace(REQUEST, effort="low"),
        ImageRequest(prompt="A poem", width=10, height=10),
    ]
    assert {digest(request) for request in same} == {digest(REQUEST)}
    assert len({digest(REQUEST), *map(digest, others)}) == len(others) + 1


def test_equal_requests_have_equal_digests_in_every_process() -> None:
    """The text is pinned: a change of it would have every repeated call of a running job paid for anew."""
    assert digest(REQUEST) == PINNED


@pytest.mark.parametrize(
    ("errors", "which"),
    [
        ([ProviderUnavailable("a"), NoUsableKey("b")], 0),
        ([NoUsableKey("a"), RateLimited("b")], 1),
        ([NoUsableKey("a"), NoUsableKey("b")], 1),
        ([Parked("a", for_s=9), ProviderUnavailable("b"), Parked("c", for_s=3)], 2),
    ],
)
def test_the_error_after_which_the_job_gets_on_soonest_counts(errors: list[StreamForgeError], which: int) -> None:
    """Parked before tried again, tried again before given up."""
    assert hopefullest(errors) is errors[which]


def test_a_chain_of_nothing_is_a_mistake() -> None:
    """Said when it is made."""
    with pytest.raises(ConfigError):
        GatewayText([], None)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def call() -> AdmittedCall:
    """A call that may be made."""
    return AdmittedCall(Scope("acme", "large-1"), Candidate("aaaaaaaa"), Go("aaaaaaaa", "n:1:0:0"))


class Notes:
    """Somebody else who listens."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def hear(self, status: int, headers: object) -> None:
        """The head."""
        self.heard.append((status, headers))

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """The tokens."""
        self.heard.append((input_tokens, output_tokens))

    def bill(self, usage: Usage) -> None:
        """The bill."""
        self.heard.append(usage)


def test_an_ear_tells_limiter_ledger_and_listener(call: AdmittedCall) -> None:
    """Tokens count as the limits' until there is a bill, which tells input from cache."""
    notes = Notes()
    ear = Ear(call, notes)
    ear.hear(200, {"a": "b"})
    ear.use(input_tokens=14)
    ear.use(output_tokens=2)
    assert ear.used == Used(input_tokens=14, output_tokens=2)
    bill = Usage(input_tokens=11, output_tokens=42, cache_read_tokens=2000, cache_write_tokens=3)
    ear.bill(bill)
    ear.use(input_tokens=14, output_tokens=42)
    assert ear.used == Used(input_tokens=11, output_tokens=42, cache_read_tokens=2000, cache_write_tokens=3)
    report = call.report(None, bench_ms=0)
    assert (report.outcome, report.input_tokens, report.output_tokens) == (Outcome.OK, 14, 42)
    assert notes.heard == [(200, {"a": "b"}), (14, None), (None, 2), bill, (14, 42)]


def test_items_of_a_fan_out_have_one_purpose() -> None:
    """What one item's answer was long is what the next one's will be."""
    errands = [
        Errand(caller=JobCaller("j"), place=NthCall("j", step, 1), key="k", most=Used(), timeout_s=1.0)
        for step in ("draw[1]", "draw[2]", "draw")
    ]
    assert {errand.purpose for errand in errands} == {"draw"}
