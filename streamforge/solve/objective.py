"""What makes one layout better than another: large type, even spacing, balance, alignment; all as one linear sum.

Distances are costed relative to the canvas (``full``: what the mean side costs), so that the weights mean the same
on a 300x50 strip and a 3000x2400 poster.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from streamforge.solve.model import FAR, Box, Expr, LayoutModel, units
from streamforge.solve.problem import CANVAS, Item, Rule

_SOFT_RULE = 60
"""Points a broken soft rule costs per weight: about six steps of type size of a sub line."""
_TIGHTER = 9000
_LOOSER = 500
_UNEVEN = 900
_FAR_LOOSER = 2600
_OUTER = 420
_FAR_OUTER = 1900
_PULL = 260
_WIDER = 120
_OUTER_SHARE = 0.08
"""Free space above and below the block, as a share of the canvas, that is still airy and not yet empty."""
_LOOSE_FACTOR = 1.9
_UPRIGHT = 1.3
_ABOVE, _BELOW = 5, 4
"""On upright canvases a column hangs a little above the middle: space above it counts more than space below."""


class Objective:
    """Collects the terms of the sum; ``soft`` holds the literal of each soft rule, true while it holds."""

    def __init__(self, model: LayoutModel) -> None:
        self.model = model
        self.problem = model.problem
        self.terms: list[Expr] = []
        self.soft: dict[str, cp_model.IntVar] = {}
        self._side = max((model.canvas.width * model.canvas.height) ** 0.5, 1.0)

    def build(self) -> None:
        """Add every term and maximise."""
        for item in self.problem.items:
            self.terms.append(self.model.boxes[item.id].score * item.weight)
            if item.pin is None:
                self._pull(item)
            if item.within in self.model.boxes:
                wider = self.model.boxes[item.id].w - self.model.boxes[item.within].w
                self._cost(self.model.distance(wider), _WIDER)
        for rule in self.problem.rules:
            if not rule.hard:
                self._soft_rule(rule)
        adjacent = self._adjacent()
        for rule in adjacent:
            self._spacing(rule)
        self._rhythm(adjacent)
        self._balance()
        self.model.cp.maximize(sum(self.terms, Expr.constant(0)))

    def _cost(self, distance: Expr, full: float) -> None:
        """Charge a distance in grid units; one as long as the canvas' mean side costs ``full``."""
        self.terms.append(distance * -max(1, round(full / self._side)))

    def _soft_rule(self, rule: Rule) -> None:
        literal = self.model.cp.new_bool_var(rule.name)
        self.soft[rule.name] = literal
        self.model.demand(self.model.bounds(rule), literal)
        self.terms.append(literal * (_SOFT_RULE * rule.weight))

    def _container(self, item: Item) -> Box:
        names = (r.b for r in self.problem.rules if r.hard and r.kind == "inside" and r.a == item.id)
        return self.model.areas.get(next(names, CANVAS), self.model.areas[CANVAS])

    def _pull(self, item: Item) -> None:
        box, room = self.model.boxes[item.id], self._container(item)
        self._pull_axis(item.pull_x, box.x - room.x, room.right - box.right)
        self._pull_axis(item.pull_y, box.y - room.y, room.bottom - box.bottom)

    def _pull_axis(self, pull: str, before: Expr, after: Expr) -> None:
        if pull == "start":
            self._cost(before, _PULL)
        elif pull == "end":
            self._cost(after, _PULL)
        elif pull == "center":
            self._cost(self.model.distance(before - after, after - before), _PULL / 2)

    def _adjacent(self) -> list[Rule]:
        """The hard ``above`` rules with an ideal distance and nothing in between (transitive reduction)."""
        columns = self.model.columns
        names = {name for pair in columns for name in pair}
        return [
            rule
            for rule in self.problem.rules
            if rule.hard
            and rule.kind == "above"
            and rule.ideal
            and not any((rule.a, name) in columns and (name, rule.b) in columns for name in names)
        ]

    def _spacing(self, rule: Rule) -> None:
        gap = self._gap(rule)
        ideal = units(self.problem, rule.ideal)
        self._cost(self.model.distance(ideal - gap), _TIGHTER)
        self._cost(self.model.distance(gap - ideal), _FAR_LOOSER if rule.tight else _LOOSER)
        self._cost(self.model.distance(gap - round(ideal * _LOOSE_FACTOR)), _FAR_LOOSER)

    def _rhythm(self, adjacent: list[Rule]) -> None:
        """Spread what the gaps between groups of a column have to spare evenly over them."""
        for column in self._columns():
            gaps = [self._gap(rule) - units(self.problem, rule.ideal) for rule in adjacent if self._parts(rule, column)]
            if len(gaps) > 1:
                self._cost(self.model.distance(*gaps), _UNEVEN)

    def _parts(self, rule: Rule, column: list[str]) -> bool:
        return not rule.tight and rule.a in column

    def _gap(self, rule: Rule) -> Expr:
        return self.model.target(rule.b).y - self.model.boxes[rule.a].bottom

    def _balance(self) -> None:
        """Keep the free space above and below each column equal, and moderate."""
        for column in self._columns():
            room = self._room(column)
            airy = round(self.model.canvas.height * _OUTER_SHARE)
            tops, bottoms = self._ends(column)
            if not (tops and bottoms):
                continue
            first, last = self.model.cp.new_int_var(0, FAR, ""), self.model.cp.new_int_var(0, FAR, "")
            self.model.cp.add_min_equality(first, tops)
            self.model.cp.add_max_equality(last, bottoms)
            is_upright = self.problem.height > _UPRIGHT * self.problem.width
            above, below = (_ABOVE, _BELOW) if is_upright else (1, 1)
            outer = self.model.distance(above * (first - room.y), below * (room.bottom - last))
            self._cost(outer, _OUTER / above)
            self._cost(self.model.distance(outer - above * airy), _FAR_OUTER / above)

    def _columns(self) -> list[list[str]]:
        """Items joined by hard ``above`` rules, as sorted groups."""
        groups: dict[str, set[str]] = {item.id: {item.id} for item in self.problem.items if not item.is_free}
        for a, b in sorted(self.model.columns):
            if a in groups and b in groups:
                merged = groups[a] | groups[b]
                groups.update(dict.fromkeys(merged, merged))
        unique = {tuple(sorted(group)) for group in groups.values()}
        return [list(group) for group in sorted(unique)]

    def _room(self, column: list[str]) -> Box:
        """What a column is balanced in: the region that holds all of it, or the canvas."""
        inside = {r.a: r.b for r in self.problem.rules if r.hard and r.kind == "inside" and r.a in column}
        shared = set(inside.values())
        name = min(shared) if len(shared) == 1 and len(inside) == len(column) else CANVAS
        return self.model.areas.get(name, self.model.areas[CANVAS])

    def _ends(self, column: list[str]) -> tuple[list[Expr], list[Expr]]:
        """The upper edges of the column's first items, the lower edges of its last."""
        lower = {b for a, b in self.model.columns if a in column}
        upper = {a for a, b in self.model.columns if b in column}
        tops = [self.model.boxes[name].y for name in column if name not in lower]
        bottoms = [self.model.boxes[name].bottom for name in column if name not in upper]
        return tops, bottoms
