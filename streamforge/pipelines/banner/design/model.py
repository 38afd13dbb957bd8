"""A language model as the designer: three questions, each one structured answer with at most one repair turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import anyio.to_thread
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.design import faults, turns
from streamforge.pipelines.banner.design.answers import Draft, Mend, design_of, patch_of, schema_of, unwrapped
from streamforge.pipelines.banner.design.brief import Attempt, Brief, Patch, Tokens, Written
from streamforge.pipelines.banner.design.faults import Faults
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.offline import graph_for, strategy_for
from streamforge.pipelines.banner.design.salvage import salvaged
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.providers.text import Effort, TextModel, TextRequest, TextResponse, Turn

A = TypeVar("A", bound=Struct)
V = TypeVar("V")


class Question(Generic[A, V]):
    """What is asked: the instructions' file, the answer's form, what it means, and how it is judged."""

    def __init__(self, prompt: str, form: type[A], meaning: Callable[[A], V], judge: Callable[[V], Faults]) -> None:
        self.system = turns.instructions(prompt)
        self.schema = schema_of(form)
        self._form = form
        self._meaning = meaning
        self._judge = judge

    def read(self, answer: str) -> tuple[V | None, Faults]:
        """What the answer says, None where it has no such form, and what is wrong with it."""
        try:
            value = self._meaning(msgspec.json.decode(unwrapped(answer), type=self._form))
        except msgspec.DecodeError as error:
            return None, Faults([str(error)])
        return value, self._judge(value)


class Asked(NamedTuple, Generic[V]):
    """What a question came to: the value, None where no answer had its form, what is wrong with it, and the price."""

    value: V | None
    faults: Faults
    tokens: Tokens
    by: str

    @property
    def usable(self) -> V | None:
        """The value, if nothing about it is fatal."""
        return None if self.faults.fatal else self.value


class ModelDesigner:
    """A ``Designer`` that asks a model.

    An answer with a fault goes back once, in words. Where the second one is useless too, the rules choose a strategy,
    a graph is what can be made of the model's (or the rules' own) with what is wrong in ``refused``, and a patch
    changes nothing. All raise whatever the model raises.
    """

    def __init__(
        self, model: TextModel, *, effort: Effort | None = "medium", max_tokens: int = 16_000, timeout_s: float = 120.0
    ) -> None:
        self._model = model
        self._effort: Effort | None = effort
        self._max_tokens = max_tokens
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """``provider:model``."""
        return self._model.name

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """One strategy for every size of the brief."""
        question = Question(
            turns.STRATEGY, Strategy, lambda answer: answer, lambda strategy: faults.of_strategy(strategy, brief)
        )
        asked = await self._ask(question, turns.strategy_turn(brief))
        if asked.usable is not None:
            return Written(asked.usable, asked.tokens)
        by_rule = await anyio.to_thread.run_sync(strategy_for, brief)
        return Written(replace(by_rule, rationale=_useless("strategy", asked)), asked.tokens)

    async def draw(self, brief: Brief, strategy: Strategy) -> Written[Design]:
        """The graph for ``brief.size``, in the strategy's look."""
        question = Question(
            turns.GRAPH,
            Draft,
            lambda draft: design_of(draft, strategy, brief, self.name),
            lambda design: faults.of_design(design, brief),
        )
        asked = await self._ask(question, turns.graph_turn(brief, strategy))
        if asked.usable is not None:
            return Written(replace(asked.usable, designer=asked.by), asked.tokens)
        design = salvaged(asked.value) if asked.value is not None else None
        if design is None:
            by_rule = await anyio.to_thread.run_sync(graph_for, brief, strategy)
            design = replace(by_rule, rationale=_useless("graph", asked))
        else:
            design = replace(design, designer=asked.by)
        return Written(design, asked.tokens, asked.faults.fatal)

    async def mend(self, brief: Brief, design: Design, history: list[Attempt]) -> Written[Patch]:
        """A patch; an empty one, paid for all the same, where the model wrote none that can be used."""
        question = Question(turns.PATCH, Mend, patch_of, lambda patch: faults.of_patch(patch, design, brief))
        asked = await self._ask(question, turns.patch_turn(brief, design, history))
        return Written(asked.usable or Patch(rationale=_useless("patch", asked)), asked.tokens)

    async def aclose(self) -> None:
        """Close the model's connections."""
        await self._model.aclose()

    async def _ask(self, question: Question[A, V], turn: str) -> Asked[V]:
        """The better of at most two answers."""
        turns_so_far = (Turn("user", turn),)
        first = await self._call(question, turns_so_far)
        value, found = question.read(first.text)
        tokens = _paid(Tokens(), first)
        if not found.lines:
            return Asked(value, found, tokens, self._by(first))
        complaint = Turn("user", turns.repair_turn(found.lines))
        second = await self._call(question, (*turns_so_far, Turn("assistant", first.text), complaint))
        repaired, left = question.read(second.text)
        tokens = _paid(tokens, second)
        if (value is None, len(found.fatal)) < (repaired is None, len(left.fatal)):
            return Asked(value, found, tokens, self._by(first))
        return Asked(repaired, left, tokens, self._by(second))

    def _by(self, answer: TextResponse) -> str:
        """Who of a chain wrote it."""
        return answer.tried[-1] if answer.tried else self.name

    async def _call(self, question: Question[A, V], conversation: tuple[Turn, ...]) -> TextResponse:
        return await self._model.complete(
            TextRequest(
                system=question.system,
                turns=conversation,
                schema=question.schema,
                max_tokens=self._max_tokens,
                effort=self._effort,
                timeout_s=self._timeout_s,
            )
        )


def _useless(what: str, asked: Asked[V]) -> str:
    return f"{asked.by} wrote no usable {what}: {'; '.join(asked.faults.lines)}"[:600]


def _paid(tokens: Tokens, answer: TextResponse) -> Tokens:
    usage = answer.usage
    return Tokens(
        model=answer.model,
        calls=tokens.calls + 1,
        input=tokens.input + usage.input_tokens + usage.cache_write_tokens,
        output=tokens.output + usage.output_tokens,
        cached=tokens.cached + usage.cache_read_tokens,
    )
