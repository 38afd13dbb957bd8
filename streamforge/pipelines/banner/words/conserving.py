# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts' letters
"""No fact of a brief is lost: what stands in no line after the lines are written gets a place, or is known to be left out.

Facts are offers, dates and hours, streets, addresses, numbers and codes of whatever a brief says to its reader, and of
what it tells the designer to say. What it forbids, and what it only says about the work, has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facets import facets, says_place
from streamforge.pipelines.banner.words.facts import contact_spans, offer_spans
from streamforge.pipelines.banner.words.kinds import kind_of
from streamforge.pipelines.banner.words.lexicon import LEXICONS
from streamforge.pipelines.banner.words.makers import DECISIVE, points
from streamforge.pipelines.banner.words.sentences import clauses
from streamforge.pipelines.banner.words.standing import is_talk, reads_alone
from streamforge.pipelines.banner.words.stated import carries, lines_of

if TYPE_CHECKING:
    from streamforge.pipelines.banner.words.copywriting import Copy
    from streamforge.pipelines.banner.words.told import Told

StatedKind = Literal["offer", "date", "place"]
KINDS: tuple[StatedKind, ...] = ("offer", "date", "place")
"""In the order in which a reader needs them."""
DOT = " · "
DATE_LETTERS, OFFER_LETTERS, MORE_LETTERS = 62, 50, 140
_CLAUSE_LETTERS = 80
_HOURS = re.compile(
    r"(?<!\w)(?:mon?|tue?s?|wed|thu(?:rs)?|fri|sat|sun|di|mi|do|fr|sa|so|lun?|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|вс)\.? ?(?:[-–] ?\w{2,4}\.? )?\d{1,2}(?:[.:]\d\d)? ?[-–] ?\d{1,2}(?:[.:]\d\d)?(?!\w)|"
    r"\d{1,2}[.:]\d\d ?[-–] ?\d{1,2}[.:]\d\d|(?:\d{1,4}年)?\d{1,2}月(?:\d{1,2}日)?(?:(?:から|至|[-–~〜])(?:\d{1,2}月)?\d{1,2}日?)?(?:まで)?|(?:\d{1,2}월 ?)\d{1,2}일(?:까지|부터)?|\d{1,2}[時点](?:\d{2}分)?",
    re.IGNORECASE,
)


class Stated(Struct, frozen=True):
    """A fact in the brief's words, and the clause that it stands in."""

    kind: StatedKind
    text: str
    clause: str


def facts_in(told: Told) -> list[Stated]:
    """Every offer, date and place that the brief states for its reader, in its order, each once."""
    spoken = (told.subject, *told.offers, *told.dates, *told.places, *told.labelled, *told.statements, *told.wishes)
    silent = [line for line in told.silent if points(line) < DECISIVE and not _ABOUT_WORK.search(line)]
    found: dict[str, Stated] = {}
    for line in (*spoken, *silent):
        for clause in clauses(line):
            for fact in _facts(clause.text, told.language):
                if not told.chatted or _is_certain(fact, told.language):
                    found.setdefault(fact.text.casefold(), fact)
    return list(found.values())


def _is_certain(fact: Stated, language: str) -> bool:
    """Of talk a day without a number (``could I have it by Thursday``) may well be the work's."""
    return not is_talk(fact.clause, language) or any(letter.isdigit() for letter in fact.text)


_ABOUT_WORK = re.compile(
    r"\b(?:deadline (?:is|was)|(?:something|it|this|them|a draft|a proof|drafts?) (?:by|before|until) )|^\W*(?:(?:deadline|budget|size|format|größe|taille|tamaño|formato|afmeting|размер)\b|(?:i|we|ich|wir|nous) (?:need|brauch\w*|avons besoin) (?:it|this|das|es)\b)|\d{2,4} ?[x×] ?\d{2,4}",
    re.IGNORECASE,
)


def _facts(clause: str, language: str) -> Iterator[Stated]:
    bare = clause.strip(" .,;:!")
    if says_place(bare) and not contact_spans(bare):
        yield Stated("place", bare, bare)
        return
    lexicon = LEXICONS.get(language)
    own = (
        [match.span() for match in re.finditer(lexicon.offer, bare, re.IGNORECASE)] if lexicon and lexicon.offer else []
    )
    offers = offer_spans(bare) or tuple(own)
    yield from (Stated("offer", bare[start:end].strip(" ,"), bare) for start, end in offers)
    for pattern in (DATE, TIME, _HOURS):
        for match in pattern.finditer(bare):
            if not any(start < match.end() and match.start() < end for start, end in offers):
                yield Stated("date", match.group().strip(" ,"), bare)


def conserved(copy: Copy, told: Told) -> Copy:
    """The copy with every fact that no line has yet, as far as there is room: offers first, then dates, then places."""
    for fact in sorted(facts_in(told), key=lambda fact: KINDS.index(fact.kind)):
        if not stands(fact.text, list(lines_of(copy))):
            copy = _placed(copy, fact, told.language, chatted=told.chatted)
    return copy


def stands(fact: str, lines: list[str]) -> bool:
    """Whether a line has the fact, in its words or in others; one of several parts may stand in several lines."""
    together = " ".join(lines)
    return any(fact.casefold() in line.casefold() or carries(line, fact) for line in lines) or carries(together, fact)


def _placed(copy: Copy, fact: Stated, language: str, *, chatted: bool) -> Copy:
    """The fact with the words around it, or alone, in the first place that has room."""
    is_whole = reads_alone(_freed(fact.clause), language, chatted=chatted)
    texts = [text for text in _around(fact, language) if is_whole and reads_alone(text, language, chatted=chatted)]
    texts += [fact.text] if fact.kind != "date" or DATE.search(fact.text) or _HOURS.search(fact.text) else []
    lines = list(lines_of(copy))
    for text in (wording.sentence_case(text) for text in texts if not contact_spans(text)):
        if fact.kind == "offer" and not copy.offer and len(text) <= OFFER_LETTERS and kind_of(text, language) != "news":
            return replace(copy, offer=text)
        if fact.kind == "date" and kind_of(text, language) == "date":
            joined = f"{copy.date}, {text[:1].lower()}{text[1:]}" if copy.date else text
            if len(joined) <= DATE_LETTERS and DOT not in copy.date:
                return replace(copy, date=joined)
        more = f"{copy.more}{DOT}{text}" if copy.more else text
        if len(more) <= MORE_LETTERS and not any(
            line.casefold() in text.casefold() for line in lines if len(line) > _WORD
        ):
            return replace(copy, more=more)
    return copy


_JOINED = re.compile(
    r"^(?:(?:and|but|und|aber|et|mais|y|pero|e|ma|mas|en|maar) )?(?:(?:that|dass|que|che|dat) )?(?=\w)", re.IGNORECASE
)
"""What joined a clause to the one before it."""


def _freed(clause: str) -> str:
    return _JOINED.sub("", clause, count=1).rstrip("? ")


def _around(fact: Stated, language: str) -> list[str]:
    """The fact with the words around it, the most first."""
    clause = _freed(fact.clause)
    parts = [part.text for part in facets(clause, language) if fact.text in part.text]
    return [clause, *parts] if len(clause) <= _CLAUSE_LETTERS else parts


_WORD = 12
"""A shorter line may well stand within another."""
