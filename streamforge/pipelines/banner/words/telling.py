# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts' punctuation
"""A brief as what it tells the reader of the banner: stated words, statements, conditions, and how to answer.

What it says to whoever makes the banner is judged sentence by sentence (``addressed``) and goes no further; its
quotations and names do.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.words.addressed import heard, is_aside
from streamforge.pipelines.banner.words.atoms import split
from streamforge.pipelines.banner.words.cleaning import readable
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.describing import is_business
from streamforge.pipelines.banner.words.facts import CODE, EMAIL, URL, Quote, contact_spans, offer_spans, quotations
from streamforge.pipelines.banner.words.fields import Field, parts_of, told_field
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.languages import detect
from streamforge.pipelines.banner.words.letters import opened
from streamforge.pipelines.banner.words.makers import for_reader, forbids, forbids_all, is_for_maker
from streamforge.pipelines.banner.words.notes import is_small_print
from streamforge.pipelines.banner.words.requesting import OF_EVENT
from streamforge.pipelines.banner.words.sentences import sentences

UNINFLECTED = frozenset(["en", "de", "fr", "es", "it", "pt", "nl", "sv", "no", "da"])
"""Languages in which what stands behind ``for my`` can stand alone."""
_SUBJECT_LETTERS = 60
_LABEL_WORDS = 2
_TELLING_WORDS = 4
"""So many words say more than what kind of thing the banner is for."""
_TAKING_BACK = 9
_LEGAL_LETTERS = 200
"""A longer note is left out: cut, it would say something else."""


class Told(Struct, kw_only=True):
    """The brief's parts in its own words and order; empty what it does not say.

    ``titles`` are to be the headline. ``subject`` is what a request was for, weaker than any statement. ``statements``
    speak to the reader; ``topics`` of them are what a request was for, ``wanted`` were wished for by the client, ``wishes`` are what the reader shall do.
    ``dates``, ``places``, ``offers``, ``labelled``, ``subs`` come from labels. ``silent`` was for the designer alone,
    ``forbidden`` names what must not be said.
    """

    language: str = "en"
    text: str = ""
    titles: list[str] = []
    subs: list[str] = []
    slogans: list[str] = []
    button: str = ""
    brand: str = ""
    subject: str = ""
    statements: list[str] = []
    topics: list[str] = []
    wanted: list[str] = []
    wishes: list[str] = []
    dates: list[str] = []
    places: list[str] = []
    offers: list[str] = []
    labelled: list[str] = []
    notes: list[str] = []
    silent: list[str] = []
    forbidden: list[str] = []
    urls: list[str] = []
    phones: list[str] = []
    codes: list[str] = []
    asked: bool = False
    filled: bool = False
    """Whether the brief asks for a banner; whether it is filled in as a form."""
    asks: list[str] = []
    """Labels that ask the reader for something: ``Sign up``, ``Book``."""

    @property
    def legal(self) -> str:
        """The small print in one line, if it is short enough to be said whole."""
        line = " ".join(note if note[-1:] in ".!?" else f"{note}." for note in self.notes)
        return line if len(line) <= _LEGAL_LETTERS else ""


def read(prompt: str, brand_name: str = "", purpose: str = "") -> Told:
    """The brief, told. Pure; every text in it is a slice of the brief. The purpose only helps to tell the language."""
    text = readable(prompt)
    letter = opened(text)
    told = Told(text=letter.body, brand=brand_name.strip(), silent=list(letter.shell))
    told.language = detect(_spoken(letter.body))
    if told.language == "other" and text.isascii() and purpose and detect(purpose) == "en":
        told.language = "en"
    _take_all(told, letter.body, is_letter=letter.is_letter)
    if told.asked and len(told.statements) > 1 and re.fullmatch(r"\w{2,9}\W?", told.statements[0]):
        told.silent.append(told.statements.pop(0))
    told.titles, told.subs = (told.titles, [*told.subs, *told.slogans]) if told.titles else (told.slogans, told.subs)
    if told.labelled and told.filled and not (told.titles or told.wanted or told.subject):
        told.titles = [told.labelled.pop(0).partition(": ")[2]]
    if not (told.statements or told.titles or told.wanted or told.subject or told.offers):
        told.statements = [line for line in (told.wishes[:1] or told.silent[-1:] or [text]) if line]
    return told


def _take_all(told: Told, body: str, *, is_letter: bool) -> None:
    """Every field and sentence of the body, each as what it is heard as."""
    parts = parts_of(body)
    spoken = [part if isinstance(part, str) else "" for part in parts]
    told.asked = any(heard(part).kind in {"request", "wanted"} for part in spoken if part)
    first = (
        next((at for at, part in enumerate(spoken) if part and heard(part).kind == "request"), 0) if is_letter else 0
    )
    for at, part in enumerate(parts):
        after = spoken[at + 1] if at + 1 < len(parts) else ""
        if isinstance(part, Field):
            told.filled = True
            _take_field(told, part)
        elif _ANYWAY.match(after) and not _has_fact(part):
            told.silent.append(part)
        elif _is_taken_back(after):
            told.forbidden.append(part)
        elif at < first and heard(part).kind == "reader" and not _has_fact(part):
            told.silent.append(part)  # before it comes to the point a letter makes conversation
        else:
            _take_sentence(told, _ANYWAY.sub("", part, count=1))


_ANYWAY = re.compile(
    r"^\W*(?:so |but )?(?:anyway|anyhow|jedenfalls|bref|en fin|comunque|enfin|afijn)(?:\s*[,:–—-]|\.{2,3})\s*",
    re.IGNORECASE,
)
"""After small talk back to the point."""


def _is_taken_back(after: str) -> bool:
    """Whether the next sentence only says that this one is not for print: ``Don't put that on it``."""
    return bool(after) and forbids_all(after) and len(after.split()) <= _TAKING_BACK


