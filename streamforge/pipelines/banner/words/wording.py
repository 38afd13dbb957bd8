# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes and dashes
"""Small English: casing, turning reported wishes into imperatives, and keeping lines short."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.atoms import atoms, cuts
from streamforge.pipelines.banner.words.facts import EMAIL, URL

_LINE_LETTERS, _AHEAD = 500, 3
"""No line of copy is longer: what comes after is cut before any pattern looks at it."""
SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "for",
        "from",
        "in",
        "nor",
        "of",
        "on",
        "or",
        "over",
        "per",
        "the",
        "to",
        "up",
        "via",
        "vs",
        "with",
        "without",
        "your",
        "our",
    ]
) - {"your", "our", "up", "over"}
STOPWORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "us",
        "with",
        "you",
        "your",
    ]
)
_IRREGULAR = {
    "celebrating": "celebrate", "creating": "create", "making": "make", "giving": "give", "saving": "save",
    "living": "live", "loving": "love", "taking": "take", "enhancing": "enhance", "achieving": "achieve",
    "improving": "improve", "inspiring": "inspire", "investing": "invest", "experiencing": "experience",
    "exploring": "explore", "sharing": "share", "becoming": "become", "choosing": "choose", "using": "use",
    "getting": "get", "running": "run", "cutting": "cut", "shopping": "shop", "planning": "plan", "winning": "win",
    "reducing": "reduce", "embracing": "embrace", "driving": "drive", "moving": "move", "raising": "raise",
    "providing": "provide", "supporting": "support", "balancing": "balance", "transforming": "transform",
    "elevating": "elevate", "updating": "update", "discovering": "discover", "leaving": "leave", "serving": "serve",
}  # fmt: skip
_REGULAR = re.compile(
    r"^(\w+(?:[wy]|ct|nt|nd|st|rt|rd|lp|ld|sh|ch|ck|ss|ll|lk|rk|rn|sk|ain|it|over|fer|en|elop|ead|eep|ook|eel|eet))ing$",
    re.IGNORECASE,
)
"""Gerunds whose verb is what is left without ``ing``; for the others (``baking``) guessing would mangle them."""
GERMAN_MONTH = (
    r"(?:Jan(?:uar)?|Jänner|Feb(?:ruar)?|März|Apr(?:il)?|Mai|Juni?|Juli?|Aug(?:ust)?|Sept?(?:ember)?|Okt(?:ober)?|"
    r"Nov(?:ember)?|Dez(?:ember)?)\b"
)
ORDINAL = rf"(?<=\d)(?<!\d\d\d)\.\s+(?:{GERMAN_MONTH}|Advent\b|(?-i:[a-zß-öø-ÿ]))"
"""A full stop that ends no sentence: ``24. Dezember``, ``24. december``."""
_LEADING = re.compile(r"^[\s,;:–—-]*?(?=[-–]\d+(?:[.,]\d+)? ?[%€$£]|[^\s,;:–—-]|$)")
"""Loose punctuation before a line; the minus of ``-40 %`` is none."""
_DANGLING = re.compile(
    r"(?:[\s,;:–—-]+(?:and|or|the|a|an|of|for|to|with|in|on|at|by|from|that|which|who|their|your|our|its|is|are|"
    r"this|these|as|but|my|to get|and get|and save|hosted|made|called|named|designed|built|based|located|starting|"
    r"(?<!the day )(?<!the week )(?<!the night )before|after|until|when|where|while|without|into|over|than|so|if|because|under|beside|between|near|(?<=than )you|(?<=when )you|(?<=before )you|(?<=where )you|(?<=after )you|(?<=until )you|(?<=that )you|offering|is looking|"
    r"are looking|looking|(?<!price of )(?-i:one)|all|every|no|not))+$",
    re.IGNORECASE,
)
_PERSON = (
    (re.compile(r"\bthemselves\b", re.IGNORECASE), "yourself"),
    (re.compile(r"\btheirs\b", re.IGNORECASE), "yours"),
    (re.compile(r"\btheir\b", re.IGNORECASE), "your"),
    (re.compile(r"\bthem\b", re.IGNORECASE), "you"),
    (re.compile(r"\bthey are\b", re.IGNORECASE), "you are"),
    (re.compile(r"\bthey\b", re.IGNORECASE), "you"),
)


def sentence_case(text: str) -> str:
    """The first letter raised, the rest as written (names keep their capitals)."""
    stripped = tidy(text)
    first = stripped.partition(" ")[0]
    return stripped if is_address(first) or re.match(r"[a-z][A-Z]", first) else stripped[:1].upper() + stripped[1:]


def title_case(text: str) -> str:
    """Headline capitals; words that already carry capitals or digits (``GreatSpace``, ``AI``, ``5k``) stay as written."""
    words = tidy(text).split(" ")
    last = len(words) - 1
    starts = {0, *(at + 1 for at, word in enumerate(words) if word.endswith(":"))}
    kept = {at for at in range(1, len(words)) if words[at - 1][-1:].isdigit() and _UNIT.match(words[at])}
    kept |= _quoted(words)
    return " ".join(
        word if at in kept else _titled(word, inner=at not in starts and at < last) for at, word in enumerate(words)
    )


def _quoted(words: list[str]) -> set[int]:
    """The numbers of the words that are quoted: they stay as they are written."""
    found: set[int] = set()
    is_open = False
    for at, word in enumerate(words):
        is_open = is_open or word.lstrip("([")[:1] in _OPENING
        found |= {at} if is_open else set()
        is_open = is_open and word.rstrip(".,;:!?)]")[-1:] not in _CLOSING
    return found if not is_open else set()


_OPENING, _CLOSING = frozenset("\"'“„«‘"), frozenset("\"'”“»’")


_UNIT = re.compile(
    r"(?:[ap]m|[ap]\.m\.?|[mck]?m|m²|[km]?g|[mc]?l|lbs?|oz|hrs?|h|mins?|secs?|mph|km/h|k?wh?|[kmg]b|px|x|pcm|pp|p\.a\.)\W*\Z"
)
"""After a figure: stays in its own case."""


def is_address(word: str) -> bool:
    """Whether the word is a web or mail address."""
    return bool(URL.match(word) or EMAIL.match(word))


def tidy(text: str) -> str:
    """One line, single spaces, no loose punctuation at the ends; every word stays."""
    text = re.sub(r"^\s*[¡¿](?=[^!?]*$)", "", text)
    line = _LEADING.sub("", re.sub(r"\s+", " ", text[:_LINE_LETTERS]), count=1).rstrip(" ,;:–—-")
    line = re.sub(r"\s+([,;:.!?])", r"\1", line)
    line = re.sub(r"([,;:])\1+", r"\1", line)
    return line if _STOPPED.search(line) else re.sub(r"(?<![.])[.]$", "", line).rstrip(" ,;:–—-")


_STOPPED = re.compile(r"(?:\b[ap]\.m|\d\. ?\d{1,2}|\b[A-Z]\.[A-Z])\.\Z")
"""What ends in a full stop of its own: ``7.30 p.m.``, ``31. 8.``."""


def second_person(text: str) -> str:
    """Speak to the reader: ``their thoughts`` becomes ``your thoughts``."""
    for pattern, word in _PERSON:
        text = pattern.sub(word, text)
    return text


def imperative(gerund: str) -> str:
    """``celebrating love`` as ``celebrate love``; unchanged when it does not start with a gerund."""
    first, _, rest = gerund.partition(" ")
    verb = _IRREGULAR.get(first.lower())
    if verb is None and (stem := _REGULAR.match(first)):
        verb = stem.group(1)
    return f"{verb} {rest}".strip() if verb else gerund


def fits(text: str, *, words: int, letters: int) -> bool:
    """Whether the line is within both limits and not empty."""
    return 0 < len(text) <= letters and len(text.split()) <= words


def shorten(text: str, *, words: int, letters: int) -> str:
    """The line cut at a phrase boundary until it fits; an empty string when only a fragment would be left."""
    line = tidy(text)
    line = line[: line.rfind(" ", 0, letters * _AHEAD)] if len(line) > letters * _AHEAD else line
    while line and not fits(line, words=words, letters=letters):
        cut = _last_boundary(line)
        if cut <= 0:
            return ""
        line = tidy(_DANGLING.sub("", tidy(line[:cut])))
    return line


def first_words(text: str, *, words: int, letters: int) -> str:
    """As many whole words as fit, wherever that ends; a single longer word is left out, never cut."""
    taken: list[str] = []
    for word in text.split()[:words]:
        if len(" ".join((*taken, word))) > letters:
            break
        taken.append(word)
    return tidy(_before_atom(" ".join(text.split()), len(" ".join(taken))))


def _before_atom(text: str, cut: int) -> str:
    """The text up to the cut, or to before the fact that the cut would break."""
    for start, end in sorted(atoms(text), reverse=True):
        cut = start if start < cut < end else cut
    return text[:cut]


def is_readable(text: str) -> bool:
    """Whether there is a letter or a digit in it, of any script."""
    return any(character.isalnum() for character in text)


def first_letters(text: str, *, letters: int) -> str:
    """The beginning of a text without a place to cut it, ``…`` for the rest; never half a number."""
    line = tidy(text)
    if len(line) <= letters:
        return line if is_readable(line) else ""
    whole = first_words(line, words=letters, letters=letters)
    cut = re.sub(r"\d+$", "", line[: letters - 1]).rstrip()
    return whole or (f"{cut}…" if is_readable(cut) else "")


def content_words(text: str) -> set[str]:
    """The words that carry meaning, lower case, plurals folded."""
    bare = text.lower().replace("'s", "").replace("’s", "")
    return {word.rstrip("s") for word in _BETWEEN_WORDS.split(bare) if word and word not in STOPWORDS}


_BETWEEN_WORDS = re.compile(r"[\s.,;:!?()\[\]\"“”„«»'’·–—/|&+-]+")
"""Marks rather than what is no letter: vowel signs of many scripts are none."""


def overlap(first: str, second: str) -> float:
    """The share of the shorter line's meaning that the other repeats, 0..1."""
    one, two = content_words(first), content_words(second)
    return len(one & two) / min(len(one), len(two)) if one and two else 0.0


