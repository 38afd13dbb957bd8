"""What a designer is told: the brief with its kit, its pictures fetched, and everything measured on them."""

from __future__ import annotations

import base64
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import AssetRejected, InvalidInput, PermanentError, ProviderRefused
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Brief, HeroFacts, LogoFacts, Written
from streamforge.pipelines.banner.heroes import drawn
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.kits import Kits, kit_of, with_kit
from streamforge.pipelines.banner.pictures import Pictures, as_data_uri
from streamforge.pipelines.banner.spec import UPLOAD, BannerSpec
from streamforge.providers.images import ImageModel
from streamforge.runtime.context import Context

R = TypeVar("R")

MAX_UPLOAD_BYTES = 5_000_000
"""Of a picture that was uploaded; as of one that is fetched."""
_PICTURES = ("logo", "logo_on_dark", "hero")


class Examined(Struct, frozen=True):
    """What was measured on the pictures of a brief."""

    logo: LogoFacts | None = None
    hero: HeroFacts | None = None


async def briefed(ctx: Context, spec: BannerSpec) -> Written[Brief]:
    """The brief, and what a picture drawn for it cost; kit, addresses and pictures are a step each where there are any.

    Raises ConfigError where words are to be read back and cannot be, InvalidInput for a kit that is not there or not
    followed, and for a graph that shows a picture which the brief does not bring, AssetRejected for a picture.
    """
    if spec.ocr:
        await ctx.offload(child.require_reader)
    _require_hero(spec)
    kit = BrandKit()
    if spec.brand_kit:
        kit = kit_of(spec, await _stored(ctx, spec.brand_kit) if isinstance(spec.brand_kit, str) else None)
        spec = with_kit(spec, kit)
    spec = await _fetched(ctx, spec)
    hero = await _drawn(ctx, spec)
    spec = replace(spec, hero=spec.hero or hero.value or None)
    facts = Examined()
    if spec.logo or spec.logo_on_dark or spec.hero:
        facts = await ctx.step("examine", lambda: _examined(ctx, spec), returns=Examined)
    brief = Brief(spec=spec, size=roomiest(spec), kit=kit, logo=facts.logo, hero=facts.hero)
    return Written(replace(brief, hero_file=_file_of(hero.value)), hero.tokens)


def _require_hero(spec: BannerSpec) -> None:
    if spec.design is None or spec.hero or all(element.role != "hero" for element in spec.design.elements):
        return
    raise InvalidInput(
        "the graph shows a picture, and the brief brings none",
        field="hero",
        hint="give the picture (one that was drawn is among the files of the job), or take the element out",
    )


def lent(ctx: Context, resource: type[R]) -> R | None:
    """What the daemon lends under that type, if it lends any."""
    try:
        return ctx.use(resource)
    except PermanentError:
        return None


def roomiest(spec: BannerSpec) -> Size:
    """The canvas that the graph is written for: what the largest one says, smaller ones can leave out."""
    return max((canvas.size for canvas in spec.canvases), key=lambda size: size.width * size.height)


async def _stored(ctx: Context, name: str) -> BrandKit:
    """The kit as it is now: a later attempt goes on with it, whatever has been put meanwhile."""
    return await ctx.step("kit", lambda: ctx.use(Kits).get(ctx.tenant, name), returns=BrandKit)


async def _fetched(ctx: Context, spec: BannerSpec) -> BannerSpec:
    """The brief with its pictures as data; those of an address are fetched."""
    addresses = {name: picture for name in _PICTURES if (picture := getattr(spec, name)) and picture[:5] != "data:"}
    if not addresses:
        return spec

    async def fetch() -> dict[str, str]:
        pictures = ctx.use(Pictures)
        return {
            name: await (_uploaded(ctx, spec, name) if address.startswith(UPLOAD) else pictures.data_uri(address, name))
            for name, address in addresses.items()
        }

    return replace(spec, **await ctx.step("fetch", fetch, returns=dict[str, str]))


async def _uploaded(ctx: Context, spec: BannerSpec, field: str) -> str:
    """A file of the job as a data URI of what it really is; raises AssetRejected."""
    name = str(getattr(spec, field)).removeprefix(UPLOAD)
    file = next((file for file in spec.files if file.name == name), None)
    if file is None:
        names = ", ".join(file.name for file in spec.files) or "none"
        raise AssetRejected(f"no file {name[:80]!r} was uploaded for the job", field=field, hint=f"its files: {names}")
    if file.size > MAX_UPLOAD_BYTES:
        raise AssetRejected(f"{name!r} has {file.size} bytes", field=field, hint=f"at most {MAX_UPLOAD_BYTES}")
    return as_data_uri(await ctx.load(file), field)


async def _drawn(ctx: Context, spec: BannerSpec) -> Written[str]:
    """A hero picture for a brief that brings neither one nor a graph, where a model that draws is lent; else nothing.

    It is kept among the job's files, so that the graph can be rendered again. One that the model will not draw is done
    without: a generated ground takes its place.
    """
    model = lent(ctx, ImageModel)
    if model is None or spec.hero or spec.design is not None:
        return Written("")

    async def draw() -> Written[str]:
        try:
            picture = await drawn(model, spec, roomiest(spec), key=ctx.idempotency_key("hero"))
        except ProviderRefused as error:
            await ctx.log("no picture was drawn", reason=error.message)
            return Written("")
        media_type, _, data = picture.value.removeprefix("data:").partition(";base64,")
        await ctx.save(_file_of(picture.value), base64.b64decode(data), media_type)
        return picture

    return await ctx.step("hero", draw, returns=Written[str])


def _file_of(data_uri: str) -> str:
    """The name under which a picture that was drawn is kept; empty for none."""
    ending = data_uri.partition(";")[0].rpartition("/")[2]
    return f"hero.{ending}" if ending else ""


async def _examined(ctx: Context, spec: BannerSpec) -> Examined:
    logo = await ctx.offload(child.examine_logo, spec.logo, "logo") if spec.logo else None
    if spec.logo_on_dark:
        on_dark = await ctx.offload(child.examine_logo, spec.logo_on_dark, "logo_on_dark")
        logo = logo or on_dark
    hero = await ctx.offload(child.examine_hero, spec.hero, "hero") if spec.hero else None
    return Examined(logo, hero)
