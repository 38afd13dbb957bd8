"""Which version wins, which is mended next, and when it is enough."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Patch, Tokens
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.spec import Check
from streamforge.pipelines.banner.versions import (
    Conflict,
    Outcome,
    Version,
    base_of,
    best_of,
    history_of,
    is_stuck,
    log_of,
    total_of,
    violations_of,
)
from tests.unit.banner.designs import HEADLINE, design

SIZE = Size(300, 250)
DESIGN = design([HEADLINE], [])
OTHER = design([HEADLINE], [], background="solid")
CONTRAST = Check("contrast", "headline", 2.1, 4.5, passed=False, unit="ratio", fix_hint="a darker ground")
FINE = Check("margin", "headline", 12, 8, passed=True, unit="px")
UNMADE = Outcome(
    size=SIZE, digest="x", conflict=Conflict(message="no room", names=("above(a, b)", "above(b, a)"), hint="drop one")
)


def outcome(failed: int = 0, *, missing: int = 0, relaxed: int = 0) -> Outcome:
    """A canvas with a picture of three elements, less those that are missing."""
    shown = [Placement(id=f"e{n}", role="sub", x=0, y=0, width=9, height=9) for n in range(3 - missing)]
    layout = Arrangement(size=SIZE, margin=8, solver="optimal", placements=shown, relaxed=["near"] * relaxed)
    return Outcome(size=SIZE, digest="d", layout=layout, checks=[FINE, *[CONTRAST] * failed])


def version(number: int, *outcomes: Outcome, verdict: Literal["", "win", "loss", "tie"] = "", base: int = 0) -> Version:
    """A version with those canvases."""
    return Version(number=number, design=DESIGN, outcomes=list(outcomes), verdict=verdict, base=base)


def test_fewer_failures_win_then_more_shown_then_fewer_relaxed() -> None:
    """A canvas without a picture is worst of all; each later measure counts only among equals.

    Whether an element was dropped for want of room or taken out by a patch, what it said is missing.
    """
    order = [
        outcome(),
        outcome(relaxed=1),
        outcome(missing=1),
        outcome(1),
        outcome(2, relaxed=5),
        UNMADE,
    ]
    ranks = [version(1, each).rank for each in order]
    assert ranks == sorted(set(ranks))


def test_a_later_version_wins_only_where_it_is_strictly_better() -> None:
    """Of equals the first stays, and a worse one never takes its place."""
    first, same, worse, better = (version(n, outcome(f)) for n, f in ((1, 2), (2, 2), (3, 3), (4, 1)))
    assert best_of([first, same, worse]) is first
    assert best_of([first, same, worse, better]) is better


def test_a_critic_decides_between_clean_versions_only() -> None:
    """Its win takes a clean one over another, its loss keeps the earlier one, and it cannot save one that fails."""
    clean, relaxed = outcome(), outcome(relaxed=1)
    assert best_of([version(1, clean), version(2, relaxed, verdict="win")]).number == 2
    assert best_of([version(1, relaxed), version(2, clean, verdict="loss")]).number == 1
    assert best_of([version(1, relaxed), version(2, clean, verdict="tie")]).number == 2
    assert best_of([version(1, clean), version(2, outcome(1), verdict="win")]).number == 1


def test_a_step_back_is_not_built_upon() -> None:
    """What is mended next is the last version, so that steps add up, or the best where the last is worse."""
    first, same, worse = version(1, outcome(2)), version(2, outcome(2)), version(3, outcome(3))
    assert base_of([first, same]) is same
    assert base_of([first, worse]) is first


def test_what_is_to_be_mended_stands_last_in_the_history() -> None:
    """A designer reads the last attempt's violations as those of the design before it."""
    first, worse = version(1, outcome(1)), version(2, outcome(2))
    attempts = history_of([first, worse], base_of([first, worse]))
    assert [(each.version, len(each.violations)) for each in attempts] == [(2, 2), (1, 1)]


def test_two_idle_patches_in_a_row_end_it() -> None:
    """One that changes nothing may be followed by one that does; two in a row are enough."""
    first = version(1, outcome(1))
    idle = version(2, outcome(1), base=1)
    moved = replace(version(3, outcome(1), base=2), design=OTHER)
    assert not is_stuck([first])
    assert not is_stuck([first, idle])
    assert not is_stuck([first, idle, moved])
    assert is_stuck([first, idle, version(3, outcome(1), base=2)])


def test_a_conflict_is_a_violation_that_names_its_relations() -> None:
    """It has no measure; its hint says which relation to give up."""
    (found,) = violations_of(UNMADE)
    assert (found.check, found.element, found.fix_hint) == ("conflict", "above(a, b), above(b, a)", "drop one")


def test_the_log_has_a_line_for_each_violation_and_an_end() -> None:
    """Version, size, check, element, measured, limit and fix; of a hundred in each of three versions only the first."""
    (line,) = log_of([version(1, outcome(1))])
    assert line == "v1 300x250 contrast(headline): measured 2.1 ratio, limit 4.5 ratio (a darker ground)"
    lines = log_of([version(number, outcome(100)) for number in (1, 2, 3)])
    assert len(lines) <= 63
    assert [each for each in lines if "more" in each] == [f"v{n} and 80 more" for n in (1, 2, 3)]


def test_tokens_add_up() -> None:
    """Over models that answered and rules that cost nothing."""
    paid = Tokens(model="m", calls=1, input=10, output=2, cached=3)
    assert total_of([Tokens(), paid, paid]) == Tokens(model="m", calls=2, input=20, output=4, cached=6)


def test_a_version_keeps_the_patch_that_made_it() -> None:
    """The history tells it to whoever mends next."""
    patched = replace(version(2, outcome(1)), patch=Patch(mode="dark"))
    assert history_of([version(1, outcome(2)), patched], patched)[-1].patch == Patch(mode="dark")
