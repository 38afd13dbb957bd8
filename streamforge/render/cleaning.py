"""Text as people send it, made fit to be set: what no font has is named, what only deceives is dropped.

Nothing that comes out of here is drawn as an empty box: every cluster has a typeface that holds all of it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from msgspec import Struct

from streamforge.render import fonts, scripts
from streamforge.render.catalogue import EMOJI_ID, EMOJI_SETTING, has_emoji
from streamforge.render.style import TextStyle

_MOST_MARKS = 4
"""Marks in a row on one letter; no language needs more, and towers of them (zalgo) would run over their lines."""
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile("[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_HARD_BLANKS = "\u00a0\u2007\u202f"
_KEPT_FORMATS = frozenset([scripts.SHY, scripts.ZWSP, scripts.WORD_JOINER, scripts.RLM, scripts.LRM, "\u061c"])
_JOINERS = frozenset([scripts.ZWJ, scripts.ZWNJ, scripts.TEXT_STYLE, scripts.EMOJI_STYLE])
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_GREEK_MARKS = re.compile("([\u0370-\u03ff])([\u0300-\u036f]+)")
_DIAERESIS = "\u0308"


class Missing(Struct, frozen=True):
    """Characters that cannot be shown, and how to get a font for them."""

    characters: str
    hint: str


def clean(text: str, style: TextStyle) -> tuple[str, int]:
    """The text as it can be set, and how many of its visible characters had to go (``missing`` tells which).

    White space collapses, but line ends stay. Control characters, embeddings and overrides of direction are dropped;
    letters in disguise (mathematical bold ones, for example) become plain ones if no font has them.
    """
    kept, lost = _cleaned(text, style)
    return kept, len(lost)


def missing(text: str, style: TextStyle) -> list[Missing]:
    """What ``clean`` has to leave out of a text, by what would help."""
    by_hint: dict[str, list[str]] = {}
    for cluster in _cleaned(text, style)[1]:
        by_hint.setdefault(_hint(cluster), []).append(cluster)
    return [Missing("".join(dict.fromkeys(found)), hint) for hint, found in by_hint.items()]


@lru_cache(maxsize=2048)
def _cleaned(text: str, style: TextStyle) -> tuple[str, tuple[str, ...]]:
    wanted = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    if style.upper:
        wanted = _capitals(wanted, style.language)
    language = style.language or scripts.language_of(wanted)
    kept: list[str] = []
    lost: list[str] = []
    for cluster in scripts.clusters(wanted):
        shown = _settable(cluster, style.family, language)
        if shown:
            kept.append(shown)
        elif _is_visible(cluster):
            lost.append(cluster)
    lines = (_BLANKS.sub(" ", line).strip(" ") for line in "".join(kept).split("\n"))
    return "\n".join(line for line in lines if line), tuple(lost)


@lru_cache(maxsize=8192)
def _settable(cluster: str, family: str, language: str) -> str:
    """The cluster as far as one typeface has it; empty if none has its letter."""
    if cluster in " \n\t" or cluster in _HARD_BLANKS or cluster in _KEPT_FORMATS or _BLANKS.fullmatch(cluster):
        return cluster
    if unicodedata.category(cluster[0]) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return ""
    if scripts.EMOJI.fullmatch(cluster) and has_emoji() and fonts.covers(EMOJI_ID, cluster[0]):
        return cluster
    return _held(cluster, family, language) or _held(unicodedata.normalize("NFKC", cluster), family, language)


def _held(cluster: str, family: str, language: str) -> str:
    """The letter with the marks that the same typeface has."""
    chain = [face.family for face in fonts.faces(family, 400, cluster, language)]
    holders = [name for name in chain if fonts.covers(name, cluster[0])]
    if not holders:
        return ""
    best = max(holders, key=lambda name: sum(_holds(name, c) for c in cluster))
    kept = cluster[0]
    marks = 0
    for character in cluster[1:]:
        marks = marks + 1 if scripts.is_mark(character) else 0
        if marks <= _MOST_MARKS and _holds(best, character):
            kept += character
    return kept


def _holds(family: str, character: str) -> bool:
    return character in {scripts.ZWJ, scripts.ZWNJ} or (character not in _JOINERS and fonts.covers(family, character))


def _is_visible(cluster: str) -> bool:
    return unicodedata.category(cluster[0]) not in {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"}


def _hint(cluster: str) -> str:
    if scripts.CJK.search(cluster):
        return "pip install 'streamforge[cjk]'"
    if scripts.EMOJI.match(cluster):
        return f"apt install fonts-noto-color-emoji, or set {EMOJI_SETTING} to a colour emoji font"
    return "no font of the catalogue has them: leave them out"


def _capitals(text: str, language: str) -> str:
    """Capitals as the language writes them: dotted in Turkish, without accents in Greek."""
    if language in {"tr", "az"}:
        text = text.replace("i", "İ")
    raised = text.upper()
    if not _GREEK.search(raised):
        return raised
    return unicodedata.normalize("NFC", _GREEK_MARKS.sub(_diaeresis_only, unicodedata.normalize("NFD", raised)))


def _diaeresis_only(match: re.Match[str]) -> str:
    return match[1] + (_DIAERESIS if _DIAERESIS in match[2] else "")
