"""The banner's calls into a pool child, importable at no cost: solver and painter are imported where they run."""

from __future__ import annotations

from streamforge.errors import ConfigError
from streamforge.pipelines.banner.design.brief import HeroFacts, LogoFacts
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted
from streamforge.pipelines.banner.order import Order


def examine_logo(data_uri: str, field: str = "logo") -> LogoFacts:
    """Decode and measure a logo. Raises AssetRejected with that ``field`` and a hint."""
    from streamforge.pipelines.banner.picture import artwork  # noqa: PLC0415 - heavy

    return artwork.logo_facts(data_uri, field)


def examine_hero(data_uri: str, field: str = "hero") -> HeroFacts:
    """Decode and measure a picture. Raises AssetRejected with that ``field`` and a hint."""
    from streamforge.pipelines.banner.picture import artwork  # noqa: PLC0415 - heavy

    return artwork.hero_facts(data_uri, field)


def require_reader() -> None:
    """Raise ConfigError where this child cannot read words back: without the extra ``ocr``, or in too little memory."""
    from streamforge.render import ocr  # noqa: PLC0415 - heavy

    if blocked := ocr.obstacle():
        raise ConfigError(blocked[0], field="ocr", hint=f"{blocked[1]}, or leave ocr out")


def arrange(design: Design, order: Order) -> Arrangement:
    """See ``layout.arrange``."""
    from streamforge.pipelines.banner.layout import arrange as work  # noqa: PLC0415 - heavy

    return work.arrange(design, order)


def paint(design: Design, arrangement: Arrangement, order: Order) -> Painted:
    """See ``picture.produce``."""
    from streamforge.pipelines.banner.picture import produce  # noqa: PLC0415 - heavy

    return produce.paint(design, arrangement, order)


def contact_sheet(exhibits: list[tuple[str, bytes]]) -> bytes:
    """See ``picture.sheet``."""
    from streamforge.pipelines.banner.picture import sheet  # noqa: PLC0415 - heavy

    return sheet.contact_sheet(exhibits)


def crop(data: bytes, box: tuple[int, int, int, int], width: int) -> bytes:
    """See ``picture.sheet``."""
    from streamforge.pipelines.banner.picture import sheet  # noqa: PLC0415 - heavy

    return sheet.crop(data, box, width)
