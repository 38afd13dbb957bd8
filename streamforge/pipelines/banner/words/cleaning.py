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
_RUN = re.compile(r"([^\w\s])\1{7,}")
"""A rule of dashes or dots draws a line; three say as much."""
_ENUMERATED = re.compile(r"(?:^|(?<=\s))\(?([1-9])[.)]\s+(?=\S)")
_LEAST_LISTED = 2
_FACE = re.compile(r"(?<=\S)[^\S\n]+[:;]-?[()DPp](?!\S)")
"""``:-)``"""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,10});", re.IGNORECASE)


def readable(brief: str) -> str:
    """The brief as lines of text. Idempotent; every word of it is one of the brief's."""
    text = _without_markup(brief)
    text = "\n".join(map(_parted, _SPLIT_NUMBER.sub(" ", "".join(map(_shown, text))).replace(_HIDDEN, "").split("\n")))
    text = _FACE.sub(_stopped, _LOUD.sub(r"\1", _RUN.sub(r"\1\1\1", text)))
    lines = (_listed(re.sub(r"[^\S\n]+", " ", line).strip()) for line in text.split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def _parted(line: str) -> str:
    """A line without emoji; several between words part it, one may stand for a word (``We ❤ bread``)."""
    between = [
        match
        for match in PICTOGRAPHS.finditer(line)
        if any(map(str.isalnum, line[: match.start()])) and any(map(str.isalnum, line[match.end() :]))
    ]
    is_parting = len(between) > 1 or any(not line[match.end() :].lstrip()[:1].islower() for match in between)
    return PICTOGRAPHS.sub("\n" if is_parting else " ", line)


def _listed(line: str) -> str:
    """``1) Concert 2) Town hall`` as a line each: numbers that count up from one."""
    found = list(_ENUMERATED.finditer(line))
    if len(found) < _LEAST_LISTED or [int(match[1]) for match in found] != list(range(1, len(found) + 1)):
        return line
    return (
        "\n".join(
            line[match.end() : after].strip(" ,;")
            for match, after in zip(found, [*(match.start() for match in found[1:]), len(line)], strict=True)
        )
        if not line[: found[0].start()].strip()
        else line
    )


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
