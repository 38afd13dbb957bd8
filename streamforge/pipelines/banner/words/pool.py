# ruff: noqa: RUF001 - other scripts' signs
"""Which piece of a brief takes which place on the banner; each is used once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from streamforge.pipelines.banner.words import echoes, judging, wording
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.describing import is_business
from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.kinds import Kind
from streamforge.pipelines.banner.words.leading import SEEKS, is_occasion, leading_points
from streamforge.pipelines.banner.words.lexicon import LEXICONS
from streamforge.pipelines.banner.words.lifting import lifted
from streamforge.pipelines.banner.words.naming import proper_clause
from streamforge.pipelines.banner.words.pieces import Piece
from streamforge.pipelines.banner.words.standing import is_remark, leads_alone
from streamforge.pipelines.banner.words.stock import TITLE_LETTERS, Item, gather
from streamforge.pipelines.banner.words.told import UNINFLECTED, Told

DOT = " · "
_KICKER_REPEATS, _WISH_REPEATS = 0.6, 0.55
"""From which share of its meaning a kicker, a wish counts as said already."""
_SUBS = 2
_ONE_LONG = 20
"""By so many letters one whole sentence may be longer than two parts."""
_PRICE_LIST = 3
"""So many prices in one sentence are a list: none of them is the offer."""
_DAY_LETTERS = 4
_CLIENT_IS = re.compile(r"\b(?:client|customer) is\b", re.IGNORECASE)
_ORDER, _LATE, _TOPIC, _LONG_COST, _REMARK_COST = 0.6, 4, 3.0, 0.5, 2.5
"""What a place further back costs, and what a request's own subject is worth."""
_SUBJECT_POINTS, _CHAT_POINTS, _CLIENT_POINTS = 0.2, 0.8, -2.1
"""What leads by fewer points leads less well than what a request is for, in talk too, or than whose banner it is."""
_LEAD_WORDS, _JOINED_LEAD, _LONG_TITLE = 3, 46, 60
_ENDLESS_WORD = 40
_CUT = re.compile(r"\d ?[%٪％]|[%٪％] ?\d|\d折|half[- ](?:price|off)|\d+ off\b|\d[- ]for[- ]\d", re.IGNORECASE)
_FIGURE = re.compile(r"\d ?[%٪％]|[%٪％] ?\d|[$€£¥₹]|\d折")
"""A cut makes a stronger badge than a price, a price than a gift."""


def _offer_rank(text: str) -> int:
    return 0 if _CUT.search(text) else 1 if _FIGURE.search(text) else 2


