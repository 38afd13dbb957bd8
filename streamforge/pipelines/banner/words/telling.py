# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts' punctuation
"""A brief as what it tells the reader of the banner: stated words, statements, conditions, and how to answer.

What it says to whoever makes the banner is judged sentence by sentence (``addressed``) and goes no further; its
quotations and names do.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.addressed import heard, is_aside
from streamforge.pipelines.banner.words.cleaning import readable
from streamforge.pipelines.banner.words.collecting import (
    take_brand,
    take_contacts,
    take_named_facts,
    take_quotes,
    take_statement,
    take_subject,
)
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facets import is_placed, says_place
from streamforge.pipelines.banner.words.facts import contact_spans, offer_spans, quotations
from streamforge.pipelines.banner.words.fields import Field, is_undecided, kana_fields, parts_of, told_field
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.judging import says_hours
from streamforge.pipelines.banner.words.kinds import kind_of
from streamforge.pipelines.banner.words.languages import detect
from streamforge.pipelines.banner.words.letters import greets, opened
from streamforge.pipelines.banner.words.makers import for_reader, forbids, forbids_all, is_for_maker
from streamforge.pipelines.banner.words.manners import without_manners
from streamforge.pipelines.banner.words.naming import called_trade, is_name, named, owner
from streamforge.pipelines.banner.words.notes import is_small_print
from streamforge.pipelines.banner.words.pointing import is_fact_label
from streamforge.pipelines.banner.words.requesting import OF_EVENT, is_campaign
from streamforge.pipelines.banner.words.sentences import sentences
from streamforge.pipelines.banner.words.standing import doubts, reads_alone
from streamforge.pipelines.banner.words.told import UNINFLECTED, Told
from streamforge.pipelines.banner.words.uncovering import rescued, run_on, says_trade, uncovered

_LABEL_WORDS = 2
_TAKING_BACK = 9
_OFFER_LETTERS, _TRADE_WORDS = 50, 5


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
    told.chatted = is_letter or told.asked or any(_is_chat(part, told.language) for part in spoken if part)
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


def _is_chat(part: str, language: str) -> bool:
    """Whether somebody talks to somebody he knows: of himself, of the work, with a greeting or with thanks."""
    is_polite = greets(part) or without_manners(part) != part.strip() or heard(part).kind == "silent"
    return is_polite or not doubts(part, language).isdisjoint({"talk", "self"})


_ANYWAY = re.compile(
    r"^\W*(?:so |but )?(?:anyway|anyhow|jedenfalls|bref|en fin|comunque|enfin|afijn)(?:\s*[,:–—-]|\.{2,3})\s*",
    re.IGNORECASE,
)
"""After small talk back to the point."""


def _is_taken_back(after: str) -> bool:
    """Whether the next sentence only says that this one is not for print: ``Don't put that on it``."""
    return bool(after) and forbids_all(after) and len(after.split()) <= _TAKING_BACK


def _has_fact(part: str) -> bool:
    return bool(DATE.search(part) or offer_spans(part) or contact_spans(part) or says_place(part))


def _take_sentence(told: Told, part: str) -> None:
    if forbids_all(part):
        told.forbidden.append(part)
        return
    if (field := told_field(part)) is not None:
        _take_field(told, field)
        return
    if not (_take_clauses(told, part) or (told.chatted and _take_apart(told, part))):
        _take_whole(told, part)


def _take_clauses(told: Told, sentence: str) -> bool:
    """A sentence whose clauses are fields; whether it is one."""
    found = kana_fields(sentence) if told.language == "kana" else []
    is_filled = any(isinstance(each, Field) for each in found)
    for each in found if is_filled else []:
        _take_field(told, each) if isinstance(each, Field) else _take_sentence(told, each)
    return is_filled


def _take_apart(told: Told, sentence: str) -> bool:
    """A sentence of talk in its parts: names in passing, clause upon clause, who and where; whether it has any."""
    if _take_named(told, sentence):
        return True
    first, *others = run_on(sentence, told.language)
    if heard(sentence).kind not in {"reader", "silent", "wanted"} and not _reads(told, first):
        return False
    is_wanted = heard(sentence).kind == "wanted"
    if not (others or is_wanted) and (kept := rescued(sentence, told.language)):
        _take_sentence(told, kept)
        return True
    for each in (first, *others) if others else ():
        _take_sentence(told, _THAT.sub("", each, count=1))
    return bool(others) or _take_owner(told, sentence)


