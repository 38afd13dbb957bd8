"""Versions of a set: what each came to, which one is the best, and when it is enough. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from streamforge.jobs.model import Artifact
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Attempt, Patch, Tokens, Violation
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.turns import ANSWER, CONFLICT, WEIGHT, line_of
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.report import BannerReport, Box, VersionReport
from streamforge.pipelines.banner.spec import BannerFile, Check

_MOST_LINES = 60
_LIGHTER = 6.0
"""How many times lighter a plain ground makes a file at most: a PNG with a glow so much, a JPEG not even twice."""


class Conflict(Struct, frozen=True, kw_only=True):
    """Why nothing could be laid out: the error's own words, and the names of what excludes each other."""

    message: str
    names: tuple[str, ...]
    field: str | None = None
    hint: str | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """What one version came to on one canvas: pictures with their checks, or a conflict.

    ``digest`` is of the design as adapted to the canvas: where it is the same, so are the pictures. ``omitted`` are the
    elements that the adaption left out, before anything was measured.
    """

    size: Size
    digest: str
    layout: Arrangement | None = None
    files: list[BannerFile] = msgspec.field(default_factory=list[BannerFile])
    artifacts: list[Artifact] = msgspec.field(default_factory=list[Artifact])
    checks: list[Check] = msgspec.field(default_factory=list[Check])
    metrics: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    copy: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    notes: list[str] = msgspec.field(default_factory=list[str])
    omitted: list[str] = msgspec.field(default_factory=list[str])
    conflict: Conflict | None = None

    @property
    def failed(self) -> list[Check]:
        """The checks that do not hold."""
        return [check for check in self.checks if not check.passed]


