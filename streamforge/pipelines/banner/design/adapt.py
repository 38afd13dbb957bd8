# ruff: noqa: RUF001 - letters of other languages are meant
"""One graph for every canvas of a set: one campaign, with the words and the arrangement that each size has room for.

Palette, type, background and motif never change with the size. What changes is how much is said, and, on another shape
of canvas than the graph was written for, in which order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.archetypes import ARCHETYPES, layout_of
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.relations import (
    Related,
    mirrored,
    mirrored_regions,
    offer_goes_on,
    relate,
    without,
)
from streamforge.pipelines.banner.design.shapes import LYING, Shape, shape_of
from streamforge.pipelines.banner.layout.roles import SETTINGS, least_px, legible_px, lining
from streamforge.pipelines.banner.spec import Lock

_NARROW_PX = 160
_SLIM_PX = 200
_LOW_PX = 80
_LONG_PX = 900
_SMALL_PX2 = 60_000
_MEDIUM_PX2 = 110_000
_TALL_LINES = 5
_SHORT_LETTERS = 44
_LONG_CALL = 14
"""A call of as many letters leaves a logo no room beside it on a compact canvas."""
_WORDY_LETTERS, _WORDY_LINES, _WORDY_TYPE = 18, 3, 0.7
_TEXT_SHARE = 0.84
_LETTER_WIDTH = 0.66
"""A bold letter's mean width in type sizes."""
_PHONE = re.compile(r"[+(\d][\d ()./–-]{5,}(?: · [+(\d][\d ()./–-]{5,})*")
_NUMBER_LETTERS = 18
_ENGLISH_CALL = re.compile(r"call|ring|phone", re.IGNORECASE)
_CALL = re.compile(
    r"^(?:call|ring|phone|bel|soita|sun[ăa]|zavol|hívj|gọi|hubungi)\b|anrufen|appel|llam|chiam|ligu|zadzwo|\bara(?:yın)?$|"
    r"позвон|звони|телефон|καλέστε|اتصل|تماس|להתקשר|חייגו|कॉल|โทร|電話|致电|전화",
    re.IGNORECASE,
)
_NEVER_DROPPED = frozenset(["headline", "logo", "cta", "hero"])


def adapt(design: Design, brief: Brief, canvas: Canvas) -> Design:
    """The design for one canvas. Pure; the locks of the brief are applied last and win over everything."""
    size, shape = canvas.size, shape_of(canvas.size)
    locks = sorted((lock for lock in brief.spec.locks if lock.size in {"", str(size)}), key=lambda lock: lock.size)
    elements = _kept(design, size, shape, {lock.element for lock in locks})
    beside = design.archetype == "footer-bar" and shape not in LYING
    worded = [_sized(_worded(element, size, shape, beside=beside), size) for element in elements]
    worded = _numbered(worded, design.elements) if design.strategy is not None else worded
    arranged = _arranged(design, brief, size, worded)
    if design.strategy is not None and is_rtl(worded):
        arranged = Related(mirrored(arranged.relations), mirrored_regions(arranged.regions), arranged.align)
    said = [_locked(element, brief.spec.locks) for element in design.elements]
    return replace(
        design,
        typography=lining(design.typography, [*design.elements, *said]),
        elements=[_locked(element, locks) for element in worded],
        relations=arranged.relations,
        regions=arranged.regions,
        align=arranged.align,
        shape=shape,
    )


def is_rtl(elements: Iterable[Element]) -> bool:
    """Whether the headline is read from the right."""
    text = next((element.text for element in elements if element.role == "headline"), "")
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind != "L" for kind in strong if kind in {"L", "R", "AL"}), False)


def _arranged(design: Design, brief: Brief, size: Size, elements: list[Element]) -> Related:
    """The graph's own relations on the shape it was written for; elsewhere its archetype's."""
    shape = shape_of(size)
    written_here = design.shape in {"", shape}
    if written_here or (design.strategy is None and design.archetype not in ARCHETYPES):
        gone = {element.id for element in design.elements} - {element.id for element in elements}
        return Related(without(design.relations, sorted(gone)), design.regions, design.align)
    layout = layout_of(design.archetype, shape, design.seed)
    return relate(
        layout,
        elements,
        brief.hero,
        size=(size.width, size.height),
        offer_goes_on=offer_goes_on(brief.spec.prompt, elements),
    )


def _kept(design: Design, size: Size, shape: Shape, settled: set[str]) -> list[Element]:
    """The elements such a canvas has room for, before any measuring; a graph written by hand keeps all."""
    if design.strategy is None:
        return design.elements
    roles = _budget(size, shape)
    if "contact" not in roles and any(_is_date(element) for element in design.elements):
        roles = roles - {"sub"} | ({"body"} if "sub" in roles else set[str]())
    crowded = size.width * size.height < _MEDIUM_PX2
    seen: set[str] = set()
    kept: list[Element] = []
    for element in design.elements:
        fits = element.role in roles and not (crowded and element.role in seen)
        if element.id in settled or (fits and not _is_long_winded(element, size, shape)):
            kept.append(element)
            seen.add(element.role)
    return kept


