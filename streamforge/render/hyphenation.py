# ruff: noqa: RUF001 - letters of other scripts are meant
"""Where a word may be parted that is too long for any line: between syllables, told by their sound alone.

A syllable begins with the last consonant before a vowel (``Schiff-fahrts-gesell-schaft``), which holds well enough in
the alphabets that write vowels; letters that sound as one, or begin words together, stay together. Dictionaries know
better, language by language; this is for words that could not be set at all.
"""

from __future__ import annotations

import re
import unicodedata

from streamforge.render.scripts import JOINED, SHY

_LONG = 12
"""Words of fewer letters are never parted; as many in a row without a syllable are."""
_ENDS = 3
"""Letters that stay together at either end."""
_WORD = re.compile(rf"[^\W\d_]{{{_LONG},}}")
_SOUND = re.compile("sch|[cpst]h|ck|qu|gn|sz|cz|[bcdfgkpt][lr]|[бвгдкпт][лр]|[βγδθκπτφχ][λρ]|.", re.IGNORECASE)
_VOWELS = frozenset("aeiouyæøœıəаеёиоуыэюяіїєαεηιουω")


def softened(text: str) -> str:
    """The text with soft hyphens between the syllables of its longest words; the same where none is long."""
    return _WORD.sub(lambda match: _parted(match[0]), text)


def _parted(word: str) -> str:
    if JOINED.search(word):
        return word
    sounds = _SOUND.findall(word)
    vowels = [_is_vowel(sound) for sound in sounds]
    parts, at = [""], 0
    for index, sound in enumerate(sounds):
        begins = not vowels[index] and any(vowels[:index]) and vowels[index + 1 : index + 2] == [True]
        if (begins or len(parts[-1]) >= _LONG) and _ENDS <= at <= len(word) - _ENDS:
            parts.append("")
        parts[-1], at = parts[-1] + sound, at + len(sound)
    return SHY.join(parts)


def _is_vowel(sound: str) -> bool:
    return unicodedata.normalize("NFD", sound.lower())[0] in _VOWELS
