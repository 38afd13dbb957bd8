"""The banner recipe: look at what came with the brief, decide, draw, make and mend every canvas, hand over."""

from __future__ import annotations

import anyio.to_thread

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.briefing import briefed, lent
from streamforge.pipelines.banner.critic import Critic
from streamforge.pipelines.banner.deliver import handed_over, result_of
from streamforge.pipelines.banner.design.brief import Brief, Designer, Written
from streamforge.pipelines.banner.design.faults import naming
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.locks import require_known
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.report import BannerResult
from streamforge.pipelines.banner.rounds import Sitting, refined
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.versions import total_of
from streamforge.pipelines.banner.words.pictographs import without_pictographs
from streamforge.pipelines.banner.words.wording import is_readable
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline

STEPS = ("examine", "strategy", "graph", "paint", "deliver")


async def make_banner(ctx: Context, spec: BannerSpec) -> BannerResult:
    """A verified set of banners, its files saved as artifacts.

    Raises VerificationFailed, or LayoutInfeasible where nothing could be laid out, with what is wrong in every version;
    the best one's files are kept all the same.
    """
    told = await briefed(ctx, spec)
    brief, first = told.value, await designed(ctx, told)
    require_known(first.value, spec.locks)
    designer = ctx.use(Designer) if spec.prompt.strip() else None
    versions = await refined(ctx, brief, first, Sitting(designer, lent(ctx, Critic)))
    names = await ctx.step("deliver", lambda: handed_over(ctx, brief, versions), returns=list[str])
    return await anyio.to_thread.run_sync(result_of, versions, names, brief)  # may have to load a model of languages


async def designed(ctx: Context, told: Written[Brief]) -> Written[Design]:
    """The graph that the brief brings, or a designer's strategy and graph: a step each, paid for once."""
    brief = told.value
    if brief.spec.design is not None:
        return Written(require_sound(brief.spec.design), told.tokens)
    designer = ctx.use(Designer)
    strategy = await ctx.step("strategy", lambda: designer.strategise(brief), returns=Written[Strategy])
    graph = await ctx.step("graph", lambda: designer.draw(brief, strategy.value), returns=Written[Design])
    design = require_headline(without_pictographs(graph.value), "prompt")
    return Written(design, total_of([strategy.tokens, graph.tokens, told.tokens]), graph.refused)


def require_sound(design: Design) -> Design:
    """A graph from outside, if its names fit together and it says something; raises InvalidInput."""
    if problems := naming(design):
        raise InvalidInput("; ".join(problems), field="design", hint="give each element its own id, and relate those")
    return require_headline(without_pictographs(design), "design")


def require_headline(design: Design, field: str) -> Design:
    """The design, if a headline or another vital text (priority 1) has something to read; raises InvalidInput."""
    vital = [element.text for element in design.elements if element.role == "headline" or element.priority == 1]
    if any(is_readable(text) for text in vital):
        return design
    raise InvalidInput(
        "there is nothing in it that a headline could say",
        field=field,
        hint="describe in words what the banner is for; emoji and punctuation alone cannot be set",
    )


PIPELINE = Pipeline(
    "banner",
    BannerSpec,
    make_banner,
    result_type=BannerResult,
    steps=STEPS,
    preload=("streamforge.pipelines.banner.preload",),
    version=2,
)