def _is_date(element: Element) -> bool:
    """A line that says when: on a strip it says more than a sentence does."""
    return element.role == "body" and len(element.text) <= _SHORT_LETTERS and any(c.isdigit() for c in element.text)


def _numbered(elements: list[Element], all_elements: list[Element]) -> list[Element]:
    """Where a button asks for a call and there is no room for the number, the button has the number."""
    shown = {element.text for element in elements if element.role == "contact"}
    numbers = [e.text.split(" · ")[0] for e in all_elements if e.role == "contact" and _PHONE.fullmatch(e.text)]
    if not numbers or any(numbers[0] in text for text in shown):
        return elements
    return [replace(e, text=_dialled(e.text, numbers[0])) if e.role == "cta" else e for e in elements]


def _dialled(call: str, number: str) -> str:
    if not _CALL.search(call) or len(number) > _NUMBER_LETTERS:
        return call
    verb = _ENGLISH_CALL.match(call)
    return f"{verb[0]} {number}" if verb else number


def _budget(size: Size, shape: Shape) -> frozenset[str]:
    """The roles with a place on the canvas."""
    always = _NEVER_DROPPED | {"offer"}
    if shape in {"micro", "compact", "short-strip"} or (shape == "strip" and size.height < _LOW_PX):
        return always
    if shape == "strip":
        return always | {"sub"} | ({"contact"} if size.width >= _LONG_PX else set[str]())
    if size.width * size.height < _MEDIUM_PX2:
        return always | {"sub", "contact", "body", "legal"}
    return always | {"sub", "contact", "body", "legal", "kicker", "deco"}


def _is_small(size: Size, shape: Shape) -> bool:
    lying = shape in {"strip", "short-strip", "micro"}
    return size.width * size.height < _SMALL_PX2 or lying or size.width < _SLIM_PX


def _is_long_winded(element: Element, size: Size, shape: Shape) -> bool:
    """A line below the headline that has no short form is left out where there is no room for a long one."""
    if element.role != "sub" or element.short or shape == "skyscraper":
        return False
    return _is_small(size, shape) and len(element.text) > _SHORT_LETTERS


def _worded(element: Element, size: Size, shape: Shape, *, beside: bool) -> Element:
    """The short form where there is little room; of a button, also where it shares a row with the logo (``beside``)."""
    tight = (shape == "compact" or beside) and len(element.text) >= _LONG_CALL
    narrow = size.width <= _NARROW_PX or shape == "micro" or tight
    wants_short = narrow if element.role == "cta" else _is_small(size, shape)
    return replace(element, text=element.short) if wants_short and element.short else element


def _sized(element: Element, size: Size) -> Element:
    """More lines on upright canvases; a headline may be smaller where its longest word would not fit otherwise."""
    if element.role in {"headline", "sub"} and size.height > size.width:
        element = replace(element, max_lines=max(element.max_lines, _TALL_LINES))
    if element.role == "offer" and len(element.text) > _WORDY_LETTERS:
        return _wordy(element, size)
    if element.role != "headline" or element.min_px:
        return element
    return replace(element, min_px=_least_px(element.text, size))


def _wordy(element: Element, size: Size) -> Element:
    """An offer that is a sentence has the lines and the type of one: in an offer's own it would have no room."""
    lines = max(element.max_lines, _TALL_LINES if size.height > size.width else _WORDY_LINES)
    least = max(legible_px(size), round(_WORDY_TYPE * least_px(SETTINGS["offer"], size)))
    return replace(element, max_lines=lines, min_px=element.min_px or least)


def _least_px(text: str, size: Size) -> int:
    """What the longest word fits in, as far as that can be read; 0 where that is no less than usual."""
    longest = max((len(word) for word in text.split()), default=1)
    fitting = int(size.width * _TEXT_SHARE / (longest * _LETTER_WIDTH))
    least = max(fitting, legible_px(size))
    return least if least < least_px(SETTINGS["headline"], size) else 0


def _locked(element: Element, locks: list[Lock]) -> Element:
    for lock in locks:
        if lock.element != element.id:
            continue
        text = {} if lock.text is None else {"text": lock.text, "short": ""}
        ink = {} if lock.ink is None else {"ink": lock.ink}
        px = {} if lock.px is None else {"min_px": lock.px, "max_px": lock.px}
        place = {} if lock.x is None else {"x": lock.x, "y": lock.y}
        element = replace(element, **text, **ink, **px, **place)
    return element
