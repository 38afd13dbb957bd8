# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts' punctuation
"""Copy from a brief that is not English: its own clauses in their own order, with nothing translated.

The brief's first thought is the headline; an offer in it becomes the badge, what asks for action the button, a clause
with figures that is none of these the date.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.atoms import split
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facts import Facts, contact_spans, without_facts
from streamforge.pipelines.banner.words.lexicon import LEXICONS, button_for

HEADLINE_LETTERS = 46
LINE_LETTERS = 88
SHORT_LETTERS = 26
_LEAST_LETTERS = 3
_OFFER_LETTERS = 30
_DATE_LETTERS = 44
_LIST_PARTS, _FEW_WORDS = 3, 3
_DENSE_CALL_LETTERS = 10
_CALL_LETTERS = 14
_STEM = 5
"""Letters by which two forms of a verb are taken for the same."""
_DENSE = frozenset(["cjk", "kana", "hangul", "thai"])
"""Scripts in which a line says as much in half the letters."""
_SENTENCE = re.compile(
    rf"(?!{wording.ORDINAL})[.!;:\n]+(?=\s|$)|(?<=[?？؟])\s*|[。！；：।؛]|(?<=[\u3040-\u9fff])[!;](?=\S)| [-–—] "
)
_COMMA = re.compile(r",(?=\s)|[，、،]|(?<=[\u3040-\u9fff]),")
_THAI_PAUSE = re.compile(r"(?<![\d%]) (?![\d%])")
_TAKEN = frozenset(["headline", "cta"])
"""Quotations that stand on the banner themselves."""
_PRESENTS = re.compile(
    r"\s+(?:bietet(?: jetzt)?|propose|offre|ofrece|oferece|biedt|oferuje|erbjuder|tilbyr|tilbyder|предлагает|تقدم|يقدم|מציע(?:ה|ים)?)\s+",
    re.IGNORECASE,
)
"""Between an advertiser and what it has to offer."""
_OPEN_END = re.compile(r"\b(?:i|und|et|y|e|en|och|og|ve|и|erhalten|odbierz|get|ve)$", re.IGNORECASE)
"""What waits for a word that has gone."""
_LEFT_OPEN = re.compile(r"\s+(?:mit|avec|con|com|met|med|z|с|з|cu|ile)$", re.IGNORECASE)
"""The ``with`` of an offer that has gone."""
_LOOSE_END = re.compile(
    r"\s+(?:auf|unter|bei|an|sur|chez|en|au|su|sul|a|al|op|via|på|em|no|na|at|على|الى|إلى|ב|על|पर|w|pod|по|на|ที่|la|pe|v|or|oder|ou|o|und|et|y|e|и)$",
    re.IGNORECASE,
)
"""A word that led to an address or a number and is left behind without it."""


class Thoughts:
    """A brief cut into clauses, which are taken out one by one as the banner uses them."""

    def __init__(self, prompt: str, facts: Facts, language: str, *, lifts: bool = True) -> None:
        self.language = language
        self.lifts = lifts
        self.lexicon = LEXICONS.get(language)
        self.dense = language in _DENSE
        bare = prompt
        for quote in facts.quotes:
            kept = "" if quote.text == facts.quoted(quote.use) and quote.use in _TAKEN else quote.text
            bare = re.sub(rf"[\"“„«‘']?{re.escape(quote.text)}[\"”“»’']?", kept, bare)
        self.call = ""
        self.clauses = [line for piece in self._pieces(bare) if (line := self._clean(piece))]

    def headline(self) -> str:
        """The first thought, without its offer if something is left then."""
        if not self.clauses:
            return ""
        first = self.clauses.pop(0)
        for _ in self.clauses:
            if not (DATE.fullmatch(first) or self._is_bare_call(first)):
                break
            self.clauses.append(first)
            first = self.clauses.pop(0)
        offer = self._offer_in(first)
        rest = self._bare(self._beside(first, offer)) if offer else ""
        if rest:
            self.clauses.insert(0, offer)
            return rest
        if offer and self.clauses and first == offer:
            first, self.clauses[0] = self.clauses[0], first
        return self._news(first)

    def _is_bare_call(self, clause: str) -> bool:
        is_short = len(clause.split()) < _FEW_WORDS and len(clause) <= _CALL_LETTERS
        return bool(self.lexicon and is_short and _is_call(clause, self.lexicon.buttons))

    def offer(self) -> str:
        """The first discount or gift; the clause it stood in keeps the rest."""
        for at, clause in enumerate(self.clauses):
            offer = self._offer_in(clause)
            if not offer:
                continue
            rest = self._beside(clause, offer)
            if not rest and len(clause) > self._offer_letters:
                continue
            badge = clause if len(clause) <= self._offer_letters else offer
            self.clauses[at : at + 1] = [rest] if rest and badge == offer else []
            return badge
        return ""

    def date(self) -> str:
        """The first clause with figures that is short enough to stand alone."""
        for at, clause in enumerate(self.clauses):
            if (
                re.search(r"\d", clause)
                and len(clause) <= _DATE_LETTERS
                and (at or len(self.clauses) > 1 or DATE.search(f"{clause}."))
            ):
                return self.clauses.pop(at)
        return ""

    def sub(self) -> str:
        """The next thought."""
        return self.clauses.pop(0) if self.clauses else ""

    def _pieces(self, text: str) -> list[str]:
        pieces = [piece for piece in split(_SENTENCE, text) if piece and piece.strip()]
        if self.language == "thai":
            pieces = [part for piece in pieces for part in _THAI_PAUSE.split(piece)]
        return [part for piece in pieces for part in self._parts(piece)]

    @property
    def _offer_letters(self) -> int:
        return _OFFER_LETTERS // (2 if self.dense else 1)

    def _parts(self, sentence: str) -> list[str]:
        """A sentence that is too long for one line, or has an offer in it, cut at its commas."""
        limit = HEADLINE_LETTERS // (3 if self.dense else 1)
        cuts = self._offer_in(sentence) or (len(sentence) > limit and not self._is_list(sentence))
        return split(_COMMA, sentence) if cuts else [sentence]

    def _is_list(self, sentence: str) -> bool:
        parts = [part.strip() for part in _COMMA.split(sentence)]
        return (
            not self.dense
            and len(sentence) <= LINE_LETTERS
            and len(parts) >= _LIST_PARTS
            and all(len(part.split()) <= _FEW_WORDS for part in parts)
        )

    def _clean(self, piece: str) -> str:
        """The clause without addresses; nothing where it only sent the reader there."""
        bare = without_facts(piece)
        had_contact = bool(contact_spans(piece))
        line = wording.tidy(re.sub(r"\s+", " ", bare))
        while had_contact and (cut := _LOOSE_END.sub("", line)) != line:
            line = wording.tidy(cut)
        asks = self.lexicon is not None and self.lexicon.intent(line) is not None
        if had_contact and asks and (len(line.split()) <= _FEW_WORDS or self.dense):
            if self.lexicon and _is_call(line, self.lexicon.buttons):
                self.call = self.call or re.sub(r"(?:ได้)?ที่$", "", line)
            return ""
        return line if len(line) >= _LEAST_LETTERS and wording.is_readable(line) else ""

    def _offer_in(self, clause: str) -> str:
        if not self.lifts or self.lexicon is None or not self.lexicon.offer:
            return ""
        match = re.search(self.lexicon.offer, clause, re.IGNORECASE)
        return match.group().strip() if match else ""

    def _beside(self, clause: str, offer: str) -> str:
        """What the clause says besides its offer; empty where the two cannot part."""
        before, _, after = (part.strip(" ,،、，:") for part in clause.partition(offer))
        leads = self.lexicon.leads if self.lexicon else ""
        joined = before and after
        if joined and not (leads and re.match(rf"(?:{leads})\s", after, re.IGNORECASE)):
            return ""
        before = _LEFT_OPEN.sub("", before) if joined else before
        rest = wording.tidy(f"{before} {after}".strip())
        if DATE.fullmatch(rest):
            return ""
        if leads and not joined:
            rest = re.sub(rf"\s+(?:{leads})$", "", rest, flags=re.IGNORECASE)
        return rest if len(rest) >= _LEAST_LETTERS * 2 and not _OPEN_END.search(before) else ""

    def _bare(self, line: str) -> str:
        """The line without the word that joined it to its offer: a headline stands alone."""
        leads = self.lexicon.leads if self.lexicon else ""
        return re.sub(rf"^(?:{leads})\s+", "", line, flags=re.IGNORECASE) if leads else line

    def _news(self, line: str) -> str:
        """Of a long ``X offers Y`` the Y; else the line."""
        if len(line) > HEADLINE_LETTERS and (match := _PRESENTS.search(line)):
            self.clauses.append(line[: match.start()])
            line = line[match.end() :]
        return line if len(line) <= LINE_LETTERS else wording.first_words(line, words=14, letters=LINE_LETTERS) or line


def stated_button(thoughts: Thoughts, purpose: str, prompt: str) -> str:
    """The brief's own call to action, taken out of its clauses; else the language's button for what is wanted."""
    lexicon = thoughts.lexicon
    if thoughts.call:
        return wording.sentence_case(thoughts.call)
    limit = _DENSE_CALL_LETTERS if thoughts.dense else SHORT_LETTERS
    if lexicon is not None:
        for at, clause in enumerate(thoughts.clauses):
            if (
                at
                and len(clause) <= limit
                and len(clause.split()) <= _FEW_WORDS + 1
                and _is_call(clause, lexicon.buttons)
            ):
                return wording.sentence_case(thoughts.clauses.pop(at))
    return button_for(thoughts.language, purpose, prompt)


def _is_call(clause: str, buttons: tuple[str, ...]) -> bool:
    """Whether a clause begins as one of the language's buttons does."""
    first = clause.split(maxsplit=1)[0].casefold()
    heads = {button.split()[0].casefold() for button in buttons if " " in button or button.isascii()}
    stems = {head[:_STEM] for head in heads if len(head) > _STEM}
    return first in heads or first[:_STEM] in stems or any(clause.startswith(b[:2]) for b in buttons if not b.isascii())
