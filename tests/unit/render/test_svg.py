"""SVG logos: drawn as their authors meant where Skia would not, refused where they could do harm."""

from __future__ import annotations

import pytest

from streamforge.errors import AssetRejected
from streamforge.render import svg
from streamforge.render.logo import load_logo, logo_facts
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
    gradient = '<linearGradient id="g" href="http://x/y#z"/>'
    body = f'<script>x()</script><a href="file:///etc/passwd"><g onclick="x()">{RECT}</g></a>{gradient}'
    cleaned = svg.clean(f"{SVG_HEAD}{body}</svg>".encode(), "logo").data
    assert not any(word in cleaned for word in (b"script", b"onclick", b"passwd", b"http://x"))


def test_a_filter_that_does_nothing_is_no_reason_to_refuse() -> None:
    """``filter="none"`` and a filter that is defined but never used leave the picture as it is."""
    body = f'<defs><filter id="f"/></defs><g filter="none" style="filter: none" fill="#ff0000">{RECT}</g>'
    assert logo_facts(svg_uri(body)).colors == ["#ff0000"]


@pytest.mark.parametrize(
    ("colour", "drawn"),
    [
        ("#f00f", "#ff0000"),
        ("#ff0000ff", "#ff0000"),
        ("RED", "#ff0000"),
        ("hsl(0, 100%, 50%)", "#ff0000"),
        ("rgb(100% 0% 0% / 100%)", "#ff0000"),
        ("rgba(255, 0, 0, 1)", "#ff0000"),
        ("rebeccapurple", "#663399"),
        ("currentcolor", "#00ff00"),
        ("var(--brand)", "#ff0000"),
        ("var(--none, #ff0000)", "#ff0000"),
    ],
)
def test_every_way_to_write_a_colour_is_drawn(colour: str, drawn: str) -> None:
    """Skia reads few forms and draws the others black; each comes out in its colour, from attribute and style alike."""
    sheet = "<style>:root { --brand: #ff0000 } svg { --brand: #ff0000 }</style>"
    for put in (f'fill="{colour}"', f'style="fill: {colour}"'):
        body = f'{sheet}<g color="#00ff00"><rect width="100" height="50" {put}/></g>'
        assert logo_facts(svg_uri(body)).colors == [drawn]


def test_half_transparent_colours_stay_so() -> None:
    """The alpha of a colour, and an opacity in percent, reach the picture."""
    for put in (
        'fill="#ff000080"',
        'fill="rgba(255,0,0,.5)"',
        'fill="red" opacity="50%"',
        'style="fill:hsla(0 100% 50%/50%)"',
    ):
        alpha = load_logo(svg_uri(f'<rect width="100" height="50" {put}/>')).pixels[50, 50, 3]
        assert abs(int(alpha) - 128) <= 2, put


@pytest.mark.parametrize(
    "sheet",
    [
        "rect { fill: #00ff00 } .a { fill: #ff0000 } rect { fill: #0000ff }",
        ".a { fill: #00ff00 } .a.b { fill: #ff0000 } .a { fill: #0000ff }",
        ".a { fill: #00ff00 } #r { fill: #ff0000 } .a.b { fill: #0000ff }",
        "#r { fill: #00ff00 } .a { fill: #ff0000 !important }",
        ".b { fill: #00ff00 } .a { fill: #ff0000 }",
        "g .a { fill: #ff0000 } .a { fill: #00ff00 }",
        "svg > g > rect { fill: #ff0000 } svg > rect { fill: #00ff00 }",
        "* { fill: #00ff00 } rect.a { fill: #ff0000 }",
        "rect { fill: #ff0000 } rect:hover { fill: #00ff00 } rect[x] { fill: #00ff00 }",
        "@charset 'utf-8'; @font-face { src: url(x) } rect { fill: #ff0000 } @media print { rect { fill: #00ff00 } }",
        "@media (prefers-color-scheme: dark) { rect { fill: #00ff00 } } @media screen { rect { fill: #ff0000 } }",
    ],
)
def test_style_sheets_cascade_as_in_a_browser(sheet: str) -> None:
    """Importance, then specificity, then order decide; rules for hovering, printing and dark windows do not apply."""
    body = f'<style>{sheet}</style><g><rect id="r" class="b a" width="100" height="50"/></g>'
    assert logo_facts(svg_uri(body)).colors == ["#ff0000"]


