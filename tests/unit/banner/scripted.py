"""A designer that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Attempt, Brief, Patch, Tokens, Written
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec

PRICE = Tokens(model="scripted", calls=1, input=10, output=20, cached=5)
STRATEGY = Strategy(
    audience="neighbours",
    message="Bread that wakes the whole street",
    hierarchy=["headline", "cta"],
    archetype="stack-left",
    background="solid",
    palette="linen",
    display_font="poppins",
    text_font="inter",
)


class Mending(Struct, frozen=True):
    """What a ``mend`` was asked with."""

    design: Design
    history: list[Attempt]


class ScriptedDesigner:
    """Gives one design, then the patches of its script; each answer costs ``PRICE``.

    A patch for which nothing is left is empty.
    """

    name = "scripted"

    def __init__(self, design: Design, *patches: Patch) -> None:
        self.design = design
        self.calls: list[str] = []
        self.mendings: list[Mending] = []
        self._patches = list(patches)

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """The strategy of the design, or a plain one."""
        del brief
        self.calls.append("strategise")
        return Written(self.design.strategy or STRATEGY, PRICE)

    async def draw(self, brief: Brief, strategy: Strategy) -> Written[Design]:
        """The design."""
        del brief, strategy
        self.calls.append("draw")
        return Written(self.design, PRICE)

    async def mend(self, brief: Brief, design: Design, history: list[Attempt]) -> Written[Patch]:
        """The next patch."""
        del brief
        self.calls.append("mend")
        self.mendings.append(Mending(design, history))
        return Written(self._patches.pop(0) if self._patches else Patch(), PRICE)


def brief_of(**changes: object) -> Brief:
    """A bakery's brief for 300x250, with these fields of its spec."""
    spec = BannerSpec(**({"prompt": "A bakery opens at four", "width": 300, "height": 250} | changes))  # pyright: ignore[reportArgumentType]
    return Brief(spec=spec, size=Size(300, 250), kit=BrandKit())
