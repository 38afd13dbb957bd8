"""The files of a banner: every format asked for, at the scale and within the weight asked for."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Painted
from streamforge.pipelines.banner.order import Order, order_of
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.spec import BannerSpec, FileFormat
from tests.unit.banner.designs import left_column
from tests.unit.render.pictures import logo_png

FORMATS: list[FileFormat] = ["png", "jpeg", "webp", "avif", "svg", "pdf"]
ORDER = Order(canvas=Canvas(size=Size(300, 250)), logo=logo_png(), formats=FORMATS)


def made(order: Order = ORDER) -> Painted:
    """The column design on the order's canvas."""
    return paint(left_column(), arrange(left_column(), order), order)


def test_every_format_is_made_in_the_order_asked_for() -> None:
    """Six names, six media types; rasters say what quality was chosen, documents have none."""
    files = made().files
    ends = ("png", "jpg", "webp", "avif", "svg", "pdf")
    assert [file.name for file in files] == [f"banner-300x250.{end}" for end in ends]
    assert [file.media_type for file in files] == [
        *("image/png", "image/jpeg", "image/webp", "image/avif"),
        *("image/svg+xml", "application/pdf"),
    ]
    assert [file.quality for file in files] == ["lossless", "90", "85", "70", "", ""]
    assert all((file.width, file.height) == (300, 250) for file in files)


def test_the_double_scale_shows_the_same_in_more_pixels() -> None:
    """Rasters have twice the pixels and say so in their name; averaged down they are the single ones."""
    single, double = made(replace(ORDER, formats=["png"])), made(replace(ORDER, formats=["png", "svg"], scale=2))
    assert [(file.name, file.width, file.height) for file in double.files] == [
        ("banner-300x250@2x.png", 600, 500),
        ("banner-300x250.svg", 300, 250),
    ]
    with Image.open(io.BytesIO(single.files[0].data)) as one, Image.open(io.BytesIO(double.files[0].data)) as two:
        assert two.size == (600, 500)
        down = np.asarray(two.reduce(2)).astype(int)
        assert np.abs(down - np.asarray(one).astype(int)).mean() < 6  # letters of 1x are hinted to its pixels
    assert double.checks == single.checks


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "avif"])
def test_rasters_are_fitted_to_the_cap(name: FileFormat) -> None:
    """A cap of three quarters is held, passed as a check, and the quality that was given up is on record."""
    free = made(replace(ORDER, formats=[name])).files[0]
    cap = len(free.data) * 3 // 4
    painted = made(replace(ORDER, formats=[name, "svg"], max_bytes=cap))
    assert len(painted.files[0].data) <= cap
    assert painted.files[0].quality != free.quality or name == "png"
    (check,) = [check for check in painted.checks if check.check == "weight"]
    assert (check.element, check.limit, check.passed) == (painted.files[0].name, cap, True)


def test_a_file_that_cannot_fit_is_a_failed_check() -> None:
    """The file is still there, the check says by how much it is too heavy and what to do."""
    painted = made(replace(ORDER, formats=["png"], max_bytes=900))
    (check,) = [check for check in painted.checks if not check.passed]
    assert (check.check, check.element, check.limit) == ("weight", "banner-300x250.png", 900)
    assert check.measured == len(painted.files[0].data) > 900
    assert check.fix_hint


def test_without_a_cap_weight_is_no_matter() -> None:
    """No cap, no check."""
    assert not [check for check in made().checks if check.check == "weight"]


def test_the_brief_chooses_how_an_svg_shows_text() -> None:
    """``svg_text`` reaches the file: outlines instead of letters."""
    spec = BannerSpec(prompt="a bakery", sizes=["300x250"], formats=["svg"], svg_text="paths", logo=logo_png())
    (outlined,) = made(order_of(spec, spec.canvases[0])).files
    (lettered,) = made(replace(ORDER, formats=["svg"])).files
    assert b"<text" not in outlined.data
    assert b"<text" in lettered.data


def test_equal_orders_give_equal_files_in_every_process() -> None:
    """All six formats, capped and at both scales, are the same bytes under another hash seed."""
    script = (
        "import hashlib\n"
        "from tests.unit.banner.test_paint_files import ORDER, made, replace\n"
        "orders = [ORDER, replace(ORDER, scale=2), replace(ORDER, max_bytes=12_000)]\n"
        "data = b''.join(file.data for order in orders for file in made(order).files)\n"
        "print(hashlib.sha256(data).hexdigest())\n"
    )
    orders = [ORDER, replace(ORDER, scale=2), replace(ORDER, max_bytes=12_000)]
    here = hashlib.sha256(b"".join(file.data for order in orders for file in made(order).files)).hexdigest()
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == here
