"""The headline: candidates from the brief's own words, the best that fits, and a shorter one for small canvases."""

from __future__ import annotations

import re
from collections.abc import Iterator

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.facts import Facts, offer_spans
from streamforge.pipelines.banner.words.persuasion import highlight
from streamforge.pipelines.banner.words.reading import Reading

WORDS = 8
LETTERS = 52
SLOGAN_WORDS = 6
SLOGAN_LETTERS = 44
SHORT_WORDS = 4
SHORT_LETTERS = 26
REPEATS = 0.75
"""The share of a line's meaning from which it counts as said already."""
_ERRAND = re.compile(
    r"^(?:visit|shop|learn more|call|contact|order|buy|click|book|purchase|reach out|register|apply|sign up|"
    r"join us at)\b",
    re.IGNORECASE,
)
_WORDY_OFFER = 3
_LEAST_QUALITY = 3


def headline_of(reading: Reading, facts: Facts, wish: str, purpose: str) -> str:
    """The headline. ``wish`` is the line below it: what that says already is not said above it."""
    if quoted := facts.quoted("headline"):
        return quoted[:1].upper() + quoted[1:]
    strong = [wording.title_case(line) for line in _strong(reading, purpose)]
    fitting = [line for line in strong if wording.fits(line, words=WORDS, letters=LETTERS)]
    fresh = [line for line in fitting if wording.overlap(line, wish) < REPEATS]
    weak = (wording.title_case(line) for line in (reading.brand, reading.business))
    options = (*fresh[:1], *_offers(facts), *fitting, *_cuts(strong), *weak)
    return next((line for line in options if wording.is_readable(line)), "") or _first_words(strong, facts, reading)


def short_headline(headline: str, reading: Reading, purpose: str) -> str:
    """A headline for a strip or a badge: the same tightened, else another that is short, else its first phrase."""
    tight = re.sub(r"\bartificial intelligence\b", "AI", headline, flags=re.IGNORECASE)
    tight = re.sub(r"(?<=Black Friday) and Cyber Monday|Cyber Monday and (?=Black Friday)", "", tight)
    tight = re.sub(r"(?<=\w) and (?=[A-Z])", " & ", tight)
    others = (wording.title_case(line) for line in _strong(reading, purpose))
    for line in (tight, *others):
        if wording.fits(line, words=SHORT_WORDS + 1, letters=SHORT_LETTERS) and wording.is_readable(line):
            return line
    return _essence(tight) or headline


_FORMS = re.compile(
    r"(?:subscription|membership|guide|course|class|lesson|ticket|discount|deal|offer|voucher|trip|tour|talk|news|"
    r"services?|solutions?|products?)(?:e?s)?\Z",
    re.IGNORECASE,
)
"""Words that only say in which form something comes: what it is of matters more."""


def _essence(headline: str) -> str:
    """The first phrase; where that only names a form (``Subscription for Single-Origin Coffee``), what it is of."""
    cut = wording.shorten(headline, words=SHORT_WORDS, letters=SHORT_LETTERS)
    if len(cut.split()) != 1 or not _FORMS.match(cut):
        return cut
    rest = re.sub(
        r"^(?:for|of|on|about|to) (?:the |an? |our |your )?", "", headline[len(cut) :].strip(), flags=re.IGNORECASE
    )
    other = wording.shorten(rest, words=SHORT_WORDS, letters=SHORT_LETTERS)
    return wording.title_case(other) if len(other.split()) > 1 else cut


def is_errand(line: str) -> bool:
    """Whether the line only sends the reader somewhere; the button says that."""
    return bool(_ERRAND.match(line))


def _strong(reading: Reading, purpose: str) -> Iterator[str]:
    """Candidates that carry a message, the best first."""
    yield from _topics(reading.topic)
    yield highlight(purpose)
    for slogan in reading.slogans:
        if not is_errand(slogan):
            yield from (wording.shorten(closer := _closer(slogan), words=SLOGAN_WORDS, letters=SLOGAN_LETTERS), closer)
    yield from _occasional(reading)
    yield from (line for line in reading.qualities if len(line.split()) >= _LEAST_QUALITY)
    yield from (line for line in reading.claims if not re.search(r"\b(?:discounts?|offers?)\b", line))
    yield from _announced(reading)
    yield reading.product


def _topics(topic: str) -> Iterator[str]:
    plain = re.sub(r"^(?:the|an?) ", "", topic, flags=re.IGNORECASE)
    yield re.sub(r"\b(?:surrounding|regarding|concerning|related to)\b", "in", plain)
    yield plain


def _closer(slogan: str) -> str:
    """``an elegant and comfortable living room`` as ``an elegant, comfortable living room``."""
    return re.sub(r"\b(an?|the) ([\w-]+) and ([\w-]+) (?=\w)", r"\1 \2, \3 ", slogan)


def _occasional(reading: Reading) -> Iterator[str]:
    if re.search(r"\b(?:sale|deals)\b", reading.product, re.IGNORECASE):
        yield reading.product
    if reading.occasion and reading.product and reading.occasion.lower() not in reading.product.lower():
        yield f"{reading.occasion} {reading.product}"


def _announced(reading: Reading) -> Iterator[str]:
    """``Hiring: senior Python engineers`` reads better whole than as its first word."""
    if len(reading.product.split()) == 1 and reading.details and not offer_spans(reading.details[0]):
        yield f"{reading.product}: {reading.details[0]}"


def _offers(facts: Facts) -> Iterator[str]:
    """An offer in words (``Buy 1, Get 1 Free``) can carry a banner; a bare figure cannot."""
    yield from (
        offer for offer in facts.offers[:1] if len(offer.split()) > _WORDY_OFFER and not re.search(r"[%$€£¥]", offer)
    )


def _cuts(candidates: list[str]) -> Iterator[str]:
    yield from (wording.shorten(line, words=WORDS, letters=LETTERS) for line in candidates)


def _first_words(candidates: list[str], facts: Facts, reading: Reading) -> str:
    """A brief may be one long phrase without a boundary, or nothing but an address."""
    longest = next((line for line in candidates if wording.is_readable(line)), "")
    cut = wording.first_words(longest, words=WORDS, letters=LETTERS + 8)
    fact = next(iter((*facts.offers, *facts.urls)), "") or reading.occasion
    return cut or fact or wording.first_letters(longest, letters=SHORT_LETTERS)