def _reads(told: Told, part: str) -> bool:
    return heard(part).kind == "reader" and reads_alone(part, told.language)


def _take_whole(told: Told, part: str) -> None:
    """A sentence as what it is heard as; what stands in it for the designer goes apart."""
    said = heard(part)
    if told.chatted and said.kind == "reader":
        part = uncovered(said.text, told.language)
        if says_trade(said.text) and part != said.text and len(part.split()) <= _TRADE_WORDS:
            told.trades.append(part)
            return
    sentence, silent = (part, ()) if said.kind == "wanted" else for_reader(part, asked=told.asked)
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


_OF_KIN = re.compile(
    r"\b(?:my|our|mein\w*|unser\w*|ma|mon|mi|la mia|il mio|minha|meu|mijn) (?:[\w-]+ )?(?:daughter|son|sister|brother|mum|mom|dad|mother|father|wife|husband|partner|friend|boss|tochter|sohn|schwester|bruder|frau|mann|freundin|freund|chefin|chef|fille|fils|sœur|frère|femme|mari|hija|hijo|hermana|hermano|mujer|marido|figlia|figlio|sorella|fratello|moglie|marito|filha|filho|irmã|irmão)",
    re.IGNORECASE,
)
"""Whose banner it is to the one who writes, and not to its reader."""
_THAT = re.compile(r"^\W*(?:that|dass|que|che|dat) ", re.IGNORECASE)
_JOINS = re.compile(
    r"^\W*(?:(?:which|that|who|qui|che|que|die|das)(?: (?:is|are|est|sont|è|es|é|ist))?|and|und|et|y|e|en|or|but)(?!\w)\W*",
    re.IGNORECASE,
)


def _take_named(told: Told, sentence: str) -> bool:
    """A name that is said in passing, with what is told around it; whether there was one."""
    kind = heard(sentence).kind
    found = named(sentence) if kind in {"reader", "silent", "request", "name"} else None
    if found is None or forbids(sentence):
        return False
    if found.is_title:
        told.titles.append(found.name)
    else:
        told.brand = told.brand or found.name
    take_contacts(told, sentence, Heard("reader"))
    before = uncovered(run_on(found.before, told.language)[-1], told.language)
    if kind == "request" and not (told.brand and _OF_KIN.search(found.before)):
        _take(told, found.before)
    elif before != found.before and reads_alone(before, told.language):
        told.statements.append(before)
    elif before:
        told.silent.append(found.before)
    if after := _JOINS.sub("", found.after, count=1):
        _take_sentence(told, after)
    return True


def _take_owner(told: Told, sentence: str) -> bool:
    """Who and where, said in one: ``Brightside Dental, 44 Harbour Street``; whether it was."""
    who, what = called_trade(sentence)
    if who and told.brand in {"", who}:
        told.brand = who
        _take_sentence(told, what)
        return True
    if not told.brand and is_name(sentence) and not _is_chat(sentence, told.language):
        told.brand = sentence
        return True
    who, where = owner(sentence)
    if not who or told.brand not in {"", who} or not (says_place(where) or is_placed(where)):
        return False
    told.brand = who
    told.places.append(where)
    return True


