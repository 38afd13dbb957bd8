"""Brand kits that are kept: checked when put, read by the jobs that name them, merged with a brief's wishes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, get_args

import msgspec
from msgspec.structs import replace

from streamforge.errors import InvalidInput, UnsupportedRecord
from streamforge.pipelines.banner.design.forbidden import require_allowed
from streamforge.pipelines.banner.design.strategy import FontId
from streamforge.pipelines.banner.kit import BrandKit, KitColour, KitLogo, KitRole
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.pipelines.banner.spec import BannerSpec

Examine = Callable[[str, str], Awaitable[object]]
"""Decodes a data URI, given the field to name in an AssetRejected: where hostile files may be, such as a pool child."""

MAX_BYTES = 16_000_000
"""Of a kit as JSON, its logos included."""
_NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
_FONTS: Final[tuple[str, ...]] = get_args(FontId)
_BY_WEIGHT: Final[tuple[KitRole | None, ...]] = ("primary", "secondary", "accent", None)
"""The roles of colours that a palette is made of, the most important first."""


class NamedBytes(Protocol):
    """Where kits are kept; ``storage.objects.Objects`` is one."""

    async def put_named(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, in place of what was there."""
        ...

    async def get_named(self, name: str) -> bytes | None:
        """The bytes under a name, if any."""
        ...

    async def delete_named(self, name: str) -> bool:
        """Forget a name; whether there was something under it."""
        ...

    async def names(self, folder: str) -> list[str]:
        """The names within a folder, sorted."""
        ...


