"""The pictures that come with an order, decoded: the logo in the variant that suits the ground."""

from __future__ import annotations

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.order import Order
from streamforge.render.image import Logo, load_logo


def logo_of(order: Order, design: Design) -> Logo | None:
    """The order's logo where the design shows one. Raises AssetRejected with ``field="logo"`` and a hint."""
    if order.logo is None or all(element.role != "logo" for element in design.elements):
        return None
    return load_logo(order.logo)