class Pool:
    """What a brief tells; taking a piece marks it as used. ``wish`` is the purpose, said to the reader."""

    def __init__(self, told: Told, wish: str) -> None:
        self.told = told
        self.wish = wish
        self.quoted = False
        """Whether the headline is stated as such, and stays as it is written."""
        stock = gather(told)
        self.items, self.asks, self.kickers, self.titles = stock.items, stock.asks, stock.kickers, stock.titles
        self.places = [*told.places, *stock.places]
        self.is_hiring = bool(SEEKS.search(told.text))
        self.said: list[str] = []
        self.call = ""
        """The button, once it is known: no line says it again."""
        places = (judging.says_where(item.piece.text) or judging.says_when(item.piece.text) for item in self.items)
        self.has_place = (
            bool(told.places or told.dates)
            or any(places)
            or any(judging.says_hours(item.piece.text) for item in self._of("date"))
        )

    def headline(self, letters: int, most: int) -> str:
        """The headline: stated words, else the first piece that stands alone, else less."""
        if self.titles:
            self.quoted = True
            return self._say(self.titles.pop(0))
        alone = len(self.items) == 1
        options = [item for item in self._open() if judging.leads(item.piece.kind, item.piece.text, alone=alone)]
        if self.told.chatted:
            options = [item for item in options if item.topic or self._leads_alone(item)]
        lengths = {item.piece.text: len(self._lifted(item)[0][1]) for item in options}
        fitting = [item for item in options if lengths[item.piece.text] <= most]
        options = [(self._leading(item, lengths[item.piece.text], letters), item) for item in fitting]
        points, best = max(options, key=lambda option: option[0], default=(0.0, None))
        if best is not None and best.piece.kind == "offer" and (slogan := self._slogan(best)):
            return self._take(slogan)
        is_client = is_business(self.told.subject) or _CLIENT_IS.search(self.told.text)
        is_event = self.told.chatted and is_occasion(self.told.subject)
        least = _CHAT_POINTS if is_event else _CLIENT_POINTS if is_client else _SUBJECT_POINTS
        is_led = self.told.subject and (points < least or (best and judging.needs_subject(best.piece.text)))
        if is_led and self.told.subject:
            return self._say(self.told.subject)
        if best is not None:
            return self._take_headline(best)
        return self._say(self._least(most))

    def _leads_alone(self, item: Item) -> bool:
        return leads_alone(self._lifted(item)[0][1], self.told.language)

    def _leading(self, item: Item, length: int, letters: int) -> float:
        text, piece = self._lifted(item)[0][1], item.piece
        points = leading_points(piece.kind, text, weak=item.weak, is_hiring=self.is_hiring, is_lead=piece.lead)
        late = _ORDER * min(self.items.index(item), _LATE)
        remarked = _REMARK_COST * (self.told.chatted and is_remark(text))
        return points - late - remarked - _LONG_COST * (length > letters) + _TOPIC * item.topic

    def offer(self, letters: int) -> str:
        """The first offer that is short enough for a badge and not in the headline."""
        stated = [text for text in self.told.offers if not self._is_said(text)]
        if stated and len(stated[0]) <= letters:
            return self._say(stated[0])
        offers = sorted(self._of("offer"), key=lambda item: _offer_rank(item.piece.text))
        has_figure = any(letter.isdigit() for item in offers for letter in item.piece.text)
        if offer_spans(" ".join(self.said)) and not has_figure:
            return ""
        listed = Counter(item.piece.sentence for item in self.items if item.piece.kind == "offer")
        free = (item for item in offers if listed[item.piece.sentence] < _PRICE_LIST)
        fitting = (item for item in free if len(item.piece.text) <= letters and not self._is_said(item.piece.text))
        return next((self._take(item) for item in fitting), "")

    def date(self, letters: int, with_place: int) -> str:
        """When, with where if there is room: the facts of an event belong together."""
        line = ""
        for text in [text for text in self.told.dates if not self._is_said(text)] or self._dated(letters):
            joined = f"{line}, {text}" if line else text
            if len(joined) > letters:
                break
            line = joined
            self._mark(text)
        place = next((text for text in self.places if not self._is_said(text)), "")
        joined = f"{line}{DOT}{place}" if line else place
        if place and len(joined) <= with_place:
            line = joined
        if self.told.language == "en":
            line = re.sub(r"^on (?=\w)", "", line, flags=re.IGNORECASE)
        return self._say(line) if line else ""

    def sub(self, letters: int, call: str) -> str:
        """The line below the headline: what goes on from it, else the next news."""
        lines: list[str] = []
        for text, item in self._subs(call):
            limit = letters if lines else letters + _ONE_LONG
            if len(DOT.join((*lines, text))) > limit or self._is_said(text):
                continue
            lines.append(self._use(text, item))
            if len(lines) == _SUBS or sum(map(len, lines)) > letters // 2:
                break
        return DOT.join(wording.sentence_case(line) for line in lines)

    def kicker(self, words: int, letters: int) -> str:
        """Who or what kind, above the headline; a name that the brief gives itself before a trade."""
        said = " ".join(self.said)
        brand = self.told.brand
        subject = self.told.subject if self.told.language in UNINFLECTED else ""
        for line in (brand, *self.kickers, subject):
            if line != brand and judging.describes_client(line):
                continue
            is_new = line == brand or wording.overlap(line, said) < _KICKER_REPEATS
            if wording.fits(line, words=words, letters=letters) and line.casefold() not in said.casefold() and is_new:
                return line if line == brand else self._titled(line)
        return ""

    def name(self, letters: int) -> str:
        """Whose banner it is, or of what: all that a small canvas says where the headline has no short form."""
        names = (self.told.brand, self.told.subject, *self.kickers)
        return next((line for line in names if line and len(line) <= letters), "")

    def rest(self, letters: int) -> list[str]:
        """What is left, as far as it fits: places and conditions first, then news."""
        found: list[str] = []
        for text, item in self._left():
            line = re.sub(r"^(?:on|at) (?=\d|[A-Z])", "", text).strip(" ,;:")
            if line and not self._is_said(line) and len(DOT.join((*found, line))) <= letters:
                found.append(self._use(line, item))
        return found

    def _slogan(self, offer: Item) -> Item | None:
        """A wish that says more than the discount beside it, which is a badge then."""
        is_badge = bool(re.search(r"\d ?%", offer.piece.text)) and bool(self.kickers)
        wishes = (item for item in self._open() if item.is_wish and len(item.piece.text) <= _LONG_TITLE)
        return next(wishes, None) if is_badge else None

    def _take_headline(self, item: Item) -> str:
        """The piece; a short lead with what it leads to, a kind of event above its title."""
        at = self.items.index(item) + 1
        after = self.items[at] if at < len(self.items) else None
        if not item.piece.lead or after is None or not after.piece.led or after.used or after.piece.kind != "news":
            return self._take_lifted(item)
        lead, title = item.piece.text, after.piece.text
        if (judging.is_kind(lead) or self._is_hiring(lead)) and len(title) <= _LONG_TITLE:
            self.kickers.insert(0, lead)
            item.used = True
            return self._take(after)
        joined = f"{lead}: {title}"
        if len(joined) <= _JOINED_LEAD and len(lead.split()) <= _LEAD_WORDS:
            item.used = after.used = True
            return self._say(joined)
        return self._take_lifted(item)

    def _take_lifted(self, item: Item) -> str:
        """The piece without the facts at its end, which become pieces of their own after it."""
        (_, rest), *tail = self._lifted(item)
        at = self.items.index(item) + 1
        self.items[at:at] = [Item(Piece(kind, text, item.piece.sentence)) for kind, text in tail]
        item.used = True
        return self._say(rest)

    def _lifted(self, item: Item) -> list[tuple[Kind, str]]:
        return [("news", item.piece.text)] if item.piece.lead else lifted(item.piece.text, self.told.language)

    def _is_hiring(self, lead: str) -> bool:
        lexicon = LEXICONS.get(self.told.language)
        return lexicon is not None and lexicon.intent(lead) == "apply"

    def _least(self, most: int) -> str:
        """Where nothing can lead: what it is for, whose it is, or the brief's beginning."""
        told = self.told
        first = next((item.piece.text for item in self._open() if item.piece.kind != "date"), "")
        is_clear = not told.chatted or leads_alone(first, told.language)
        first = first if len(first) <= most and is_clear else ""
        named = first if re.search(r"[^\W\d_]{4}", first) else ""
        spoken = (told.brand, proper_clause(told.text)) if told.chatted else ()
        names = (told.subject, *told.offers[:1], named, told.brand, *spoken, *told.trades, first)
        options = (*names, *told.urls, *told.phones, *told.codes)
        return next((line for line in options if line and len(line) <= TITLE_LETTERS), "") or self._beginning(most)

    def _beginning(self, most: int) -> str:
        """Of one endless clause the first phrase, else its first words; nothing where there is no letter."""
        if not wording.is_readable(self.told.text):
            return ""
        first = next((item.piece.text for item in self.items), self.told.text)
        for item in self.items[:1]:
            item.used = True
        letters = most if " " in first else _ENDLESS_WORD
        lines = (wording.first_letters(text, letters=letters) for text in (first, self.told.text))
        return wording.shorten(first, words=most, letters=most) or next(filter(None, lines), "")

    def _dated(self, letters: int) -> list[str]:
        """Pieces that say when, those with a day of the calendar before hours alone."""
        pure = [item.piece.text for item in self._of("date")]
        if any(DATE.search(text) for text in pure):
            return pure
        news = (item.piece.text for item in self._of("news") if len(item.piece.text) <= letters)
        begun = (text for text in news if (match := DATE.match(text)) and match.end() > _DAY_LETTERS)
        return [*list(begun)[:1], *pure]

    def _subs(self, call: str) -> Iterator[tuple[str, Item | None]]:
        """Lines for below the headline, the best first."""
        yield from ((text, None) for text in (*self.titles, *self.told.subs))
        news = [
            item for item in self._of("news") if not judging.says_where(item.piece.text) and not self._is_bare(item)
        ]
        yield from ((item.piece.text, item) for item in news if not item.weak)
        is_new = len(self.wish.split()) > _SUBS and wording.overlap(self.wish, " ".join(self.said)) < _WISH_REPEATS
        if is_new and not judging.repeats(self.wish, call):
            yield self.wish, None
        yield from ((item.piece.text, item) for item in self._of("offer"))
        yield from ((item.piece.text, item) for item in news if item.weak and not judging.is_errand(item.piece.text))

    def _is_bare(self, item: Item) -> bool:
        """A single word of talk says too little for the line below."""
        return self.told.chatted and self.told.language in UNINFLECTED and " " not in item.piece.text

    def _left(self) -> Iterator[tuple[str, Item | None]]:
        told = self.told
        for texts in (self.places, told.labelled, told.dates, told.offers, told.subs, self.titles):
            yield from ((text, None) for text in texts)
        left = [item for item in self._open() if not (item.piece.lead and self._is_bare(item))]
        left = [item for item in left if told.language != "en" or not judging.is_short_errand(item.piece.text)]
        left.sort(key=lambda item: item.piece.kind == "news" and not judging.says_where(item.piece.text))
        yield from ((item.piece.text, item) for item in left)

    def _titled(self, line: str) -> str:
        return wording.title_case(line) if self.told.language == "en" else wording.sentence_case(line)

    def _open(self) -> list[Item]:
        return [item for item in self.items if not item.used]

    def _of(self, kind: Kind) -> Iterator[Item]:
        return (item for item in self._open() if item.piece.kind == kind)

    def _take(self, item: Item) -> str:
        return self._use(item.piece.text, item)

    def _use(self, text: str, item: Item | None) -> str:
        if item is not None:
            item.used = True
        return self._say(text)

    def _mark(self, text: str) -> None:
        for item in self.items:
            item.used = item.used or item.piece.text == text

    def _say(self, text: str) -> str:
        self.said.append(text)
        return text

    def _is_said(self, text: str) -> bool:
        """Whether the lines so far have it already, in full or nearly; figures have to be there every one."""
        return echoes.repeats(text, " ".join(self.said)) or echoes.is_call(text, self.call)
