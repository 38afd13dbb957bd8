"""An admitted call, and what it learns of its own end."""

from __future__ import annotations

from collections.abc import Mapping

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import RateLimited
from streamforge.providers.pauses import retry_after_s
from streamforge.traffic import outcome as ends
from streamforge.traffic.headers import Told, told_by
from streamforge.traffic.model import Candidate, Go, Scope
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.scripts import Report


class AdmittedCall:
    """A reservation in use. Tell it what the provider says; ``Limiter.settle`` ends it.

    ``fingerprint`` names the key to call with. ``is_probe`` says that others wait for the end of this very call.
    """

    def __init__(self, scope: Scope, candidate: Candidate, go: Go, clock: Clock = SYSTEM_CLOCK) -> None:
        self.scope = scope
        self.candidate = candidate
        self.fingerprint = go.fingerprint
        self.reservation = go.reservation
        self.hold = go.hold
        self.is_probe = go.is_probe
        self.is_answering = False
        self._clock = clock
        self._started = clock.monotonic()
        self._told, self._told_at = Told(), self._started
        self._status: int | None = None
        self._outcome: Outcome | None = None
        self._retry_after_s: float | None = None
        self._bench_reason = ""
        self._input: int | None = None
        self._output: int | None = None

    def __repr__(self) -> str:
        return f"AdmittedCall({self.scope.name}, key {self.fingerprint})"

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """The answer's head has come. Call it at once, also for an answer that is an error."""
        now_ms = self._clock.now_ms()
        self._status = status
        self._outcome = ends.of_status(status)
        self._retry_after_s = retry_after_s(headers, now_ms)
        self._told, self._told_at = told_by(headers, now_ms), self._clock.monotonic()
        self.is_answering = self._outcome is Outcome.OK

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Tokens used so far, as the provider counts them against its limits (cached input mostly is not)."""
        self._input = self._input if input_tokens is None else max(0, input_tokens)
        self._output = self._output if output_tokens is None else max(0, output_tokens)

    def end(self, outcome: Outcome, *, retry_after_s: float | None = None, why: str = "") -> None:
        """Say how it ended where status and error do not: a stream that broke with an ``overloaded_error``, say.

        ``why`` is why a key is of no use for any model.
        """
        self._outcome, self._status = outcome, None
        self._bench_reason = why
        self.is_answering = False
        self._retry_after_s = retry_after_s

    def report(self, error: BaseException | None, bench_ms: int) -> Report:
        """How it ended, with the error that the call raised."""
        outcome = self._concluded(error)
        asked_s = self._retry_after_s
        if asked_s is None and isinstance(error, RateLimited):
            asked_s = error.retry_after_s
        return Report(
            outcome=outcome,
            input_tokens=self._input,
            output_tokens=self._output,
            retry_after_s=asked_s,
            told=self._told,
            told_age_ms=self._ms_since(self._told_at),
            bench_reason=self._bench_reason or ends.BENCH_REASONS.get(self._status or 0, "refused"),
            bench_ms=bench_ms,
            is_whole_key=bool(self._bench_reason) or self._status in ends.WHOLE_KEY,
            duration_ms=self._ms_since(self._started),
        )

    def _concluded(self, error: BaseException | None) -> Outcome:
        """A bad status, or what was said to ``end``, counts before the error that it led to."""
        if self._outcome is not None and (self._outcome is not Outcome.OK or error is None):
            return self._outcome
        return Outcome.OK if error is None else ends.of_error(error)

    def _ms_since(self, moment: float) -> int:
        return max(0, round((self._clock.monotonic() - moment) * 1000))
