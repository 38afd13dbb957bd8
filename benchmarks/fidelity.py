"""Whether SVG and PDF show what the PNG shows: 20 banners, each file turned into pixels by another program.

    python benchmarks/fidelity.py [--json FILE] [--keep DIRECTORY]

PDFs are rendered by PDFium, SVGs by headless Chromium (Debian: ``apt-get install chromium``; without it those columns
stay empty). Per banner: the mean absolute difference of a channel (of 255), the share of pixels in which a channel
differs by more than 32, and of the element where it is worst the share that is like no pixel around it in the other
picture. Letters are antialiased differently by each program, so none is 0; the last is small unless something is amiss.
"""

# pypdfium2 declares no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import argparse
import base64
import io
import shutil
import subprocess
import tempfile
from functools import cache
from html import unescape
from itertools import cycle
from pathlib import Path

import msgspec
import numpy as np
import pypdfium2
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFilter import MaxFilter, MinFilter

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.order import order_of
from streamforge.pipelines.banner.picture.artwork import logo_facts
from streamforge.pipelines.banner.picture.compose import frame_of
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.render.fonts import has_cjk
from streamforge.render.scene import Frame

Picture = NDArray[np.int16]

FAR = 32
"""A channel that differs more than this (of 255) is seen to differ."""
MOST_MEAN, MOST_FAR, MOST_LOST = 6.0, 0.08, 0.13
"""The tolerance. Letters of ten pixels come near it by antialiasing and hinting alone; what is missing is beyond it."""
PROMPTS = (
    "A night market for street food by the river, every Friday in June. Free entry. www.rivermarket.example",
    "Launch of a running shoe made from old fishing nets, 20% off for the first 500 pairs",
    "Piano lessons for adults who never dared. First lesson free, call 030 555 0199",
    "เปิดคอร์สโยคะสำหรับผู้เริ่มต้น ลด 30% สำหรับ 50 คนแรก",
    "A law firm that answers within a day. Fixed prices, no surprises. www.klarrecht.example",
    "Winter sale: coats and boots up to 40% off until 31 January",
    "Kostenlose Energieberatung für Hausbesitzer, jetzt Termin sichern",
    "Découvrez notre nouvelle collection de vaisselle en grès, faite à la main",
    "दिवाली महोत्सव सेल: सभी मिठाइयों पर 20% की छूट, केवल 1 नवंबर तक",
    "Learn Python in twelve evenings. No experience needed. Starts 4 March",
    "تخفيضات الصيف على الأثاث المنزلي حتى 30%",
    "קורס צילום למתחילים בתל אביב, מתחילים בספטמבר",
    "Organic vegetable boxes delivered by bicycle, from 18 euros a week",
    "A podcast about bridges that fell down, new episode each Tuesday",
    "Blood donors wanted: one hour of your time saves three lives",
    "春の新作コレクション発売開始、4月30日まで全品10%オフ"
    if has_cjk()
    else "Rent a cabin without Wi-Fi. Two nights, 190 euros",
    "Museum of tiny things: 4000 objects smaller than a thumb",
    "Your pension, explained in plain words. Book a free call",
    "Скидка 15% на курсы керамики для начинающих",
    "Hackathon for climate data: 48 hours, 10 000 in prizes, register by 9 May",
)
SIZES = ("300x250", "728x90", "1200x628", "160x600", "970x250", "1080x1080", "300x600", "320x100")
DRAWN_LOGO = (
    "data:image/svg+xml,"
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><circle cx="20" cy="20" r="18" fill="%231d4ed8"/>'
    '<path d="M48 8h64v10H48zM48 22h44v10H48z" fill="%231d2733"/></svg>'
)


class Difference(Struct, frozen=True):
    """How far two pictures are apart.

    ``mean`` of a channel (of 255); ``far``: the share of pixels with a channel that differs by more than 32; ``lost``:
    the share, in the element where it is worst, that also differs by as much from every pixel around it, which
    antialiasing hardly does.
    """

    mean: float
    far: float
    lost: float

    @property
    def is_small(self) -> bool:
        """Whether it is within the tolerance."""
        return self.mean <= MOST_MEAN and self.far <= MOST_FAR and self.lost <= MOST_LOST


class Banner(Struct, frozen=True):
    """A banner in three forms, and the boxes of its elements."""

    name: str
    size: Size
    boxes: list[Frame]
    png: bytes
    svg: bytes
    pdf: bytes


@cache
def banners() -> list[Banner]:
    """The twenty, painted."""
    made = zip(PROMPTS, cycle(SIZES), cycle([DRAWN_LOGO, _photograph()]), strict=False)
    return [_banner(f"{index:02d}", *each) for index, each in enumerate(made, 1)]


def _banner(name: str, prompt: str, size: str, logo: str) -> Banner:
    spec = BannerSpec(prompt=prompt, sizes=[size], logo=logo, formats=["png", "svg", "pdf"])
    order = order_of(spec, spec.canvases[0])
    design = design_offline(spec, order.size, logo_facts(logo))
    arrangement = arrange(design, order)
    png, svg, pdf = (file.data for file in paint(design, arrangement, order).files)
    return Banner(name, order.size, [frame_of(placement) for placement in arrangement.placements], png, svg, pdf)


