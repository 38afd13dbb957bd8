"""What Unicode says about a text: its clusters, scripts, direction, emoji and language.

A cluster is what a reader takes for one character: a letter with its marks, a Devanagari conjunct, a flag. Nothing
here breaks one. Rules: Unicode annexes 29 (clusters), 9 (direction) and technical standard 51 (emoji), as far as
banners need them; Python's own tables have no emoji properties, so those are written out.
"""

from __future__ import annotations

import re
import unicodedata

RLM, LRM = "\u200f", "\u200e"
SHY, ZWSP, WORD_JOINER = "\u00ad", "\u200b", "\u2060"
ZWNJ, ZWJ = "\u200c", "\u200d"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
_RLI, _LRI, _PDI = "\u2067", "\u2066", "\u2069"

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
ARABIC = re.compile("[\u0600-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
HEBREW = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")
THAI = re.compile("[\u0e00-\u0e7f]")
CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001aff0-\U0001b16f\U0001f200-\U0001f265\U00020000-\U0003ffff]"
)
WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Kana and ideographs: written without spaces. Korean has spaces, and breaks at them."""
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese, Khmer: written without spaces, broken by a dictionary."""
JOINED = re.compile("[\u0590-\u109f\u1780-\u18af\ufb1d-\ufdff\ufe70-\ufefc]")
"""Scripts whose letters connect or stack: letter spacing would tear words apart."""
_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9d]")
_LATIN = re.compile(
    "[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff]"
)
_GREEK_CYRILLIC = re.compile("[\u0370-\u03ff\u0400-\u052f\u1f00-\u1fff\ua640-\ua69f]")
_OTHER_WORD = re.compile(f"({_GREEK_CYRILLIC.pattern}+)")

_SKIN = "[\U0001f3fb-\U0001f3ff]"
_PICTOGRAPH = (
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f300-\U0001faff]"
)
_SYMBOL = "[#*0-9\u00a9\u00ae\u203c\u2049\u2100-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299]"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_JOINABLE = f"(?:{_PICTOGRAPH}|{_SYMBOL})(?:{EMOJI_STYLE}|{_SKIN})?"
EMOJI = re.compile(
    f"(?:{_FLAG}|[#*0-9]{EMOJI_STYLE}?\u20e3"
    f"|(?:{_PICTOGRAPH}(?!{TEXT_STYLE})(?:{EMOJI_STYLE}|{_SKIN})?|{_SYMBOL}(?:{EMOJI_STYLE}|{_SKIN})))"
    f"[\U000e0020-\U000e007f]*(?:{ZWJ}{_JOINABLE})*"
)
"""One emoji: a pictograph, a symbol asked for in colour, a flag, a keycap; joined ones and skin tones included."""

_MARKS = frozenset(["Mn", "Me", "Mc"])
_INVISIBLE = frozenset(["Cf", "Cc"])
_VARIANTS = frozenset([TEXT_STYLE, EMOJI_STYLE])
_EXTENDERS = re.compile("[\u200c\u200d\u0e33\u0eb3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_VIRAMA = re.compile("[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d][\u200d]?$")
_INDIC_LETTER = re.compile("[\u0904-\u0939\u0958-\u0961\u0985-\u0d3a]")
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]")
_JAMO_TAIL = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")

