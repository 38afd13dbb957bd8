# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""A clause cut at the edges of its facts, where it is too long for any line: what, how much, when, where.

``hasta un 60 % de descuento en abrigos y botas solo hasta el 15 de enero en la calle Mayor 23`` is an offer, a date and a
place. Every part is a slice of the clause; the words that only joined two parts go.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facts import CODE, offer_spans
from streamforge.pipelines.banner.words.kinds import kind_of
from streamforge.pipelines.banner.words.sentences import protected

FacetKind = Literal["news", "offer", "date", "place"]
_LONG, _LONG_OFFER, _LONG_HEADLINE = 36, 50, 60
"""A shorter clause fits a line, a badge, a headline whole."""
_LIMIT = re.compile(
    r"(?:,? ?(?<!\w)(?:only|just|valid|inizio|inicio|comienzo|início|début|beginn|nur|noch|gültig|seulement|uniquement|valable|solo|sólo|solamente|soltanto|válido|valido|apenas|só|somente|alleen|enkel|geldig|tylko|ważne|bara|endast|kun|bare|только|лише|тільки))+\s*\Z",
    re.IGNORECASE,
)
"""What limits a date goes with it."""
_LEADING = (
    r"(?:with|mit|avec|con|com|met|med|z|ze|с|for|für|pour|por|per|voor|za|at|zu|zum|à|and|und|et|y|e|en|och|og|i|и)"
)
_GLUE_BEFORE = re.compile(rf"(?:[\s,;:–—-]+{_LEADING})?[\s,;:–—-]*\Z", re.IGNORECASE)
_GLUE_AFTER = re.compile(r"\A[\s,;:.–—-]*(?:(?:and|und|et|y|e|och|og|и) )?", re.IGNORECASE)
_WHERE = re.compile(
    r"^(?:at|in|on|near|opposite|outside|inside|auf|in|im|beim?|am|vor|zu[rm]?|à|au|aux|dans|chez|sur|en|al|a la|junto a|presso|da|nel(?:la)?|all[ao]?|in|su|no|na|em|bij|op|aan|te|na|på|ved|hos|в|на|у|во|@)\s+(?=(?:\w+['’]?\s?){0,6}?(?-i:[A-ZÀ-ÞА-ЯŚŁŻ]|\d))",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"(?:^|\s)(?:an?|the|and|or|of|for|to|with|in|on|at|by|from|is|are|was|will be|takes? place|starts?|begins?|runs?|open|beginnt|beginnen|startet|starten|endet|öffnet|öffnen|commencent?|débutent?|démarrent?|ouvr(?:e|ent)|se termin(?:e|ent)|empiezan?|comienzan?|abren?|terminan?|acaban?|iniziano?|cominciano?|apr(?:e|ono)|terminano?|começam?|iniciam?|terminam?|begint|der|die|das|den|dem|und|oder|für|mit|auf|im|am|an|von|zum|zur|bei|ab|bis|ist|sind|findet|le|la|les|un|une|des|du|de|et|ou|au|aux|sur|chez|pour|avec|dans|est|sont|el|los|las|del|y|o|con|en|por|para|es|son|"
    r"il|lo|gli|e|di|da|della|su|per|è|os|as|do|dos|em|com|na|no|é|het|een|van|op|voor|met|bij|is|zijn|w|z|i|od|dla|jest|och|på|med|av|til|og|är|er|и|в|на|с|по|от)$",
    re.IGNORECASE,
)
_LEAST_WORD, _PLACE_WORDS, _FEW, _LONG_SENTENCE, _VERB_PARTS = 4, 8, 3, 76, 3


class Facet(Struct, frozen=True):
    """A part of a clause, and what it says."""

    kind: FacetKind
    text: str