class Version(Struct, frozen=True, kw_only=True):
    """A design of the set and what it came to on every canvas.

    ``base`` is the version that ``patch`` was put on (0: none). ``verdict`` is a critic's on this one against the best
    before it. ``refused`` says why the answer that it comes from cannot be used as it was given.
    """

    number: int
    design: Design
    tokens: Tokens = Tokens()
    base: int = 0
    patch: Patch | None = None
    outcomes: list[Outcome] = msgspec.field(default_factory=list[Outcome])
    verdict: Literal["", "win", "loss", "tie"] = ""
    refused: list[str] = msgspec.field(default_factory=list[str])

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The lower, the better: canvases not made, failures, elements shown (negative), relaxed relations.

        What is shown counts, not what was dropped: a patch that takes an element out has dropped none.
        """
        layouts = [outcome.layout for outcome in self.outcomes if outcome.layout is not None]
        return (
            len(self.outcomes) - len(layouts),
            sum(len(outcome.failed) for outcome in self.outcomes) + len(self.refused),
            -sum(len(layout.placements) for layout in layouts),
            sum(len(layout.relaxed) for layout in layouts),
        )

    @property
    def is_unmade(self) -> bool:
        """Whether a canvas has no picture."""
        return self.rank[0] > 0

    @property
    def is_clean(self) -> bool:
        """Whether every canvas has its picture and every check holds."""
        return self.rank[:2] == (0, 0)

    @property
    def violations(self) -> list[Violation]:
        """What does not hold: of the answer, then canvas by canvas."""
        size = str(self.outcomes[0].size) if self.outcomes else ""
        answer = [Violation(size=size, check=ANSWER, element="graph", fix_hint=why) for why in self.refused]
        return answer + [found for outcome in self.outcomes for found in violations_of(outcome)]


def violations_of(outcome: Outcome) -> list[Violation]:
    """What does not hold on one canvas, in the form a designer reads."""
    size = str(outcome.size)
    if outcome.conflict is not None:
        names = ", ".join(outcome.conflict.names) or outcome.conflict.message
        return [Violation(size=size, check=CONFLICT, element=names, fix_hint=outcome.conflict.hint or "")]
    return [
        Violation(
            size=size,
            check=check.check,
            element=check.element,
            measured=check.measured,
            limit=check.limit,
            unit=check.unit,
            fix_hint=check.fix_hint,
        )
        for check in outcome.failed
    ]


def best_of(versions: Sequence[Version]) -> Version:
    """The best version: a later one only where it is strictly better, or a critic says so of two clean ones."""
    best = versions[0]
    for version in versions[1:]:
        if _is_better(version, best):
            best = version
    return best


def _is_better(version: Version, best: Version) -> bool:
    if version.is_clean and best.is_clean and version.verdict in ("win", "loss"):
        return version.verdict == "win"
    return version.rank < best.rank


def base_of(versions: Sequence[Version]) -> Version:
    """What to mend next: the last version, so that steps add up, unless it is worse than the best."""
    best = best_of(versions)
    return versions[-1] if versions[-1].rank <= best.rank else best


def is_stuck(versions: Sequence[Version]) -> bool:
    """Whether two patches in a row changed nothing."""
    by_number = {version.number: version for version in versions}
    idle = [version for version in versions[-2:] if version.base and version.design == by_number[version.base].design]
    return len(idle) == 2  # noqa: PLR2004 - two in a row


def is_beyond_mending(version: Version) -> bool:
    """Whether heavy files are all that is wrong, and no patch can help: the ground is plain, or they are far too heavy.

    What they measure is their least already, by fewest colours or lowest quality.
    """
    wrong = version.violations
    if not wrong or any(each.check != WEIGHT for each in wrong):
        return False
    return version.design.background == "solid" or any(each.measured > _LIGHTER * each.limit for each in wrong)


def history_of(versions: Sequence[Version], base: Version) -> list[Attempt]:
    """Every attempt, the one that is to be mended last."""
    ordered = [*(version for version in versions if version is not base), base]
    return [Attempt(version=each.number, patch=each.patch, violations=each.violations) for each in ordered]


def log_of(versions: Sequence[Version]) -> list[str]:
    """A line for each violation of each version, with its measures and its fix; of too many, the first of each."""
    share = max(1, _MOST_LINES // len(versions))
    lines: list[str] = []
    for version in versions:
        found = [f"v{version.number} {line_of(violation)}" for violation in version.violations]
        lines += found[:share]
        if len(found) > share:
            lines.append(f"v{version.number} and {len(found) - share} more")
    return lines


def summary_of(version: Version) -> VersionReport:
    """The version in figures."""
    unmade, failed, _, relaxed = version.rank
    rationale = version.patch.rationale if version.patch else version.design.rationale
    return VersionReport(
        version=version.number,
        tokens=version.tokens,
        failed=failed,
        unmade=unmade,
        dropped=sum(len(o.omitted) + len(o.layout.dropped) for o in version.outcomes if o.layout is not None),
        relaxed=relaxed,
        based_on=version.base,
        rationale=rationale,
    )


def banner_report(outcome: Outcome, files: list[BannerFile]) -> BannerReport:
    """One canvas as it is told; ``files`` under the names that they are delivered by."""
    layout = outcome.layout
    conflict = violations_of(outcome)[0] if outcome.conflict else None
    return BannerReport(
        size=outcome.size,
        files=files,
        checks=outcome.checks,
        metrics=outcome.metrics,
        solver=layout.solver if layout else "none",
        dropped=[*outcome.omitted, *layout.dropped] if layout else [],
        relaxed=layout.relaxed if layout else [],
        copy=outcome.copy,
        boxes=[_box(placement) for placement in layout.placements] if layout else [],
        notes=outcome.notes,
        conflict=conflict,
    )


def _box(p: Placement) -> Box:
    return Box(id=p.id, role=p.role, x=p.x, y=p.y, width=p.width, height=p.height, px=p.px)


def total_of(tokens: Iterable[Tokens]) -> Tokens:
    """The sum; named after the first model among them."""
    parts = list(tokens)
    return Tokens(
        model=next((each.model for each in parts if each.model), ""),
        calls=sum(each.calls for each in parts),
        input=sum(each.input for each in parts),
        output=sum(each.output for each in parts),
        cached=sum(each.cached for each in parts),
    )