_RTL_SHARE = 0.4
"""An Arabic sentence may begin with a Latin brand: the direction goes by the share of words, not by the first."""
_PHONE = r"[+(]?\d[\d()]*(?:[\s\u00a0./()-]{1,2}\d[\d()]*)+"
_ADDRESS = r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[#@]\w+|\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,}(?:/\S*)?"
_LEFT_TO_RIGHT = re.compile(f"{_ADDRESS}|{_PHONE}")
PHONE = re.compile(_PHONE)
_YEARS = re.compile(r"\d{4}-\d{4}")
_PHONE_DIGITS = 7


def clusters(text: str) -> list[str]:
    """The text cut into what readers take for single characters; joined they are the text."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _extends(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _extends(cluster: str, character: str) -> bool:
    last = cluster[-1]
    if last in "\n\t " or last in {ZWSP, SHY}:
        return False
    if is_mark(character) or _EXTENDERS.match(character):
        return True
    if last == ZWJ and ord(character) > ord("\u203b"):
        return not cluster[0].isalpha() or _VIRAMA.search(cluster) is not None
    if _VIRAMA.search(cluster):
        return _INDIC_LETTER.match(character) is not None
    if _REGIONAL.match(character):
        return len(cluster) == 1 and _REGIONAL.match(cluster) is not None
    return _JAMO_TAIL.match(character) is not None and HANGUL.match(last) is not None


def is_mark(character: str) -> bool:
    """Whether the character is set above, below or around the one before it."""
    return unicodedata.category(character) in _MARKS


def is_ignorable(character: str) -> bool:
    """Whether the character steers what is around it and has no look of its own: joiners, marks of direction."""
    return character in _VARIANTS or unicodedata.category(character) in _INVISIBLE


def is_rtl(text: str) -> bool:
    """Whether a text runs from right to left: by the share of its words, or by a direction mark in front."""
    if not RTL.search(text) or text[0] == LRM:
        return text.startswith(RLM)
    if text[0] == RLM:
        return True
    words = [word for word in text.split() if any(c.isalpha() for c in word) and not _LEFT_TO_RIGHT.fullmatch(word)]
    right = sum(RTL.search(word) is not None for word in words)
    return right > 0 and right >= _RTL_SHARE * len(words)


def marked(line: str, *, rtl: bool) -> str:
    """The line of a text that runs in a direction, with a mark in front if it would be taken for the other one."""
    if is_rtl(line) == rtl:
        return line
    return (RLM if rtl else LRM) + line


def directed(line: str) -> str:
    """The line as the bidirectional algorithm must see it.

    Its base direction is the line's own; phone numbers, addresses and handles keep their order inside Arabic and
    Hebrew, where hyphens and spaces would turn them round.
    """
    if not RTL.search(line) and not line.startswith(RLM):
        return line
    isolated = _LEFT_TO_RIGHT.sub(_isolated, line)
    return f"{_RLI}{isolated}{_PDI}" if is_rtl(line) else isolated


def _isolated(match: re.Match[str]) -> str:
    found = match.group()
    is_number = found[-1] in "0123456789)" and not any(c.isalpha() for c in found)
    if RTL.search(found) or (is_number and not is_phone(found)):
        return found
    return f"{_LRI}{found}{_PDI}"


def is_phone(found: str) -> bool:
    """Whether a run of figures (as ``PHONE`` finds them) is a phone number rather than years or a sum."""
    return sum(c.isdigit() for c in found) >= _PHONE_DIGITS and not _YEARS.fullmatch(found)


def language_of(text: str) -> str:
    """``ja``, ``ko``, ``zh``, ``zh-Hant``, or an empty string for a text without ideographs.

    Kana is Japanese, Hangul Korean; characters that only the code of the traditional script has make it traditional.
    """
    if _KANA.search(text):
        return "ja"
    if HANGUL.search(text):
        return "ko"
    if not CJK.search(text):
        return ""
    return "zh-Hant" if any(_is_traditional(c) for c in text if WIDE.match(c)) else "zh"


def _is_traditional(ideograph: str) -> bool:
    return _encodes(ideograph, "big5") and not _encodes(ideograph, "gb2312")


def _encodes(character: str, code: str) -> bool:
    try:
        character.encode(code)
    except UnicodeEncodeError:
        return False
    return True


def latin_letters(text: str) -> list[str]:
    """The Latin letters of a text, one by one."""
    return _LATIN.findall(text)


def other_letters(text: str) -> list[str]:
    """Its Greek and Cyrillic letters."""
    return _GREEK_CYRILLIC.findall(text)


def alphabet_runs(run: str) -> list[str]:
    """A run cut before and after each of its Greek and Cyrillic words."""
    return [part for part in _OTHER_WORD.split(run) if part]


def emoji_runs(line: str) -> list[tuple[bool, str]]:
    """The line cut into runs: (whether it is emoji, its text)."""
    runs: list[tuple[bool, str]] = []
    end = 0
    for match in EMOJI.finditer(line):
        if match.start() > end:
            runs.append((False, line[end : match.start()]))
        runs.append((True, match.group()))
        end = match.end()
    if end < len(line):
        runs.append((False, line[end:]))
    return runs
