# ruff: noqa: E501, RUF001 - long word lists read better whole
"""Shorter forms of a headline for small canvases: a whole phrase of it, or nothing.

English alone is cut, before a preposition and where the words before it stay true without the rest; a quotation, a name
or a fact is never cut.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.sentences import protected

LETTERS = 28
_LEAST_WORDS, _LEAST_LETTERS = 2, 8
_BOUNDARY = re.compile(
    r"(?:,| [-–—]|:)? (?=(?:for|with|in|on|at|by|from|near|beside|between|during|this|every|that|which|who|where|while)\s(?!\d|[$€£¥]))|[,:;] | [-–—] ",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"\b(?:no|not|never|only|best|most|least|first|last|next|free|half|every|all|any|each|more|less|fewer|than|up to|until|from|save|win|get|if|when|how|why|what|who|where|are|is|was|were|will|can|do|does|did|has|have|had|ready|need|needs|needed|good|great for|made|looking|\w+est|\d+ ?%)\b|[?]|[$€£¥₹]|\d+ ?%",
    re.IGNORECASE,
)
"""Words whose meaning hangs on what follows: nothing is cut off behind them."""
_OPEN_END = re.compile(
    r"\b(?:a|an|the|and|or|of|to|for|with|in|on|at|by|from|your|our|my|is|are|you|we|it|that|this|up|out|off|over|into|about|as|than|so|but|new|two|three)$",
    re.IGNORECASE,
)


def short_form(headline: str, language: str, quoted: tuple[str, ...] = ()) -> str:
    """The headline itself where it is short; else its first phrase, if that is true alone; else an empty string."""
    if len(headline) <= LETTERS:
        return headline
    if (
        language != "en"
        or any(quote.casefold() in headline.casefold() for quote in quoted)
        or re.search(r"[\"“„«]", headline)
    ):
        return ""
    kept = protected(headline)
    for match in reversed(list(_BOUNDARY.finditer(headline))):
        cut = headline[: match.start()].rstrip(" ,:;–—-")
        if len(cut) <= LETTERS and _stands(cut) and not any(start < match.start() < end for start, end in kept):
            return cut
    return ""


def _stands(cut: str) -> bool:
    words = cut.split()
    is_long_enough = len(words) >= _LEAST_WORDS and len(cut) >= _LEAST_LETTERS
    return is_long_enough and not (_HOLDS.search(cut) or _OPEN_END.search(cut) or offer_spans(cut))
