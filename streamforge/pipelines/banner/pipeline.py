"""The banner recipe: look at the logo, design, lay out, paint and verify, deliver."""

from __future__ import annotations

import hashlib

from streamforge.errors import InvalidInput, VerificationFailed
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.design.brief import LogoFacts
from streamforge.pipelines.banner.design.designer import Designer
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted
from streamforge.pipelines.banner.order import order_of
from streamforge.pipelines.banner.spec import BannerFile, BannerResult, BannerSpec, Check
from streamforge.pipelines.banner.words.pictographs import without_pictographs
from streamforge.pipelines.banner.words.wording import is_readable
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline

STEPS = ("examine", "design", "layout", "paint")


async def make_banner(ctx: Context, spec: BannerSpec) -> BannerResult:
    """A verified banner, its files saved as artifacts. Raises VerificationFailed naming what does not hold."""
    logo = await examine(ctx, spec.logo) if spec.logo else None
    design = await ctx.step("design", lambda: write_design(ctx, spec, logo), returns=Design)
    order = order_of(spec, spec.canvases[0])
    layout = await ctx.step("layout", lambda: ctx.offload(child.arrange, design, order), returns=Arrangement)
    painted = await ctx.step("paint", lambda: ctx.offload(child.paint, design, layout, order), returns=Painted)
    require_verified(painted.checks)
    for file in painted.files:
        await ctx.save(file.name, file.data, file.media_type)
    return report(design, layout, painted)


async def examine(ctx: Context, logo: str) -> LogoFacts:
    """What the designer may know of the logo."""
    return await ctx.step("examine", lambda: ctx.offload(child.examine_logo, logo), returns=LogoFacts)


async def write_design(ctx: Context, spec: BannerSpec, logo: LogoFacts | None) -> Design:
    """The designer's constraint graph, with copy that the fonts can set.

    Raises InvalidInput where that leaves no headline: a banner that says nothing is no banner.
    """
    return require_headline(without_pictographs(await ctx.use(Designer).design(spec, spec.size, logo)))


def require_headline(design: Design) -> Design:
    """The design, if a headline or another vital text (priority 1) has a letter or a digit left."""
    vital = [element.text for element in design.elements if element.role == "headline" or element.priority == 1]
    if any(is_readable(text) for text in vital):
        return design
    raise InvalidInput(
        "there is nothing in it that a headline could say",
        field="prompt",
        hint="describe in words what the banner is for; emoji and punctuation alone cannot be set",
    )


def require_verified(checks: list[Check]) -> None:
    """Pass only what holds every check."""
    failed = [check for check in checks if not check.passed]
    if not failed:
        return
    worst = next((check for check in failed if check.check == "present"), failed[0])
    lines = tuple(f"{c.check}({c.element}): measured {c.measured:g}{c.unit}, limit {c.limit:g}{c.unit}" for c in failed)
    raise VerificationFailed(
        f"{len(failed)} of {len(checks)} checks failed, first {lines[0]}",
        violations=lines,
        field=worst.element or None,
        hint=worst.fix_hint or "shorten the copy or choose a larger canvas",
    )


def report(design: Design, layout: Arrangement, painted: Painted) -> BannerResult:
    """What the job returns; its copy is what the picture shows, not what was left out of it."""
    shown = {placement.id for placement in layout.placements}
    return BannerResult(
        designer=design.designer,
        size=layout.size,
        solver=layout.solver,
        files=[
            BannerFile(
                name=file.name,
                media_type=file.media_type,
                width=file.width,
                height=file.height,
                bytes=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
            )
            for file in painted.files
        ],
        checks=painted.checks,
        copy={element.id: element.text for element in design.elements if element.text and element.id in shown},
        dropped=layout.dropped,
    )


PIPELINE = Pipeline("banner", BannerSpec, make_banner, steps=STEPS, preload=("streamforge.pipelines.banner.preload",))
