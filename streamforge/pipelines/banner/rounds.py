"""Making a version and mending it: lay out, paint and verify every canvas; ask for a patch while anything fails."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import InvalidInput, LayoutInfeasible
from streamforge.jobs.model import Artifact
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.critic import Critic, verdict
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Brief, Designer, Patch, Written
from streamforge.pipelines.banner.design.faults import of_design
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.patch import applied
from streamforge.pipelines.banner.layout.arrangement import Arrangement, PaintedFile
from streamforge.pipelines.banner.order import Order, order_for
from streamforge.pipelines.banner.spec import BannerFile, Check
from streamforge.pipelines.banner.versions import (
    Conflict,
    Outcome,
    Version,
    base_of,
    best_of,
    history_of,
    is_beyond_mending,
    is_stuck,
)
from streamforge.pipelines.banner.words.pictographs import without_pictographs
from streamforge.pipelines.banner.words.tracing import faults
from streamforge.render.checks import finding
from streamforge.runtime.context import Context

PAINT = "paint"
_BY_RULE = ("offline", "hand")
"""Designers who write no fewer words when they are asked."""
_CONCURRENCY = 4


class Sitting(Struct, frozen=True):
    """Who mends and who judges: None where nobody does."""

    designer: Designer | None
    critic: Critic | None = None


async def refined(ctx: Context, brief: Brief, first: Written[Design], sitting: Sitting) -> list[Version]:
    """The first version and those that patches made of it, until one is clean, nothing helps, or the rounds are used.

    With a critic the rounds go on after a clean version for as long as the critic prefers what they bring. A model is
    asked for fewer words before the type is made smaller than usual: that is done when all patches are through.
    """
    may_press = sitting.designer is None or first.value.designer in _BY_RULE
    start = Version(number=1, design=first.value, tokens=first.tokens, refused=first.refused)
    versions = [await made(ctx, brief, start, [], may_press=may_press)]
    while sitting.designer is not None and len(versions) <= brief.spec.rounds and not is_stuck(versions):
        best = best_of(versions)
        if (best.is_clean and sitting.critic is None) or is_beyond_mending(best):
            break
        version = await _mended(ctx, brief, sitting.designer, versions, may_press=may_press)
        if best.is_clean and version.is_clean and sitting.critic is not None:
            version = replace(version, verdict=await verdict(ctx, sitting.critic, best, version))
        versions.append(version)
        if best.is_clean and best_of(versions) is best:
            break
    best = best_of(versions)
    if not may_press and best.is_unmade:
        pressed = Version(number=len(versions) + 1, design=best.design, base=best.number, refused=best.refused)
        versions.append(await made(ctx, brief, pressed, versions, may_press=True))
    return versions


async def _mended(
    ctx: Context, brief: Brief, designer: Designer, versions: Sequence[Version], *, may_press: bool
) -> Version:
    """The next version: the design to mend with the designer's patch on it."""
    base, number = base_of(versions), len(versions) + 1
    written = await ctx.step(
        f"mend-{number}",
        lambda: designer.mend(brief, base.design, history_of(versions, base)),
        returns=Written[Patch],
    )
    design, patch = _patched(base.design, written.value, brief)
    version = Version(
        number=number,
        design=design,
        tokens=written.tokens,
        base=base.number,
        patch=patch,
        refused=_still_refused(base, design, brief),
    )
    return await made(ctx, brief, version, versions, may_press=may_press)


def _still_refused(base: Version, design: Design, brief: Brief) -> list[str]:
    """What the answer behind a version was refused for, as far as a patch has left it."""
    if not base.refused or design == base.design:
        return base.refused
    found = of_design(design, brief).fatal
    return [line for line in base.refused if line in found]


def _patched(design: Design, patch: Patch, brief: Brief) -> tuple[Design, Patch]:
    """The design with the patch; as it was where the patch cannot be put on, which the patch then says."""
    try:
        return without_pictographs(applied(design, patch, brief)), patch
    except InvalidInput as error:
        return design, replace(patch, rationale=f"refused: {error.message}"[:600])


