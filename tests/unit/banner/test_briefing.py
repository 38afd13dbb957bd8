"""Kits, addresses and pictures on their way to the designer."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image

from streamforge.errors import AssetRejected, ConfigError, InvalidInput, ProviderRefused
from streamforge.pipelines.banner.briefing import roomiest
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Brief, Designer, Written
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.kit import BrandKit, KitColour, KitLogo
from streamforge.pipelines.banner.kits import Kits
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.providers.images import ImageModel, ImageRequest, ImageResponse, ImageUsage
from streamforge.render import ocr
from streamforge.testing.rehearsal import Rehearsal
from tests.unit.banner.designs import CTA, HEADLINE, LOGO, design, ordered
from tests.unit.banner.scripted import ScriptedDesigner

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0a5"/></svg>'
DATA = f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"
ADDRESS = "https://cdn.example/logo.svg"
SPEC = BannerSpec(prompt="Bread at dawn", width=300, height=250)
PLAIN = design([HEADLINE, CTA], ordered([HEADLINE, CTA]))
SHOWN = design([LOGO, HEADLINE, CTA], ordered([LOGO, HEADLINE, CTA]))


class Noting(ScriptedDesigner):
    """Keeps the brief that it is told."""

    brief: Brief

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """As the scripted one."""
        self.brief = brief
        return await super().strategise(brief)


class OneAddress(Pictures):
    """Knows what ``ADDRESS`` leads to, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def data_uri(self, picture: str, field: str) -> str:
        """Data as it is."""
        self.asked.append(field)
        return DATA if picture == ADDRESS else await super().data_uri(picture, field)


class Shelf:
    """Named bytes in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put_named(self, name: str, data: bytes) -> None:
        """Keep."""
        self.kept[name] = data

    async def get_named(self, name: str) -> bytes | None:
        """Give."""
        return self.kept.get(name)

    async def delete_named(self, name: str) -> bool:
        """Forget."""
        return self.kept.pop(name, None) is not None

    async def names(self, folder: str) -> list[str]:
        """List."""
        return sorted(name.rpartition("/")[2] for name in self.kept if name.startswith(f"{folder}/"))


async def accepted(_: str, __: str) -> None:
    """Any picture will do."""


def job(designer: object, pictures: Pictures, shelf: Shelf, **fields: object) -> Rehearsal[BannerSpec]:
    """A job with these resources."""
    spec = BannerSpec(**({"prompt": "Bread at dawn", "width": 300, "height": 250} | fields))  # pyright: ignore[reportArgumentType]
    resources = {Designer: designer, Pictures: pictures, Kits: Kits(shelf, pictures, accepted)}
    return Rehearsal(PIPELINE, spec, resources=resources)


async def test_an_address_is_fetched_once_and_measured() -> None:
    """The designer learns of the logo's colours; an attempt that dies after the fetch does not fetch again."""
    designer, pictures = Noting(SHOWN), OneAddress()
    rehearsal = job(designer, pictures, Shelf(), logo=ADDRESS)
    await rehearsal.attempt(crash_after="fetch")
    result = await rehearsal.result()
    assert pictures.asked == ["logo"]
    assert designer.brief.logo is not None
    assert designer.brief.logo.colors == ["#00aa55"]
    assert designer.brief.spec.logo == DATA
    assert "logo_contrast" in {check.check for check in result.checks}


async def test_data_is_not_fetched() -> None:
    """A picture in the brief needs no ``fetch``, and none is needed to be lent."""
    rehearsal = job(ScriptedDesigner(SHOWN), OneAddress(), Shelf(), logo=DATA)
    await rehearsal.result()
    assert "fetch" not in rehearsal.ran


async def test_a_broken_picture_names_its_field() -> None:
    """Which of three pictures it was is told."""
    for field in ("logo", "logo_on_dark", "hero"):
        with pytest.raises(AssetRejected) as caught:
            await job(ScriptedDesigner(SHOWN), Pictures(), Shelf(), **{field: "data:image/png;base64,AAAA"}).result()
        assert caught.value.field == field


async def test_a_kept_kit_is_followed() -> None:
    """Its colours, its logos and their clear space come to the designer and to the picture, under the tenant's name."""
    shelf, designer = Shelf(), Noting(SHOWN)
    kit = BrandKit(
        name="Kornblume", colors=[KitColour(hex="#0a5", role="primary")], logos=[KitLogo(picture=DATA)], clear_space=0.5
    )
    await Kits(shelf, Pictures(), accepted).put("default", "spring", kit)
    rehearsal = job(designer, Pictures(), shelf, brand_kit="spring")
    await rehearsal.result()
    assert designer.brief.kit == kit
    assert (designer.brief.spec.brand_name, designer.brief.spec.logo) == ("Kornblume", DATA)
    assert rehearsal.ran[0] == "kit"