class Kits:
    """The kept kits of all tenants, each under a name of its own."""

    def __init__(self, store: NamedBytes, pictures: Pictures, examine: Examine) -> None:
        self._store = store
        self._pictures = pictures
        self._examine = examine

    async def put(self, tenant: str, name: str, kit: BrandKit) -> BrandKit:
        """Keep a kit, in place of what was under that name; logos given by address are fetched now, once for all.

        Returns it as it is kept. Raises InvalidInput and AssetRejected naming the field, and what ``Pictures`` and the
        store raise; nothing is kept then.
        """
        where = _path(tenant, name)
        kit = await self._with_logos(checked(kit))
        data = msgspec.json.encode(kit)
        if len(data) > MAX_BYTES:
            raise InvalidInput(
                f"the kit has {len(data)} bytes", field="logos", hint=f"at most {MAX_BYTES}; shrink logos"
            )
        await self._store.put_named(where, data)
        return kit

    async def get(self, tenant: str, name: str) -> BrandKit:
        """The kit of that name. Raises InvalidInput where there is none, naming those that are near."""
        data = await self._store.get_named(_path(tenant, name))
        if data is None:
            near = difflib.get_close_matches(name, await self.list(tenant), n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "put it first, or leave brand_kit out"
            raise InvalidInput(f"there is no brand kit {name!r}", field="brand_kit", hint=hint)
        try:
            return msgspec.json.decode(data, type=BrandKit)
        except msgspec.DecodeError as error:
            raise UnsupportedRecord(f"the brand kit {name!r} cannot be read: {error}", hint="put it again") from error

    async def list(self, tenant: str) -> list[str]:
        """The names of a tenant's kits, sorted."""
        return await self._store.names(f"kits/{tenant}")

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget a kit; whether there was one. Running jobs that have read it go on with it."""
        return await self._store.delete_named(_path(tenant, name))

    async def _with_logos(self, kit: BrandKit) -> BrandKit:
        logos: list[KitLogo] = []
        for number, logo in enumerate(kit.logos):
            field = f"logos[{number}].picture"
            picture = await self._pictures.data_uri(logo.picture, field)
            await self._examine(picture, field)
            logos.append(replace(logo, picture=picture))
        return replace(kit, logos=logos)


def _path(tenant: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} cannot name a brand kit",
            field="brand_kit",
            hint="use 1 to 64 of a-z, 0-9 and -",
        )
    return f"kits/{tenant}/{name}"


def checked(kit: BrandKit) -> BrandKit:
    """The kit, if it can be followed; its pictures are not looked at.

    Raises InvalidInput for a value out of range, a font that is not in the catalogue, a role given to two colours, a
    colour that is forbidden as well, two logos for one ground.
    """
    try:
        kit = msgspec.convert(msgspec.to_builtins(kit), BrandKit)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error), field="brand_kit", hint="see the form of a brand kit") from error
    _check_font(kit.display_font, "display_font")
    _check_font(kit.text_font, "text_font")
    _check_once([colour.role for colour in kit.colors], "colors", "two colours have the role")
    _check_once([logo.ground for logo in kit.logos], "logos", "two logos are for the ground")
    for colour in kit.colors:
        _check_allowed(colour.hex, kit.forbidden, "colors")
    return kit


def _check_font(font: str, field: str) -> None:
    if font and font not in _FONTS:
        near = difflib.get_close_matches(font.lower().replace(" ", "-"), _FONTS, n=1, cutoff=0.5)
        known = f"did you mean {near[0]}? Known: " if near else "known: "
        raise InvalidInput(f"{font!r} is not in the catalogue of fonts", field=field, hint=known + ", ".join(_FONTS))


def _check_once(values: list[KitRole | None] | list[str], field: str, what: str) -> None:
    named = [value for value in values if value is not None]
    for value in named:
        if named.count(value) > 1:
            raise InvalidInput(f"{what} {value}", field=field, hint="give it to one of them")


def _check_allowed(code: str, forbidden: list[str], field: str) -> None:
    if long_hex(code) in map(long_hex, forbidden):
        raise InvalidInput(
            f"{code} is a colour that the brand kit forbids", field=field, hint="leave one of the two out"
        )


def long_hex(code: str) -> str:
    """``#abc`` and ``#AABBCC`` as ``#aabbcc``."""
    digits = code.removeprefix("#").lower()
    return "#" + (digits if len(digits) > 3 else "".join(digit * 2 for digit in digits))  # noqa: PLR2004 - #rgb


def kit_of(spec: BannerSpec, stored: BrandKit | None = None) -> BrandKit:
    """The kit that holds for a brief: the one it brings or names (``stored``), under what the brief itself says.

    The brief's colours replace the kit's (one that both have keeps its role and name), any logo of the brief replaces
    all of the kit's, since another variant could be of another logo, and its brand name the kit's. Fonts, clear space
    and forbidden colours are the kit's alone. Raises InvalidInput for a colour of the brief that the kit forbids,
    of its locks and its graph as well.
    """
    kit = stored or (checked(spec.brand_kit) if isinstance(spec.brand_kit, BrandKit) else BrandKit())
    for code in spec.brand_colors:
        _check_allowed(code, kit.forbidden, "brand_colors")
    require_allowed(spec, kit.forbidden)
    return replace(
        kit,
        name=spec.brand_name or kit.name,
        colors=_colours_of(spec.brand_colors, kit) if spec.brand_colors else kit.colors,
        logos=_logos_of(spec) or kit.logos,
    )


def _colours_of(codes: list[str], kit: BrandKit) -> list[KitColour]:
    known = {long_hex(colour.hex): colour for colour in kit.colors}
    return [known.get(long_hex(code), KitColour(hex=code)) for code in codes]


def _logos_of(spec: BannerSpec) -> list[KitLogo]:
    given = [KitLogo(picture=spec.logo)] if spec.logo else []
    return [*given, *([KitLogo(picture=spec.logo_on_dark, ground="dark")] if spec.logo_on_dark else [])]


def with_kit(spec: BannerSpec, kit: BrandKit) -> BannerSpec:
    """The brief as it reads with a kit from ``kit_of``: colours, name and logos in the brief's own fields.

    ``brand_colors`` are the kit's primary, secondary, accent and other colours, in this order; those for ground and ink
    stay with the kit, which is left in ``brand_kit``, without its pictures.
    """
    by_weight = sorted((c for c in kit.colors if c.role in _BY_WEIGHT), key=lambda c: _BY_WEIGHT.index(c.role))
    logos = {logo.ground: logo.picture for logo in kit.logos}
    return replace(
        spec,
        brand_kit=replace(kit, logos=[]),
        brand_name=kit.name,
        brand_colors=spec.brand_colors or [colour.hex for colour in by_weight][:8],
        logo=logos.get("light") or logos.get("any"),
        logo_on_dark=logos.get("dark") or (logos.get("any") if "light" in logos else None),
    )
