"""The banner's calls into a pool child, importable at no cost: solver and painter are imported where they run."""

from __future__ import annotations

from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted
from streamforge.pipelines.banner.spec import BannerSpec


class LogoReport(Struct, frozen=True, kw_only=True):
    """What a designer may know of a logo; see ``streamforge.render.image.LogoFacts``, whose fields these are."""

    width: int
    height: int
    colors: list[str]
    luminance: float
    transparent: bool


def examine_logo(data_uri: str) -> LogoReport:
    """Decode and measure a logo. Raises AssetRejected with ``field="logo"`` and a hint."""
    from streamforge.render.image import logo_facts  # noqa: PLC0415 - heavy

    facts = logo_facts(data_uri)
    return LogoReport(
        width=facts.width,
        height=facts.height,
        colors=facts.colors,
        luminance=facts.luminance,
        transparent=facts.transparent,
    )


def arrange(design: Design, size: Size, logo: str | None) -> Arrangement:
    """See ``layout.arrange``."""
    from streamforge.pipelines.banner.layout import arrange as work  # noqa: PLC0415 - heavy

    return work.arrange(design, size, logo)


def paint(design: Design, arrangement: Arrangement, spec: BannerSpec) -> Painted:
    """See ``picture.produce``."""
    from streamforge.pipelines.banner.picture import produce  # noqa: PLC0415 - heavy

    return produce.paint(design, arrangement, spec)
