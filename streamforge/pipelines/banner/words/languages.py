# ruff: noqa: E501, SIM905 - long lists of words read better whole
"""Which language a brief is in, as far as copy needs to know: English is parsed further, the others keep their words.

A language that cannot be told with a margin is ``other``: it gets no word that is not in the brief.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any, Protocol

from streamforge.pipelines.banner.words.facts import without_facts


class _Ranker(Protocol):
    """What is asked of the model: languages with their probabilities, the likeliest first."""

    def rank(self, text: str) -> Sequence[tuple[str, float]]: ...


_ENGLISH = frozenset(
    (
        "a an in the and for with your our at on of to is are this from off sale new free by we you get now until every all per "
        "only day days week call book visit open up buy shop us my it its that who what how when before after not no over under more just lessons classes"
    ).split()
)
_ONLY_ENGLISH = frozenset(
    [
        "the",
        "and",
        "with",
        "your",
        "our",
        "from",
        "you",
        "this",
        "that",
        "of",
        "now",
        "off",
        "every",
        "here",
        "who",
        "what",
        "how",
        "when",
        "free",
        "buy",
        "only",
    ]
)
"""Of these hardly one is a word of another language."""
_SURE, _MARGIN = 0.45, 0.25
"""Least probability of a language, and by how much it leads the next."""
_WORDS_ENOUGH, _SHARE_ENOUGH = 3, 0.25
"""So many common English words, and so large a share of them, need no second opinion."""
_LATIN_END = 0x24F
_ALONE = {
    "kana": ("HIRAGANA", "KATAKANA"),
    "hangul": ("HANGUL",),
    "thai": ("THAI",),
    "greek": ("GREEK",),
    "hebrew": ("HEBREW",),
}
"""Scripts of one language."""
_NAMES = {
    "ru": "cyrillic", "uk": "ukrainian", "fa": "persian", "ar": "arabic", "hi": "hindi", "zh": "cjk", "ja": "kana",
    "pcm": "en", "sco": "en", "nn": "no", "nb": "no", "an": "es", "ext": "es", "ary": "arabic", "arz": "arabic", "wuu": "cjk", "yue": "cjk", "lb": "de", "bar": "de", "gsw": "de",
    "lij": "it", "vec": "it", "scn": "it", "nap": "it", "vls": "nl", "zea": "nl",
}  # fmt: skip
"""Names of the lexicon's languages; a dialect of which nobody writes advertisements counts for its language."""
_COUNTED = 6
_LOADING = Lock()
"""Loading takes half a second; a cache alone would let every thread that comes meanwhile load its own."""


def detect(text: str) -> str:
    """``en``, another language or script of ``lexicon.LEXICONS``, or another code or ``other``. Deterministic."""
    bare = re.sub(r"[\d\W_]+", " ", without_facts(text)).strip().lower()
    words = bare.split()
    if not words:
        return "en"
    if script := _script(bare):
        return script
    english = sum(word in _ENGLISH for word in words)
    if english >= _WORDS_ENOUGH and english >= _SHARE_ENOUGH * len(words):
        return "en"
    best, lead, second = _ranked(bare)
    if lead >= _SURE and lead - second >= _MARGIN:
        return best
    is_english = best == "en" or any(word in _ONLY_ENGLISH for word in words)
    return "en" if bare.isascii() and is_english else "other"


def _script(text: str) -> str:
    """The one language of the text's script; empty where several share it."""
    letters = [letter for letter in text if letter.isalpha()]
    names = [unicodedata.name(letter, "") for letter in letters if ord(letter) > _LATIN_END]
    if len(names) * 3 < len(letters):
        return ""
    return next((key for key, marks in _ALONE.items() if any(name.startswith(marks) for name in names)), "")


def _ranked(text: str) -> tuple[str, float, float]:
    """The likeliest language, its probability and that of the next; dialects count for their language."""
    chances: dict[str, float] = {}
    for label, chance in _model().rank(text)[:_COUNTED]:
        name = _NAMES.get(label, label)
        chances[name] = chances.get(name, 0.0) + float(chance)
    first, *others = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return first[0], first[1], others[0][1] if others else 0.0


def _model() -> _Ranker:
    """Loaded at the first brief that needs it, once, however many come at once: most are told without it."""
    with _LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> _Ranker:
    module: Any = import_module("py3langid.langid")  # untyped
    model: _Ranker = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    return model
