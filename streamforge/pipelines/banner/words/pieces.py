# ruff: noqa: E501, RUF001 - long patterns read better whole; other languages' letters
"""Statements cut into pieces that can stand alone on a banner: news, offers, dates, places.

A piece is a whole clause, or neighbouring clauses as they stand in the sentence. A fact is taken out of a clause only at
its end and only where whole words remain before it; else the clause is used whole.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.words.contacts import is_parted, parted
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facets import says_place
from streamforge.pipelines.banner.words.kinds import Kind, kind_of
from streamforge.pipelines.banner.words.lexicon import LEXICONS
from streamforge.pipelines.banner.words.lifting import QUALIFIES, with_parted
from streamforge.pipelines.banner.words.sentences import Clause, clauses

JOINED_LETTERS = 60
"""Clauses that a comma joins stay together up to here."""
_DENSE = frozenset(["cjk", "kana", "hangul", "thai"])


class Piece(Struct, frozen=True):
    """A text that stands alone. ``sentence`` is the number of its sentence; ``lead`` stood before a colon."""

    kind: Kind
    text: str
    sentence: int = 0
    lead: bool = False
    led: bool = False
    """Whether it stood after a colon."""


_AND = {
    "en": r"and|or|but|so|nor|yet|then|who|which|that|where|because|while|whose|as|than|if|when|making|helping|giving|letting|including|plus|not|to",
    "de": r"und|oder|aber|sondern|denn|der|die|das|dem|den|deren|dessen|dass|weil|wenn|wo|damit|sowie|als|um",
    "fr": r"et|ou|mais|car|qui|que|dont|où|donc|ni|puis|pour|afin|avec",
    "es": r"y|e|o|u|pero|que|quien|donde|porque|cuando|sino|como|para|con",
    "it": r"e|ed|o|ma|che|chi|cui|dove|perché|quando|come|per|con",
    "pt": r"e|ou|mas|que|quem|onde|porque|quando|como|para|com",
    "nl": r"en|of|maar|want|die|dat|waar|omdat|als|om|met",
    "pl": r"i|oraz|lub|albo|ale|który|która|które|gdzie|bo|że|aby|żeby|czyli",
    "sv": r"och|eller|men|som|där|för att|om|att|med",
    "no": r"og|eller|men|som|der|for å|om|at|med",
    "da": r"og|eller|men|som|der|hvor|om|at|med",
    "cyrillic": r"и|или|но|а|который\w*|которая|которые|где|что|чтобы|если|когда|с",
    "ukrainian": r"і|й|та|або|але|який|яка|які|де|що|щоб|якщо|коли|з",
}
"""A clause that begins so goes on with the one before it."""
_BARE_HOURS = re.compile(r"\d{1,2}(?:[:.]\d\d)? ?(?:[-–]|to|til|till|bis|à|a|tot) ?\d{1,2}(?:[:.]\d\d)?")
"""After a day: hours without a unit."""
_PRONOUN = re.compile(r"(?:it|they|he|she|you|i)\b", re.IGNORECASE)
"""Commas in a sentence that begins so part its verbs."""
_LIST_END = re.compile(
    r"[\w'’-]+(?: [\w'’-]+)? (?:and|or|&|und|oder|et|ou|y|o|e|en|of|i|lub|och|eller|og|и|или) [\w'’-]+(?: [\w'’-]+)?[!?.]?$",
    re.IGNORECASE,
)
"""The end of a list: ``beds and wardrobes``."""
_BADGE_LETTERS = 44
_NAME = re.compile(r"[A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*){0,2}")
_OWNED = re.compile(r"(?:our|my) (?:[a-z-]+ ?){1,3}$", re.IGNORECASE)
_APPOSED = re.compile(r"^(?:[Oo]ur|[Mm]y) (?:[a-z-]+ ?){1,3}, [A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*){0,2}$")
"""``Our company, Lumio, makes blinds``: the commas part nothing."""
_STREET = re.compile(r"\d+\w? (?:[A-Z][\w'’.-]+ ?){1,3}$")
_SECOND = re.compile(r"(?:and|but) (?:\w+ ){4}", re.IGNORECASE)
_LONG_FIRST, _TWO_LINES = 30, 90
"""Of two long English sentences that an ``and`` joins each stands alone."""
_LISTED = re.compile(r"\w (?:and|or|&|und|oder|et|ou|och|eller|og|lub|и|или|та|або) \w")
"""In the last clause of a sentence: the end of its list."""
_NAMES = re.compile(r"[A-Z]\w+ (?:and|or|&|und|oder|et|ou|y|e|og|och|i|en) [A-Z]\w+(?! ?[&.])")
"""The end of a list of names: ``Vienna, Zurich and Munich``."""
_FEW_WORDS = 2
_UNLESS = {
    "en": r"to|if|when|while|because|although|though|as|since|after|before|once|until|unless|whether|unlike|instead|whatever|wherever|with|without|in|on|at|by|for|from|to|whether|no matter|are you|do you|is your|did you|have you|tired of|looking|thanks",
    "de": r"wenn|weil|während|obwohl|nachdem|bevor|da|seit|ob|falls|für|mit|in|am|im|ohne|statt",
    "fr": r"si|quand|lorsque|parce|depuis|après|avant|pendant|avec|sans|pour|dans|en",
    "es": r"si|cuando|porque|desde|después|antes|mientras|con|sin|para|en",
    "it": r"se|quando|perché|da|dopo|prima|mentre|con|senza|per|in",
    "pt": r"se|quando|porque|desde|depois|antes|enquanto|com|sem|para|em",
    "nl": r"als|wanneer|omdat|terwijl|sinds|na|voor|met|zonder|in",
    "pl": r"jeśli|gdy|kiedy|ponieważ|od|po|przed|z|bez|dla|w",
}
"""A clause that begins so waits for the one after it."""


_WAITS = re.compile(
    r"(?:(?:egal,? |ganz gleich,? )?ob|whether|no matter (?:if|what|whether)|que ce soit|qu['’]il s['’]agisse|ya sea|sia(?: che)?|seja|of het nu|czy to|oavsett om|uansett om|hvad enten)(?!\w)",
    re.IGNORECASE,
)
"""Before a colon: words that wait for what comes after it."""


def pieces_of(sentence: str, language: str, number: int = 0) -> list[Piece]:
    """The pieces of a sentence, in its order."""
    found: list[Piece] = []
    groups = _groups(clauses(sentence, thai=language == "thai"), sentence, language, number)
    for at, group in enumerate(groups):
        after = groups[at + 1] if at + 1 < len(groups) else None
        leads_to = after is not None and (after.kind, after.mark) == ("ask", ",")
        if leads_to and _begins(_UNLESS, sentence[group.start : group.end], language):
            continue  # ``To arrange a visit, call …``: without its call it says nothing
        found.extend(_piece(group, sentence, language, number))
    return [piece for piece in found if any(letter.isalnum() for letter in piece.text)]


_LABEL_WORDS, _LEAD_WORDS = 4, 3


class _Group(Struct):
    """Neighbouring clauses of a kind, by their place in the sentence."""

    kind: Kind
    start: int
    end: int
    mark: str
    lead: bool = False
    label: bool = False
    """Whether a label before a colon leads to its address."""


def _groups(found: list[Clause], sentence: str, language: str, number: int) -> list[_Group]:
    groups: list[_Group] = []
    for at, clause in enumerate(found):
        kind = kind_of(clause.text, language)
        before = groups[-1] if groups else None
        if before is not None and clause.mark == "," and _belongs(before, clause, kind, sentence, language):
            before.end = clause.end
            before.kind = kind if kind == before.kind else "news"
            continue
        if (
            kind == "ask"
            and before is not None
            and before.lead
            and clause.mark == ":"
            and len(sentence[before.start : before.end].split()) <= _LABEL_WORDS
        ):
            before.end, before.kind, before.lead, before.label = clause.end, "ask", False, True
            continue
        is_lead = (
            at + 1 < len(found)
            and found[at + 1].mark == ":"
            and sentence[clause.end : clause.end + 2].strip()[:1] in {":", "：", "–", "—", "-", "→", "|"}
        )
        if before is not None and clause.mark == ":" and _WAITS.match(sentence[before.start :]):
            is_short = clause.end - before.start <= JOINED_LETTERS
            before.start = before.start if is_short else clause.start
            before.end, before.kind, before.lead = clause.end, kind, is_lead
            continue
        words = len(sentence[before.start : before.end].split()) if before is not None else 0
        if (
            before is not None
            and before.lead
            and number
            and clause.mark == ":"
            and words <= (_LEAD_WORDS if kind == "news" else _LEAD_WORDS - 1)
        ):
            before.end, before.kind, before.lead = clause.end, "news" if kind == "news" else kind, False
            continue
        groups.append(_Group(kind, clause.start, clause.end, clause.mark, is_lead))
    return groups


def _belongs(group: _Group, clause: Clause, kind: Kind, sentence: str, language: str) -> bool:
    """Whether a clause after a comma stays with those before it."""
    text = sentence[group.start : group.end]
    if "ask" in {kind, group.kind} or (
        (says_place(clause.text) and not _NAME.fullmatch(text)) or (says_place(text) and not clause.text[:1].isupper())
    ):
        return False
    return (
        _goes_on(group.kind, text, clause.text, language, is_last=clause.end == len(sentence))
        or (group.start == 0 and kind == "news" and bool(_PRONOUN.match(text)))
        or _fits(group, clause, kind, language)
    )


def _goes_on(kind: Kind, text: str, after: str, language: str, *, is_last: bool) -> bool:
    """Whether the words themselves say so: a conjunction, a limit, the end of a list."""
    waits = kind == "news" and _begins(_UNLESS, text, language)
    is_second = (
        language == "en"
        and len(text) >= _LONG_FIRST
        and len(text) + len(after) > _TWO_LINES
        and bool(_SECOND.match(after))
    )
    if waits or (_begins(_AND, after, language) and not is_second) or QUALIFIES.match(after):
        return True
    if _NAMES.match(after):
        return True
    is_lower = after[:1].islower()
    if (
        (_APPOSED.search(text) and is_lower)
        or (_NAME.fullmatch(after) and _OWNED.match(text))
        or (kind == "news" and _NAME.fullmatch(after) and _STREET.search(text))
    ):
        return True
    is_list = kind == "news" and len(text.split()) <= _FEW_WORDS and re.search(r" (?:and|or) ", after)
    is_adjective = language == "en" and kind == "news" and " " not in text
    return is_lower and bool(
        is_adjective
        or is_list
        or _LIST_END.match(after)
        or (is_last and _LISTED.search(after) and not TIME.search(after))
    )


def _fits(group: _Group, clause: Clause, kind: Kind, language: str) -> bool:
    """Whether both are of a kind that a line joins, and short enough for it."""
    joined, density = clause.end - group.start, 2 if language in _DENSE else 1
    if kind == "date" and (group.kind == "date" or TIME.fullmatch(clause.text)):
        return joined <= JOINED_LETTERS
    if kind == "offer" and group.kind == "news" and group.start == 0 and language != "en":
        return joined <= _BADGE_LETTERS // density and not group.lead
    if (group.kind, kind) == ("offer", "offer"):
        return joined <= _BADGE_LETTERS // density
    if (group.kind, kind) == ("date", "news"):
        is_sentence = group.start == 0 and clause.text[:1].islower() and language == "en"
        return is_sentence or bool(_BARE_HOURS.fullmatch(clause.text))
    if (group.kind, kind) == ("news", "news"):
        return joined <= JOINED_LETTERS // density or not can_part(language)
    return False


def can_part(language: str) -> bool:
    """Whether the words that join clauses are known, so that a comma without one parts two."""
    return language in _AND or language in _DENSE or language in LEXICONS


def _begins(words: dict[str, str], text: str, language: str) -> bool:
    pattern = words.get(language)
    return bool(pattern and re.match(rf"(?:{pattern})(?!\w)", text, re.IGNORECASE))


def _piece(group: _Group, sentence: str, language: str, number: int) -> list[Piece]:
    text = sentence[group.start : group.end].strip(" ,;:")
    led = group.mark == ":" and group.start > 0
    if group.kind == "ask":
        if not is_parted(text, language):
            return [Piece("news", text, number, led=led)]
        before, after = parted(text, language)
        is_loose = _begins(_AND, after, language) or _begins(_UNLESS, after, language)
        after = "" if is_loose and not DATE.match(after) else after
        says = not group.label and (len(before.split()) > _ASK_WORDS or any(letter.isdigit() for letter in before))
        told = [line for line in (before if says else "", after) if line]
        return [
            Piece("ask", before, number, lead=group.label),
            *([Piece("date", day.group(), number)] if (day := DATE.search(before)) and not says else []),
            *(Piece(kind_of(line, language), line, number, led=led) for line in told),
        ]
    if group.kind in {"news", "offer"} and not group.lead:
        return [Piece(kind, line, number, led=led) for kind, line in _parts(text, language)]
    return [Piece(group.kind, text, number, group.lead, led)]


_ASK_WORDS = 5
"""What asks in more words also says something."""


def _parts(text: str, language: str) -> list[tuple[Kind, str]]:
    """A clause, or what stands before and after its ``with`` where it is too long for a line."""
    if (begun := DATE.match(text)) and (joined := re.match(r" with (?=\w)", text[begun.end() :])):
        return [("date", begun.group()), ("news", text[begun.end() + joined.end() :])]
    parts = with_parted(text) if language == "en" and len(text) > JOINED_LETTERS else ()
    return [(kind_of(part, language), part) for part in parts or (text,)]
