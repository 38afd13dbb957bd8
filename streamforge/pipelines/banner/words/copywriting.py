# ruff: noqa: RUF001 - typographic quotes
"""Copy from a brief, by rule: headline, line below it, offer, button and contact.

The brief is read for what it tells the banner's reader (``telling``) and cut into pieces that stand alone (``pieces``);
here the pieces get their places. Every line is one piece of the brief, or several with a dot between them. Where a rule
is not sure, it says less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words import echoes, wording
from streamforge.pipelines.banner.words.calling import button
from streamforge.pipelines.banner.words.cleaning import readable
from streamforge.pipelines.banner.words.conserving import conserved
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.describing import badge
from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.persuasion import purpose_line, short_call
from streamforge.pipelines.banner.words.pool import DOT, Pool
from streamforge.pipelines.banner.words.shortening import short_form
from streamforge.pipelines.banner.words.telling import read
from streamforge.pipelines.banner.words.typesetting import typeset

HEADLINE_LETTERS, LONG_HEADLINE = 60, 76
SUB_LETTERS, SHORT_SUB_LETTERS = 92, 44
OFFER_LETTERS = 50
DATE_LETTERS, DATED_PLACE_LETTERS = 48, 62
MORE_LETTERS = 96
KICKER_LETTERS, KICKER_WORDS = 30, 5
_ADDRESS_LETTERS = 60
_SHORT_BRAND = 28


class Copy(Struct, frozen=True, kw_only=True):
    """The words of a banner; the ``_short`` forms are for small canvases, ``more`` is for large ones.

    All but the headline may be empty, and it too where the brief has neither letter nor digit.
    """

    headline: str
    headline_short: str
    kicker: str = ""
    sub: str = ""
    sub_short: str = ""
    offer: str = ""
    cta: str = ""
    cta_short: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    date: str = ""
    code: str = ""
    legal: str = ""
    more: str = ""


def write_copy(spec: BannerSpec) -> Copy:
    """The banner's words. Deterministic; every digit in them stands in the brief."""
    return _written(spec.prompt, spec.brand_name, spec.purpose, has_logo=bool(spec.logo))


@lru_cache(maxsize=32)
def _written(prompt: str, brand_name: str, purpose: str, *, has_logo: bool) -> Copy:
    """Strategy and graph of one brief ask for the same words, and so does every canvas."""
    purpose = readable(purpose).replace("\n", " ")
    told = read(prompt, brand_name, purpose)
    pool = Pool(told, purpose_line(purpose) if told.language == "en" else "")
    headline = pool.headline(HEADLINE_LETTERS, LONG_HEADLINE)
    offer = pool.offer(OFFER_LETTERS)
    date = pool.date(DATE_LETTERS, DATED_PLACE_LETTERS)
    legal = told.legal
    call = button(told, pool.asks, purpose, place=pool.has_place)
    pool.call = call
    sub = pool.sub(SUB_LETTERS, call)
    kicker = pool.kicker(KICKER_WORDS, KICKER_LETTERS)
    if quoted := _WHOLLY_QUOTED.fullmatch(headline):
        headline, pool.quoted = quoted[1], True
    language = "" if pool.quoted else told.language
    shown = _cased(headline, language)
    call = "" if call.casefold() == shown.casefold() else call
    short = short_form(headline, language, tuple(told.titles)) or (
        pool.name(_SHORT_BRAND) if len(headline) > HEADLINE_LETTERS else ""
    )
    tail = headline[len(short) :].strip(" ,") if short and headline.startswith(short) else ""
    if tail and not date and (TIME.search(tail) or DATE.search(tail)) and not offer_spans(tail):
        date, shown = tail, _cased(short, language)  # a small canvas would lose it
    copy = Copy(
        headline=shown,
        headline_short=_cased(short, language) if short else shown,
        kicker="" if has_logo and echoes.is_same(kicker, told.brand) else kicker,
        sub=wording.sentence_case(sub),
        sub_short=_first_of(sub, SHORT_SUB_LETTERS),
        offer=wording.sentence_case(badge(offer) if told.language == "en" else offer),
        cta=call,
        cta_short=short_call(call) if told.language == "en" else call,
        address=_address(told.urls, call, shown),
        phones=tuple(phone for phone in told.phones if phone != call),
        date=wording.sentence_case(date),
        code=next((code for code in told.codes if not _says((shown, offer, sub), code)), ""),
        legal=legal,
        more=DOT.join(wording.sentence_case(line) for line in pool.rest(MORE_LETTERS)),
    )
    return typeset(conserved(copy, told), told.language)


_WHOLLY_QUOTED = re.compile(r"[\"“„«‘]([^\"”“»’]+)[\"”“»’]")


def _cased(headline: str, language: str) -> str:
    """Headline capitals in English; other languages keep their own."""
    line = wording.title_case(headline) if language == "en" else wording.sentence_case(headline)
    bare = re.sub(r"(?<=[^\W\d_])[.]$", "", line)
    return f"{bare}." if re.match(r"(?:[\w'’-]+\. )+[\w'’-]+$", bare) else bare


def _first_of(sub: str, letters: int) -> str:
    """The line below, or its first part, where that is short enough for a small canvas."""
    return next((line for line in (sub, sub.partition(DOT)[0]) if len(line) <= letters), "")


def _address(urls: Iterable[str], call: str, headline: str) -> str:
    places = (url for url in urls if len(url) <= _ADDRESS_LETTERS and url != call and url not in headline)
    return next(places, "")


def _says(lines: Iterable[str], fact: str) -> bool:
    return any(fact.casefold() in line.casefold() for line in lines)