_WAYS = r"(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|blvd|boulevard|way|sq|square|hwy|highway|ct|court|row|hill|quay|terrace|close|crescent|parade|yard|wharf|gate|broadway|place|pl|alley|walk|mews)"
_STREET = re.compile(
    rf"^\W*\d{{1,5}}[a-z]?,? (?:[\w'’.-]+ ){{1,3}}{_WAYS}\.?(?:,? [\w'’ -]{{2,40}})?\W*$|^\W*\d{{1,4}} ?(?:bis|ter)?,? (?:rue|avenue|av\.|bd|boulevard|place|quai|allée|chemin|cours|impasse) .{{2,50}}$|"
    r"^\W*(?:(?:calle|avenida|avda?\.?|plaza|paseo|via|viale|piazza|rua|praça|rue|ul\.|ulica|ул\.|улица|проспект|str\.|corner of|unit \d|room [\da-z]\b|pier \d|hall \d)(?!\w)|[\w-]+(?:straße|strasse|str\.|gasse|platz|allee|laan|straat|gatan|vägen)(?!\w)).{0,50}$|"
    r"^\W*(?:[\w'’-]+ ){0,3}[\w-]+(?:straße|strasse|str\.|gasse|platz|allee|weg|laan|straat|gade|gatan|vägen|vej) \d{1,4}[a-z]?\W*$|"
    r"^\W*(?-i:[A-ZÀ-ÞА-Я])[\w'’.-]+(?: (?-i:[A-ZÀ-ÞА-Я])[\w'’.-]+){0,2} \d{1,4}[a-z]?, (?:\d{4,5} )?(?-i:[A-ZÀ-ÞА-Я])[\w' -]+\W*$",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"^\W*(?:adresse|address|dirección|indirizzo|endereço|adres|адрес|wo|where|venue|location|lieu|lugar|luogo|local|locatie)\s*:",
    re.IGNORECASE,
)


def says_place(text: str) -> bool:
    """Whether a text says nothing but where: a street with its number, a place behind a preposition."""
    return bool(_STREET.match(text) or _SETTLED.match(text)) and not DATE.search(text)


def is_placed(text: str) -> bool:
    """Whether a text begins with a preposition and a place: it goes on from something, and does not lead."""
    return bool(_WHERE.match(text)) and len(text.split()) <= _PLACE_WORDS and not DATE.search(text)


def facets(text: str, language: str) -> list[Facet]:
    """The clause's parts in order; the clause alone where it is short or nothing whole would be left."""
    text = _IT_IS.sub("", text, count=1)
    whole = [Facet(kind_of(text, language) if kind_of(text, language) != "ask" else "news", text)]  # type: ignore[arg-type]
    dates = [_limited(text, match.span()) for match in DATE.finditer(text) if _is_fixed(text, match)]
    if len(text) > _LONG_SENTENCE and not dates and (parts := _phrased(text)):
        return parts
    longest = _LONG_OFFER if whole[0].kind == "offer" else _LONG
    if len(text) <= longest or not (dates or offer_spans(text)):
        return whole
    if inverted := _inverted(text, dates):
        return inverted
    if any(_GOES_ON.match(text[end:]) for _, end in dates):
        return whole
    parts = _mended(_cut(text, dates, language))
    is_told = all(len(part.text) >= _LEAST_WORD for part in parts)
    return parts if is_told and not any(_OPEN.search(part.text) for part in parts) else whole


_PHRASE = re.compile(
    r", |\s(?=(?:for|with|at|from|in|für|mit|bei|in|pour|avec|chez|dans|para|con|en|per|presso|com|em|voor|met|bij|для|в|на) )",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"^(?:which|who|that|where|die|der|das|qui|que|che|wo|où|donde|dove|и|die|dat)\b", re.IGNORECASE)


def _phrased(text: str) -> list[Facet]:
    """An endless clause before and after the last phrase that leaves a headline; a relative clause after it goes."""
    kept = protected(text)
    ends = [
        match
        for match in _PHRASE.finditer(text)
        if match.start() <= _LONG_HEADLINE
        and len(text[: match.start()].split()) >= _FEW
        and not any(start < match.start() + 1 < end for start, end in kept)
        and not _OPEN.search(text[: match.start()])
    ]
    commas = [match for match in ends if match.group() == ", "]
    if not ends or offer_spans(text):
        return []
    cut = (commas or ends)[-1]
    head, rest = text[: cut.start()], text[cut.end() :].strip()
    if _RELATIVE.match(rest):
        return [Facet("news", head)]
    return [Facet("news", head), Facet("place" if is_placed(rest) else "news", rest)]


_IT_IS = re.compile(
    r"^(?:it['’]?s|it is|this is|that['’]s|it will be|it takes place) (?=(?:on|at|in|from) )", re.IGNORECASE
)
"""Before a date: ``It's on 12 December``."""
_PRONOUN = re.compile(r"^(?:we|i|they|he|she|it|wir|ich|sie|nous|on|noi|nós) ", re.IGNORECASE)
_VERBS_ONLY = re.compile(
    r"^(?:wir (?:suchen|feiern|eröffnen|öffnen)|nous (?:recherchons|recrutons)|buscamos|cerchiamo|procuramos|wij zoeken|we zoeken|ищем|szukamy)$",
    re.IGNORECASE,
)
"""What begins a sentence whose date stands before its object: ``Wir suchen zum 1. Oktober eine …``."""


