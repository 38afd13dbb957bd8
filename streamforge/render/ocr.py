"""Read the words back from a painted picture, by text recognition that knows nothing of what was painted.

The recogniser is PP-OCR by ``rapidocr`` and ``onnxruntime`` (the extra ``ocr``), its models in the wheel: nothing is
fetched. It reads Latin, Greek, Chinese and Japanese. Loading takes 1 s a process, reading 0.2 to 0.5 s a banner on one
core, both together 360 MB; a child's address space must hold more: ``pool.memory_mb`` of at least ``MEMORY_MB``.
"""

from __future__ import annotations

import importlib
import resource
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from PIL import Image

from streamforge.errors import ConfigError
from streamforge.render.checks import Finding, finding, skipped
from streamforge.render.colour import Pixels
from streamforge.render.scene import Frame, Text

INSTALL = "pip install 'streamforge[ocr]'"
MEMORY_MB = 1024
LEAST_SHARE = 0.8
LEAST_PX = 11
"""Smaller type is beyond the recogniser, which works at 48 px a line and finds lines at about 10."""
_MOST_SIDE = 1600
_ENLARGED_SIDE = 640
"""Canvases up to this long side are read at twice their size."""
_ENGINE: dict[str, Any] = {
    "Global.use_cls": False,
    "Global.log_level": "error",
    "Global.min_height": 0,
    "Global.max_side_len": _MOST_SIDE,
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
    "Rec.rec_batch_num": 1,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
"""Upright lines only; one thread and one line at a time, for a child has one core and little memory."""
_ALIKE = str.maketrans({"l": "i", "1": "i", "|": "i", "!": "i", "0": "o"})
"""Letters that are one shape in many faces: Al and AI, O and 0."""
_LEAST_PART = 3
"""A word of fewer letters must stand alone to count as read; a longer one may be joined to its neighbours."""
_READ_SCRIPTS = ("LATIN", "DIGIT", "GREEK", "CJK", "HIRAGANA", "KATAKANA")
_IDEOGRAPHIC = ("CJK", "HIRAGANA", "KATAKANA")


class Line(Struct, frozen=True):
    """A line of text as read: what it says, how sure that is (0..1), and the box around it in px."""

    text: str
    score: float
    frame: Frame


def is_installed() -> bool:
    """Whether the extra ``ocr`` is."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def obstacle() -> tuple[str, str] | None:
    """What keeps this process from reading, and what to do about it; None where nothing does."""
    if not is_installed():
        return "text recognition is not installed", INSTALL
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < MEMORY_MB << 20:
        return f"text recognition has {limit >> 20} MB of address space", f"set pool.memory_mb to {MEMORY_MB} or more"
    return None


def read(pixels: Pixels) -> list[Line]:
    """Every line that can be read on an opaque RGBA picture. Raises ConfigError where ``obstacle`` names one."""
    if blocked := obstacle():
        raise ConfigError(blocked[0], hint=blocked[1])
    scale = _scale(pixels.shape[1], pixels.shape[0])
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    if scale != 1:
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
    answer = engine()(np.ascontiguousarray(np.asarray(picture)[..., ::-1]))
    if answer.boxes is None or answer.txts is None:
        return []
    return [
        Line(str(text), float(score), _frame(np.asarray(corners) / scale))
        for text, score, corners in zip(answer.txts, answer.scores, answer.boxes, strict=True)
    ]


def check_words(pixels: Pixels, texts: Iterable[Text]) -> Finding:
    """The share of the intended words (of type large enough to be read) that can be read on the picture.

    Passes as skipped, saying why, where nothing can be read: without the extra, in too little memory, without a word
    in a script that the recogniser knows.
    """
    least = LEAST_PX / min(1.0, _scale(pixels.shape[1], pixels.shape[0]))
    wanted = [word for text in texts if text.px >= least for word in words(" ".join(text.lines))]
    if not wanted:
        return skipped("ocr", "canvas", LEAST_SHARE, "skipped: no text is large enough, in a script it reads")
    if blocked := obstacle():
        return skipped("ocr", "canvas", LEAST_SHARE, f"skipped: {blocked[0]}; {blocked[1]}")
    return finding("ocr", "canvas", share_read(wanted, read(pixels)), LEAST_SHARE)


def share_read(wanted: list[str], lines: list[Line]) -> float:
    """The share of wanted words (of ``words``) that the lines hold, 0..1; each reading of a word serves once."""
    seen = [word for line in lines for word in words(line.text)]
    whole = "".join(seen)
    found = 0
    for word in sorted(wanted, key=len, reverse=True):
        if word in seen:
            seen.remove(word)
            found += 1
        elif len(word) >= _LEAST_PART and word in whole:
            whole = whole.replace(word, " ", 1)
            found += 1
    return found / len(wanted) if wanted else 1.0


def words(text: str) -> list[str]:
    """A text's words as they are compared: no case, accents or punctuation, look-alike letters as one.

    Ideographs and kana are a word each; words in scripts that the recogniser does not know are left out.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return [word for word in _split(bare) if all(_script(c).startswith(_READ_SCRIPTS) for c in word)]


def _split(text: str) -> Iterator[str]:
    spaced = "".join(f" {c} " if _script(c).startswith(_IDEOGRAPHIC) else c if c.isalnum() else " " for c in text)
    for word in spaced.split():
        yield word.translate(_ALIKE)


def _script(character: str) -> str:
    return unicodedata.name(character, "")


def _scale(width: int, height: int) -> float:
    """By how much a picture is enlarged or reduced to be read."""
    longest = max(width, height)
    return 2.0 if longest <= _ENLARGED_SIDE else min(1.0, _MOST_SIDE / longest)


def _frame(corners: np.ndarray[Any, Any]) -> Frame:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Frame(float(left), float(top), float(right - left), float(bottom - top))


@cache
def engine() -> Any:  # noqa: ANN401 - the extra is not there for a type checker
    """The recogniser with the models of its wheel, by their paths: it would fetch what it does not find."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ConfigError("text recognition is not installed", hint=INSTALL)
    folder = Path(spec.origin).parent / "models"
    paths = {f"{part}.model_path": _model(folder, part.lower()) for part in ("Det", "Rec")}
    return importlib.import_module("rapidocr").RapidOCR(params=_ENGINE | paths)


def _model(folder: Path, part: str) -> str:
    found = sorted(folder.glob(f"*_{part}_*.onnx"))
    if not found:
        raise ConfigError(f"rapidocr has no {part} model in {folder.name}", hint=f"reinstall: {INSTALL}")
    return str(found[0])
