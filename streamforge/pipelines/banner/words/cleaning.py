# ruff: noqa: RUF001 - other scripts' punctuation
"""The text of a brief as it is read: no mark-up, no control characters, no emoji, one kind of line break."""

from __future__ import annotations

import html
import re
import unicodedata

from streamforge.pipelines.banner.words.pictographs import PICTOGRAPHS

_TAGS = (
    "a|abbr|article|b|big|blockquote|body|br|button|center|code|div|em|figure|font|footer|form|h[1-6]|head|header|hr|html|i|img|"
    "input|li|link|main|mark|meta|nav|ol|p|pre|s|section|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|title|tr|u|ul"
)
"""Names of tags: anything else between angle brackets is text (``<Sale>``)."""
_BLOCK = re.compile(r"</?(?:br|p|h\d|li|div|tr|ul|ol|section|article|title|table)\b[^<>]{0,400}>", re.IGNORECASE)
_SILENT = re.compile(r"<(script|style)\b[^<>]{0,400}>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(
    r"<a\b[^<>]{0,200}href=['\"]?(https?://[^\s'\"<>]{1,200})['\"]?[^<>]{0,200}>([^<>]{0,200})</a>", re.IGNORECASE
)
_INLINE = re.compile(rf"</?(?:{_TAGS})\b[^<>]{{0,400}}>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling of Persian and of Indic scripts."""
_HIDDEN = "\0"
_SPLIT_NUMBER = re.compile(r"(?<=\d)\0+(?=\d)")
"""What is hidden between two figures parts them: joined they would be another number."""
_LOUD = re.compile(r"([!?！？])(?:\s*[!?！？])+")
"""One mark says as much as three."""
_FACE = re.compile(r"(?<=\S)[^\S\n]+[:;]-?[()DPp](?!\S)")
"""``:-)``"""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,10});", re.IGNORECASE)


def readable(brief: str) -> str:
    """The brief as lines of text. Idempotent; every word of it is one of the brief's."""
    text = _without_markup(brief)
    text = PICTOGRAPHS.sub(" ", _SPLIT_NUMBER.sub(" ", "".join(_shown(letter) for letter in text)).replace(_HIDDEN, ""))
    text = _FACE.sub(_stopped, _LOUD.sub(r"\1", text))
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def _stopped(face: re.Match[str]) -> str:
    """A face of marks ends a sentence, where no other mark does."""
    return "" if face.string[: face.start()].rstrip()[-1:] in {"", ".", "!", "?", ",", ";", ":"} else "."


def _without_markup(brief: str) -> str:
    if "<" not in brief and not _ENTITY.search(brief):
        return brief
    linked = _LINK.sub(r"\2 \1", _SILENT.sub(" ", html.unescape(brief)))
    return _INLINE.sub("", _BLOCK.sub("\n", linked))


def _shown(letter: str) -> str:
    """Line breaks of every kind as one; what turns the direction of text or cannot be seen is left out."""
    if letter in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    if letter == "\t" or unicodedata.category(letter) == "Zs":
        return " "
    hidden = unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"}
    return _HIDDEN if hidden and letter not in _JOINERS else letter
