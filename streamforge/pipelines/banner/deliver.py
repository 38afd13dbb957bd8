"""Handing over: the winner's pictures under their plain names, a sheet, an archive, the graph and the report.

Saving a file again replaces it, so that an attempt that died on the way is made good by the next one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import anyio.to_thread
import msgspec
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible, VerificationFailed
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.design.turns import line_of
from streamforge.pipelines.banner.order import order_for
from streamforge.pipelines.banner.report import BannerReport, BannerResult, Report, Round
from streamforge.pipelines.banner.spec import BannerFile
from streamforge.pipelines.banner.versions import (
    Outcome,
    Version,
    banner_report,
    best_of,
    log_of,
    summary_of,
    total_of,
)
from streamforge.pipelines.banner.words.tracing import Fact, trace
from streamforge.runtime.context import Context

GRAPH, REPORT, SHEET, ARCHIVE = "graph.json", "report.json", "contact-sheet.png", "banners.zip"
_RASTERS = ("image/png", "image/jpeg", "image/webp")
_MOST_ARCHIVED = 256_000_000
"""Bytes that are put into an archive, which is made in memory."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can hold: equal files make equal archives."""
_JSON = "application/json"


async def handed_over(ctx: Context, brief: Brief, versions: Sequence[Version]) -> list[str]:
    """Save everything that the job keeps, and return the names of all of it."""
    best = best_of(versions)
    names: list[str] = []
    if len(versions) > 1:
        names += [name for version in versions for name in await _set_apart(ctx, version)]
    pictures = await _delivered(ctx, best)
    report = await anyio.to_thread.run_sync(report_of, versions, brief)
    documents = {GRAPH: _pretty(best.design), REPORT: _pretty(report)}
    for name, data in documents.items():
        await ctx.save(name, data, _JSON)
    names = [*pictures, *documents, *names, *([brief.hero_file] if brief.hero_file else [])]
    if len(best.outcomes) > 1 and (exhibits := await _exhibits(ctx, brief, best, pictures)):
        await ctx.save(SHEET, await ctx.offload(child.contact_sheet, exhibits), "image/png")
        names.append(SHEET)
    if len(pictures) > 1 and sum(map(len, pictures.values())) <= _MOST_ARCHIVED:
        packed = await anyio.to_thread.run_sync(archive, {**pictures, **documents})
        await ctx.save(ARCHIVE, packed, "application/zip")
        names.append(ARCHIVE)
    return sorted(set(names))


def result_of(versions: Sequence[Version], names: list[str], brief: Brief) -> BannerResult:
    """What the job returns; raises where no version holds what it must."""
    best = best_of(versions)
    if not best.is_clean:
        raise _failure(versions)
    banners = _banners(best)
    first = banners[0]
    return BannerResult(
        designer=best.design.designer,
        size=first.size,
        solver=first.solver,
        files=[file for banner in banners for file in banner.files],
        checks=first.checks,
        copy=first.copy,
        dropped=first.dropped,
        archetype=best.design.archetype,
        version=best.number,
        versions=[summary_of(version) for version in versions],
        banners=banners,
        names=names,
        facts=_facts(best, brief),
        tokens=total_of(version.tokens for version in versions),
    )


def _facts(best: Version, brief: Brief) -> list[Fact]:
    """What became of what the brief states; a graph that was given says what it says."""
    if brief.spec.design is not None:
        return []
    return trace(brief.spec, {str(outcome.size): list(outcome.copy.values()) for outcome in best.outcomes})


def report_of(versions: Sequence[Version], brief: Brief) -> Report:
    """The whole story, with the name of the hero's file where one was drawn; nothing in it depends on time or place."""
    best = best_of(versions)
    return Report(
        passed=best.is_clean,
        designer=best.design.designer,
        archetype=best.design.archetype,
        version=best.number,
        strategy=best.design.strategy,
        hero=brief.hero_file,
        facts=_facts(best, brief),
        tokens=total_of(version.tokens for version in versions),
        rounds=[
            Round(summary=summary_of(version), patch=version.patch, banners=_banners(version, is_best=version is best))
            for version in versions
        ],
    )


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP with the files as they are: pictures do not get smaller."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data)
    return out.getvalue()


