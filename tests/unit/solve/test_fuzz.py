"""Random graphs, hostile ones among them, are laid out or refused in words: a share of ``benchmarks/fuzz_graphs``."""

from __future__ import annotations

from collections import Counter

from benchmarks.fuzz_graphs import lay_out

_GRAPHS = 150


def test_random_graphs_are_laid_out_or_refused() -> None:
    """No graph crashes, hangs or comes out wrong; and both ends are reached, so that the test can tell."""
    endings = [lay_out(number, seed=20_261_121) for number in range(_GRAPHS)]
    assert [ending for ending in endings if ending.fault] == []
    outcomes = Counter(ending.outcome for ending in endings)
    assert outcomes["optimal"] >= _GRAPHS // 10
    assert outcomes["LayoutInfeasible"] >= _GRAPHS // 10