async def test_a_kit_that_is_not_there_is_told() -> None:
    """With those that are near."""
    shelf = Shelf()
    await Kits(shelf, Pictures(), accepted).put("default", "spring", BrandKit())
    with pytest.raises(InvalidInput, match="no brand kit 'sprung'") as caught:
        await job(ScriptedDesigner(SHOWN), Pictures(), shelf, brand_kit="sprung").result()
    assert "spring" in (caught.value.hint or "")


class Painter:
    """A model that draws one red picture again and again, or will not."""

    name = "scripted:painter"

    def __init__(self, *, refuses: bool = False) -> None:
        self.asked: list[ImageRequest] = []
        self._refuses = refuses

    async def draw(self, request: ImageRequest) -> ImageResponse:
        """A picture of the size that is wished for."""
        self.asked.append(request)
        if self._refuses:
            raise ProviderRefused("not this one")
        out = io.BytesIO()
        Image.new("RGB", (request.width, request.height), "#a33").save(out, "PNG")
        usage = ImageUsage(input_tokens=7, output_tokens=9)
        return ImageResponse(data=out.getvalue(), media_type="image/png", model=self.name, usage=usage)

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_a_picture_is_drawn_once_where_a_model_draws() -> None:
    """The designer learns of it, its price is in the result, and an attempt that dies afterwards draws no other."""
    designer, painter = Noting(PLAIN), Painter()
    rehearsal = Rehearsal(PIPELINE, SPEC, resources={Designer: designer, ImageModel: painter})
    await rehearsal.attempt(crash_after="hero")
    result = await rehearsal.result()
    assert [(request.width, request.height) for request in painter.asked] == [(300, 250)]
    assert painter.asked[0].idempotency_key.startswith(rehearsal.job_id)
    assert designer.brief.hero is not None
    assert designer.brief.hero.width == 300
    assert (result.tokens.calls, result.tokens.input, result.tokens.output) == (3, 27, 49)


async def test_a_drawn_picture_is_kept_for_the_graph() -> None:
    """The graph given back with the file that the report names gives the same banner; without it, it is refused."""
    shown = design([Element(id="hero", role="hero"), HEADLINE, CTA], ordered([HEADLINE, CTA]))
    rehearsal = Rehearsal(PIPELINE, SPEC, resources={Designer: ScriptedDesigner(shown), ImageModel: Painter()})
    result, files = await rehearsal.result(), await rehearsal.files()
    name = msgspec.json.decode(files["report.json"])["hero"]
    assert name == "hero.png"
    assert name in result.names
    graph = msgspec.json.decode(files["graph.json"], type=Design)
    picture = f"data:image/png;base64,{base64.b64encode(files[name]).decode()}"
    again = Rehearsal(
        PIPELINE, replace(SPEC, design=graph, hero=picture), resources={Designer: ScriptedDesigner(shown)}
    )
    await again.result()
    assert (await again.files())["banner-300x250.png"] == files["banner-300x250.png"]
    with pytest.raises(InvalidInput, match="brings none") as caught:
        await Rehearsal(PIPELINE, replace(SPEC, design=graph), resources={Designer: ScriptedDesigner(shown)}).result()
    assert caught.value.field == "hero"


async def test_words_that_nobody_can_read_back_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for text recognition where there is none gets no banner that passes as read, and pays for no design."""
    monkeypatch.setattr(ocr, "obstacle", lambda: ("text recognition has 768 MB", "set pool.memory_mb to 1024 or more"))
    rehearsal = Rehearsal(PIPELINE, replace(SPEC, ocr=True), resources={Designer: ScriptedDesigner(PLAIN)})
    with pytest.raises(ConfigError, match="768 MB") as caught:
        await rehearsal.result()
    assert caught.value.field == "ocr"
    assert "pool.memory_mb" in (caught.value.hint or "")
    assert rehearsal.ran == []


async def test_a_picture_that_nobody_draws_is_done_without() -> None:
    """A refusal is told in the job's log and no more; a brief's own picture, or graph, is not drawn over."""
    designer = Noting(PLAIN)
    rehearsal = Rehearsal(PIPELINE, SPEC, resources={Designer: designer, ImageModel: Painter(refuses=True)})
    await rehearsal.result()
    assert designer.brief.hero is None
    assert rehearsal.happened("job.log")
    idle = Painter()
    given = replace(SPEC, design=PLAIN)
    await Rehearsal(PIPELINE, given, resources={Designer: designer, ImageModel: idle}).result()
    assert idle.asked == []


def test_the_graph_is_written_for_the_largest_canvas() -> None:
    """Whatever comes first in the list."""
    assert roomiest(BannerSpec(prompt="Bread", sizes=["300x50", "970x250", "728x90"])) == Size(970, 250)
