"""What the fake server answers to the banner's questions: what the offline designer would, as a model writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.answers import Draft, Mend
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.design.offline import graph_for, strategy_for
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.testing.model_script import Answer, Seen, fitting

_CANVAS = re.compile(r"^Canvas: (\d+)x(\d+) px", re.MULTILINE)


def designing(seen: Seen) -> Answer:
    """A strategy, a graph or a patch, by what is asked for; anything else gets an answer that fits its schema."""
    canvas, brief = _CANVAS.search(seen.last_turn), _fenced("brief", seen.last_turn)
    if canvas is None or brief is None:
        return fitting(seen)
    size = Size(int(canvas[1]), int(canvas[2]))
    answer = _ANSWERS[_asked(seen.last_turn)]
    return Answer(answer(Brief(spec=_spec(brief, size), size=size, kit=BrandKit()), seen))


def _asked(turn: str) -> str:
    return next((name for name in ("design", "strategy") if f"<{name}>" in turn), "brief")


def _strategy(brief: Brief, _: Seen) -> object:
    return msgspec.to_builtins(strategy_for(brief))


def _graph(brief: Brief, seen: Seen) -> object:
    strategy = msgspec.convert(_fenced("strategy", seen.last_turn), Strategy)
    return msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(graph_for(brief, strategy)), Draft))


def _patch(_: Brief, __: Seen) -> object:
    return msgspec.to_builtins(Mend(rationale="nothing to change"))


_ANSWERS: dict[str, Callable[[Brief, Seen], object]] = {"brief": _strategy, "strategy": _graph, "design": _patch}


def _spec(brief: dict[str, Any], size: Size) -> BannerSpec:
    known = {name: value for name, value in brief.items() if name in BannerSpec.__struct_fields__ and value}
    return msgspec.convert({**known, "width": size.width, "height": size.height}, BannerSpec)


def _fenced(name: str, turn: str) -> dict[str, Any] | None:
    """The JSON between ``<name>`` and ``</name>``."""
    found = re.search(rf"<{name}>\s*(.*?)\s*</{name}>", turn, re.DOTALL)
    return None if found is None else msgspec.json.decode(found[1])
