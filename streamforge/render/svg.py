"""SVG from strangers: parsed with limits, reduced to the shapes Skia draws, references proven finite.

Skia's SVG reader fetches nothing, but it recurses: deep nesting ends the process, and ``use`` elements can multiply a
few bytes into millions of shapes. It also ignores ``<style>`` classes and plain ``href``. So a document is checked
(bytes, depth, elements, expanded elements) and rewritten (classes to attributes, ``href`` to ``xlink:href``).
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from streamforge.errors import AssetRejected

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_EXPANDED = 20_000
MAX_LAYERS = 1500
"""Translucent, masked and clipped elements, each of which costs a pass over the picture."""
MAX_ASPECT = 40.0

_DRAWN = frozenset(
    "svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient radialGradient stop"  # noqa: SIM905
    " clipPath mask pattern".split()
)
_LOST = frozenset(["text", "image", "foreignObject"])
_NO_FILTER = frozenset(["", "none", "initial", "inherit", "unset"])
_STYLE_PROPERTIES = frozenset(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap"  # noqa: SIM905
    " stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity stop-color stop-opacity"
    " clip-path clip-rule mask color display visibility filter".split()
)
_URL = re.compile(r"url\(\s*['\"]?#([^'\")\s]{1,200})")
_NUMBER = re.compile(r"\s*([0-9.eE+-]{1,24})\s*(px)?\s*$")

_LAYERED = frozenset(["opacity", "fill-opacity", "stroke-opacity", "mask", "clip-path"])
_LEAST_DASH = 1 / 500
"""The shortest dash, as a share of the picture's side: below it a short path becomes millions of dashes."""

_Rules = dict[str, dict[str, str]]


def clean(data: bytes, field: str) -> tuple[bytes, float, float]:
    """A document as Skia can draw it, and its intrinsic width and height in user units.

    Raises AssetRejected for anything over a limit, a DOCTYPE or entity, text, embedded pictures, filters and endless
    references.
    """
    if len(data) > MAX_BYTES:
        _reject(field, f"the SVG has {len(data)} bytes, over the limit of {MAX_BYTES}", "simplify its paths")
    root = _parse(data, field)
    _rewrite(root, field)
    width, height = _intrinsic_size(root, field)
    _drop_fine_dashes(root, max(width, height))
    _check_references(root, field)
    return tostring(root), width, height


def _reject(field: str, message: str, hint: str) -> NoReturn:
    raise AssetRejected(message, field=field, hint=hint)


