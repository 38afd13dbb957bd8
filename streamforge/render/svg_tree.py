"""The elements of an SVG as Skia draws them: groups, shapes, paints, and references that it can follow."""

from __future__ import annotations

import math
import re
from xml.etree.ElementTree import Element

from streamforge.render.raster import reject
from streamforge.render.svg_style import Place, Sheet, local_name

_DRAWN = frozenset(
    "svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient radialGradient stop"  # noqa: SIM905
    " clipPath mask pattern".split()
)
_LOST = {
    "text": "convert text to outlines (paths), since its font does not come with it",
    "image": "give the picture itself as PNG, JPEG or WebP, or trace it to paths",
    "foreignObject": "convert it to outlines (paths)",
}
"""Elements that would be missing from the drawing, with what their author can do."""
_EFFECTS = {"filter": "a filter", "marker-start": "a marker", "marker-mid": "a marker", "marker-end": "a marker"}
_NO_EFFECT = frozenset(["", "none", "initial", "inherit", "unset"])
_CONDITIONS = frozenset(["requiredExtensions", "requiredFeatures", "systemLanguage"])
_NUMBER = re.compile(r"\s*([0-9.eE+-]{1,24})\s*(px)?\s*$")


def rewrite(root: Element, field: str) -> None:
    """Plain elements and attributes only: styles flattened, links and switches resolved, what draws nothing removed.

    Raises AssetRejected for what would be lost.
    """
    sheet = Sheet(root, field)
    pending: list[tuple[Element, Place | None]] = [(root, None)]
    while pending:
        node, above = pending.pop()
        place = _place_of(node, above)
        _keep_drawn(node, field)
        _flatten(node, place, sheet)
        _refuse_effects(node, field)
        pending.extend((child, place) for child in node)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("xmlns:xlink", "http://www.w3.org/1999/xlink")


def _place_of(node: Element, above: Place | None) -> Place:
    return Place(local_name(node.tag), node.get("id", ""), frozenset(node.get("class", "").split()), above)


def _keep_drawn(node: Element, field: str) -> None:
    if local_name(node.tag) == "switch":
        _choose(node)
    for child in list(node):
        tag = local_name(child.tag)
        if tag == "text" and not "".join(child.itertext()).strip():
            node.remove(child)  # drawing programs leave empty ones behind
        elif tag in _LOST:
            reject(field, f"the SVG holds <{tag}>, which would be lost", _LOST[tag])
        elif tag not in _DRAWN and tag not in {"a", "switch"}:
            node.remove(child)


def _choose(switch: Element) -> None:
    """Of a switch only the first child that asks for nothing is shown."""
    plain = [c for c in switch if _CONDITIONS.isdisjoint(c.keys())]
    for child in list(switch):
        if child is not next(iter(plain), None):
            switch.remove(child)


def _flatten(node: Element, place: Place, sheet: Sheet) -> None:
    """Plain attributes only: without namespaces, handlers and links to elsewhere."""
    own: dict[str, str] = {}
    for name, value in node.attrib.items():
        local = local_name(name)
        if local == "href":
            own |= _reference(place.tag, value.strip(), sheet.field)
        elif local == name and not name.startswith("on") and name not in {"style", "class"}:
            own[name] = value
    attributes = sheet.attributes(place, own, node.get("style", ""))
    node.tag = "g" if place.tag in {"a", "switch"} else place.tag
    node.attrib.clear()
    node.attrib.update(attributes)


def _reference(tag: str, target: str, field: str) -> dict[str, str]:
    if target.startswith("#"):
        return {"xlink:href": target}
    if tag == "use":
        reject(field, "the SVG uses a shape of another file, which is never fetched", "put the shape into the file")
    return {}


def _refuse_effects(node: Element, field: str) -> None:
    """Skia draws no filter and no marker: a shadow or an arrowhead would be missing from the picture without a word."""
    for name, what in _EFFECTS.items():
        if node.attrib.pop(name, "").strip() not in _NO_EFFECT:
            reject(field, f"the SVG puts {what} on <{node.tag}>, which would be lost", "flatten its effects into paths")
    if node.attrib.pop("mix-blend-mode", "normal") not in _NO_EFFECT | {"normal"}:
        reject(field, f"the SVG blends <{node.tag}> with what is below it, which would be lost", "flatten its colours")


def expand_symbols(root: Element, width: float, height: float) -> None:
    """Symbols as groups, and the uses of them moved and scaled as their viewBox asks; Skia draws no symbol."""
    boxes: dict[str, list[float]] = {}
    for node in list(root.iter("symbol")):
        group = Element("g", {k: v for k, v in node.attrib.items() if k not in _VIEWPORT})
        group.extend(list(node))
        boxes[f"#{node.get('id', '')}"] = numbers(node.get("viewBox", ""))
        for child in list(node):
            node.remove(child)
        node.tag = "defs"
        node.attrib.clear()
        node.append(group)
    for use in root.iter("use") if boxes else ():
        if use.get("xlink:href") in boxes:
            _fit(use, boxes[use.attrib["xlink:href"]], width, height)


_VIEWPORT = frozenset(["viewBox", "preserveAspectRatio", "x", "y", "width", "height", "refX", "refY"])


def _fit(use: Element, box: list[float], width: float, height: float) -> None:
    """The use's own place and size as a transform: the viewBox's middle on the middle of what it is to fill."""
    x, y, wide, high = (
        otherwise if math.isnan(value := number(use.attrib.pop(name, ""))) else value
        for name, otherwise in (("x", 0.0), ("y", 0.0), ("width", width), ("height", height))
    )
    if len(box) == 4 and box[2] > 0 and box[3] > 0:  # noqa: PLR2004 - a viewBox has four numbers
        scale = min(wide / box[2], high / box[3])
        x += wide / 2 - scale * (box[0] + box[2] / 2)
        y += high / 2 - scale * (box[1] + box[3] / 2)
    else:
        scale = 1.0
    own = use.get("transform", "")
    use.set("transform", f"{own} translate({x:.6g} {y:.6g}) scale({scale:.6g})".strip())


def numbers(text: str) -> list[float]:
    """The numbers of a list such as a viewBox; NaN for what is none."""
    return [number(part) for part in re.split(r"[\s,]+", text.strip()) if part]


def number(text: str) -> float:
    """A number with or without ``px``; NaN for anything else, also for one that is not finite."""
    match = _NUMBER.match(text)
    try:
        value = float(match[1]) if match else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
