# ruff: noqa: E501 - long patterns read better whole
"""Everything a brief tells, as pieces in its own order, with what was told besides them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.words import judging, wording
from streamforge.pipelines.banner.words.addressed import heard
from streamforge.pipelines.banner.words.calling import is_ask
from streamforge.pipelines.banner.words.describing import described, is_business, our, reworded, your
from streamforge.pipelines.banner.words.facets import facets
from streamforge.pipelines.banner.words.facts import contact_spans
from streamforge.pipelines.banner.words.kinds import kind_of
from streamforge.pipelines.banner.words.makers import is_for_maker
from streamforge.pipelines.banner.words.pieces import Piece, can_part, pieces_of
from streamforge.pipelines.banner.words.standing import Doubt, doubts, reads_alone
from streamforge.pipelines.banner.words.told import Told
from streamforge.pipelines.banner.words.uncovering import uncovered

TITLE_LETTERS = 120
_LEAST_LETTERS, _TINY_BRIEF = 3, 20
_WISH_WORDS, _BUTTON_WORDS = 2, 4
_QUOTES = "\"“„«‘'"  # noqa: RUF001 - as they are typed
"""A wish that begins with a quotation is a title already."""
_WISH = -1
"""The number of the sentence that a wish counts as."""
_JOINED_BY = re.compile(
    r"^(?:with (?:an? |the |our )?|featuring (?:an? |the )?|including |and |or |plus |also )(?=\w)", re.IGNORECASE
)
"""What joined a piece to the one before it."""
_WE_HOLD = re.compile(
    r"^(?:wir (?:machen|veranstalten|organisieren)|nous organisons|on organise|organizamos|organizziamo|we organiseren|vi arrangerar|vi arrangerer|мы проводим)(?: (?:eine?n?|une?|una|uno|un|uma?|een|ett|en|et))? (?=\w)",
    re.IGNORECASE,
)
_WE_SELL = re.compile(
    r"^(?:we|i) (?:also )?(?:sell|offer|do(?! (?:it|that|this|things|not|everything|more|all|our|the|what)\b))(?: (?:an?|the|our))? (?=\w)",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(r"^(?:they|their|he|she|his|her)\b", re.IGNORECASE)


class Item(Struct):
    """A piece, whether a line has it already, whether it is too weak to lead, and whether a request was for it."""

    piece: Piece
    used: bool = False
    weak: bool = False
    topic: bool = False

    @property
    def is_wish(self) -> bool:
        """Whether it is what the reader shall do, rather than a statement."""
        return self.piece.sentence == _WISH


class Stock(Struct, kw_only=True):
    """The pieces, what the brief asks its reader (``asks``), who speaks or what kind it is (``kickers``), titles."""

    items: list[Item] = msgspec.field(default_factory=list[Item])
    asks: list[str] = msgspec.field(default_factory=list[str])
    kickers: list[str] = msgspec.field(default_factory=list[str])
    titles: list[str] = msgspec.field(default_factory=list[str])
    places: list[str] = msgspec.field(default_factory=list[str])


def gather(told: Told) -> Stock:
    """The stock of a brief."""
    stock = Stock(
        titles=[title for title in told.titles if len(title) <= TITLE_LETTERS],
        asks=list(told.asks),
        kickers=list(told.trades),
    )
    for number, (text, is_topic) in enumerate(_texts(told, stock)):
        for piece in pieces_of(text, told.language, number):
            if _is_hushed(told, piece, text):
                told.silent.append(piece.text)
                continue
            for part in _faceted(piece, stock, told.language):
                _add(told, stock, _told(told, part))
        if is_topic and (items := [item for item in stock.items if item.piece.sentence == number]):
            items[0].topic = True
    if told.language == "en":
        for wish in (wish for wish in told.wishes if wish[:1] not in _QUOTES):
            _add_wish(stock, your(wish))
    return stock


def _told(told: Told, piece: Piece) -> Piece:
    """A piece of talk without what only says that it is said, once its date is off."""
    if not told.chatted or piece.kind != "news":
        return piece
    return replace(piece, text=uncovered(piece.text, told.language))


def _is_hushed(told: Told, piece: Piece, sentence: str) -> bool:
    """Whether a piece of talk is not even to be cut into its facts, or is no more than a label of an address."""
    if not told.chatted or piece.kind in {"ask", "date"}:
        return False
    is_label = " " not in piece.text and bool(contact_spans(sentence)) and can_part(told.language)
    return is_label or not doubts(piece.text, told.language).isdisjoint(_UNCUT)


_UNCUT: frozenset[Doubt] = frozenset(["open", "self", "talk", "back"])


def _faceted(piece: Piece, stock: Stock, language: str) -> Iterator[Piece]:
    """A piece at the edges of its facts, where it is too long for a line; places go to the places."""
    if piece.kind not in {"news", "offer"} or piece.lead:
        yield piece
        return
    for part in facets(piece.text, language):
        if part.kind == "place":
            stock.places.append(part.text)
        else:
            yield piece if part.text == piece.text else replace(piece, kind=part.kind, text=part.text)


def _texts(told: Told, stock: Stock) -> Iterator[tuple[str, bool]]:
    """The statements, and whether a request was for each.

    Of English descriptions what they say, with who says it and what it is called set apart.
    """
    if told.language != "en":
        yield from ((_WE_HOLD.sub("", each, count=1), each in told.topics) for each in told.statements)
        return
    is_client = bool(re.search(r"\b(?:client|customer)\b", told.text, re.IGNORECASE))
    for sentence in told.statements:
        is_wanted = sentence in told.wanted
        if told.chatted and not doubts(sentence, "en").isdisjoint(_UNCUT - {"back"}) and is_business(sentence):
            continue
        is_named = told.chatted and bool(told.brand)  # its name stands above: what it is may lead
        if is_business(sentence) and not (is_wanted or is_named) and len(told.statements) > 1:
            stock.kickers.append(re.sub(r"^(?:an?|the|our|my) ", "", sentence))
            continue
        if is_wanted and " " not in sentence.strip():
            continue
        parts = described(sentence)
        stock.kickers.extend([parts.kicker] if parts.kicker else [])
        stock.titles.extend(parts.titles)
        texts = map(reworded, parts.texts) if is_wanted else parts.texts
        is_ours = is_wanted or bool(parts.kicker)
        is_third = is_client or is_ours
        is_topic = sentence in told.topics
        for text in texts:
            is_said = is_ours or is_topic or (is_third and _THIRD_PERSON.match(text))
            yield _WE_SELL.sub("", our(text) if is_said else text, count=1), is_topic


def _add(told: Told, stock: Stock, piece: Piece) -> None:
    is_heard = told.asked and heard(piece.text).kind == "silent"
    is_doubtful = piece.kind in {"news", "offer"} and not _is_clear(told, piece.text)
    if is_heard or is_doubtful or is_for_maker(piece.text, asked=told.asked):
        told.silent.append(piece.text)  # rather a line less than one that may not be for the reader
        return
    if piece.kind == "ask":
        stock.asks.append(piece.text)
        if not piece.text or piece.lead or is_ask(piece.text, told.language):
            return
        if told.chatted and (" " not in piece.text or not _is_clear(told, piece.text)):
            return  # no more than a label
        piece = replace(piece, kind="news")
    if told.language == "en":
        piece = _freed(piece)
        if (trade := judging.trade(piece.text)) and len(told.text) > len(piece.text) + _LEAST_LETTERS:
            stock.kickers.append(trade)
            return
        stock.asks.extend([piece.text] if judging.is_errand(piece.text) else [])
    is_enough = len(piece.text) >= _LEAST_LETTERS or any(letter.isdigit() for letter in piece.text)
    if is_enough or len(told.text) < _TINY_BRIEF:
        stock.items.append(Item(piece, weak=judging.is_weak(piece.text, told.brand, told.language)))


def _is_clear(told: Told, text: str) -> bool:
    return reads_alone(text, told.language, chatted=told.chatted)


def _freed(piece: Piece) -> Piece:
    """The piece without the word that joined it to another."""
    text = _JOINED_BY.sub("", piece.text)
    if text == piece.text:
        return piece
    kind = kind_of(text, "en")
    return replace(piece, text=text, kind="news" if kind == "ask" else kind)


def _add_wish(stock: Stock, wish: str) -> None:
    for piece in pieces_of(wish, "en", _WISH):
        is_button = len(piece.text.split()) <= _BUTTON_WORDS and judging.repeats(piece.text, "")
        if piece.kind == "ask" or judging.is_errand(piece.text) or is_button:
            stock.asks.append(piece.text)
        elif piece.kind != "date" and len(piece.text.split()) > _WISH_WORDS and not judging.is_idle(piece.text):
            stock.items.append(Item(replace(piece, text=wording.sentence_case(piece.text)), weak=True))