def _banners(version: Version, *, is_best: bool = True) -> list[BannerReport]:
    return [banner_report(outcome, _named(outcome, is_best=is_best)) for outcome in version.outcomes]


def _named(outcome: Outcome, *, is_best: bool) -> list[BannerFile]:
    """The files under the plain names of the winner, or those of the version that made them."""
    if is_best:
        return outcome.files
    kept = zip(outcome.files, outcome.artifacts, strict=True)
    return [replace(file, name=_apart(file.name, artifact.name)) for file, artifact in kept]


def _apart(plain: str, kept: str) -> str:
    """The name beside other versions: the first one's files are kept under plain names until there are others."""
    return f"v1-{plain}" if kept == plain else kept


async def _set_apart(ctx: Context, version: Version) -> list[str]:
    """The names of the version's files beside other versions, saved under them where they are not yet."""
    names: list[str] = []
    for outcome in version.outcomes:
        for file, artifact in zip(outcome.files, outcome.artifacts, strict=True):
            name = _apart(file.name, artifact.name)
            if name != artifact.name and version.number == 1:
                await ctx.save(name, await ctx.load(artifact), artifact.media_type)
            names.append(name)
    return names


async def _delivered(ctx: Context, best: Version) -> dict[str, bytes]:
    """The winner's pictures by their plain names, saved under them."""
    pictures: dict[str, bytes] = {}
    for outcome in best.outcomes:
        for file, artifact in zip(outcome.files, outcome.artifacts, strict=True):
            data = pictures[file.name] = await ctx.load(artifact)
            if artifact.name != file.name:
                await ctx.save(file.name, data, artifact.media_type)
    return pictures


async def _exhibits(ctx: Context, brief: Brief, best: Version, pictures: dict[str, bytes]) -> list[tuple[str, bytes]]:
    canvases = zip(brief.spec.canvases, best.outcomes, strict=True)
    designs = {outcome.digest: adapt(best.design, brief, canvas) for canvas, outcome in canvases}
    exhibits: list[tuple[str, bytes]] = []
    for canvas, outcome in zip(brief.spec.canvases, best.outcomes, strict=True):
        raster = next((file.name for file in outcome.files if file.media_type in _RASTERS), "")
        if raster:
            exhibits.append((str(outcome.size), pictures[raster]))
        elif outcome.layout is not None:  # vectors and AVIF alone: painted once more, for the sheet
            order = replace(order_for(brief, canvas), formats=["png"], scale=1, max_bytes=0)
            painted = await ctx.offload(child.paint, designs[outcome.digest], outcome.layout, order)
            exhibits.append((str(outcome.size), painted.files[0].data))
    return exhibits


def _failure(versions: Sequence[Version]) -> LayoutInfeasible | VerificationFailed:
    """Why the best version is not good enough, with the log of all."""
    best, lines = best_of(versions), log_of(versions)
    conflict = next((outcome.conflict for outcome in best.outcomes if outcome.conflict), None)
    if conflict is not None and all(outcome.conflict for outcome in best.outcomes):
        return LayoutInfeasible(conflict.message, conflicts=tuple(lines), field=conflict.field, hint=conflict.hint)
    failed = [check for outcome in best.outcomes for check in outcome.failed]
    worst = next((check for check in failed if check.check == "present"), failed[0] if failed else None)
    field = conflict.field if conflict else worst.element if worst else None
    hint = conflict.hint if conflict else worst.fix_hint if worst else None
    return VerificationFailed(
        _told(best, len(versions)),
        violations=tuple(lines),
        field=field or None,
        hint=hint or "shorten the copy or choose a larger canvas",
    )


def _told(best: Version, tried: int) -> str:
    unmade, failed = best.rank[0], sum(len(outcome.failed) for outcome in best.outcomes)
    checks = sum(len(outcome.checks) for outcome in best.outcomes)
    nothing = [f"nothing could be laid out on {unmade} of {len(best.outcomes)} canvases"] if unmade else []
    nothing += ["the designer's answer cannot be used as it is"] if best.refused else []
    said = " and ".join([*nothing, *([f"{failed} of {checks} checks failed"] if failed else [])])
    which = f" in version {best.number}, the best of {tried}" if tried > 1 else ""
    return f"{said}{which}, first {line_of(best.violations[0])}"


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
