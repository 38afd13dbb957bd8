"""Models as pipelines use them: a chain of ways, each within its limits, with every call paid for once.

    text = GatewayText([Route(scope=…, pool=…, make=lambda key: AnthropicText(api_key=key, …)), Route(…)], gate)
    answer = await text.complete(request)      # answer.tried says which ways were gone, the last one with success

On one way, a key that is refused or has to pause is left for the next one. To the next way goes a call whose model has
no key left, no price where the tenant has a budget, whose circuit is open, or that fails in a way that
``providers.failover`` moves on from. A model that is
merely busy is waited for: shortly here, longer by parking the job (``Parked``). The time of a request bounds all ways.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import ConfigError, RateLimited, StreamForgeError, TransientError
from streamforge.jobs.caller import current_caller
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.providers.failover import MovesOn
from streamforge.providers.images import ImageModel, ImageRequest, ImageResponse
from streamforge.providers.refusals import KeyMalformed, KeyRefused
from streamforge.providers.speech import SpeechModel, SpeechRequest, SpeechResponse
from streamforge.providers.text import Listener, TextModel, TextRequest, TextResponse
from streamforge.traffic.budgets import ModelUnpriced
from streamforge.traffic.gate import Call, Ear, Errand, Gate, Model, Route, used_by
from streamforge.traffic.limiter import paused
from streamforge.traffic.model import NoUsableKey, Parked
from streamforge.traffic.prices import Used

__all__ = ["Errand", "Gate", "GatewayImages", "GatewaySpeech", "GatewayText", "Route"]

FRAME_BYTES = 2048
"""What a provider may add to a prompt: roles, and instructions for a structured answer."""

IMAGE_TOKENS_MAX = 16_384
"""No picture is billed for more."""

LEAST_BYTES_PER_S = 500
"""No recording that speech can be made out in is smaller."""

M = TypeVar("M", bound=Model)
R = TypeVar("R")
Request = TypeVar("Request", TextRequest, ImageRequest, SpeechRequest)

log = get_logger(__name__)

_OTHER_KEY = (RateLimited, KeyRefused, KeyMalformed)
"""After which the limiter gives another key, has it wait, or parks the job."""


class _Chain(Generic[M]):
    """The ways to a kind of model, in order."""

    def __init__(
        self,
        routes: Sequence[Route[M]],
        gate: Gate,
        *,
        moves_on: Callable[[StreamForgeError], bool] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not routes:
            raise ConfigError("a chain of models needs at least one", field="routes")
        self._routes = tuple(routes)
        self._gate = gate
        self._moves_on = moves_on or MovesOn()
        self._clock = clock

    @property
    def name(self) -> str:
        """The first model's; what has answered stands in the response."""
        return self._routes[0].name

    async def aclose(self) -> None:
        """Close every model of the gate."""
        await self._gate.aclose()

    async def _make(self, errand: Errand, call: Call[M, R], used_in: Callable[[R], Used]) -> tuple[R, tuple[str, ...]]:
        """The answer, and the names of the models that were asked for it."""
        ends = self._clock.monotonic() + errand.timeout_s
        errors: list[StreamForgeError] = []
        for tried, route in enumerate(self._routes, start=1):
            left_s = ends - self._clock.monotonic()
            if errors and left_s <= 0:
                break
            try:
                bounded = replace(errand, timeout_s=min(left_s, route.soft_timeout_s))
                answer = await self._with_any_key(route, bounded, call, used_in)
            except StreamForgeError as error:
                if not self._leads_on(error):
                    raise
                errors.append(error)
                _tell(route, error, is_last=tried == len(self._routes))
            else:
                return answer, tuple(each.name for each in self._routes[:tried])
        raise hopefullest(errors)

    async def _with_any_key(self, route: Route[M], errand: Errand, call: Call[M, R], used_in: Callable[[R], Used]) -> R:
        for _ in range(len(route.pool)):
            try:
                return await self._gate.through(route, errand, call, used_in)
            except _OTHER_KEY as error:
                log.info("other_key_wanted", provider=route.scope.provider, model=route.scope.model, why=error.code)
        try:
            return await self._gate.through(route, errand, call, used_in)
        except RateLimited as error:
            raise paused(route.scope, error.retry_after_s) from error

    def _leads_on(self, error: StreamForgeError) -> bool:
        if isinstance(error, Parked):
            return error.why == "breaker" or self._moves_on(RateLimited("no room"))
        return isinstance(error, (NoUsableKey, ModelUnpriced)) or self._moves_on(error)


