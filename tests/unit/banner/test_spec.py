"""What the door lets in."""

from __future__ import annotations

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
