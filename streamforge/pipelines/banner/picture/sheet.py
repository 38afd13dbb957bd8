"""All canvases of a set on one sheet, labelled, and crops of single ones. Runs in a pool child.

Pillow alone: finished pictures are only scaled and put side by side here, nothing of a banner is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageFont

_WIDTH_PX = 1280
_MOST_WIDE_PX, _MOST_HIGH_PX = 592, 480
_GAP_PX, _RIM_PX, _LABEL_PX, _LABEL_GAP_PX = 32, 32, 15, 10
_GROUND, _INK, _EDGE = "#eceef1", "#3c4450", "#cfd4da"


def contact_sheet(exhibits: list[tuple[str, bytes]]) -> bytes:
    """A PNG with labelled pictures (PNG, JPEG or WebP) in rows, the tallest first, none enlarged; deterministic."""
    thumbs = sorted(((_thumb(data), label) for label, data in exhibits), key=lambda thumb: -thumb[0].height)
    rows = list(_rows(thumbs))
    below = _LABEL_GAP_PX + _LABEL_PX + _GAP_PX
    height = 2 * _RIM_PX - _GAP_PX + sum(max(thumb.height for thumb, _ in row) + below for row in rows)
    sheet = Image.new("RGB", (_WIDTH_PX, height), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_LABEL_PX)
    y = _RIM_PX
    for row in rows:
        x, floor = _RIM_PX, y + max(thumb.height for thumb, _ in row)
        for thumb, label in row:
            at = (x, floor - thumb.height)
            draw.rectangle((at[0] - 1, at[1] - 1, at[0] + thumb.width, floor), outline=_EDGE)
            sheet.paste(thumb, at)
            draw.text((x, floor + _LABEL_GAP_PX), label, fill=_INK, font=font)
            x += _cell(thumb, label) + _GAP_PX
        y = floor + below
    return _png(sheet)


def crop(data: bytes, box: tuple[int, int, int, int], width: int) -> bytes:
    """A part of a picture as PNG: left, top, right and bottom in px of a canvas of that ``width``."""
    with Image.open(io.BytesIO(data)) as image:
        scale = image.width / width
        left, top, right, bottom = (round(side * scale) for side in box)
        return _png(image.convert("RGB").crop((left, top, right, bottom)))


def _thumb(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGB")
    whole.thumbnail((_MOST_WIDE_PX, _MOST_HIGH_PX), Image.Resampling.LANCZOS)
    return whole


def _rows(thumbs: list[tuple[Image.Image, str]]) -> Iterator[list[tuple[Image.Image, str]]]:
    row: list[tuple[Image.Image, str]] = []
    used = 0
    for thumb, label in thumbs:
        cell = _cell(thumb, label)
        if row and used + cell > _WIDTH_PX - 2 * _RIM_PX:
            yield row
            row, used = [], 0
        row.append((thumb, label))
        used += cell + _GAP_PX
    if row:
        yield row


def _cell(thumb: Image.Image, label: str) -> int:
    """The width that a picture and its label take, the wider of both."""
    return max(thumb.width, round(ImageFont.load_default(_LABEL_PX).getlength(label)))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)  # "optimize" takes five times as long for a twentieth less
    return out.getvalue()