_GOES_ON = re.compile(
    r";\s+|,? and (?=(?:please )?(?:(?:encourages?|invites?|entices?|urges?|emphasi[sz]es?|highlights?|promotes?|mentions?|includes|shows) |(?:include|mention|add|use|make|show|keep|put|avoid) ))",
    re.IGNORECASE,
)
_OF_WORK = re.compile(
    r"^(?:the|this|our) (?:ad|banner|poster|image|design|flyer|advert|advertisement|campaign)\b", re.IGNORECASE
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
    take_contacts(told, sentence, said)
    if said.kind == "reader":
        is_note = bool(told.silent or told.wanted or told.subject or told.asked) and is_aside(sentence)
        if is_note and not is_small_print(sentence):
            told.silent.append(sentence)
        else:
            take_statement(told, said.text)
        return
    told.asked = told.asked or said.kind in {"request", "silent"}
    take_brand(told, sentence)
    _take_quoted(told, sentence, said)
    _take_addressed(told, sentence, said)


def _take_quoted(told: Told, sentence: str, said: Heard) -> None:
    """Quotations; where the grammar of what a request is for is not known, one in it is a name."""
    quoted = quotations(said.text) if said.kind == "request" else ()
    if not quoted:
        take_quotes(told, sentence)
    elif told.language not in UNINFLECTED and not told.brand:
        told.brand = quoted[0].text


_FOR_WHOM = re.compile(r"^\W*(?:it|that|this)(?:['’]?s| is) (?P<said>for (?!(?:my|our|the|an?)\b).+)$", re.IGNORECASE)
"""Once it is known what the banner is for: whom that is for."""


def _take_addressed(told: Told, sentence: str, said: Heard) -> None:
    """What a sentence to the designer leaves for the reader."""
    if said.kind == "request" and (told.subject or told.titles) and (whom := _FOR_WHOM.match(sentence)):
        told.statements.append(whom["said"])
    elif said.kind == "request" and said.text:
        take_subject(told, said.text)
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
        take_named_facts(told, sentence)


_AND_THAT = re.compile(r"(?:,? (?:and|und|et|y|e|en)|,) (?:that|dass|que|che|dat) ", re.IGNORECASE)


def _take_name(told: Told, sentence: str, name: str) -> None:
    if OF_EVENT.match(sentence):
        told.titles.append(name)
    told.brand = told.brand or ("" if OF_EVENT.match(sentence) else name)


def _take_wanted(told: Told, sentence: str, text: str) -> None:
    """What the client wants said, unless it is no more than a date or an address."""
    is_label = ": " not in text and is_fact_label(text)
    if not (is_label and (take_named_facts(told, sentence) or contact_spans(text))):
        texts = _AND_THAT.split(text)
        told.wanted.extend(texts)
        told.statements.extend(texts)


_PEOPLE_CAN = re.compile(r",? and (?:people|you|they|customers|everyone) (?:can|will|should)\b", re.IGNORECASE)
_SLOGAN = re.compile(
    r"(?:tagline|slogan|claim|motto|accroche|lema|eslogan|слоган|(?:main |key )?message|botschaft|mensaje|messaggio|mensagem)",
    re.IGNORECASE,
)
_LISTS = {"date": "dates", "place": "places", "offer": "offers", "sub": "subs", "legal": "notes"}


def _take_field(told: Told, field: Field) -> None:
    text = field.text
    is_talk = field.use in {"title", "plain"} and not doubts(field.line, told.language).isdisjoint({"talk", "self"})
    if (field.use == "title" or is_talk) and heard(text).kind == "request":
        _take(told, text)
    elif _is_silent(told, field) or (is_talk and field.use == "plain"):
        told.silent.append(field.line)
    else:
        take_contacts(told, text, Heard("reader"))
        (_take_contact_field if field.use == "contact" else _take_labelled)(told, field)


def _is_silent(told: Told, field: Field) -> bool:
    """Whether a field is the designer's: how it shall look, when it is due, what is still open."""
    is_due = field.label.casefold() == "deadline" and told.asked and not re.search(r"\d", field.text)
    is_open = field.use == "title" and is_undecided(field.text)
    is_for_us = is_for_maker(field.text, asked=field.use == "plain") or is_campaign(field.text)
    return field.use == "silent" or is_due or is_open or is_for_us


def _take_labelled(told: Told, field: Field) -> None:
    text = field.text
    if field.use in {"title", "subject"}:
        told.titles.insert(0 if field.use == "title" else len(told.titles), text)
    elif field.use == "brand":
        bare = re.split(r"[,;]", text)[0].strip() if contact_spans(text) else text
        told.brand = told.brand or bare
    elif field.use == "button":
        told.button = told.button or _first_upper(re.sub(r"^to (?=\w)", "", text))
    elif field.use == "sub" and _SLOGAN.match(field.label):
        told.slogans.append(text)
    elif field.use == "offer" and len(text) > _OFFER_LETTERS:
        told.statements.append(text)  # a sentence, to be cut at its facts
    elif field.use == "plain" and not told.offers and kind_of(text, told.language) == "offer":
        told.offers.append(text)
    elif field.use in _LISTS:
        getattr(told, _LISTS[field.use]).append(_PEOPLE_CAN.split(text)[0])
    elif field.use == "labelled" or not contact_spans(text):
        label = field.label.lower() if field.label.isupper() else field.label
        told.labelled.append(f"{_first_upper(label)}: {text}")


def _take_contact_field(told: Told, field: Field) -> None:
    """A way to answer, with the day until which."""
    if day := DATE.search(field.text):
        told.dates.append(day.group() if says_hours(day.group()) else f"{field.label} {day.group()}")
    if not contact_spans(field.text):
        told.labelled.append(field.line)
    elif len(field.label.split()) <= _LABEL_WORDS:
        told.asks.append(field.label)


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