def _photograph() -> str:
    """A logo of pixels with soft edges and a gradient, as a data URI."""
    across, down = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-1, 1, 160))
    cover = np.clip((1 - np.hypot(across, down)) * 40, 0, 1)
    shade = np.stack([200 - 80 * across, 60 + 40 * down, 120 + 60 * across, 255 * cover], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(shade.astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def from_png(data: bytes) -> Picture:
    """A PNG's pixels."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(np.int16)


def from_pdf(data: bytes) -> Picture:
    """A PDF's first page, one point a pixel, by PDFium."""
    document = pypdfium2.PdfDocument(data)
    try:
        return np.asarray(document[0].render(scale=1).to_pil().convert("RGB")).astype(np.int16)
    finally:
        document.close()


def text_of(pdf: bytes) -> str:
    """The text of a PDF's first page, in the order in which it stands in the document."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[0].get_textpage().get_text_bounded())
    finally:
        document.close()


def browser() -> str | None:
    """Chromium's program, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def browse(page: str, program: str, *options: str) -> bytes:
    """What headless Chromium prints for an HTML page; its own messages are dropped."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_text(page, encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
        command = [program, *flags, f"--user-data-dir={folder}/profile", *options, path.as_uri()]
        return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout  # noqa: S603


def from_svgs(files: list[tuple[Size, bytes]], program: str) -> list[Picture]:
    """SVGs as Chromium paints them, on one page, cut apart again."""
    places = "".join(
        f'<img style="position:absolute;left:0;top:{top}px" src="data:image/svg+xml;base64,'
        f'{base64.b64encode(data).decode()}">'
        for (_, data), top in zip(files, _tops(files), strict=True)
    )
    page = f'<!doctype html><meta charset="utf-8"><body style="margin:0">{places}'
    width, height = max(size.width for size, _ in files), sum(size.height for size, _ in files)
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        browse(page, program, f"--screenshot={shot}", f"--window-size={width},{height + 200}")
        whole = from_png(shot.read_bytes())
    return [whole[top : top + size.height, : size.width] for (size, _), top in zip(files, _tops(files), strict=True)]


def _tops(files: list[tuple[Size, bytes]]) -> list[int]:
    heights = [size.height for size, _ in files]
    return [sum(heights[:index]) for index in range(len(heights))]


def difference(first: Picture, second: Picture, boxes: list[Frame]) -> Difference:
    """How far two pictures of one size are apart."""
    if first.shape != second.shape:
        raise ValueError(f"sizes differ: {first.shape} and {second.shape}")
    apart = np.abs(first - second)
    far = (apart.max(axis=-1) > FAR).mean()
    gone = _beyond(first, second) | _beyond(second, first)
    lost = max(float(gone[_window(box)].mean()) for box in boxes)
    return Difference(float(apart.mean()), float(far), lost)


def _window(box: Frame) -> tuple[slice, slice]:
    return slice(int(box.y), int(box.bottom) + 1), slice(int(box.x), int(box.right) + 1)


def _beyond(first: Picture, second: Picture) -> NDArray[np.bool_]:
    """Where the first is far outside what the second has in the 3 x 3 pixels around."""
    picture = Image.fromarray(second.astype(np.uint8))
    low, high = (np.asarray(picture.filter(each(3))).astype(np.int16) for each in (MinFilter, MaxFilter))
    return np.maximum(low - first, first - high).max(axis=-1) > FAR


def selected(svg: bytes, program: str) -> list[str]:
    """What a reader gets who selects and copies each text of an SVG in Chromium."""
    script = (
        "const found=[...document.querySelectorAll('svg text')].map(text=>"
        "(getSelection().selectAllChildren(text),getSelection().toString()));"
        "document.getElementById('found').textContent=JSON.stringify(found)"
    )
    page = f'<!doctype html><meta charset="utf-8">{svg.decode()}<pre id="found"></pre><script>{script}</script>'
    shown = browse(page, program, "--dump-dom").decode()
    answer = shown.partition('<pre id="found">')[2].partition("</pre>")[0]
    return msgspec.json.decode(unescape(answer), type=list[str])


def compare(banner: Banner, picture: Picture) -> Difference:
    """How far a picture is from the banner's PNG."""
    return difference(from_png(banner.png), picture, banner.boxes)


def measure() -> dict[str, dict[str, Difference]]:
    """Every banner's differences by form."""
    program, made = browser(), banners()
    found = {banner.name: {"pdf": compare(banner, from_pdf(banner.pdf))} for banner in made}
    shown = from_svgs([(banner.size, banner.svg) for banner in made], program) if program else []
    for banner, picture in zip(made, shown, strict=False):
        found[banner.name]["svg"] = compare(banner, picture)
    return found


def main() -> None:
    """Print the table; exit 1 if a banner is beyond the tolerance."""
    options = argparse.ArgumentParser(description="SVG and PDF against the PNG")
    options.add_argument("--json", type=Path, help="write the figures there")
    options.add_argument("--keep", type=Path, help="write the files there")
    chosen = options.parse_args()
    found = measure()
    heads = (f"{form + ' mean':>10}{'far':>8}{'lost':>9}" for form in ("pdf", "svg"))
    print(f"{'banner':<8}{'size':>10}{''.join(heads)}")
    for banner in banners():
        cells = [found[banner.name].get(form) for form in ("pdf", "svg")]
        shown = (f"{each.mean:>10.2f}{each.far:>8.2%}{each.lost:>9.2%}" if each else f"{'-':>10}" for each in cells)
        print(f"{banner.name:<8}{banner.size!s:>10}{''.join(shown)}")
    if chosen.keep:
        _keep(chosen.keep)
    if chosen.json:
        chosen.json.write_bytes(msgspec.json.encode(found))
    if not all(each.is_small for forms in found.values() for each in forms.values()):
        raise SystemExit(f"beyond the tolerance: mean {MOST_MEAN}, far {MOST_FAR:.0%}, lost {MOST_LOST:.0%}")


def _keep(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for banner in banners():
        for form in ("png", "svg", "pdf"):
            (folder / f"{banner.name}.{form}").write_bytes(getattr(banner, form))


if __name__ == "__main__":
    main()
