"""An ordered chain of models: the next one is asked where the one before cannot answer.

chain = Failover([AnthropicText(…), OpenAIChat(…)], breaker=breaker)

raised by a model              what follows
-----------------------------  -------------------------------------------------------------------
ProviderUnavailable            the next one; a failure for the circuit
StepTimeout                    the next one, in the time that is left; a failure for the circuit
KeyRefused                     the next one
RateLimited                    raised (the limiter parks the job); the next one where configured
ContentRefused                 raised; the next one where configured
ProviderRefused, ConfigError   raised: it is our request, or a setting, that must be mended
anything else                  raised
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import ConfigError, ProviderUnavailable, RateLimited, StepTimeout, StreamForgeError
from streamforge.ops.logs import get_logger
from streamforge.providers.refusals import ContentRefused, KeyRefused
from streamforge.providers.text import TextModel, TextRequest, TextResponse

log = get_logger(__name__)

FAILURES = (ProviderUnavailable, StepTimeout)
"""What counts against a model in its circuit; any other end shows that it works."""


class Breaker(Protocol):
    """The circuit breaker of each model, by its name."""

    async def allow(self, name: str) -> bool:
        """Whether the model may be asked now. Where the answer is a trial, it ends with the call, or by itself."""
        ...

    async def succeeded(self, name: str) -> None:
        """The model answered, be it with a refusal."""
        ...

    async def failed(self, name: str) -> None:
        """The model failed, or did not answer in time."""
        ...


class MovesOn(Struct, frozen=True, kw_only=True):
    """Which errors lead to the next model: the table above, with its two choices."""

    rate_limits: bool = False
    refusals: bool = False

    def __call__(self, error: StreamForgeError) -> bool:
        """Whether the next one is asked."""
        if isinstance(error, RateLimited):
            return self.rate_limits
        if isinstance(error, ContentRefused):
            return self.refusals
        return isinstance(error, (*FAILURES, KeyRefused))


class Failover:
    """A ``TextModel`` that asks one after another. The answer's ``tried`` names those asked, the one it is of last.

    ``moves_on`` decides by an error whether the next is asked; the last one's error is raised. ``timeout_s`` of the
    request bounds the whole chain: whoever comes late has the rest of it.
    """

    def __init__(
        self,
        models: Sequence[TextModel],
        *,
        breaker: Breaker | None = None,
        moves_on: Callable[[StreamForgeError], bool] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Raises ConfigError for no models, or one that stands in the chain twice."""
        names = [model.name for model in models]
        if not names or len(set(names)) < len(names):
            hint = "name each model once, best first"
            raise ConfigError(f"a chain of {', '.join(names) or 'no models'}", field="llm.chain", hint=hint)
        self.models = tuple(models)
        self._breaker = breaker
        self._moves_on = moves_on or MovesOn()
        self._clock = clock

    def __repr__(self) -> str:
        return f"Failover({', '.join(model.name for model in self.models)})"

    @property
    def name(self) -> str:
        """The first model's."""
        return self.models[0].name

    async def complete(self, request: TextRequest) -> TextResponse:
        """The first answer; see ``TextModel.complete`` for the errors."""
        ends = self._clock.monotonic() + request.timeout_s
        last: StreamForgeError | None = None
        tried: list[str] = []
        for model in self.models:
            left_s = ends - self._clock.monotonic()
            if last is not None and left_s <= 0:
                break
            if not await self._may_ask(model):
                continue
            tried.append(model.name)
            try:
                answer = await self._ask(model, replace(request, timeout_s=left_s))
            except StreamForgeError as error:
                if not self._moves_on(error):
                    raise
                last = error
                log.warning("model_gave_way", model=model.name, error=error.code)
            else:
                return replace(answer, tried=tuple(tried))
        raise last or ProviderUnavailable(f"every model rests after failures: {self!r}", hint="it is tried again soon")

    async def aclose(self) -> None:
        """Close every model."""
        for model in self.models:
            await model.aclose()

    async def _may_ask(self, model: TextModel) -> bool:
        return self._breaker is None or await self._breaker.allow(model.name)

    async def _ask(self, model: TextModel, request: TextRequest) -> TextResponse:
        try:
            answer = await model.complete(request)
        except FAILURES:
            if self._breaker is not None:
                await self._breaker.failed(model.name)
            raise
        except StreamForgeError:
            await self._well(model)
            raise
        await self._well(model)
        return answer

    async def _well(self, model: TextModel) -> None:
        if self._breaker is not None:
            await self._breaker.succeeded(model.name)
