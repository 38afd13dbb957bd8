"""A brand kit: what a brand has settled about its looks, kept once and named by many jobs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

HexColour = Annotated[str, Meta(pattern=r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z", description="#rgb or #rrggbb")]
KitRole = Literal["primary", "secondary", "accent", "ground", "ink"]


class KitColour(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A colour of the brand, and what it is for; without a role it may be used anywhere."""

    hex: HexColour
    role: KitRole | None = None
    name: Annotated[str, Meta(max_length=40)] = ""


class KitLogo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variant of the logo, for light or dark grounds or for either. ``picture`` is a data URI or an https URL."""

    picture: Annotated[str, Meta(min_length=1, max_length=6_000_000)]
    ground: Literal["any", "light", "dark"] = "any"


class BrandKit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours with their roles, colours never to be used, families by catalogue id, logos with the space they keep.

    ``clear_space`` is the free rim around the logo, as a share of its height.
    """

    name: Annotated[str, Meta(max_length=80)] = ""
    colors: Annotated[list[KitColour], Meta(max_length=24)] = msgspec.field(default_factory=list[KitColour])
    forbidden: Annotated[list[HexColour], Meta(max_length=24)] = msgspec.field(default_factory=list[str])
    display_font: Annotated[str, Meta(max_length=40)] = ""
    text_font: Annotated[str, Meta(max_length=40)] = ""
    logos: Annotated[list[KitLogo], Meta(max_length=6)] = msgspec.field(default_factory=list[KitLogo])
    clear_space: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.2
