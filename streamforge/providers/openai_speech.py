"""Transcription by the OpenAI API, or any server of its wire format: one upload, no retries, errors translated.

The answer is asked for as ``verbose_json`` where the model is known to write it (it holds segments and the length), as
``json`` elsewhere, and read in any of the forms: a server may answer in another than it was asked for.
"""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
from msgspec import Struct

from streamforge.errors import InvalidInput, ProviderUnavailable
from streamforge.providers.openai_errors import Service
from streamforge.providers.openai_wire import OpenAIModel, Sending, lower
from streamforge.providers.speech import Segment, SpeechRequest, SpeechResponse, extension_of
from streamforge.providers.timeouts import timed_out
from streamforge.providers.usage import counted, timed_s

DEFAULT_MODEL = "gpt-transcribe"
MAX_AUDIO_BYTES = 25 * 2**20
"""What the service takes in one upload."""

_PATH = "/v1/audio/transcriptions"


class _Segment(Struct):
    start: float = 0.0
    end: float = 0.0
    text: str = ""


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None


class Answer(Struct):
    """What a service says of a recording: all but the text may be missing."""

    text: str
    duration: float | None = None
    language: str | None = None
    segments: list[_Segment] | None = None
    usage: _Usage | None = None


class OpenAISpeech(OpenAIModel):
    """A ``SpeechModel`` that speaks to ``{base_url}/v1/audio/transcriptions``."""

    service = Service(
        noun="speech service",
        key="providers.openai.keys",
        base_url="providers.openai.base_url",
        model="speech.chain",
        reword="give another recording",
    )
    default_model = DEFAULT_MODEL

    async def transcribe(self, request: SpeechRequest) -> SpeechResponse:
        """One upload; see ``SpeechModel.transcribe`` for the errors."""
        if len(request.audio) > MAX_AUDIO_BYTES:
            hint = f"at most {MAX_AUDIO_BYTES} bytes: compress it, or cut it in parts"
            raise InvalidInput(f"a recording of {len(request.audio)} bytes", field="audio", hint=hint)
        sending = Sending(
            form=_form(self.model, request),
            idempotency_key=request.idempotency_key,
            traceparent=request.traceparent,
            listener=request.listener,
            timeout_s=request.timeout_s,
        )
        try:
            async with asyncio.timeout(request.timeout_s), self._wire.post(_PATH, sending) as response:
                data = await self._wire.read(response)
        except TimeoutError:
            raise timed_out(self.name, "total", self._timeouts, request.timeout_s) from None
        answer = read(data, self.name, is_text=response.content_type.startswith("text/plain"))
        if request.listener is not None and answer.usage is not None:
            tokens = counted(answer.usage.input_tokens), counted(answer.usage.output_tokens)
            request.listener.use(input_tokens=tokens[0], output_tokens=tokens[1])
        return _response(answer, self.model, lower(response.headers).get("x-request-id", ""))


def read(data: bytes, name: str, *, is_text: bool) -> Answer:
    """A body in any of the forms. Raises ProviderUnavailable for one in none."""
    try:
        return Answer(data.decode().strip()) if is_text else msgspec.json.decode(data, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderUnavailable(f"{name} answered with what is not its format") from None


def _form(model: str, request: SpeechRequest) -> aiohttp.FormData:
    form = aiohttp.FormData()
    extension = extension_of(request.media_type)
    media_type = request.media_type.partition(";")[0].strip()
    form.add_field("file", request.audio, filename=f"recording.{extension}", content_type=media_type)
    form.add_field("model", model)
    # the newer models of the original service refuse the verbose form, all others have it
    form.add_field("response_format", "json" if model.startswith("gpt-") else "verbose_json")
    if request.language:
        form.add_field("language", request.language)
    return form


def _response(answer: Answer, model: str, request_id: str) -> SpeechResponse:
    usage = answer.usage or _Usage()
    return SpeechResponse(
        text=answer.text.strip(),
        model=model,
        seconds=timed_s(answer.duration or usage.seconds),
        language=answer.language or "",
        segments=tuple(Segment(each.start, each.end, each.text.strip()) for each in answer.segments or ()),
        input_tokens=counted(usage.input_tokens),
        output_tokens=counted(usage.output_tokens),
        request_id=request_id,
    )
