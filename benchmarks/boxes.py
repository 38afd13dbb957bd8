"""A painted scene as nested boxes with styles: what satori takes, and what HTML is written from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from streamforge.render import fonts
from streamforge.render.colour import Rgb
from streamforge.render.scene import Circle, Frame, Gradient, Picture, Rect, Scene, Shadow, Text

Node = dict[str, Any]
FontFiles = dict[tuple[str, int], Path]


def tree_of(scene: Scene, logo: str) -> Node:
    """The scene as satori's tree; ``logo`` is a data URI. Raises TypeError for a shape that has no box."""
    root = {"position": "relative", "display": "flex", "width": scene.width, "height": scene.height}
    children = [node for group in scene.groups for item in group.items for node in _nodes(item, logo)]
    return _node({**root, "backgroundColor": _css(scene.ground)}, children)


def _node(style: Node, children: list[Node] | str = "", **props: str | float) -> Node:
    kind = "img" if "src" in props else "div"
    return {"type": kind, "props": {"style": style, **({"children": children} if children else {}), **props}}


def _placed(frame: Frame) -> Node:
    return {"position": "absolute", "left": frame.x, "top": frame.y, "width": frame.width, "height": frame.height}


def _css(colour: Rgb, opacity: float = 1.0) -> str:
    return f"rgba({colour[0]},{colour[1]},{colour[2]},{opacity:g})"


def _nodes(item: object, logo: str) -> list[Node]:
    match item:
        case Gradient():
            return [_node(_placed(item.frame) | {"backgroundImage": _blend(item)})]
        case Rect():
            return [_node(_placed(item.frame) | {"backgroundColor": _css(item.colour), "borderRadius": item.radius})]
        case Circle():
            frame = Frame(item.x - item.radius, item.y - item.radius, 2 * item.radius, 2 * item.radius)
            look = {"backgroundColor": _css(item.colour, item.opacity), "borderRadius": item.radius}
            return [_node(_placed(frame) | look)]
        case Shadow():
            shade = f"0 {item.drop:g}px {2 * item.sigma:g}px {_css(item.colour, item.opacity)}"
            return [_node(_placed(item.frame) | {"boxShadow": shade, "borderRadius": item.radius})]
        case Picture():
            return [_node(_placed(item.frame), src=logo, width=item.frame.width, height=item.frame.height)]
        case Text():
            return [_line(item, index, line) for index, line in enumerate(item.lines)]
        case _:
            raise TypeError(f"no box for {type(item).__name__}")


def _blend(item: Gradient) -> str:
    """The gradient by its angle, and by where on CSS's line, which goes through the box' middle, it starts and ends."""
    along, down = item.end[0] - item.start[0], item.end[1] - item.start[1]
    length = math.hypot(along, down)
    line = (item.frame.width * abs(along) + item.frame.height * abs(down)) / length
    middle = item.frame.x + item.frame.width / 2, item.frame.y + item.frame.height / 2
    places = [
        0.5 + ((x - middle[0]) * along + (y - middle[1]) * down) / length / line for x, y in (item.start, item.end)
    ]
    stops = [f"{_css(colour)} {place:.2%}" for colour, place in zip(item.colours, places, strict=True)]
    return f"linear-gradient({math.degrees(math.atan2(along, -down)):.4f}deg, {', '.join(stops)})"


def _line(text: Text, index: int, line: str) -> Node:
    style, px = text.style, text.px
    metric = fonts.metrics(style.family, style.weight)
    baseline = text.frame.y + (text.rise + style.leading * index) * px
    frame = Frame(text.frame.x, baseline - metric.ascent_max * px, text.frame.width + px, 2 * px)
    look = {
        "fontFamily": style.family,
        "fontWeight": fonts.nearest_weight(style.family, style.weight),
        "fontSize": px,
        "letterSpacing": style.tracking * px,
        "color": _css(text.colour),
        "lineHeight": metric.ascent_max + metric.descent_max,
        "whiteSpace": "nowrap",
    }
    return _node(_placed(frame) | look, line.upper() if style.upper else line)


def html_of(tree: Node, files: FontFiles) -> str:
    """The tree as a page; fonts are files that the browser keeps."""
    faces = "".join(
        f"@font-face{{font-family:{family};font-weight:{weight};src:url(file://{path})}}"
        for (family, weight), path in files.items()
    )
    return f"<!doctype html><style>body{{margin:0}}{faces}</style>{_markup(tree)}"


def _markup(node: Node) -> str:
    props = node["props"]
    style = ";".join(f"{_kebab(name)}:{_unit(name, value)}" for name, value in props["style"].items())
    if node["type"] == "img":
        return f"<img src='{props['src'].replace(chr(39), '%27')}' style='{style}'>"
    children = props.get("children", "")
    inside = children if isinstance(children, str) else "".join(_markup(child) for child in children)
    return f"<div style='{style}'>{inside}</div>"


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name)


def _unit(name: str, value: object) -> str:
    return f"{value}px" if isinstance(value, (int, float)) and name not in {"fontWeight", "lineHeight"} else str(value)
