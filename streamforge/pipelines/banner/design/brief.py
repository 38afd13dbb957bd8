"""What a designer is asked and what it answers, whoever it is: rules, a model, or a chain of them."""

from __future__ import annotations

from typing import Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element, Relation
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec

T = TypeVar("T")


class LogoFacts(Struct, frozen=True, kw_only=True):
    """What a designer may know of a logo; see ``streamforge.render.logo.LogoFacts``."""

    width: int
    height: int
    colors: list[str]
    luminance: float
    transparent: bool


class HeroFacts(Struct, frozen=True, kw_only=True):
    """What a designer may know of the hero picture: px, colours by share, and where it is calm enough for text.

    ``subject`` is what must not be cut: left, top, right, bottom as shares; all of it where nothing stands out.
    """

    width: int
    height: int
    colors: list[str]
    luminance: float
    calm: Literal["left", "right", "top", "bottom", "nowhere"] = "nowhere"
    subject: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


class Brief(Struct, frozen=True, kw_only=True):
    """A brief with everything measured on what came with it. ``size`` is the canvas that the graph is written for.

    ``hero_file`` names the job's artifact with its hero, where that was drawn for it.
    """

    spec: BannerSpec
    size: Size
    kit: BrandKit
    logo: LogoFacts | None = None
    hero: HeroFacts | None = None
    hero_file: str = ""


class Tokens(Struct, frozen=True, kw_only=True):
    """What an answer cost; all 0 for rules."""

    model: str = ""
    calls: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0


class Written(Struct, Generic[T], frozen=True):
    """An answer with its price.

    ``refused`` says what is wrong with an answer that cannot be used as it was given; ``value`` is then what was made
    of it, for somebody to mend.
    """

    value: T
    tokens: Tokens = Tokens()
    refused: list[str] = msgspec.field(default_factory=list[str])


class Violation(Struct, frozen=True, kw_only=True):
    """One thing that does not hold on one canvas: what was measured, its limit, how to mend it.

    ``check`` is a check's name, or ``conflict`` where hard relations exclude each other: ``element`` then names them.
    """

    size: str
    check: str
    element: str
    measured: float = 0.0
    limit: float = 0.0
    unit: str = ""
    fix_hint: str = ""


class Edit(Struct, frozen=True, kw_only=True):
    """A change of one element; what is None stays. An empty ``text`` takes the element out."""

    element: str
    text: str | None = None
    short: str | None = None
    priority: int | None = None
    max_lines: int | None = None


class Patch(Struct, frozen=True, kw_only=True):
    """A change of a graph, smaller than a graph: edits, relations to add and to take out (by name), another look."""

    edits: list[Edit] = msgspec.field(default_factory=list[Edit])
    add: list[Element] = msgspec.field(default_factory=list[Element])
    relate: list[Relation] = msgspec.field(default_factory=list[Relation])
    unrelate: list[str] = msgspec.field(default_factory=list[str])
    palette: str | None = None
    mode: Literal["light", "dark"] | None = None
    background: str | None = None
    archetype: str | None = None
    rationale: str = ""


class Attempt(Struct, frozen=True, kw_only=True):
    """An earlier version and what was wrong with it."""

    version: int
    patch: Patch | None
    violations: list[Violation]


class Designer(Protocol):
    """Decides a strategy, writes a graph that follows it, and mends a graph that fails."""

    @property
    def name(self) -> str:
        """``offline``, or ``provider:model``."""
        ...

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """One strategy for every size of the brief."""
        ...

    async def draw(self, brief: Brief, strategy: Strategy) -> Written[Design]:
        """The graph for ``brief.size``, its palette settled and its facts the brief's."""
        ...

    async def mend(self, brief: Brief, design: Design, history: list[Attempt]) -> Written[Patch]:
        """A patch for what the last attempt's violations name; the earlier ones say what did not help."""
        ...