def _has_fact(part: str) -> bool:
    return bool(DATE.search(part) or offer_spans(part) or contact_spans(part))


def _take_sentence(told: Told, part: str) -> None:
    if forbids_all(part):
        told.forbidden.append(part)
        return
    if (field := told_field(part)) is not None:
        _take_field(told, field)
        return
    is_wanted = heard(part).kind == "wanted"
    sentence, silent = (part, ()) if is_wanted else for_reader(part, asked=told.asked)
    for each in silent:
        field = told_field(each)
        (told.forbidden if forbids(each) else told.silent).append(each)
        if field is not None:
            _take_field(told, field)
    for whole in sentence.split(". ") if silent else (sentence,):
        parts = _parted(whole)
        for one in parts:
            if len(parts) > 1 and heard(one).kind == "reader":
                told.silent.append(one)
            else:
                _take(told, one)


_GOES_ON = re.compile(
    r";\s+|,? and (?=(?:please )?(?:(?:encourages?|invites?|entices?|urges?|emphasi[sz]es?|highlights?|promotes?|mentions?|includes|shows) |(?:include|mention|add|use|make|show|keep|put|avoid) ))",
    re.IGNORECASE,
)
_OF_WORK = re.compile(
    r"^(?:the|this|our) (?:ad|banner|poster|image|design|flyer|advert|advertisement|campaign)\b", re.IGNORECASE
)


_NAMES_FACTS = re.compile(
    r"^\W*(?:(?:please|also|and|the (?:ad|banner|poster|design|image)) )*(?:(?:must|should) )?(?:includes?|adds?|puts?|shows?|mentions?|displays?)\b",
    re.IGNORECASE,
)
_FACT_LABEL = re.compile(
    r"(?:the |an? )?(?:location|address|venue|dates?|hours|opening|times?|website|web|phone|telephone|contact|number|e-?mail|url|link)\b",
    re.IGNORECASE,
)
_ADDRESS_IS = re.compile(
    r"\b(?:address|location|venue),?:? (?:is |at )?((?:\d+\w? )?(?:[A-Z][\w'’-]+ ?){1,4}(?:, [A-Z]\w+)?)"
)
_DATE_IS = re.compile(
    r"\b(?:dates?|hours|opening times|times?),?:? (?:is |are |of )?(?!and\b)((?=[^,;]{0,24}\d)[^,;]{3,40}?)(?=,|;| and the | at the |$)"
)


def _parted(sentence: str) -> list[str]:
    """A sentence that is not for the reader in its parts, each to be heard alone."""
    if heard(sentence).kind == "reader":
        return [sentence]
    parts = _GOES_ON.split(sentence)
    is_third = _OF_WORK.match(sentence)
    return [parts[0], *(f"The ad {part}" if is_third and re.match(r"\w+s ", part) else part for part in parts[1:])]


def _spoken(text: str) -> str:
    """What the language is told by: the sentences to the reader, else all."""
    spoken = [line for line in sentences(text) if heard(line).kind in {"reader", "wanted"}]
    return " ".join(spoken) if sum(len(line) for line in spoken) * 3 >= len(text) else text


_CONTENT = re.compile(
    r"^\W*(?:(?:voici|voilà|hier(?: ist| kommt)?|here(?:['’]s| is)|aquí (?:está|va)|ecco|aqui está|hier is) )?(?:the |der |le |el |il |o |de )?(?:inhalt|content|text|texte|texto|testo|tekst|copy|wording|contenu|contenido|contenuto|treść|содержание|inhoud|innehåll)\s*:\s*(?=\S)",
    re.IGNORECASE,
)
"""A label that only says that now the words follow."""