_INDEFINITE = re.compile(r"^ (?:eine?[nmr]?|un[ae]?|uno|uma?|een|an?) (?=\w)", re.IGNORECASE)
_SUBJECT_WORDS = 4


def _inverted(text: str, dates: list[tuple[int, int]]) -> list[Facet]:
    """Of ``der Verein plant am 3. Mai ein Konzert`` the concert and its date: what is before the date is no line."""
    is_ours = bool(_PRONOUN.match(text))  # ``Wir suchen zum 1. Oktober eine Köchin`` goes on with its verb
    if is_ours or len(dates) != 1 or not 1 < len(text[: dates[0][0]].split()) <= _SUBJECT_WORDS:
        return []
    start, end = dates[0]
    match = _INDEFINITE.match(text[end:])
    said = text[end + match.end() :] if match is not None else ""
    return [Facet("news", said), Facet("date", text[start:end].strip(" ,"))] if len(said) >= _LEAST_WORD else []


_GOES_ON = re.compile(
    r"^,? (?:tiene[n]?|tendr\w+|recib\w+|obtien\w+|hat|haben|bekomm\w+|erhält|erhalten|spar\w+|aur(?:a|ont|ez)|reçoi\w+|bénéfici\w+|ha|hanno|avr\w+|ricev\w+|tem|têm|terá|receb\w+|ganh\w+|gets?|has|have|will|receives?|saves?|krijgt|heeft)(?!\w)",
    re.IGNORECASE,
)
"""After a date: the verb of the sentence that it stands in."""
_DEADLINE = re.compile(
    r"^(?:until|till?|til|through|by|nur|noch|bis|jusqu|hasta|fino|até|tot|do|до|tous|jeden|todos|cada|ogni|todas|elke)\b",
    re.IGNORECASE,
)


def _is_fixed(text: str, match: re.Match[str]) -> bool:
    """A day of the calendar, a deadline or every week's day; a weekday alone stays with its verb."""
    is_limited = _DEADLINE.match(match.group()) or _LIMIT.search(text[: match.start()])
    return bool(re.search(r"\d", match.group()) or is_limited)


def _limited(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """A date with the words that limit it."""
    limit = _LIMIT.search(text[: span[0]])
    return (limit.start() if limit else span[0], span[1])


def _cut(text: str, dates: list[tuple[int, int]], language: str) -> list[Facet]:
    """The text before, within and after its dates; what is before them once more at its offer."""
    found: list[Facet] = []
    at = 0
    kept = [span for span in protected(text) if not any(span[0] <= day[0] and day[1] <= span[1] for day in dates)]
    for start, end in [*dates, (len(text), len(text))]:
        if start < at or any(low < start < high for low, high in kept):
            continue
        found.extend(_between(text[at:start], language, found_date=bool(found)))
        if day := text[start:end].strip(" ,"):
            found.append(Facet("date", day))
        at = end
    return found


def _mended(parts: list[Facet]) -> list[Facet]:
    """A verb whose date was taken out goes with its object again."""
    if len(parts) > _VERB_PARTS - 1 and _VERBS_ONLY.match(parts[0].text):
        whole = f"{parts[0].text} {parts[2].text}"
        named = _phrased(whole) if len(whole) > _LONG_HEADLINE else []
        return [*(named or [Facet("news", whole)]), parts[1], *parts[3:]]
    return parts


def _between(text: str, language: str, *, found_date: bool) -> list[Facet]:
    bare = _GLUE_AFTER.sub("", text, count=1)
    bare = bare[: _GLUE_BEFORE.search(bare).start()] if _GLUE_BEFORE.search(bare) else bare  # type: ignore[union-attr]
    if not any(letter.isalnum() for letter in bare):
        return []
    if is_placed(bare) and found_date:
        return [Facet("place", re.sub(r"^(?:at|@) (?=\S)", "", bare))]
    offers = offer_spans(bare)
    before = bare[: offers[0][0]] if offers else ""
    head = before[: _GLUE_BEFORE.search(before).start()].strip() if before else ""  # type: ignore[union-attr]
    if (
        len(bare) <= _LONG_HEADLINE
        or not head
        or _PRONOUN.match(head)
        or _OPEN.search(head)
        or CODE.search(head)
        or not re.search(r"[^\W\d_]{4}", head)
    ):
        kind = kind_of(bare, language)
        return [Facet("news" if kind == "ask" else kind, bare)]
    return [Facet("news", head), Facet("offer", bare[offers[0][0] :])]
