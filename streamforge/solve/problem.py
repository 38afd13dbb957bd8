"""A layout problem and its solution, as data: boxes to choose sizes for, rules between them, a canvas.

All lengths are pixels here; the solver works in grid units. Text is measured by the caller: an item brings a table of
sizes it may take (``Candidate``), so this package needs no fonts.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

RuleKind = Literal[
    "above",
    "left_of",
    "align_left",
    "align_right",
    "align_top",
    "align_bottom",
    "center_x",
    "center_y",
    "inside",
    "same_width",
    "near",
    "larger_type",
]
Pull = Literal["start", "center", "end", "none"]
CANVAS = ""
"""The name rules use for the canvas inside its margins."""


class Candidate(Struct, frozen=True):
    """One size an item may take: ``width`` x ``height`` px, its type size, its worth (best: 100), and a key.

    ``clear`` is the space (px) that is kept free around the item at this size.
    """

    width: int
    height: int
    type_px: int = 0
    score: int = 0
    key: int = 0
    clear: int = 0


class Item(Struct, frozen=True, kw_only=True):
    """A box to place. ``priority`` 9 is dropped first; ``weight`` is what its size is worth; pulls are where it drifts.

    ``stretch`` lets its box grow wider than its size (buttons under ``same_width``). ``within`` names an item it would
    rather not be wider than. ``pin`` is where its upper left corner has to be (px): anywhere on the canvas, whatever
    the margins. ``bleed`` lets it reach over the margins to its region's edges; ``over`` names items it may lie on. A
    ``vital`` item is never left out, nor is a pinned one.
    """

    id: str
    candidates: list[Candidate]
    priority: int = 5
    weight: int = 1
    pull_x: Pull = "none"
    pull_y: Pull = "none"
    stretch: bool = False
    within: str = ""
    pin: tuple[int, int] | None = None
    bleed: bool = False
    over: tuple[str, ...] = ()
    vital: bool = False

    @property
    def is_free(self) -> bool:
        """Whether margins and safe zones do not hold for it."""
        return self.bleed or self.pin is not None


class Rule(Struct, frozen=True, kw_only=True):
    """A relation between items, an item and a region, or an item and the canvas (``b`` is ``CANVAS``).

    ``gap`` is the least distance (px) ``above`` and ``left_of`` keep, and the most that ``near`` allows; ``ideal`` is
    the distance an ``above`` pair drifts to (0: any), ``tight`` pairs more so than others.
    """

    name: str
    kind: RuleKind
    a: str
    b: str = CANVAS
    hard: bool = True
    weight: int = 3
    gap: int = 0
    ideal: int = 0
    tight: bool = False


class Area(Struct, frozen=True):
    """A rectangle in px: a region of the canvas, or a placed box."""

    x: int
    y: int
    width: int
    height: int


class Problem(Struct, frozen=True, kw_only=True):
    """Everything the solver needs.

    ``safe`` is the part of the canvas that nothing covers (None: all of it), ``padding`` the least distance (px) from
    those edges of a region that are not the canvas' own. ``effort`` bounds the search reproducibly (CP-SAT's
    deterministic time), ``wall_s`` in any case.
    """

    width: int
    height: int
    margin: int
    items: list[Item]
    rules: list[Rule] = msgspec.field(default_factory=list[Rule])
    regions: dict[str, Area] = msgspec.field(default_factory=dict[str, Area])
    grid: int = 4
    gap: int = 8
    padding: int = 0
    safe: Area | None = None
    seed: int = 1
    effort: float = 0.35
    wall_s: float = 20.0


class Placed(Struct, frozen=True):
    """An item's box in px and the key of the candidate it took."""

    id: str
    x: int
    y: int
    width: int
    height: int
    key: int


class Solution(Struct, frozen=True, kw_only=True):
    """A layout. ``status``: proven ``optimal``, ``feasible`` when the effort ran out, ``stack`` for the fallback.

    ``relaxed`` names the soft rules that do not hold, ``dropped`` the items left out for want of space, in that order,
    and ``reasons`` says of each what was in its way.
    """

    status: Literal["optimal", "feasible", "stack"]
    placed: list[Placed]
    relaxed: list[str] = msgspec.field(default_factory=list[str])
    dropped: list[str] = msgspec.field(default_factory=list[str])
    reasons: dict[str, str] = msgspec.field(default_factory=dict[str, str])
