# ruff: noqa: E501 - long patterns read better whole
"""The small print of a brief: what the law or the contract wants said, and nobody would headline."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.atoms import split

_LETTERS = 200
"""A longer note is left out: cut, it would say something else."""
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NOTE = re.compile(
    r"^(?:\*|†)|\b(?:terms|t&cs?|t & cs?|conditions)\b.{0,24}\b(?:apply|applies)\b|^(?:t&cs?|terms)\b|\brepresentative example\b|\bsubject to (?:status|availability|approval|credit|terms)\b|"
    r"^(?:offer |deal )?(?:is )?not valid (?:on|with|for|in)\b|\bcannot be (?:combined|used with)\b|\bwhile (?:stocks?|supplies) lasts?\b|\b(?:FSCS|FDIC|FCA)\b|"
    r"\bdrink(?:ing)? responsibly\b|\bcapital (?:is )?at risk\b|\bvoid where prohibited\b|\bno purchase necessary\b|\bprices? (?:incl|excl)|"
    r"\bes gelten (?:die|unsere)\b|\bAGB\b|\brepräsentatives beispiel\b|\bsolange der vorrat reicht\b|\bvoir (?:les )?conditions\b|\bsous réserve\b|"
    r"\bconsult(?:a|e|ar) (?:las )?condiciones\b|\bsalvo fine scorte\b|\bsi applicano\b|\bvoorwaarden\b.{0,16}\bvan toepassing\b|\bregulamin\b",
    re.IGNORECASE,
)


def small_print(prompt: str) -> tuple[str, str]:
    """The notes as one line, and the brief without them; a brief of nothing but notes keeps them."""
    notes: list[str] = []
    rest: list[str] = []
    for sentence in split(_END, prompt):
        (notes if _NOTE.search(sentence) else rest).append(sentence)
    kept = " ".join(rest)
    if not notes or not any(letter.isalnum() for letter in kept):
        return "", prompt
    line = " ".join(" ".join(notes).split())
    return line if len(line) <= _LETTERS else "", kept
