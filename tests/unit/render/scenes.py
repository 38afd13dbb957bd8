"""A scene with one of everything, and the artwork that it shows."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from streamforge.render.artwork import LogoArt, PhotoArt
from streamforge.render.logo import load_logo
from streamforge.render.paint import Artworks
from streamforge.render.photo import load_photo
from streamforge.render.scene import (
    Circle,
    Frame,
    Glow,
    Gradient,
    Group,
    Picture,
    Polygon,
    Rect,
    Scene,
    Shadow,
    Text,
)
from streamforge.render.text import TextStyle, block_of
from tests.unit.render.pictures import svg_uri

RED, GREEN, BLUE, BLACK, WHITE = (220, 30, 30), (20, 140, 60), (30, 60, 200), (17, 17, 17), (255, 255, 255)
CURVE = ((320, 70), (330, 60), (370, 60), (380, 70), (370, 90), (330, 90), (320, 70))
HEADLINE = ("Bread & <butter>", "for all")
VECTOR_LOGO = svg_uri('<rect width="100" height="50" fill="#14823c"/>')


def text(name: str, lines: tuple[str, ...], at: tuple[float, float], px: float, **changes: object) -> Text:
    """Lines at a place, the box as wide as the longest."""
    style = TextStyle(str(changes.pop("family", "inter")), 700, 1.2, float(str(changes.pop("tracking", 0.0))))
    block = block_of(lines, style)
    frame = Frame(*at, block.width * px, block.height * px)
    fields: dict[str, object] = {"colour": BLACK} | changes
    return Text(id=name, frame=frame, lines=lines, px=px, rise=block.rise, style=block.style, **fields)  # pyright: ignore[reportArgumentType]


def photo_jpeg(width: int = 300, height: int = 200) -> bytes:
    """A photograph whose left half is red and whose right half is blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = RED, BLUE
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def photo_uri(data: bytes) -> str:
    """The photograph as a data URI."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def artworks() -> Artworks:
    """A drawn logo and a photograph."""
    jpeg = photo_jpeg()
    return {"logo": LogoArt(load_logo(VECTOR_LOGO)), "hero": PhotoArt(load_photo(photo_uri(jpeg)), jpeg)}


def everything() -> Scene:
    """400 x 300 with every kind of item, each where nothing else is."""
    return Scene(
        width=400,
        height=300,
        ground=WHITE,
        groups=[
            Group(
                "banner-ground",
                "background",
                (
                    Gradient(Frame(0, 0, 100, 60), (0, 0), (100, 0), (RED, BLUE)),
                    Glow(150, 30, 28, RED, 0.9),
                    Circle(220, 30, 20, GREEN),
                    Circle(280, 30, 20, GREEN, 1.0, 6),
                    Polygon(((320, 10), (380, 10), (350, 55)), BLUE, 0.5),
                    Polygon(CURVE, RED, smooth=True),
                ),
            ),
            Group("hero", "hero", (Picture("hero", Frame(10, 80, 120, 80), (0.5, 0.0, 1.0, 1.0), 12.0),)),
            Group("logo", "logo", (Picture("logo", Frame(150, 80, 100, 50)),)),
            Group(
                "cta",
                "cta",
                (
                    Shadow(Frame(270, 110, 110, 40), 10, 4, 3, 0.4),
                    Rect(Frame(270, 110, 110, 40), RED, 1.0, 10),
                    text("cta", ("Order now",), (288, 121), 14, colour=WHITE, align="center"),
                ),
            ),
            Group("headline", "headline", (text("headline", HEADLINE, (10, 180), 30, tracking=-0.01),)),
            Group("sub", "sub", (text("sub", ("Baked at four",), (10, 260), 16, align="right"),)),
        ],
    )  # fmt: skip
