"""SVG logos: drawn as their authors meant where Skia would not, refused where they could do harm."""

from __future__ import annotations

import pytest

from streamforge.errors import AssetRejected
from streamforge.render import svg
from streamforge.render.image import load_logo, logo_facts
from tests.unit.render.pictures import SVG_HEAD, data_uri, svg_uri

RECT = '<rect width="100" height="50"/>'


@pytest.mark.parametrize(
    "body",
    [
        f'<style>.a{{fill:#ff0000}}</style><g class="a">{RECT}</g>',
        '<style>/* a */ rect { fill: #0f0 } #b{fill:#ff0000 !important}</style><rect id="b" width="99" height="50"/>',
        '<rect width="100" height="50" fill="#00ff00" style="fill:#ff0000"/>',
        f'<defs><g id="x" fill="#ff0000">{RECT}</g></defs><use href="#x"/>',
        '<linearGradient id="g"><stop style="stop-color:red"/></linearGradient><circle r="9" fill="url(#g)"/>',
    ],
)
def test_styles_and_references_are_flattened(body: str) -> None:
    """Classes, ids, inline styles and plain ``href`` all colour the picture, in CSS order."""
    assert logo_facts(svg_uri(body)).colors == ["#ff0000"]


def test_width_and_height_stand_in_for_a_view_box() -> None:
    """Without a viewBox the size comes from the attributes, px units included."""
    document = '<svg xmlns="http://www.w3.org/2000/svg" width="80px" height="40">' + RECT + "</svg>"
    assert load_logo(data_uri(document.encode(), "image/svg+xml")).width == 512


def test_scripts_handlers_and_outside_references_are_removed() -> None:
    """What could act or fetch does not reach the renderer."""
    body = f'<script>x()</script><g onclick="x()">{RECT}</g><use href="file:///etc/passwd"/><use href="http://x/y#z"/>'
    cleaned, _, _ = svg.clean(f"{SVG_HEAD}{body}</svg>".encode(), "logo")
    assert not any(word in cleaned for word in (b"script", b"onclick", b"passwd", b"http://x"))


def test_a_filter_that_does_nothing_is_no_reason_to_refuse() -> None:
    """``filter="none"`` and a filter that is defined but never used leave the picture as it is."""
    body = f'<defs><filter id="f"/></defs><g filter="none" style="filter: none" fill="#ff0000">{RECT}</g>'
    assert logo_facts(svg_uri(body)).colors == ["#ff0000"]


def _bomb() -> str:
    """Ten uses of ten uses of …: a billion rectangles in a kilobyte."""
    levels = [f'<g id="u{at}">' + f'<use xlink:href="#u{at - 1}"/>' * 10 + "</g>" for at in range(1, 10)]
    return '<rect id="u0" width="5" height="5"/>' + "".join(levels)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<g>" * 30_000 + "</g>" * 30_000, "nests over"),
        ("<g/>" * 20_001, "elements"),
        ("<path/>" * 200_000, "over the limit of"),
        (_bomb(), "endless or countless"),
        ('<g id="a"><use href="#a"/></g>', "endless or countless"),
        (
            '<mask id="m"><rect width="9" height="9" mask="url(#m)"/></mask><rect mask="url(#m)"/>',
            "endless or countless",
        ),
        ('<rect width="9" height="9" opacity=".5"/>' * 5_000, "endless or countless"),
        ("<text>name</text>", "<text>"),
        ('<image href="data:image/png;base64,AAAA"/>', "<image>"),
        ("<foreignObject/>", "<foreignObject>"),
        ('<filter id="f"/><rect width="9" height="9" filter="url(#f)"/>', "filter on <rect>, which would be lost"),
        ('<g style="filter: drop-shadow(2px 2px red)"><rect width="9" height="9"/></g>', "filter on <g>"),
        ('<style>.s{filter:blur(2px)}</style><rect class="s" width="9" height="9"/>', "filter on <rect>"),
        ("<g>", "not well-formed"),
        ("", "no visible pixel"),
    ],
)
def test_hostile_documents_are_refused(body: str, said: str) -> None:
    """Deep, huge, endless or lossy documents are refused by name before they are drawn."""
    with pytest.raises(AssetRejected, match=said) as caught:
        logo_facts(svg_uri(body))
    assert caught.value.field == "logo"
    assert caught.value.hint


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE svg [<!ENTITY a "aaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>',
    ],
)
def test_doctypes_and_entities_are_refused(document: str) -> None:
    """A billion laughs never begins: any DOCTYPE is refused."""
    with pytest.raises(AssetRejected, match="DOCTYPE"):
        logo_facts(data_uri(document.encode(), "image/svg+xml"))


@pytest.mark.parametrize("box", ["0 0 nan 1e999", "0 0 0 10", "0 0 1 1000", "none"])
def test_impossible_sizes_are_refused(box: str) -> None:
    """A viewBox without a usable size is an error, not a division by zero."""
    document = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{RECT}</svg>'
    with pytest.raises(AssetRejected, match="no usable size"):
        logo_facts(data_uri(document.encode(), "image/svg+xml"))


def test_fine_dashes_are_dropped() -> None:
    """A dash pattern of millions of dashes does not reach the renderer; a visible one does."""
    line = '<path d="M0 0L100 50" stroke="#000" stroke-dasharray="{}"/>'
    fine, _, _ = svg.clean(f"{SVG_HEAD}{line.format('0.0001 0.0001')}</svg>".encode(), "logo")
    coarse, _, _ = svg.clean(f"{SVG_HEAD}{line.format('4 2')}</svg>".encode(), "logo")
    assert b"dasharray" not in fine
    assert b"dasharray" in coarse
