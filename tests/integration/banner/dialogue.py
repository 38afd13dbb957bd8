"""A scripted model for whole banner jobs: what it answers to each of the three questions, over the real wire format."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design import turns
from streamforge.pipelines.banner.design.brief import Designer
from streamforge.pipelines.banner.design.model import ModelDesigner
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.providers.anthropic import AnthropicText
from streamforge.testing.in_process import InProcessWorker
from streamforge.testing.model_server import Answer, ModelServer, Seen, Step
from tests.unit.banner.scripted import STRATEGY

Asked = Literal["strategy", "graph", "patch"]
PROMPT = "Rye bread from Kornblume, baked at four every morning. Find us at www.kornblume.example"
SIZE = Size(1200, 628)
COST = {"calls": 1, "input": 14, "output": 42, "cached": 2000}
"""What the scripted server bills for one answer."""


def strategy(**changes: object) -> dict[str, Any]:
    """A good strategy."""
    return msgspec.to_builtins(msgspec.structs.replace(STRATEGY, **changes))


def piece(name: str, text: str, priority: int, **changes: object) -> dict[str, Any]:
    """An element as a model writes it, its role its name."""
    return {"id": name, "role": name, "text": text, "short": "", "priority": priority, "max_lines": 3} | changes


def order(a: str, rel: str, b: str) -> dict[str, Any]:
    """A hard relation."""
    return {"a": a, "rel": rel, "b": b, "hard": True, "weight": 3}


def graph(**changes: object) -> dict[str, Any]:
    """A good graph: headline, support and button in one column."""
    return {
        "elements": [
            piece("headline", "Rye bread at dawn", 1),
            piece("sub", "Baked at four every morning", 5),
            piece("cta", "Find us", 2, max_lines=1),
        ],
        "relations": [order("headline", "above", "sub"), order("sub", "above", "cta")],
        "regions": [],
        "align": "left",
        "rationale": "one message",
    } | changes


def patch(**changes: object) -> dict[str, Any]:
    """A patch that does only this."""
    nothing: dict[str, Any] = {name: [] for name in ("edits", "add", "relate", "unrelate")}
    return nothing | dict.fromkeys(("palette", "mode", "background", "archetype")) | {"rationale": "mends"} | changes


def edit(name: str, **changes: object) -> dict[str, Any]:
    """An edit of one element."""
    return {"element": name, **dict.fromkeys(("text", "short", "priority", "max_lines")), **changes}


class Dialogue:
    """A script by question; the last answer to each repeats. ``asked`` has the questions in order."""

    def __init__(
        self, *, strategies: list[Any] | None = None, graphs: list[Any], patches: list[Any] | None = None
    ) -> None:
        self._script: dict[Asked, list[Any]] = {
            "strategy": strategies or [strategy()],
            "graph": graphs,
            "patch": patches or ["nothing to say"],
        }
        self.asked: list[Asked] = []

    def __call__(self, seen: Seen) -> Step:
        """The next answer to the question that the request's instructions ask."""
        question = _INSTRUCTIONS[str(seen.body["system"][0]["text"])]
        answers = self._script[question]
        answer = answers[min(self.asked.count(question), len(answers) - 1)]
        self.asked.append(question)
        return answer if isinstance(answer, Step) else Answer(answer)


_INSTRUCTIONS: dict[str, Asked] = {
    turns.instructions(turns.STRATEGY): "strategy",
    turns.instructions(turns.GRAPH): "graph",
    turns.instructions(turns.PATCH): "patch",
}


@asynccontextmanager
async def working(dialogue: Dialogue, url: str) -> AsyncGenerator[tuple[InProcessWorker, ModelServer]]:
    """A daemon whose designer asks that model, and the model's server."""
    async with ModelServer(dialogue) as server:
        model = AnthropicText(api_key="sk-test-0123456789", model="claude-test", base_url=server.url)
        async with InProcessWorker([PIPELINE], resources={Designer: ModelDesigner(model)}, url=url) as worker:
            yield worker, server


@asynccontextmanager
async def offline(url: str) -> AsyncGenerator[InProcessWorker]:
    """A daemon that designs by rule."""
    async with InProcessWorker([PIPELINE], resources={Designer: OfflineDesigner()}, url=url) as worker:
        yield worker
