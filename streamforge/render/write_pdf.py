"""A scene as a PDF page of shapes and selectable text, one px a point.

Shapes are drawn by the painter's own code. Texts come last, in reading order, and say what they read (``pdf_text``), so
that they are copied as they are meant; their fonts are static, for a variable one would be embedded glyph by glyph
(Type 3), which few programs can edit. Only shadows are pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

import skia

from streamforge.errors import AssetRejected
from streamforge.render.artwork import SVG, Artwork, File
from streamforge.render.paint import Artworks, draw, rect, set_lines
from streamforge.render.pdf_text import Said, with_text
from streamforge.render.scene import Frame, Picture, Scene, Text

_SHADOW_DPI = 144


def write_pdf(scene: Scene, artworks: Artworks, *, title: str = "") -> bytes:
    """The scene as a PDF of one page. It carries no date, so equal scenes give equal bytes."""
    stream = skia.DynamicMemoryWStream()
    document = skia.PDF.MakeDocument(stream, _metadata(title))
    canvas = document.beginPage(scene.width, scene.height)
    _draw(scene, artworks, canvas)
    lines = [said for item in scene.texts for said in _write(item, canvas)]
    document.endPage()
    document.close()  # the stream has to outlive the document, and the document to be closed
    return with_text(bytes(stream.detachAsData()), lines)


def _metadata(title: str) -> skia.PDF.Metadata:
    metadata = skia.PDF.Metadata()
    metadata.fTitle = title
    metadata.fCreator = "StreamForge"
    metadata.fRasterDPI = _SHADOW_DPI
    return metadata


def _draw(scene: Scene, artworks: Artworks, canvas: skia.Canvas) -> None:
    canvas.clear(skia.ColorSetARGB(255, *scene.ground))
    for item in scene.items():
        if isinstance(item, Picture):
            _draw_picture(item, artworks[item.id], canvas)
        elif not isinstance(item, Text):
            draw(item, canvas)


def _write(item: Text, canvas: skia.Canvas) -> Iterator[Said]:
    """Draw a text, each line from a point of its own, and say what stands there."""
    for line, (paragraph, x, baseline) in zip(item.lines, set_lines(item, static=True), strict=True):
        canvas.save()
        canvas.translate(x, baseline)
        paragraph.paint(canvas, 0, -paragraph.AlphabeticBaseline)
        canvas.restore()
        yield Said(line, x, baseline)


def _draw_picture(item: Picture, artwork: Artwork, canvas: skia.Canvas) -> None:
    """The picture's own file, so large that its crop fills the frame; a JPEG goes into the document as it is."""
    file = artwork.file
    left, top, right, bottom = file.part(item.crop)
    width, height = item.frame.width / (right - left), item.frame.height / (bottom - top)
    whole = Frame(item.frame.x - left * width, item.frame.y - top * height, width, height)
    canvas.save()
    canvas.clipRRect(skia.RRect.MakeRectXY(rect(item.frame), item.radius, item.radius), doAntiAlias=True)
    if file.media_type == SVG:
        _draw_svg(file, whole, canvas)
    else:
        image = skia.Image.MakeFromEncoded(skia.Data.MakeWithCopy(file.data))
        if image is None:
            raise AssetRejected(f"the picture {item.id!r} cannot be read", field=item.id)
        canvas.drawImageRect(image, rect(whole), skia.SamplingOptions(skia.FilterMode.kLinear))
    canvas.restore()


def _draw_svg(file: File, whole: Frame, canvas: skia.Canvas) -> None:
    document = skia.SVGDOM.MakeFromStream(skia.MemoryStream(file.data, True))
    if document is None:
        raise AssetRejected("the SVG cannot be drawn", field="logo", hint="save it as plain SVG 1.1")
    document.setContainerSize(skia.Size(whole.width, whole.height))
    canvas.translate(whole.x, whole.y)
    document.render(canvas)
