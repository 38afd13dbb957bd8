# ruff: noqa: E501, RUF001 - typographic quotes are the point
"""Marks as a typesetter sets them: the language's own quotation marks, and apostrophes that are none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

if TYPE_CHECKING:
    from streamforge.pipelines.banner.words.copywriting import Copy

_QUOTES = {
    "de": "„“", "cs": "„“", "sk": "„“", "pl": "„”", "ro": "„”", "hu": "„”", "fr": "«\u00a0\u00a0»", "es": "«»", "it": "«»", "pt": "“”",
    "cyrillic": "«»", "ukrainian": "«»", "greek": "«»", "no": "«»", "da": "”“", "sv": "””", "fi": "””", "nl": "“”", "cjk": "“”", "kana": "「」",
}  # fmt: skip
"""Opening and closing marks by language; the first half opens."""
_DOUBLE = re.compile(r'(?<!\w)"(?=\S)([^"\n]{1,120}?)(?<=\S)"(?!\w)')
_SINGLE = re.compile(r"(?<![\w'])'(?=\S)([^'\n]{2,120}?)(?<=\S)'(?![\w'])")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?=\s|$)|(?<!\w)'(?=\d\ds?\b|n\b|til\b|em\b)")
_WORDS = (
    "headline",
    "headline_short",
    "kicker",
    "sub",
    "sub_short",
    "offer",
    "cta",
    "cta_short",
    "date",
    "legal",
    "more",
)


def typeset(copy: Copy, language: str) -> Copy:
    """The copy with typographic marks; addresses and numbers stay as they are typed."""
    texts = asdict(copy)
    return replace(copy, **{name: _set(str(texts[name]), language) for name in _WORDS})


def _set(text: str, language: str) -> str:
    if '"' not in text and "'" not in text:
        return text
    marks = _QUOTES.get(language, "“”")
    opening, closing = marks[: len(marks) // 2], marks[len(marks) // 2 :]
    quoted = _DOUBLE.sub(rf"{opening}\1{closing}", text)
    return _APOSTROPHE.sub("’", _SINGLE.sub(rf"{opening}\1{closing}", quoted))