class GatewayText(_Chain[TextModel]):
    """A ``TextModel`` over a chain of ways. Raises Parked and Billing besides what a model raises."""

    async def complete(self, request: TextRequest) -> TextResponse:
        """The whole answer of the first way that has one."""
        errand = _errand(request, _most_of_text(request), request.listener)

        async def call(model: TextModel, errand: Errand, ear: Ear) -> TextResponse:
            answer = await model.complete(_sent(request, errand, ear))
            ear.began(answer.first_token_s)
            return answer

        answer, tried = await self._make(errand, call, lambda answer: used_by(answer.usage))
        return replace(answer, tried=tried)


class GatewayImages(_Chain[ImageModel]):
    """An ``ImageModel`` over a chain of ways. Raises Parked and Billing besides what a model raises."""

    async def draw(self, request: ImageRequest) -> ImageResponse:
        """The picture of the first way that has one."""
        prompt = len(request.prompt.encode()) + FRAME_BYTES
        most = Used(input_tokens=prompt, output_tokens=IMAGE_TOKENS_MAX, images=1)
        errand = _errand(request, most, request.listener)

        async def call(model: ImageModel, errand: Errand, ear: Ear) -> ImageResponse:
            return await model.draw(_sent(request, errand, ear))

        answer, _ = await self._make(errand, call, _used_for_image)
        return answer


class GatewaySpeech(_Chain[SpeechModel]):
    """A ``SpeechModel`` over a chain of ways. Raises Parked and Billing besides what a model raises."""

    async def transcribe(self, request: SpeechRequest) -> SpeechResponse:
        """What the first way that has an answer makes of the recording."""
        longest_ms = len(request.audio) * 1000 // LEAST_BYTES_PER_S
        errand = _errand(request, Used(audio_ms=longest_ms), request.listener)

        async def call(model: SpeechModel, errand: Errand, ear: Ear) -> SpeechResponse:
            return await model.transcribe(_sent(request, errand, ear))

        answer, _ = await self._make(errand, call, _used_for_speech)
        return answer


def hopefullest(errors: Sequence[StreamForgeError]) -> StreamForgeError:
    """Of the errors of all ways the one after which the job gets on soonest: parked, tried again, or given up."""
    parked = [error for error in errors if isinstance(error, Parked)]
    if parked:
        return min(parked, key=lambda error: error.for_s)
    return next((error for error in errors if isinstance(error, TransientError)), errors[-1])


def digest(request: TextRequest | ImageRequest | SpeechRequest) -> str:
    """Stands for all that makes the answer: a repeated call with other words must not get the old one's answer."""
    plain: dict[str, Any] = {
        name: getattr(request, name)
        for name in request.__struct_fields__
        if name not in {"timeout_s", "idempotency_key", "traceparent", "on_progress", "listener"}
    }
    return hashlib.sha256(msgspec.msgpack.encode(plain, order="deterministic")).hexdigest()[:16]


def _sent(request: Request, errand: Errand, ear: Ear) -> Request:
    return replace(
        request,
        idempotency_key=errand.key,
        traceparent=errand.caller.traceparent,
        timeout_s=errand.timeout_s,
        listener=ear,
    )


def _errand(request: TextRequest | ImageRequest | SpeechRequest, most: Used, listener: Listener | None) -> Errand:
    caller = current_caller()
    place = caller.next_call()
    key = f"{request.idempotency_key or place.id}.{digest(request)}"
    return Errand(caller=caller, place=place, key=key, most=most, timeout_s=request.timeout_s, listener=listener)


def _most_of_text(request: TextRequest) -> Used:
    texts = (request.system, *(turn.text for turn in request.turns))
    schema = len(msgspec.json.encode(request.schema)) if request.schema is not None else 0
    prompt = sum(len(text.encode()) for text in texts) + schema
    return Used(input_tokens=prompt + FRAME_BYTES, output_tokens=request.max_tokens)


def _used_for_image(answer: ImageResponse) -> Used:
    usage = answer.usage
    return Used(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, images=usage.images)


def _used_for_speech(answer: SpeechResponse) -> Used:
    audio_ms = round(answer.seconds * 1000)
    return Used(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens, audio_ms=audio_ms)


def _tell(route: Route[Any], error: StreamForgeError, *, is_last: bool) -> None:
    scope = route.scope
    why = "breaker" if isinstance(error, Parked) else error.code
    metrics.model_failovers_total(scope.provider, scope.model, "exhausted" if is_last else why).inc()
    event = "no_model_left" if is_last else "model_failed_over"
    log.warning(event, provider=scope.provider, model=scope.model, why=why)