_BOUNDARY = re.compile(
    rf"(?:[,;:–—]| [-–—]) |(?!{ORDINAL})\.\s|"
    r"\s(?=(?:for|with|in|on|at|by|from|that|which|to|so|while|during|using|through|when|where|before|after|until|"
    r"without|into|beside|between|near|under|behind|"
    r"surrounding|(?<!price )of|and (?:share|enjoy|save|get|discover|join|explore|learn|make|take|have|see|be))\s)",
    re.IGNORECASE,
)


def follows(prompt: str, first: str, second: str) -> bool:
    """Whether one phrase goes on in the other in the same sentence of the brief, an added ``on`` aside."""
    told, start = " ".join(prompt.casefold().split()), first.casefold()
    rests = [second.casefold(), re.sub(r"^on ", "", second.casefold())] if second and start else []
    return any(f"{start} {rest}" in told for rest in rests)


def _last_boundary(line: str) -> int:
    return max((match.start() for match in cuts(_BOUNDARY, line)), default=0)


def _titled(word: str, *, inner: bool) -> str:
    if is_address(word):
        return word
    if inner and word.lower() in SMALL_WORDS:
        return word.lower() if word.islower() or word.istitle() else word
    if word[:1] in "([" and len(word) > 1:
        return word[0] + _titled(word[1:], inner=inner)
    plain = word[:1].isupper() and word[1:].islower() and "-" in word
    if not word.islower() and not plain:
        return word
    parts = word.split("-")
    inside = range(1, len(parts) - 1)
    kept = [at in inside and part in SMALL_WORDS for at, part in enumerate(parts)]
    return "-".join(p if is_small else p[:1].upper() + p[1:] for p, is_small in zip(parts, kept, strict=True))
