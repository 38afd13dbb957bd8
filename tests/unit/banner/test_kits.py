"""Brand kits: what can be followed is kept, what cannot is told by field; a brief's own wishes win."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from streamforge.errors import AssetRejected, InvalidInput, UnsupportedRecord
from streamforge.pipelines.banner.kit import BrandKit, KitColour, KitLogo
from streamforge.pipelines.banner.kits import Kits, checked, kit_of, with_kit
from streamforge.pipelines.banner.picture import artwork
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from streamforge.testing.image_server import ImageServer, ServedFile, flat_png
from tests.unit.banner.designs import HEADLINE, design
from tests.unit.render.pictures import data_uri, logo_png

LIGHT, DARK, ANY = logo_png("#2c3e50"), logo_png("#ffffff"), logo_png("#888888")
KIT = BrandKit(
    name="Mill Lane",
    colors=[
        KitColour(hex="#101010", role="ink"),
        KitColour(hex="#c2410c", role="accent"),
        KitColour(hex="#ABCDEF"),
        KitColour(hex="#123456", role="primary", name="night"),
    ],
    forbidden=["#f00"],
    display_font="oswald",
    logos=[KitLogo(picture=LIGHT, ground="light"), KitLogo(picture=DARK, ground="dark")],
    clear_space=0.5,
)


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
        return sorted(n.removeprefix(f"{folder}/") for n in self.kept if n.startswith(f"{folder}/"))


async def look(picture: str, field: str) -> object:
    """Decode here: the tests' pictures are their own."""
    return artwork.logo_facts(picture, field)


@pytest.fixture
def shelf() -> Shelf:
    """Empty."""
    return Shelf()


@pytest.fixture
def kits(shelf: Shelf) -> Kits:
    """Kits on the shelf, without any host to fetch from."""
    return Kits(shelf, Pictures(), look)


async def test_a_kit_is_kept_by_tenant_and_name(kits: Kits) -> None:
    """What is put is got; another tenant has neither it nor its name."""
    assert await kits.put("acme", "spring-26", KIT) == KIT
    await kits.put("acme", "autumn", BrandKit(name="x"))
    assert await kits.get("acme", "spring-26") == KIT
    assert await kits.list("acme") == ["autumn", "spring-26"]
    assert await kits.list("other") == []
    with pytest.raises(InvalidInput, match="no brand kit"):
        await kits.get("other", "spring-26")


async def test_putting_again_replaces_and_deleting_forgets(kits: Kits) -> None:
    """The last one put holds; deletion tells whether there was one."""
    await kits.put("acme", "a", KIT)
    await kits.put("acme", "a", BrandKit(name="second"))
    assert (await kits.get("acme", "a")).name == "second"
    assert [await kits.delete("acme", "a") for _ in range(2)] == [True, False]


async def test_a_missing_kit_is_named_with_its_neighbours(kits: Kits) -> None:
    """A typo is met with the names that were meant."""
    await kits.put("acme", "spring-26", BrandKit())
    with pytest.raises(InvalidInput, match="'sprnig-26'") as caught:
        await kits.get("acme", "sprnig-26")
    assert caught.value.field == "brand_kit"
    assert "spring-26" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["", "Spring", "a/b", "../x", "a b", "x" * 65, "ä", "a\n"])
async def test_only_a_name_is_a_name(kits: Kits, name: str) -> None:
    """Small letters, digits and dashes; anything else reaches no store."""
    for asking in (kits.put("t", name, BrandKit()), kits.get("t", name), kits.delete("t", name)):
        with pytest.raises(InvalidInput, match="cannot name"):
            await asking


def kit(**fields: Any) -> BrandKit:  # noqa: ANN401 - any field of a kit
    """A kit that its type would not let through."""
    return BrandKit(**fields)


@pytest.mark.parametrize(
    ("bad", "field", "said"),
    [
        (kit(colors=[KitColour(hex="red")]), "brand_kit", "regex"),
        (kit(clear_space=9.0), "brand_kit", "2.0"),
        (kit(display_font="Comic Sans"), "display_font", "not in the catalogue"),
        (kit(text_font="helvetica"), "text_font", "not in the catalogue"),
        (kit(colors=[KitColour(hex="#FF0000")], forbidden=["#f00"]), "colors", "forbids"),
        (kit(colors=[KitColour(hex="#111", role="ink"), KitColour(hex="#222", role="ink")]), "colors", "role ink"),
        (kit(logos=[KitLogo(picture=LIGHT), KitLogo(picture=DARK)]), "logos", "ground any"),
    ],
)
async def test_a_kit_that_cannot_be_followed_is_refused(
    kits: Kits, shelf: Shelf, bad: BrandKit, field: str, said: str
) -> None:
    """Each reason names its field and what to do, and nothing is kept."""
    with pytest.raises(InvalidInput, match=said) as caught:
        await kits.put("acme", "a", bad)
    assert caught.value.field == field
    assert caught.value.hint
    assert shelf.kept == {}


def test_a_font_is_suggested_in_the_catalogues_spelling() -> None:
    """The name that people know leads to the id."""
    with pytest.raises(InvalidInput) as caught:
        checked(BrandKit(display_font="Playfair Display"))
    assert "did you mean playfair-display?" in str(caught.value.hint)


async def test_a_logo_that_cannot_be_read_is_refused_by_its_place(kits: Kits, shelf: Shelf) -> None:
    """The second logo's fault is told as the second logo's."""
    bad = BrandKit(logos=[KitLogo(picture=LIGHT), KitLogo(picture=data_uri(b"no picture"), ground="dark")])
    with pytest.raises(AssetRejected) as caught:
        await kits.put("acme", "a", bad)
    assert caught.value.field == "logos[1].picture"
    assert shelf.kept == {}


