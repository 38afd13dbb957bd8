"""A small share of the fuzz of pictures, over every kind of it; the whole is ``benchmarks/fuzz_assets.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.long
def test_hostile_pictures_are_decoded_or_refused() -> None:
    """Bombs, cuts, lies and flipped bytes kill no child with a pool child's limits, and end in no other error."""
    command = [sys.executable, str(BENCHMARKS / "fuzz_assets.py"), "--cases", "120", "--seed", "900001"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "120 cases" in done.stdout


def test_a_case_is_the_same_on_every_machine() -> None:
    """A finding is told by its number: the number makes the same bytes again, in another process as well."""
    files = "b''.join(hostile_assets.case(n)[1] for n in range(20))"
    code = f"import hashlib, hostile_assets; print(hashlib.sha256({files}).hexdigest())"
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=BENCHMARKS).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
