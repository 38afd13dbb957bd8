"""Transcription against the scripted server: what is sent, each form of answer, every fault."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from streamforge.errors import InvalidInput, ProviderUnavailable, StepTimeout, StreamForgeError
from streamforge.providers import openai_speech
from streamforge.providers.openai_speech import OpenAISpeech, read
from streamforge.providers.speech import Segment, SpeechRequest
from streamforge.testing.fault_table import ROWS
from streamforge.testing.model_script import FaultKind
from streamforge.testing.model_server import Answer, Fault, ModelServer, Script

KEY = "sk-test-0123456789-planted"
RECORDING = (Path(__file__).parents[2] / "data" / "speech.ogg").read_bytes()
NO_STREAM = {"stalled": StepTimeout, "max_tokens": ProviderUnavailable, "refusal": ROWS["refusal"].raises}
"""What has another meaning where the answer is in one piece."""


@contextlib.asynccontextmanager
async def serving(script: Script, model: str = "whisper-large") -> AsyncGenerator[tuple[ModelServer, OpenAISpeech]]:
    """A scripted server and a model that talks to it."""
    async with ModelServer(script) as server:
        speech = OpenAISpeech(api_key=KEY, model=model, base_url=server.url)
        try:
            yield server, speech
        finally:
            await speech.aclose()


def ask(**changes: object) -> SpeechRequest:
    """A recording."""
    fields: dict[str, object] = {"audio": RECORDING, "media_type": "audio/ogg; codecs=opus", **changes}
    return SpeechRequest(**fields)  # type: ignore[arg-type]


async def test_a_recording_is_sent_whole_and_its_text_comes_back() -> None:
    """File, model, language and form are sent; text, segments, length and request id come back."""
    async with serving([Answer(" good morning ")]) as (server, speech):
        said = await speech.transcribe(ask(language="en", idempotency_key="job-7"))
    fields = server.requests[0].body
    assert fields["file"] == len(RECORDING)
    assert (fields["model"], fields["language"], fields["response_format"]) == ("whisper-large", "en", "verbose_json")
    assert server.requests[0].headers["idempotency-key"] == "job-7"
    assert (said.text, said.seconds, said.request_id) == ("good morning", 1.0, "req_test_1")
    assert said.segments == (Segment(0.0, 1.0, "good morning"),)


async def test_models_without_the_long_form_are_asked_for_the_short_one() -> None:
    """Its seconds then come out of what is billed."""
    async with serving([Answer("good morning")], "gpt-transcribe") as (server, speech):
        said = await speech.transcribe(ask())
    assert server.requests[0].body["response_format"] == "json"
    assert (said.text, said.seconds, said.segments) == ("good morning", 1.0, ())


def test_plain_text_is_an_answer_too() -> None:
    """A server may answer so whatever it was asked for; what is no text at all is its failure."""
    assert read(b"good morning\n", "x", is_text=True).text == "good morning"
    with pytest.raises(ProviderUnavailable):
        read(b"\xff\xfe", "x", is_text=True)


@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind != "empty"])
async def test_every_fault_becomes_one_of_our_errors(kind: FaultKind) -> None:
    """The row's class, where it means the same; the key, which the server echoes, is nowhere."""
    async with serving([Fault(kind)]) as (server, speech):
        with pytest.raises(StreamForgeError) as caught:
            await speech.transcribe(ask(timeout_s=0.3 if kind in {"slow_first_token", "stalled"} else 20.0))
        assert len(server.requests) == 1
    assert type(caught.value) is NO_STREAM.get(kind, ROWS[kind].raises)
    assert KEY not in f"{caught.value} {caught.value!r} {caught.value.hint} {speech!r}"
    assert caught.value.__cause__ is None


async def test_silence_is_no_error() -> None:
    """A recording in which nobody speaks has an empty text."""
    async with serving([Fault("empty")]) as (_, speech):
        assert (await speech.transcribe(ask())).text == ""


async def test_what_no_service_takes_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another kind of file, and one that is too large, are faults of the input."""
    monkeypatch.setattr(openai_speech, "MAX_AUDIO_BYTES", 10)
    async with serving([Answer("")]) as (server, speech):
        with pytest.raises(InvalidInput, match="bytes"):
            await speech.transcribe(ask())
        with pytest.raises(InvalidInput, match="is no recording"):
            await speech.transcribe(ask(audio=b"x", media_type="image/png"))
        assert server.requests == []


def test_reprs_hold_no_words() -> None:
    """Neither what was said nor the recording stands in a log by accident."""
    assert "bytes" in repr(ask())
    assert "OggS" not in repr(ask())