def test_symbols_links_and_switches_are_drawn() -> None:
    """A symbol fills the box of its use, a link shows what it holds, a switch its plain child and no other."""
    symbol = '<symbol id="s" viewBox="10 10 5 5"><rect x="10" y="10" width="5" height="5" fill="#ff0000"/></symbol>'
    body = (
        f'{symbol}<use href="#s" x="50" width="20" height="40"/><a href="http://x"><rect width="10" height="50"/></a>'
        '<switch><foreignObject requiredExtensions="x"/><rect x="90" width="10" height="50" fill="#0000ff"/></switch>'
    )
    logo = load_logo(svg_uri(body))
    at = {name: tuple(int(v) for v in logo.pixels[y, x]) for name, x, y in (("use", 307, 102), ("gap", 307, 10))}
    assert at == {"use": (255, 0, 0, 255), "gap": (0, 0, 0, 0)}
    assert set(logo_facts(svg_uri(body)).colors) == {"#ff0000", "#000000", "#0000ff"}


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
        ('<use href="http://x/y.svg#z"/>', "shape of another file"),
        ("<style>@import url(http://x/y.css);</style>", "imports a style sheet"),
        ("<style>" + "*{fill:red}" * 2000 + "</style>" + "<g/>" * 1000, "countless style rules"),
        ('<path marker-end="url(#m)" d="M0 0L9 9"/>', "a marker on <path>"),
        ('<g style="mix-blend-mode: multiply"><rect width="9" height="9"/></g>', "blends <g>"),
        ('<path stroke="#000" stroke-dasharray="1" d="' + "M0 0L100 50L0 3L99 2" * 20_000 + '"/>', "countless"),
        ('<path stroke="#000" stroke-dasharray="1" d="M0 0' + "L100 50L0 3" * 500 + '"/>', "countless"),
        ('<path stroke="#000" stroke-width="50" d="M0 0' + "L100 50L0 1" * 40_000 + '"/>', "countless"),
        ('<pattern id="p" width="1" height="1"/>' + '<rect fill="url(#p)" width="9" height="9"/>' * 500, "countless"),
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
    "doctype",
    [
        '<!DOCTYPE svg [<!ENTITY a "aaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE svg SYSTEM "file:///etc/passwd" [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>',
        '<!DOCTYPE svg [<!ATTLIST rect fill CDATA "red">]>',
        "<!DOCTYPE svg><!DOCTYPE svg>",
        '<!DOCTYPE html SYSTEM "about:legacy-compat">',
    ],
)
def test_doctypes_that_declare_are_refused(doctype: str) -> None:
    """A billion laughs never begins: a DOCTYPE with anything in it, of another language, or a second one is refused."""
    document = f"{doctype}{SVG_HEAD}{RECT}</svg>"
    with pytest.raises(AssetRejected, match=r"DOCTYPE|no PNG"):
        logo_facts(data_uri(document.encode(), "image/svg+xml"))


def test_the_usual_doctype_is_no_reason_to_refuse() -> None:
    """What drawing programs write at the top declares nothing, so the document is read without it."""
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    document = f'<?xml version="1.0"?>\n<!-- by hand -->\n{doctype}\n{SVG_HEAD}{RECT}</svg>'
    assert logo_facts(data_uri(document.encode(), "image/svg+xml")).colors == ["#000000"]


@pytest.mark.parametrize("box", ["0 0 nan 1e999", "0 0 0 10", "0 0 1 1000", "none"])
def test_impossible_sizes_are_refused(box: str) -> None:
    """A viewBox without a usable size is an error, not a division by zero."""
    document = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{RECT}</svg>'
    with pytest.raises(AssetRejected, match="no usable size"):
        logo_facts(data_uri(document.encode(), "image/svg+xml"))


def test_fine_dashes_are_dropped() -> None:
    """A dash pattern of millions of dashes does not reach the renderer; a visible one does."""
    line = '<path d="M0 0L100 50" stroke="#000" stroke-dasharray="{}"/>'
    fine = svg.clean(f"{SVG_HEAD}{line.format('0.0001 0.0001')}</svg>".encode(), "logo")
    coarse = svg.clean(f"{SVG_HEAD}{line.format('4 2')}</svg>".encode(), "logo")
    assert b"dasharray" not in fine.data
    assert b"dasharray" in coarse.data
