"""The banner's calls into a pool child, importable at no cost: solver and painter are imported where they run."""

from __future__ import annotations

from streamforge.pipelines.banner.design.brief import LogoFacts
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted
from streamforge.pipelines.banner.order import Order


def examine_logo(data_uri: str) -> LogoFacts:
    """Decode and measure a logo. Raises AssetRejected with ``field="logo"`` and a hint."""
    from streamforge.render.image import logo_facts  # noqa: PLC0415 - heavy

    facts = logo_facts(data_uri)
    return LogoFacts(
        width=facts.width,
        height=facts.height,
        colors=facts.colors,
        luminance=facts.luminance,
        transparent=facts.transparent,
    )


def arrange(design: Design, order: Order) -> Arrangement:
    """See ``layout.arrange``."""
    from streamforge.pipelines.banner.layout import arrange as work  # noqa: PLC0415 - heavy

    return work.arrange(design, order)


def paint(design: Design, arrangement: Arrangement, order: Order) -> Painted:
    """See ``picture.produce``."""
    from streamforge.pipelines.banner.picture import produce  # noqa: PLC0415 - heavy

    return produce.paint(design, arrangement, order)
