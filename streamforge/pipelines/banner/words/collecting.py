# ruff: noqa: E501, RUF001 - long patterns read better whole
"""What a sentence adds to what a brief tells: contacts, names, quotations, the subject, facts that are only pointed to."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.atoms import split
from streamforge.pipelines.banner.words.describing import is_business
from streamforge.pipelines.banner.words.facts import CODE, EMAIL, URL, Quote, contact_spans, quotations
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.makers import forbids
from streamforge.pipelines.banner.words.notes import is_small_print
from streamforge.pipelines.banner.words.pointing import pointed_out
from streamforge.pipelines.banner.words.sentences import sentences
from streamforge.pipelines.banner.words.standing import is_talk
from streamforge.pipelines.banner.words.told import UNINFLECTED, Told

_SUBJECT_LETTERS = 60
_TELLING_WORDS = 4
"""So many words say more than what kind of thing the banner is for."""


def take_named_facts(told: Told, sentence: str) -> bool:
    """Whether a direction names a date, hours or an address: ``include the address 48 Mill Lane``."""
    places, dates = pointed_out(sentence)
    told.places.extend(places)
    told.dates.extend(dates)
    return bool(places or dates)


def take_statement(told: Told, text: str) -> None:
    """What is said to the reader: small print, a stated title, or a statement."""
    if is_small_print(text) and not (told.chatted and is_talk(text, told.language)):
        told.notes.append(text)
    elif whole := re.fullmatch(r"[\"“„«‘'](.+)[\"”“»’']", text):
        told.titles.append(whole.group(1))
    else:
        told.statements.append(text)


_NAME_END = re.compile(r": |, ")


def _subject_of(text: str, language: str) -> tuple[str, str]:
    """What a request is for, and what it goes on to say: ``my taxi firm, airport runs from £35``."""
    name, more = [*split(_NAME_END, text, 1), ""][:2]
    if any(letter.isdigit() for letter in name):
        return text, ""
    is_name = is_business(name) or ": " in text or language != "en"
    return (name, more) if is_name and len(name) <= _SUBJECT_LETTERS else (text, "")


def take_subject(told: Told, text: str) -> None:
    """What the banner is for: a few words name it, more are a statement."""
    for first, *rest in [sentences(text) or [text]]:
        name, more = _subject_of(first, told.language)
        if more and not told.subject:
            told.subject = name
            told.statements.append(more)
        elif (
            (len(first.split()) >= _TELLING_WORDS and told.language in UNINFLECTED and not is_business(first))
            or told.subject
            or len(first) > _SUBJECT_LETTERS
            or re.search(r"[\d,:–—]| - ", first)
        ):
            told.statements.append(first)
            told.topics.append(first)
        else:
            told.subject = first
        told.statements.extend(rest)


_IS_FOR = re.compile(
    r"\b(?:ad|advert|advertisement|banner|poster|campaign|design|client)\b is (?:for )?(?:the |a )?((?-i:[A-Z])[\w'’&-]*(?: (?:(?-i:[A-Z])[\w'’&-]*|&|of|de))*)",
    re.IGNORECASE,
)


def take_brand(told: Told, sentence: str) -> None:
    """``The ad is for GreatSpace furniture`` names the advertiser."""
    if (match := _IS_FOR.search(sentence)) and match[1].casefold() not in {
        "linkedin",
        "instagram",
        "facebook",
        "google",
        "tiktok",
        "twitter",
        "youtube",
    }:
        told.brand = told.brand or match[1]


_REFUSED = re.compile(
    r"\b(?:never|not|don['’]?t|no|avoid\w*|without|nicht|niemals|keine?[nrms]?|pas|jamais|sans|nunca|sin|evit\w+|non|mai|senza|não|sem|niet|nooit|geen)\b(?! forget| vergessen| oublier| olvid\w+| dimenticare| esque\w+| vergeten)[^.!?;:]{0,40}\Z",
    re.IGNORECASE,
)
"""Before a quotation: it is not wanted."""


def take_quotes(told: Told, sentence: str) -> None:
    """The quotations of a sentence, but those that it refuses."""
    for quote in quotations(sentence):
        if _REFUSED.search(sentence[: sentence.find(quote.text) - 1]):
            told.forbidden.append(quote.text)
        else:
            _take_quote(told, quote)


def _take_quote(told: Told, quote: Quote) -> None:
    if quote.use == "legal":
        told.notes.append(quote.text)
    elif quote.use == "cta":
        told.button = told.button or quote.text
    elif quote.use == "name":
        told.brand = told.brand or quote.text
    elif quote.use == "offer":
        told.offers.append(quote.text)
    else:
        told.titles.append(quote.text)


def take_contacts(told: Told, sentence: str, said: Heard) -> None:
    """Addresses and numbers of any sentence but one that forbids them."""
    if said.kind == "silent" and forbids(sentence):
        return
    for start, end in contact_spans(sentence):
        found = sentence[start:end].rstrip(".,;:!?")
        is_address = bool(
            URL.fullmatch(found) or EMAIL.fullmatch(found) or ("." in found and re.search(r"[^\W\d]", found))
        )
        places = told.urls if is_address else told.phones
        if found not in places:
            places.append(found)
    told.codes.extend(code for code in CODE.findall(sentence) if code not in told.codes)
