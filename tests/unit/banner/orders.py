"""Orders for tests: a canvas, and perhaps a logo."""

from __future__ import annotations

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.order import Order


def order(size: Size, logo: str | None = None) -> Order:
    """One PNG on that canvas."""
    return Order(canvas=Canvas(size=size), logo=logo)