def _parse(data: bytes, field: str) -> Element:
    depth = nodes = 0
    root: Element | None = None
    try:
        events = iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
        for event, node in events:
            root = node if root is None else root
            depth += 1 if event == "start" else -1
            nodes += event == "start"
            if depth > MAX_DEPTH or nodes > MAX_NODES:
                _reject(
                    field,
                    f"the SVG nests over {MAX_DEPTH} deep or has over {MAX_NODES} elements",
                    "simplify it",
                )
    except DefusedXmlException as error:
        raise AssetRejected(
            "the SVG declares a DOCTYPE or entities",
            field=field,
            hint="save it as plain SVG without a DOCTYPE",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise AssetRejected(f"the SVG is not well-formed XML: {error}", field=field, hint="export it again") from error
    if root is None or _local(root.tag) != "svg":
        _reject(field, "the XML is no SVG document", "its root element must be <svg>")
    return root


def _local(name: object) -> str:
    return str(name).rsplit("}", 1)[-1]


def _rewrite(root: Element, field: str) -> None:
    rules = _css_rules(root)
    pending = [root]
    while pending:
        node = pending.pop()
        for child in list(node):
            tag = _local(child.tag)
            if tag in _LOST:
                _reject(field, f"the SVG holds <{tag}>, which would be lost", "convert it to outlines (paths)")
            if tag not in _DRAWN:
                node.remove(child)
        _flatten(node, rules)
        _refuse_filter(node, field)
        pending.extend(node)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("xmlns:xlink", "http://www.w3.org/1999/xlink")


def _css_rules(root: Element) -> _Rules:
    """``{selector: {property: value}}`` for the plain selectors (``tag``, ``.class``, ``#id``) of all styles."""
    rules: _Rules = {}
    for style in root.iter():
        if _local(style.tag) != "style" or not style.text:
            continue
        for block in _without_comments(style.text).split("}"):
            selectors, _, body = block.partition("{")
            for selector in selectors.split(","):
                rules.setdefault(selector.strip(), {}).update(_declarations(body))
    return rules


def _without_comments(text: str) -> str:
    first, *rest = text.split("/*")
    return first + "".join(part.partition("*/")[2] for part in rest)


def _declarations(body: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in body.split(";"))
    return {
        name.strip(): value.replace("!important", "").strip()
        for name, _, value in pairs
        if name.strip() in _STYLE_PROPERTIES
    }


def _flatten(node: Element, rules: _Rules) -> None:
    """Plain attributes only, in CSS order: attribute, then tag, class and id rules, then the inline style."""
    tag = _local(node.tag)
    kept: dict[str, str] = {}
    for name, value in node.attrib.items():
        local = _local(name)
        if local == "href":
            kept |= {"xlink:href": value} if value.startswith("#") else {}
        elif local == name and not name.startswith("on") and name not in {"style", "class"}:
            kept[name] = value
    selectors = [tag, *(f".{name}" for name in node.get("class", "").split()), f"#{node.get('id', '')}"]
    for selector in selectors:
        kept |= rules.get(selector, {})
    kept |= _declarations(node.get("style", ""))
    node.tag = tag
    node.attrib.clear()
    node.attrib.update(kept)


def _refuse_filter(node: Element, field: str) -> None:
    """Skia draws no filter: a shadow or a blur would be missing from the picture without a word."""
    if node.attrib.pop("filter", "").strip() not in _NO_FILTER:
        _reject(field, f"the SVG puts a filter on <{node.tag}>, which would be lost", "flatten its effects into paths")


def _intrinsic_size(root: Element, field: str) -> tuple[float, float]:
    box = [_number(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    if len(box) == 4:  # noqa: PLR2004 - a viewBox is min-x, min-y, width, height
        width, height = box[2], box[3]
    else:
        width, height = _number(root.get("width", "")), _number(root.get("height", ""))
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    if not (width > 0 and height > 0 and 1 / MAX_ASPECT <= width / height <= MAX_ASPECT):
        _reject(field, "the SVG has no usable size", "give it a viewBox of a reasonable shape")
    root.set("width", "100%")
    root.set("height", "100%")
    return width, height


def _number(text: str) -> float:
    match = _NUMBER.match(text)
    try:
        value = float(match[1]) if match else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _drop_fine_dashes(root: Element, side: float) -> None:
    for node in root.iter():
        dashes = [_number(part) for part in re.split(r"[\s,]+", node.get("stroke-dasharray", "").strip())]
        if not all(dash >= side * _LEAST_DASH for dash in dashes):
            node.attrib.pop("stroke-dasharray", None)


def _check_references(root: Element, field: str) -> None:
    """Walk the document as a renderer does, through every reference; cycles and bombs run into a limit."""
    by_id = {node.get("id", ""): node for node in root.iter()}
    stack: list[tuple[Element, int]] = [(root, 1)]
    visits = layers = 0
    while stack:
        node, depth = stack.pop()
        visits += 1
        layers += not _LAYERED.isdisjoint(node.attrib)
        if depth > MAX_DEPTH or visits > MAX_EXPANDED or layers > MAX_LAYERS:
            _reject(field, "the SVG asks for endless or countless shapes and layers", "expand its <use> elements")
        stack.extend((child, depth + 1) for child in node)
        stack.extend((by_id[name], depth + 1) for name in _references(node) if name in by_id)


def _references(node: Element) -> Iterator[str]:
    for name, value in node.attrib.items():
        if name == "xlink:href":
            yield value[1:]
        elif "url(" in value:
            yield from _URL.findall(value)