async def test_logos_by_address_are_fetched_once(shelf: Shelf) -> None:
    """What is kept holds the picture itself, so that later jobs do not depend on its host."""
    async with ImageServer() as server:
        server.files["logo.png"] = ServedFile(flat_png(64, 32))
        kits = Kits(shelf, Pictures(private=[server.url]), look)
        put = await kits.put("acme", "a", BrandKit(logos=[KitLogo(picture=f"{server.url}/files/logo.png")]))
        assert server.fetched == ["logo.png"]
    assert put.logos[0].picture == data_uri(flat_png(64, 32))
    assert await kits.get("acme", "a") == put
    with pytest.raises(AssetRejected) as caught:
        await Kits(shelf, Pictures(), look).put("acme", "b", BrandKit(logos=[KitLogo(picture="https://x.example/a")]))
    assert caught.value.field == "logos[0].picture"
    assert "banner.picture_hosts" in str(caught.value.hint)


async def test_a_kit_too_large_to_keep_is_refused(kits: Kits, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound on what one name may hold."""
    monkeypatch.setattr("streamforge.pipelines.banner.kits.MAX_BYTES", 500)
    with pytest.raises(InvalidInput, match="the kit has"):
        await kits.put("acme", "a", KIT)


async def test_a_kit_of_another_version_says_so(kits: Kits, shelf: Shelf) -> None:
    """A record that this version cannot read is no crash."""
    shelf.kept["kits/acme/a"] = b'{"shape": "new"}'
    with pytest.raises(UnsupportedRecord, match="cannot be read"):
        await kits.get("acme", "a")


def brief(**fields: Any) -> BannerSpec:  # noqa: ANN401 - any field of a brief
    """A brief with these wishes."""
    return BannerSpec(prompt="Bread for Mill Lane", **fields)


def test_without_wishes_the_kit_holds() -> None:
    """A brief that says nothing takes the kit as it is; one that brings a kit takes that."""
    assert kit_of(brief(), KIT) == KIT
    assert kit_of(brief(brand_kit=KIT)) == KIT
    assert kit_of(brief()) == BrandKit()


def test_the_briefs_wishes_win() -> None:
    """Its colours and its logo replace the kit's, its name too; fonts, space and forbidden colours stay."""
    merged = kit_of(brief(brand_colors=["#123456", "#0f0"], brand_name="Lane", logo=ANY), KIT)
    assert merged.colors == [KitColour(hex="#123456", role="primary", name="night"), KitColour(hex="#0f0")]
    assert merged.logos == [KitLogo(picture=ANY)]
    assert merged.name == "Lane"
    assert (merged.display_font, merged.clear_space, merged.forbidden) == ("oswald", 0.5, ["#f00"])


def test_any_logo_of_the_brief_replaces_all_of_the_kits() -> None:
    """A dark variant of the kit could be of another logo than the one that the brief brings."""
    assert kit_of(brief(logo_on_dark=ANY), KIT).logos == [KitLogo(picture=ANY, ground="dark")]


def test_a_wish_for_a_forbidden_colour_is_refused() -> None:
    """The contradiction is the person's to solve, in whatever spelling it comes."""
    with pytest.raises(InvalidInput, match="forbids") as caught:
        kit_of(brief(brand_colors=["#FF0000"]), KIT)
    assert caught.value.field == "brand_colors"


def test_a_lock_or_a_graph_in_a_forbidden_colour_is_refused() -> None:
    """Also one that only looks like it; what it is, and where, is told."""
    plain = design([HEADLINE], [])
    red = replace(plain, palette=replace(plain.palette, accent="#fa0505"))
    inked = replace(plain, elements=[replace(HEADLINE, ink="#f00")])
    for field, fields in (
        ("locks", {"locks": [Lock(element="headline", ink="#fe0202")]}),
        ("design", {"design": red}),
        ("design", {"design": inked}),
    ):
        with pytest.raises(InvalidInput, match="forbids #ff0000") as caught:
            kit_of(brief(**fields), KIT)
        assert caught.value.field == field
    assert kit_of(brief(design=plain, locks=[Lock(element="headline", ink="#00f")]), KIT) == KIT


def test_a_kit_in_the_brief_is_checked() -> None:
    """It gets no further than a kept one would."""
    with pytest.raises(InvalidInput, match="catalogue"):
        kit_of(brief(brand_kit=BrandKit(text_font="nope")))


def test_the_brief_reads_with_the_kit_in_it() -> None:
    """Colours come by weight of their roles without ground and ink, logos by ground; pictures are held once."""
    read = with_kit(brief(), kit_of(brief(), KIT))
    assert read.brand_colors == ["#123456", "#c2410c", "#ABCDEF"]
    assert (read.brand_name, read.logo, read.logo_on_dark) == ("Mill Lane", LIGHT, DARK)
    assert isinstance(read.brand_kit, BrandKit)
    assert read.brand_kit.logos == []


@pytest.mark.parametrize(
    ("logos", "usual", "on_dark"),
    [
        ([KitLogo(picture=ANY)], ANY, None),
        ([KitLogo(picture=ANY), KitLogo(picture=DARK, ground="dark")], ANY, DARK),
        ([KitLogo(picture=ANY), KitLogo(picture=LIGHT, ground="light")], LIGHT, ANY),
        ([KitLogo(picture=DARK, ground="dark")], None, DARK),
        ([], None, None),
    ],
)
def test_logos_go_where_their_ground_is(logos: list[KitLogo], usual: str | None, on_dark: str | None) -> None:
    """A variant for any ground steps in where there is none for that one."""
    read = with_kit(brief(), BrandKit(logos=logos))
    assert (read.logo, read.logo_on_dark) == (usual, on_dark)
