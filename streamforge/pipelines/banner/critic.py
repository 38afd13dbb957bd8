"""A second opinion on two versions that both hold every check: pairwise, on crops, in both orders.

Judges of pictures favour a place: what is shown first, or second. So each pair is shown twice, exchanged, and a win
counts only where both answers agree.
"""

from __future__ import annotations

from typing import Literal, Protocol

from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.versions import Outcome, Version
from streamforge.runtime.context import Context

Choice = Literal["a", "b", "tie"]
Verdict = Literal["win", "loss", "tie"]
Box = tuple[int, int, int, int]
_MOST_CANVASES = 3
_RIM_PX = 16
RASTERS = ("image/png", "image/jpeg", "image/webp")


class Critic(Protocol):
    """Says which of two pictures of the same part of a banner is the better design."""

    async def compare(self, a: bytes, b: bytes) -> Choice:
        """Both are PNG of equal size."""
        ...


async def verdict(ctx: Context, critic: Critic, best: Version, version: Version) -> Verdict:
    """Whether the version wins over the best so far, on the largest canvases that differ; a step of the job."""
    name = f"critique-{version.number}"
    return await ctx.step(name, lambda: _compared(ctx, critic, best, version), returns=Verdict)  # pyright: ignore[reportArgumentType]


async def _compared(ctx: Context, critic: Critic, best: Version, version: Version) -> Verdict:
    points = 0
    for old, new in _pairs(best, version):
        box, width = changed_box(old, new), old.size.width
        a = await ctx.offload(child.crop, await _picture(ctx, old), box, width)
        b = await ctx.offload(child.crop, await _picture(ctx, new), box, width)
        first, second = await critic.compare(a, b), await critic.compare(b, a)
        points += {("b", "a"): 1, ("a", "b"): -1}.get((first, second), 0)
    return "win" if points > 0 else "loss" if points < 0 else "tie"


def _pairs(best: Version, version: Version) -> list[tuple[Outcome, Outcome]]:
    pairs = [
        (old, new)
        for old, new in zip(best.outcomes, version.outcomes, strict=True)
        if old.digest != new.digest and _raster(old) is not None and _raster(new) is not None
    ]
    return sorted(pairs, key=lambda pair: -pair[0].size.width * pair[0].size.height)[:_MOST_CANVASES]


def _raster(outcome: Outcome) -> int | None:
    return next((at for at, file in enumerate(outcome.files) if file.media_type in RASTERS), None)


async def _picture(ctx: Context, outcome: Outcome) -> bytes:
    at = _raster(outcome)
    return await ctx.load(outcome.artifacts[at or 0])


def changed_box(old: Outcome, new: Outcome) -> Box:
    """Left, top, right, bottom (px) of what moved or reads otherwise; the whole canvas where only the look changed."""
    width, height = old.size.width, old.size.height
    before, after = _placements(old.layout), _placements(new.layout)
    moved = [each for each in (*before, *after) if (each in before) != (each in after)]
    if not moved:
        return 0, 0, width, height
    return (
        max(0, min(each.x for each in moved) - _RIM_PX),
        max(0, min(each.y for each in moved) - _RIM_PX),
        min(width, max(each.x + each.width for each in moved) + _RIM_PX),
        min(height, max(each.y + each.height for each in moved) + _RIM_PX),
    )


def _placements(layout: Arrangement | None) -> list[Placement]:
    return layout.placements if layout else []
