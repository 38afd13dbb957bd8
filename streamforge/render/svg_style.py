"""The style sheets of an SVG as attributes, in the few forms of colour and length that Skia reads.

Selectors of tags, classes and ids are understood, also joined (``path.a``) and nested (``.a .b``, ``g > path``); rules
for hovering, printing and dark windows are left out, as they would be in a plain view.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from msgspec import Struct
from PIL import ImageColor

from streamforge.render.raster import reject

MAX_MATCHES = 400_000
"""Attempts to match a selector with an element, over the whole document."""

_PROPERTIES = frozenset(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap"  # noqa: SIM905
    " stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity stop-color stop-opacity"
    " clip-path clip-rule mask color display visibility filter transform marker-start marker-mid marker-end"
    " mix-blend-mode".split()
)
_COLOURS = {"fill": "fill-opacity", "stroke": "stroke-opacity", "stop-color": "stop-opacity", "color": ""}
"""Properties that hold a colour, with the one that holds its opacity."""
_OPACITIES = frozenset(["opacity", "fill-opacity", "stroke-opacity", "stop-opacity"])
_COMPOUND = re.compile(r"(\*|[a-zA-Z][\w-]*)?((?:[.#][\w-]+)*)\Z")
_SHOWN_MEDIA = re.compile(r"@media\s+(?:all|screen)\s*\Z")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]{1,60})\s*(?:,([^()]{0,60}))?\)")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]{1,80})\)\Z")
_HEX_WITH_ALPHA = re.compile(r"#(?:[0-9a-f]{4}|[0-9a-f]{8})\Z")
_UNITS = re.compile(r"(?<=[\d.])(?:px|deg)\b")


class Compound(Struct, frozen=True):
    """One step of a selector: what an element must be (an empty tag: any), and whether directly inside the next."""

    tag: str
    ids: frozenset[str]
    classes: frozenset[str]
    is_child: bool


class Rule(Struct, frozen=True):
    """Declarations with the selector they are for, its innermost step first. ``weight`` orders rules as CSS does."""

    steps: tuple[Compound, ...]
    weight: tuple[int, int, int, int]
    declarations: dict[str, str]


class Place(Struct, frozen=True):
    """What selectors may ask of an element, and of those around it."""

    tag: str
    id: str
    classes: frozenset[str]
    above: Place | None


class Sheet:
    """All rules of a document, found by what their innermost step asks for."""

    def __init__(self, root: Element, field: str) -> None:
        self.field = field
        self.variables: dict[str, str] = {}
        self._rules: dict[str, list[Rule]] = {}
        self._matches = self._order = 0
        for style in root.iter():
            if local_name(style.tag) == "style" and style.text:
                self._read(style.text)

    def attributes(self, place: Place, own: dict[str, str], inline: str) -> dict[str, str]:
        """An element's attributes: its own, under the rules that fit it, under its inline style; as Skia reads them."""
        fitting = [rule for rule in self._candidates(place) if _fits(rule.steps, place)]
        styled = dict(own)
        for rule in sorted(fitting, key=lambda rule: rule.weight):
            styled |= rule.declarations
        styled |= {name: value for name, value, _ in _declarations(inline)}
        return _plain(styled, self.variables)

    def _read(self, text: str) -> None:
        for prelude, body in _statements(_without_comments(text)):
            if prelude.startswith("@import"):
                reject(self.field, "the SVG imports a style sheet", "save it with presentation attributes")
            if not prelude.startswith("@"):
                self._add(prelude, body)
            elif _SHOWN_MEDIA.match(prelude):
                for inner, declarations in _statements(body):
                    self._add(inner, declarations)

    def _add(self, selectors: str, body: str) -> None:
        declared = list(_declarations(body))
        self.variables |= {name: value for name, value in _pairs(body) if name.startswith("--")}
        for selector in selectors.split(","):
            steps = _steps(selector)
            for is_important in (False, True):
                chosen = {name: value for name, value, important in declared if important == is_important}
                if steps and chosen:
                    self._order += 1
                    weight = (is_important, *_specificity(steps), self._order)
                    self._rules.setdefault(_key(steps[0]), []).append(Rule(steps, weight, chosen))

    def _candidates(self, place: Place) -> list[Rule]:
        keys = ["*", place.tag, *(f".{name}" for name in sorted(place.classes)), f"#{place.id}"]
        found = [rule for key in keys for rule in self._rules.get(key, ())]
        self._matches += len(found) + len(keys)
        if self._matches > MAX_MATCHES:
            reject(self.field, "the SVG has countless style rules", "save it with presentation attributes")
        return found


def local_name(name: object) -> str:
    """A tag or attribute without its namespace."""
    return str(name).rsplit("}", 1)[-1]


