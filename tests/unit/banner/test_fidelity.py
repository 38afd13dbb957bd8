"""Twenty banners look the same as PNG, PDF and SVG, and their words can be selected."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

from benchmarks.fidelity import banners, browser, compare, from_pdf, from_svgs, selected, text_of
from streamforge.render import scripts

pytestmark = pytest.mark.long

ABSENT = "Chromium is not installed: nothing here proves what an SVG looks like (apt-get install chromium)"
MARKS = re.compile("[\u200e\u200f\u2066-\u2069\u00ad]")


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser; in CI it must be there."""
    program = browser()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    return program


def said(svg: bytes) -> list[str]:
    """What each text element of an SVG says."""
    found = re.findall(r'<text data-kind="text"[^>]*>(.*?)</text>', svg.decode())
    return [_plain(re.sub("<[^>]*>", "", each)) for each in found]


def _plain(words: str) -> str:
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        words = words.replace(name, character)
    return " ".join(MARKS.sub("", words).split())


@pytest.mark.parametrize("index", range(20))
def test_a_pdf_shows_what_the_png_shows(index: int) -> None:
    """Rendered by PDFium, the page is within the tolerance of the PNG."""
    banner = banners()[index]
    apart = compare(banner, from_pdf(banner.pdf))
    assert apart.is_small, apart


@pytest.mark.timeout(180)
def test_svgs_show_what_the_pngs_show(chromium: str) -> None:
    """Painted by Chromium, all twenty are within the tolerance of their PNGs."""
    pictures = from_svgs([(banner.size, banner.svg) for banner in banners()], chromium)
    apart = {banner.name: compare(banner, picture) for banner, picture in zip(banners(), pictures, strict=True)}
    assert {name: each for name, each in apart.items() if not each.is_small} == {}


@pytest.mark.timeout(180)
def test_the_tolerance_tells_a_missing_element(chromium: str) -> None:
    """With any one element's group taken out, an SVG is no longer within it."""
    banner = banners()[0]
    groups = re.findall(r'<g id="(\w+)" data-role', banner.svg.decode())
    assert {"headline", "cta"} <= set(groups)
    broken = [
        re.sub(rf'<g id="{name}" data-role.*?\n</g>'.encode(), b"", banner.svg, flags=re.DOTALL) for name in groups
    ]
    pictures = from_svgs([(banner.size, svg) for svg in broken], chromium)
    small = [name for name, picture in zip(groups, pictures, strict=True) if compare(banner, picture).is_small]
    assert small == []


@pytest.mark.timeout(180)
def test_svg_text_can_be_selected(chromium: str) -> None:
    """Selected and copied in a browser, every text comes out whole, its lines apart."""
    for banner in banners()[:4]:
        copied = [_plain(words) for words in selected(banner.svg, chromium)]
        assert copied
        assert copied == said(banner.svg)


@pytest.mark.parametrize("index", range(20))
def test_pdf_text_is_that_of_the_svg(index: int) -> None:
    """Every text of the banner can be copied from the PDF in one piece; of Hebrew, every letter.

    White space is left out: on strips PDFium takes columns for vertical writing and breaks the line at each letter.
    Arabic is left out: Skia writes what one letter a glyph stands for, and Noto draws letters and their dots apart.
    """
    banner = banners()[index]
    copied = "".join(_plain(text_of(banner.pdf)).split())
    wanted = ["".join(words.split()) for words in said(banner.svg)]
    assert wanted
    for words in wanted:
        is_whole = words in copied
        has_letters = scripts.HEBREW.search(words) and not Counter(words) - Counter(copied)
        assert is_whole or has_letters or scripts.ARABIC.search(words), words
