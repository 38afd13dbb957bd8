"""What the door lets in."""

from __future__ import annotations

import re

import msgspec
import pytest

from streamforge.pipelines.banner.design.answers import Draft
from streamforge.pipelines.banner.design.graph import Element
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.providers.schema import structured_schema


@pytest.mark.parametrize("colour", ["#fff\n", "#0f62fe\n", "#ffff", "fff", "#ggg", ""])
def test_only_whole_colours_pass(colour: str) -> None:
    """A colour with a line break after it is refused at the door, and its pattern begins as ``kinds.py`` knows it."""
    with pytest.raises(msgspec.ValidationError, match=r"#\(\?:\[0-9a-fA-F\]\{3\}"):
        msgspec.convert({"prompt": "rye bread", "brand_colors": [colour]}, BannerSpec)
    assert msgspec.convert({"prompt": "rye bread", "brand_colors": ["#0F62fe", "#fff"]}, BannerSpec)


def test_an_element_id_ends_where_it_seems_to() -> None:
    """An id with a line break is refused, and a model is still told the pattern."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "headline\n", "role": "headline"}, Element)
    assert "[a-z][a-z0-9_]{0,31}" in str(structured_schema(Draft))


def test_an_empty_logo_is_no_logo_to_leave_out() -> None:
    """``logo: ""`` is a mistake and refused; ``null`` says that there is none."""
    with pytest.raises(msgspec.ValidationError, match="logo"):
        msgspec.convert({"prompt": "rye bread", "logo": ""}, BannerSpec)
    assert msgspec.convert({"prompt": "rye bread", "logo": None}, BannerSpec).logo is None


@pytest.mark.parametrize(
    ("sizes", "size", "max_bytes", "bottom"),
    [
        (["300x250", "google-display"], "300x250", 150_000, 0.0),
        (["google-display", "300x250"], "300x250", 150_000, 0.0),
        (["iab", "google-display"], "970x250", 150_000, 0.0),
        (["1080x1920", "social"], "1080x1920", 0, 0.35),
        (["iab", "social"], "1080x1920", 300_000, 0.35),
    ],
)
def test_a_size_keeps_to_its_strictest_publisher(sizes: list[str], size: str, max_bytes: int, bottom: float) -> None:
    """In whichever order sizes and presets name it, and it is made once."""
    canvases = [each for each in BannerSpec(prompt="a bakery", sizes=sizes).canvases if str(each.size) == size]
    assert [(each.max_bytes, each.safe.bottom) for each in canvases] == [(max_bytes, bottom)]


@pytest.mark.parametrize(
    ("locks", "said"),
    [
        ([{"element": "cta", "size": "728x90", "px": 20}], "'728x90' is none of the sizes 300x250"),
        ([{"element": "cta", "size": "300X250", "px": 20}], "'300X250' is none of the sizes"),
        ([{"element": "cta", "px": 20}, {"element": "cta", "px": 24}], "the px of 'cta' is settled in two ways"),
        ([{"element": "headline", "text": ""}], "text"),
    ],
)
def test_locks_that_cannot_hold_are_refused(locks: list[dict[str, object]], said: str) -> None:
    """A canvas that is not asked for, two wishes for one thing, no words at all."""
    with pytest.raises(msgspec.ValidationError, match=re.escape(said)):
        msgspec.convert({"prompt": "a bakery", "sizes": ["300x250"], "locks": locks}, BannerSpec)


def test_a_lock_for_one_size_goes_before_one_for_all() -> None:
    """They do not contradict each other."""
    locks = [{"element": "cta", "px": 20, "size": "300x250"}, {"element": "cta", "px": 24}]
    spec = msgspec.convert({"prompt": "a bakery", "sizes": ["300x250"], "locks": locks}, BannerSpec)
    assert len(spec.locks) == 2
