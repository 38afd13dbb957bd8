"""Speech recognition on this machine: a real recording, what is no recording, and what keeps it from working."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
import numpy as np
import pytest

from streamforge.errors import AssetRejected, ConfigError, InvalidInput
from streamforge.providers import local_speech
from streamforge.providers.local_speech import (
    LocalSpeech,
    Offload,
    checked_weights,
    decoded,
    is_loop,
    listen,
    parts,
)
from streamforge.providers.speech import SpeechRequest, SpeechResponse
from streamforge.runtime.pool import Rack
from tests.integration.runtime.racks import running

RECORDING = Path(__file__).parents[2] / "data" / "speech.ogg"
"""A synthetic voice (espeak-ng): "The quick brown fox jumps over the lazy dog. Please open the window."."""


async def in_thread(function: object, audio: bytes) -> SpeechResponse:
    """Run there, for want of a pool."""
    assert function is listen
    return await anyio.to_thread.run_sync(listen, audio)


def ask(audio: bytes, **changes: str) -> SpeechRequest:
    """A recording."""
    return SpeechRequest(**{"audio": audio, "media_type": "audio/ogg", **changes})  # type: ignore[arg-type]


def silence(seconds: float) -> bytes:
    """A WAV file of nothing."""
    return wave_of(np.zeros(round(seconds * 16_000), np.int16))


def wave_of(samples: np.ndarray[Any, np.dtype[np.int16]]) -> bytes:
    """A WAV file of them."""
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(samples.tobytes())
    return file.getvalue()


async def test_a_recording_is_understood() -> None:
    """The words, their times within the recording and its length; the reprs hold no words."""
    said = await LocalSpeech(in_thread).transcribe(ask(RECORDING.read_bytes(), language="en"))
    assert {"quick", "brown", "fox", "lazy", "window."} <= set(said.text.lower().replace("dog.", "").split())
    assert said.seconds == pytest.approx(5.2, abs=0.1)
    assert all(0 <= part.start_s < part.end_s <= said.seconds + 0.5 for part in said.segments)
    assert (said.model, said.language) == ("local:whisper-tiny.en", "en")
    assert "fox" not in f"{said!r} {said.segments!r}"


def test_silence_is_no_words() -> None:
    """A model of this kind makes up words where nobody speaks; here there are none."""
    said = listen(silence(5))
    assert (said.text, said.segments, said.seconds) == ("", (), 5.0)


@pytest.mark.parametrize("data", [b"", b"just some text" * 50, silence(1)[:40], RECORDING.read_bytes()[:90]])
def test_what_is_no_recording_is_rejected(data: bytes) -> None:
    """Nothing, another file, and the mere beginning of one."""
    with pytest.raises(AssetRejected):
        listen(data)


def test_a_length_that_is_too_much_is_noticed_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples are counted as they come: no file can fill the memory, whatever length it claims."""
    monkeypatch.setattr(local_speech, "MAX_SECONDS", 2.0)
    claims_little = bytearray(silence(4))
    claims_little[4:8] = claims_little[40:44] = (0xFFFFFFFF).to_bytes(4, "little")
    for recording in (silence(4), bytes(claims_little)):
        with pytest.raises(AssetRejected, match="longer than"):
            listen(recording)


@pytest.mark.parametrize(
    "request_",
    [ask(b"x", language="de"), ask(b"x", media_type="text/plain"), ask(b"x", media_type="image/png")],
)
async def test_what_it_cannot_hear_is_refused_before_any_work(request_: SpeechRequest) -> None:
    """Another language, and what is not sound, are faults of the input."""
    with pytest.raises(InvalidInput):
        await LocalSpeech(in_thread).transcribe(request_)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both the model and the function in the child name the extra."""
    monkeypatch.setattr(local_speech, "is_installed", bool)
    for action in (lambda: LocalSpeech(in_thread), lambda: listen(b"x")):
        with pytest.raises(ConfigError, match=r"streamforge\[voice\]"):
            action()


def test_other_weights_are_not_loaded(tmp_path: Path) -> None:
    """A model file that is not the expected one is refused before anything reads it."""
    (tmp_path / "model.bin").write_bytes(b"other weights")
    with pytest.raises(ConfigError, match="not the expected ones"):
        checked_weights(tmp_path)


def test_long_recordings_are_cut_where_it_is_quiet() -> None:
    """Parts join without a gap, none is too long, and the cut lies in the pause."""
    samples = np.full(16_000 * 400, 16_000, np.int16)
    samples[16_000 * 110 : 16_000 * 111] = 0
    cuts = parts(samples)
    assert [start for start, _ in cuts[1:]] == [end for _, end in cuts[:-1]]
    assert (cuts[0][0], cuts[-1][1]) == (0, len(samples))
    assert all(end - start <= 16_000 * 120 for start, end in cuts)
    assert 110 <= cuts[0][1] / 16_000 <= 111
    assert parts(samples[:16_000]) == [(0, 16_000)]


@pytest.mark.long
async def test_parts_join_to_the_whole() -> None:
    """What is said in each part is found, at its time in the whole recording, and the same every time."""
    sentence = decoded(RECORDING.read_bytes())
    pause = np.zeros(16_000 * 8, np.int16)
    recording = wave_of(np.concatenate([sentence, pause] * 12))
    said = listen(recording)
    assert said.text.lower().count("fox") == 12
    assert [segment.start_s for segment in said.segments] == sorted(segment.start_s for segment in said.segments)
    assert 120 < said.segments[-1].start_s < said.seconds
    assert listen(recording) == said


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (" temp" * 60, True),
        ("Thank you. " * 30, True),
        ("Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily.", False),
        ("no no no no", False),
        ("", False),
    ],
)
def test_a_word_that_is_said_again_and_again_is_not_passed_on(text: str, is_one: bool) -> None:
    """The model at times gets caught in a loop; speech that merely repeats itself is no such thing."""
    assert is_loop(text) is is_one


def in_child(rack: Rack) -> Offload:
    """What a recipe's ``offload`` does."""

    async def call(function: Callable[[bytes], SpeechResponse], audio: bytes) -> SpeechResponse:
        return await rack.call(function, audio)

    return call


async def test_it_runs_in_a_pool_child() -> None:
    """The recording goes to a child with no more memory than is asked for, and what was said comes back."""
    async with running(memory_mb=local_speech.MEMORY_MB) as rack:
        said = await LocalSpeech(in_child(rack)).transcribe(ask(RECORDING.read_bytes()))
    assert "fox" in said.text


async def test_a_child_with_too_little_memory_says_so() -> None:
    """The setting to raise is named, instead of a crash."""
    async with running(memory_mb=512) as rack:
        with pytest.raises(ConfigError, match="memory_mb"):
            await LocalSpeech(in_child(rack)).transcribe(ask(RECORDING.read_bytes()))