def _without_comments(text: str) -> str:
    first, *rest = text.replace("<!--", "").replace("-->", "").split("/*")
    return first + "".join(part.partition("*/")[2] for part in rest)


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each outer pair of braces, and in them; empty for a statement that ends at a semicolon."""
    depth = start = opened = 0
    for match in re.finditer(r"[{};]", text):
        at, sign = match.start(), match[0]
        depth += (sign == "{") - (sign == "}" and depth > 0)
        if sign == "{" and depth == 1:
            opened = at
        elif depth == 0 and sign == "}" and opened >= start:
            yield text[start:opened].strip(), text[opened + 1 : at]
            start = at + 1
        elif depth == 0:
            yield text[start:at].strip(), ""
            start = at + 1


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for part in body.split(";"):
        name, _, value = part.partition(":")
        yield name.strip(), value.strip()


def _declarations(body: str) -> Iterator[tuple[str, str, bool]]:
    for name, value in _pairs(body):
        if name in _PROPERTIES:
            plain = value.replace("!important", "").strip()
            yield name, plain, plain != value


def _steps(selector: str) -> tuple[Compound, ...]:
    """The selector's steps, innermost first; empty for one that is not understood."""
    steps: list[Compound] = []
    is_child = False
    for part in reversed(selector.replace(">", " > ").split()):
        if part == ">":
            is_child = True
            continue
        if not (match := _COMPOUND.match(part)):
            return ()
        marks = re.findall(r"[.#][\w-]+", match[2])
        ids = frozenset(mark[1:] for mark in marks if mark[0] == "#")
        classes = frozenset(mark[1:] for mark in marks if mark[0] == ".")
        steps.append(Compound((match[1] or "").replace("*", ""), ids, classes, is_child))
        is_child = False
    return tuple(steps)


def _specificity(steps: tuple[Compound, ...]) -> tuple[int, int]:
    classes = 1000 * sum(len(step.classes) for step in steps) + sum(bool(step.tag) for step in steps)
    return sum(len(step.ids) for step in steps), classes


def _key(step: Compound) -> str:
    if step.ids:
        return f"#{min(step.ids)}"
    return f".{min(step.classes)}" if step.classes else step.tag or "*"


def _fits(steps: tuple[Compound, ...], place: Place) -> bool:
    if not _is(steps[0], place):
        return False
    above = place.above
    for step in steps[1:]:
        while above is not None and not step.is_child and not _is(step, above):
            above = above.above
        if above is None or not _is(step, above):
            return False
        above = above.above
    return True


def _is(step: Compound, place: Place) -> bool:
    return step.tag in {"", place.tag} and step.ids <= {place.id} and step.classes <= place.classes


def _plain(attributes: dict[str, str], variables: dict[str, str]) -> dict[str, str]:
    """Colours, opacities and transforms in the forms that Skia reads; the rest as it is."""
    plain = {name: _resolved(value, variables) for name, value in attributes.items()}
    for name in _OPACITIES & plain.keys():
        plain[name] = _share(plain[name])
    for name, opacity in _COLOURS.items():
        if name in plain:
            plain[name], alpha = colour(plain[name])
            if opacity and alpha < 1:
                plain[opacity] = f"{alpha * _number(plain.get(opacity, '1')):.4g}"
    if "transform" in plain:
        plain["transform"] = _UNITS.sub("", plain["transform"])
    return plain


def _resolved(value: str, variables: dict[str, str]) -> str:
    if "var(" not in value:
        return value
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[2] or "").strip()[:200], value)


def _share(value: str) -> str:
    return f"{_number(value[:-1]) / 100:g}" if value.endswith("%") else value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def colour(value: str) -> tuple[str, float]:
    """A CSS colour as ``#rrggbb`` and its opacity; keywords, references and what is no colour stay as they are."""
    text = value.strip().lower()
    if text == "currentcolor":
        return "currentColor", 1.0
    if text == "transparent":
        return "#000000", 0.0
    if text in ImageColor.colormap:
        return _hex(text), 1.0
    if _HEX_WITH_ALPHA.match(text):
        digits = text[1:] if len(text) == 9 else "".join(digit * 2 for digit in text[1:])  # noqa: PLR2004 - #rrggbbaa
        return f"#{digits[:6]}", int(digits[6:], 16) / 255
    if match := _FUNCTION.match(text):
        return _from_function(match[1], re.findall(r"[-+]?[\d.]+%?", match[2]), value)
    return value.strip(), 1.0


def _hex(name: str) -> str:
    found = ImageColor.colormap[name]
    return found if isinstance(found, str) else "#" + bytes(found[:3]).hex()


def _from_function(name: str, parts: list[str], otherwise: str) -> tuple[str, float]:
    if not 3 <= len(parts) <= 4:  # noqa: PLR2004 - three channels and an alpha
        return otherwise, 1.0
    shares = [_number(part.rstrip("%")) / (100 if part.endswith("%") else 1) for part in parts]
    alpha = min(max(shares[3], 0.0), 1.0) if len(parts) > 3 else 1.0  # noqa: PLR2004
    if name == "hsl":
        rgb = colorsys.hls_to_rgb(shares[0] / 360 % 1, min(max(shares[2], 0), 1), min(max(shares[1], 0), 1))
    else:
        rgb = tuple(v if p.endswith("%") else v / 255 for v, p in zip(shares[:3], parts[:3], strict=True))
    return "#" + bytes(round(255 * min(max(channel, 0.0), 1.0)) for channel in rgb).hex(), alpha
