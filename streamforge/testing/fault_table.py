"""What each fault of a model's provider becomes, and what the job then does: rows for tests, a table for the docs.

The docs' table is written by ``as_markdown``; a test holds each row against the providers and the retry policy.
"""

from __future__ import annotations

from msgspec import Struct

from streamforge.errors import (
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    StepTimeout,
    StreamForgeError,
)
from streamforge.jobs.outcome import Failed, Retry
from streamforge.providers.failover import MovesOn
from streamforge.providers.refusals import ContentRefused, KeyRefused
from streamforge.runtime.retry import Past, RetryPolicy, decide
from streamforge.testing.model_script import FaultKind


class FaultRow(Struct, frozen=True):
    """A fault: what happens on the wire, and the error that every text provider raises for it."""

    happens: str
    raises: type[StreamForgeError]


ROWS: dict[FaultKind, FaultRow] = {
    "rate_limited": FaultRow("429, with or without `Retry-After`", RateLimited),
    "spend_limit": FaultRow("429 that says the account's money or quota is used up", KeyRefused),
    "overloaded": FaultRow("529, or 503", ProviderUnavailable),
    "server_error": FaultRow("500", ProviderUnavailable),
    "gateway": FaultRow("502 with a page instead of JSON", ProviderUnavailable),
    "bad_request": FaultRow("400, 413, 422", ProviderRefused),
    "unauthorised": FaultRow("401", KeyRefused),
    "no_money": FaultRow("402", KeyRefused),
    "forbidden": FaultRow("403", KeyRefused),
    "no_model": FaultRow("404", ProviderRefused),
    "slow_first_token": FaultRow("200, no first token within its limit", StepTimeout),
    "stalled": FaultRow("200, the stream goes silent in the middle for longer than its limit", StepTimeout),
    "truncated": FaultRow("200, the stream ends cleanly before its message does", ProviderUnavailable),
    "dropped": FaultRow("200, the connection breaks in the middle of the stream", ProviderUnavailable),
    "mid_stream": FaultRow("200, then an error event: overloaded", ProviderUnavailable),
    "garbled": FaultRow("200, an event that is not JSON", ProviderUnavailable),
    "refusal": FaultRow("200, the model refuses the content", ContentRefused),
    "max_tokens": FaultRow("200, the answer is longer than `max_tokens`", ProviderRefused),
    "empty": FaultRow("200, a whole message without text", ProviderUnavailable),
}
"""By the scripted server's name for the fault."""

OTHERS: dict[str, FaultRow] = {
    "no server": FaultRow("nobody listens, or the name does not resolve", ProviderUnavailable),
    "no connection": FaultRow("connecting takes longer than its limit", StepTimeout),
    "too long": FaultRow("the whole call takes longer than its limit", StepTimeout),
}
"""What no server can script."""

_HEAD = (
    "| Fault | On the wire | Provider raises | A chain of models | The job |",
    "| --- | --- | --- | --- | --- |",
)


def as_markdown() -> str:
    """The table, one row a fault."""
    rows = [
        f"| {name} | {row.happens} | `{row.raises.__name__}` | {_chain(row.raises)} | {follows(row.raises)} |"
        for name, row in {**ROWS, **OTHERS}.items()
    ]
    return "\n".join((*_HEAD, *rows)) + "\n"


def follows(kind: type[StreamForgeError]) -> str:
    """What the retry policy makes of such an error in a job's first attempt."""
    error = RateLimited(retry_after_s=7.0) if kind is RateLimited else kind()
    decision = decide(error, Past(), RetryPolicy(), lambda: 0.5)
    if isinstance(decision, Failed):
        return f"fails at once, as `{decision.reason}`"
    if not isinstance(decision, Retry):
        raise TypeError(f"{decision} follows {kind.__name__}")
    if decision.charge == "soft_limit":
        return "runs again once, with a higher priority; then fails, as `soft_limit`"
    pause = "the pause that was asked for" if decision.delay_ms == 7000 else "a pause that grows"  # noqa: PLR2004 - above
    return f"runs again after {pause}; an attempt is charged"


def _chain(kind: type[StreamForgeError]) -> str:
    if MovesOn()(kind()):
        return "asks the next model"
    return "asks the next one where configured" if MovesOn(rate_limits=True, refusals=True)(kind()) else "raises it"
