"""A text model whose calls are counted: by outcome, and in tokens."""

from __future__ import annotations

from streamforge.errors import StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.providers.text import TextModel, TextRequest, TextResponse

log = get_logger(__name__)


class MeteredText:
    """A ``TextModel`` that does what another does, counts it, and logs it with the provider's request id.

    ``provider`` is what the settings call it, where that is not what the model calls it.
    """

    def __init__(self, model: TextModel, provider: str = "") -> None:
        self._model = model
        own, _, self._name = model.name.partition(":")
        self._provider = provider or own

    @property
    def name(self) -> str:
        """``provider:model``."""
        return f"{self._provider}:{self._name}"

    async def aclose(self) -> None:
        """Close the counted model."""
        await self._model.aclose()

    async def complete(self, request: TextRequest) -> TextResponse:
        """The counted model's answer; an error is counted by its code, then raised."""
        try:
            answer = await self._model.complete(request)
        except StreamForgeError as error:
            metrics.llm_calls_total(self._provider, self._name, error.code).inc()
            # the message is free of key and prompt, and names the request where the provider did
            log.warning("model_failed", model=self.name, code=error.code, error=error.message)
            raise
        metrics.llm_calls_total(self._provider, self._name, "ok").inc()
        usage = answer.usage
        log.info(
            "model_answered",
            model=self.name,
            request_id=answer.request_id,
            first_token_s=answer.first_token_s,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_read_tokens,
        )
        for direction, tokens in (
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_write", usage.cache_write_tokens),
        ):
            metrics.llm_tokens_total(self._provider, self._name, direction).inc(tokens)
        return answer
