"""Equal input gives an equal arrangement, whatever process it is made in."""

from __future__ import annotations

import os
import subprocess
import sys

_PROGRAM = """
import msgspec
from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.order import Order
from tests.unit.banner.designs import half_panel, left_column, strip
for plan, size in ((left_column(), Size(300, 250)), (half_panel(), Size(1200, 628)), (strip(), Size(300, 50))):
    made = arrange(plan, Order(canvas=Canvas(size=size)))
    print(msgspec.json.encode(msgspec.structs.replace(made, timings={})).decode())
"""


def test_two_processes_arrange_alike() -> None:
    """Two fresh interpreters with different hash seeds print the same bytes."""
    made = [
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "4242")
    ]
    assert made[0].count(b"optimal") == 3
    assert made[0] == made[1]
