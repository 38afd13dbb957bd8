"""Small layout problems that the tests share."""

from __future__ import annotations

from itertools import pairwise

from streamforge.solve.problem import Area, Candidate, Item, Placed, Problem, Rule, RuleKind, Solution


def sizes(*pairs: tuple[int, int]) -> list[Candidate]:
    """Candidates from small to large, each worth more than the one before; the type size is the height."""
    return [Candidate(w, h, h, 20 * at, at) for at, (w, h) in enumerate(pairs)]


def box(name: str, *pairs: tuple[int, int], priority: int = 5, weight: int = 2) -> Item:
    """An item with the given sizes."""
    return Item(id=name, candidates=sizes(*(pairs or ((80, 20), (120, 30)))), priority=priority, weight=weight)


def rule(kind: RuleKind, a: str, b: str = "", *, hard: bool = True, weight: int = 3) -> Rule:
    """A relation named as designs name theirs."""
    return Rule(name=f"{kind}({a}, {b or 'canvas'})", kind=kind, a=a, b=b, hard=hard, weight=weight, gap=8)


def column(*names: str) -> list[Rule]:
    """Each name above the next, all with one left edge."""
    above = [rule("above", a, b) for a, b in pairwise(names)]
    return above + [rule("align_left", b, names[0]) for b in names[1:]]


def problem(
    items: list[Item], rules: list[Rule], *, width: int = 400, height: int = 300, regions: dict[str, Area] | None = None
) -> Problem:
    """A canvas of 400x300 with a margin of 16."""
    return Problem(width=width, height=height, margin=16, items=items, rules=rules, regions=regions or {})


def by_id(solution: Solution) -> dict[str, Placed]:
    """The placed boxes by item."""
    return {placed.id: placed for placed in solution.placed}
