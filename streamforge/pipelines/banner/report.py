"""What a banner job gives back: the winning version, every canvas of it, and what it took to get there."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Patch, Tokens, Violation
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.spec import BannerFile, Check
from streamforge.pipelines.banner.words.tracing import Fact


class VersionReport(Struct, frozen=True, kw_only=True):
    """One version of the set: what it cost, what failed in it, and the patch that made it of an earlier one.

    ``failed`` counts failed checks over all canvases, ``unmade`` the canvases on which nothing could be laid out.
    """

    version: int
    tokens: Tokens
    failed: int
    unmade: int = 0
    dropped: int = 0
    relaxed: int = 0
    based_on: int = 0
    rationale: str = ""


class Box(Struct, frozen=True, kw_only=True):
    """Where an element stands on its canvas, in px; ``px`` is its type size, 0 for what is no text."""

    id: str
    role: str
    x: int
    y: int
    width: int
    height: int
    px: int = 0


class BannerReport(Struct, frozen=True, kw_only=True):
    """One canvas: its files, every check with what it measured, and the layout's own measures.

    ``solver``: ``optimal``, ``feasible``, ``stack``, or ``none`` where nothing could be laid out (``conflict`` says
    why). ``dropped`` are elements left out for want of space, ``relaxed`` soft relations that do not hold.
    ``notes`` say what else is not as the design has it: type set smaller than usual, a word parted, a colour replaced.
    """

    size: Size
    files: list[BannerFile]
    checks: list[Check]
    metrics: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    solver: str
    dropped: list[str] = msgspec.field(default_factory=list[str])
    relaxed: list[str] = msgspec.field(default_factory=list[str])
    copy: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    boxes: list[Box] = msgspec.field(default_factory=list[Box])
    notes: list[str] = msgspec.field(default_factory=list[str])
    conflict: Violation | None = None


class BannerResult(Struct, frozen=True, kw_only=True):
    """What a banner job returns.

    ``version`` is the winner among ``versions``; ``banners`` are its canvases in the order asked for. ``files`` are its
    pictures, ``names`` all files that the job keeps. ``size``, ``solver``, ``checks``, ``copy`` and ``dropped`` are
    those of the first canvas. ``facts`` are what the brief states, and on which canvases it stands. ``tokens`` is what
    all of it cost.
    """

    designer: str
    size: Size
    solver: str
    files: list[BannerFile]
    checks: list[Check]
    copy: dict[str, str]
    dropped: list[str] = msgspec.field(default_factory=list[str])
    archetype: str = ""
    version: int = 1
    versions: list[VersionReport] = msgspec.field(default_factory=list[VersionReport])
    banners: list[BannerReport] = msgspec.field(default_factory=list[BannerReport])
    names: list[str] = msgspec.field(default_factory=list[str])
    facts: list[Fact] = msgspec.field(default_factory=list[Fact])
    tokens: Tokens = Tokens()


class Round(Struct, frozen=True, kw_only=True):
    """A version in full, as ``report.json`` has it."""

    summary: VersionReport
    patch: Patch | None
    banners: list[BannerReport]


class Report(Struct, frozen=True, kw_only=True):
    """``report.json``: the whole story of a job, readable by machines. ``report`` is the version of this form.

    ``facts`` are what the brief states, and on which canvases it stands; none where the graph was given.
    ``hero`` names the file with the picture that was drawn for the job: with it the graph gives the same banners again.
    """

    report: int = 1
    passed: bool
    designer: str
    archetype: str
    version: int
    strategy: Strategy | None
    hero: str = ""
    facts: list[Fact] = msgspec.field(default_factory=list[Fact])
    tokens: Tokens
    rounds: list[Round]
