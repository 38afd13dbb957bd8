"""SVG from strangers: parsed with limits, reduced to the shapes Skia draws, its cost proven bounded.

Skia's SVG reader fetches nothing, but it recurses: deep nesting ends the process, and ``use`` elements can multiply a
few bytes into millions of shapes. It also ignores style sheets, ``<symbol>``, ``<switch>``, plain ``href``, and half of
CSS's colours. So a document is checked (bytes, depth, elements, what drawing it costs) and rewritten into what Skia
understands; what would be lost (text, pictures, filters) is refused instead, with what to do about it.
"""

from __future__ import annotations

import io
import math
import re
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from msgspec import Struct

from streamforge.errors import AssetRejected
from streamforge.render.raster import reject
from streamforge.render.svg_cost import passes_of
from streamforge.render.svg_style import local_name
from streamforge.render.svg_tree import expand_symbols, number, numbers, rewrite

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_ASPECT = 40.0

_LEAST_DASH = 1 / 500
"""The shortest dash, as a share of the picture's side: below it a short path becomes millions of dashes."""
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+svg\b[^\[<>]{0,300}>")
"""Drawing programs write one; with no subset inside it declares nothing, and nothing is fetched for it."""


class Document(Struct, frozen=True):
    """A document as Skia can draw it, its size in user units, and what drawing costs in passes over the picture."""

    data: bytes
    width: float
    height: float
    passes: float


def clean(data: bytes, field: str) -> Document:
    """A stranger's document, safe to draw.

    Raises AssetRejected for anything over a limit, entities, text, embedded pictures, filters, what lies in other
    files, and endless references.
    """
    if len(data) > MAX_BYTES:
        reject(field, f"the SVG has {len(data)} bytes, over the limit of {MAX_BYTES}", "simplify its paths")
    root = _parse(_DOCTYPE.sub(b"", data, count=1), field)
    rewrite(root, field)
    width, height = _intrinsic_size(root, field)
    expand_symbols(root, width, height)
    _drop_fine_dashes(root, max(width, height))
    passes = passes_of(root, field)
    return Document(tostring(root), width, height, passes)


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
                reject(
                    field,
                    f"the SVG nests over {MAX_DEPTH} deep or has over {MAX_NODES} elements",
                    "simplify it",
                )
    except DefusedXmlException as error:
        raise AssetRejected(
            "the SVG declares entities in its DOCTYPE",
            field=field,
            hint="save it as plain SVG without a DOCTYPE",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise AssetRejected(f"the SVG is not well-formed XML: {error}", field=field, hint="export it again") from error
    if root is None or local_name(root.tag) != "svg":
        reject(field, "the XML is no SVG document", "its root element must be <svg>")
    return root


def _intrinsic_size(root: Element, field: str) -> tuple[float, float]:
    box = numbers(root.get("viewBox", ""))
    if len(box) == 4:  # noqa: PLR2004 - a viewBox is min-x, min-y, width, height
        width, height = box[2], box[3]
    else:
        width, height = number(root.get("width", "")), number(root.get("height", ""))
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    if not (width > 0 and height > 0 and 1 / MAX_ASPECT <= width / height <= MAX_ASPECT):
        reject(field, "the SVG has no usable size", "give it a viewBox of a reasonable shape")
    root.set("width", "100%")
    root.set("height", "100%")
    return width, height


def _drop_fine_dashes(root: Element, side: float) -> None:
    for node in root.iter():
        if "stroke-dasharray" not in node.attrib:
            continue
        dashes = numbers(node.attrib["stroke-dasharray"])
        if not dashes or not all(math.isfinite(dash) and dash >= side * _LEAST_DASH for dash in dashes):
            del node.attrib["stroke-dasharray"]
