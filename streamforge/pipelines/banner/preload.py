"""Imported once by the pool's fork server: children start with solver, painter and fonts ready.

``ortools`` imports pandas for vectorised helpers that are never used here. In a dedicated pool child (and only there:
``STREAMFORGE_POOL_CHILD=1``) an empty module takes its place, which saves 0.9 s and 48 MB a child.
"""

from __future__ import annotations

import os
import sys
import types
from importlib import import_module

import msgspec

from streamforge.pipelines.banner.canvas import Canvas, Size


class _Absent:
    """Stands where ``pandas.Index`` and the like are only named."""


_TONES = ("#ffffff", "#f1f1f1", "#111111", "#333333", "#8a1c1c", "#ffffff", "#dddddd")
_BANNER: dict[str, object] = {
    "palette": dict(zip(("ground", "ground_2", "ink", "muted", "accent", "on_accent", "decor"), _TONES, strict=True)),
    "typography": {"display": "inter", "text": "inter"},
    "background": "gradient",
    "elements": [
        {"id": "headline", "role": "headline", "text": "Warm", "priority": 1},
        {"id": "cta", "role": "cta", "text": "Go on", "priority": 2},
    ],
    "relations": [{"a": "headline", "rel": "above", "b": "cta"}],
}
"""What a child has made before its first job."""


def stub_pandas() -> None:
    """Put an empty ``pandas`` into ``sys.modules`` unless the real one is loaded."""
    module = types.ModuleType("pandas")
    for name in ("Index", "Series", "DataFrame"):
        setattr(module, name, _Absent)
    sys.modules.setdefault("pandas", module)


def warm() -> None:
    """Register every font and make a small banner, so that a new child's first job finds all as its later ones do.

    Nothing of this starts a thread that lives on: children are forked from here.
    """
    for module in ("layout.arrange", "picture.produce"):
        import_module(f"streamforge.pipelines.banner.{module}")
    from streamforge.pipelines.banner import child  # noqa: PLC0415 - after the stub
    from streamforge.pipelines.banner.design.graph import Design  # noqa: PLC0415
    from streamforge.pipelines.banner.order import Order  # noqa: PLC0415
    from streamforge.render import fonts  # noqa: PLC0415

    fonts.register_all()
    design = msgspec.convert(_BANNER, Design)
    order = Order(canvas=Canvas(size=Size(300, 250)))
    child.paint(design, child.arrange(design, order), order)


if os.environ.get("STREAMFORGE_POOL_CHILD") == "1":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a child has one core; set before numpy is imported
    stub_pandas()
    warm()