def _take(told: Told, sentence: str) -> None:
    sentence = _CONTENT.sub("", sentence, count=1)
    if (field := told_field(sentence)) is not None:
        _take_field(told, field)
        return
    said = heard(sentence)
    _take_contacts(told, sentence, said)
    if said.kind == "reader":
        is_note = bool(told.silent or told.wanted or told.subject or told.asked) and is_aside(sentence)
        if is_note and not is_small_print(sentence):
            told.silent.append(sentence)
        else:
            _take_statement(told, said.text)
        return
    told.asked = told.asked or said.kind in {"request", "silent"}
    _take_brand(told, sentence)
    if not (said.kind == "request" and quotations(said.text)):
        _take_quotes(told, sentence)
    if said.kind == "request" and said.text:
        _take_subject(told, said.text)
    elif said.kind == "wanted":
        _take_wanted(told, sentence, said.text)
    elif said.kind == "wish":
        told.wishes.append(said.text)
        if place := re.search(r"\bat (\d+[a-z]? (?:[A-Z][\w'’-]+ ?){1,4}(?:, [A-Z]\w+)*)$", said.text):
            told.places.append(place[1])
    elif said.kind == "name":
        _take_name(told, sentence, said.text)
    else:
        (told.forbidden if forbids(sentence) else told.silent).append(sentence)
        _take_named_facts(told, sentence)


_AND_THAT = re.compile(r",? (?:and|und|et|y|e|en) (?:that|dass|que|che|dat) ", re.IGNORECASE)


def _take_name(told: Told, sentence: str, name: str) -> None:
    if OF_EVENT.match(sentence):
        told.titles.append(name)
    told.brand = told.brand or ("" if OF_EVENT.match(sentence) else name)


def _take_wanted(told: Told, sentence: str, text: str) -> None:
    """What the client wants said, unless it is no more than a date or an address."""
    is_label = ": " not in text and bool(_FACT_LABEL.match(text))
    if not (is_label and (_take_named_facts(told, sentence) or contact_spans(text))):
        texts = _AND_THAT.split(text)
        told.wanted.extend(texts)
        told.statements.extend(texts)


def _take_named_facts(told: Told, sentence: str) -> bool:
    """A date, hours and an address that a direction only names: ``include the address 48 Mill Lane``; whether any."""
    if not _NAMES_FACTS.match(sentence):
        return False
    places = [match[1].strip() for match in _ADDRESS_IS.finditer(sentence)]
    dates = [match[1].strip() for match in _DATE_IS.finditer(sentence)]
    told.places.extend(places)
    told.dates.extend(dates)
    return bool(places or dates)


def _take_statement(told: Told, text: str) -> None:
    if is_small_print(text):
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


def _take_subject(told: Told, text: str) -> None:
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


def _take_brand(told: Told, sentence: str) -> None:
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


def _take_quotes(told: Told, sentence: str) -> None:
    for quote in quotations(sentence):
        _take_quote(told, quote)


def _take_quote(told: Told, quote: Quote) -> None:
    if quote.use == "cta":
        told.button = told.button or quote.text
    elif quote.use == "name":
        told.brand = told.brand or quote.text
    elif quote.use == "offer":
        told.offers.append(quote.text)
    else:
        told.titles.append(quote.text)


def _take_contacts(told: Told, sentence: str, said: Heard) -> None:
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


_PEOPLE_CAN = re.compile(r",? and (?:people|you|they|customers|everyone) (?:can|will|should)\b", re.IGNORECASE)
_LISTS = {"date": "dates", "place": "places", "offer": "offers", "sub": "subs", "legal": "notes"}


def _take_field(told: Told, field: Field) -> None:
    text = field.text
    if field.use == "silent" or is_for_maker(text, asked=False):
        told.silent.append(f"{field.label}: {text}")
        return
    _take_contacts(told, text, Heard("reader"))
    if field.use in {"title", "subject"}:
        told.titles.insert(0 if field.use == "title" else len(told.titles), text)
    elif field.use == "brand":
        bare = re.split(r"[,;]", text)[0].strip() if contact_spans(text) else text
        told.brand = told.brand or bare
    elif field.use == "button":
        told.button = told.button or text
    elif field.use == "sub" and re.match(
        r"(?:tagline|slogan|claim|motto|accroche|lema|eslogan|слоган|main message)", field.label, re.IGNORECASE
    ):
        told.slogans.append(text)
    elif field.use in _LISTS:
        text = _PEOPLE_CAN.split(text)[0]
        getattr(told, _LISTS[field.use]).append(text)
    elif field.use == "labelled" or (field.use == "plain" and not contact_spans(text)):
        told.labelled.append(f"{_first_upper(field.label.lower() if field.label.isupper() else field.label)}: {text}")
    elif field.use == "contact" and not contact_spans(text):
        told.labelled.append(f"{field.label}: {text}")
    if field.use == "contact" and contact_spans(text) and len(field.label.split()) <= _LABEL_WORDS:
        told.asks.append(field.label)


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