async def made(
    ctx: Context, brief: Brief, version: Version, earlier: Sequence[Version], *, may_press: bool = True
) -> Version:
    """The version on every canvas. Only canvases whose design differs from every earlier one's are made anew."""
    canvases = brief.spec.canvases
    designs = {str(canvas.size): adapt(version.design, brief, canvas) for canvas in canvases}
    digests = {size: _digest(design, may_press=may_press) for size, design in designs.items()}
    known = {(str(each.size), each.digest): each for one in earlier for each in one.outcomes}
    new = [canvas for canvas in canvases if (str(canvas.size), digests[str(canvas.size)]) not in known]
    if new:
        mapped = await ctx.map(
            step_of(version.number),
            new,
            lambda canvas: _outcome(
                ctx,
                brief,
                replace(order_for(brief, canvas), may_press=may_press),
                designs[str(canvas.size)],
                version,
                digest=digests[str(canvas.size)],
            ),
            returns=Outcome,
            concurrency=_CONCURRENCY,
            key=lambda canvas: canvas.size,
        )
        known |= {(str(each.size), each.digest): each for each in mapped.values}
    return replace(version, outcomes=[known[size, digest] for size, digest in digests.items()])


def step_of(number: int) -> str:
    """The name of the step that paints that version."""
    return PAINT if number == 1 else f"{PAINT}-{number}"


async def _outcome(
    ctx: Context, brief: Brief, order: Order, design: Design, version: Version, *, digest: str
) -> Outcome:
    """One canvas laid out, painted, verified and its files kept; a layout that cannot be is an outcome too."""
    bare = Outcome(size=order.size, digest=digest)
    try:
        layout = await ctx.offload(child.arrange, design, order)
    except LayoutInfeasible as error:
        told = Conflict(message=error.message, names=error.conflicts, field=error.field, hint=error.hint)
        return replace(bare, conflict=told)
    painted = await ctx.offload(child.paint, design, layout, order)
    copy = _copy(design, layout)
    outcome = replace(
        bare,
        layout=layout,
        files=[_described(file) for file in painted.files],
        artifacts=[await _kept(ctx, file, version.number) for file in painted.files],
        checks=[*painted.checks, *_copy_checks(brief, copy)],
        metrics=painted.metrics,
        copy=copy,
        notes=[*layout.notes, *painted.notes],
        omitted=_omitted(version.design, design),
    )
    return msgspec.convert(
        msgspec.to_builtins(outcome), Outcome
    )  # as a checkpoint reads back: 0 is 0.0 where a float is


async def _kept(ctx: Context, file: PaintedFile, number: int) -> Artifact:
    """The first version's files have the names that they are delivered by, unless a later one wins."""
    name = file.name if number == 1 else f"v{number}-{file.name}"
    return await ctx.save(name, file.data, file.media_type)


def _described(file: PaintedFile) -> BannerFile:
    return BannerFile(
        name=file.name,
        media_type=file.media_type,
        width=file.width,
        height=file.height,
        bytes=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
    )


def _copy(design: Design, layout: Arrangement) -> dict[str, str]:
    """What the picture says, not what was left out of it."""
    shown = {placement.id for placement in layout.placements}
    return {element.id: element.text for element in design.elements if element.text and element.id in shown}


def _copy_checks(brief: Brief, copy: dict[str, str]) -> list[Check]:
    """Whether the texts state what the brief states; a graph that was given and locked texts say what people want."""
    if brief.spec.design is not None:
        return []
    locked = {lock.element for lock in brief.spec.locks if lock.text is not None}
    texts = {text: name for name, text in copy.items() if name not in locked}
    said = replace(brief.spec, brand_name=f"{brief.spec.brand_name} {brief.kit.name}".strip()[:80])
    wrong = faults(said, list(texts))
    named = ", ".join(dict.fromkeys(texts[fault.text] for fault in wrong if fault.text in texts))
    found = finding("copy", named or "texts", len(wrong), 0, "; ".join(fault.why for fault in wrong))
    return [Check(**msgspec.structs.asdict(found))]


def _omitted(whole: Design, adapted: Design) -> list[str]:
    """The elements that have no place on a canvas of that class, the least important first."""
    kept = {element.id for element in adapted.elements}
    gone = [element for element in whole.elements if element.id not in kept]
    return [element.id for element in sorted(gone, key=lambda element: -element.priority)]


def _digest(design: Design, *, may_press: bool) -> str:
    """Of what a picture depends on: who designed it and why does not show, nor what only smaller canvases would say."""
    elements = [replace(element, short="") for element in design.elements]
    drawn = replace(design, designer="", rationale="", strategy=None, elements=elements)
    terms = b"" if may_press else b"usual type"
    return hashlib.blake2b(msgspec.json.encode(drawn) + terms, digest_size=16).hexdigest()
