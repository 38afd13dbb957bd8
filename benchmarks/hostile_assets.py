"""Pictures that would harm whoever decodes them, made by a seed: bombs, cuts, lies, flipped bytes, and sound ones.

``case(seed)`` is the same bytes on every machine, so a finding is told by its number.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageCms

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">'
Maker = Callable[[random.Random], bytes]


def chunk(name: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *extra: bytes, depth: int = 8, kind: int = 6, rows: bytes = b"\0" * 64) -> bytes:
    """A PNG whose header claims any size; ``extra`` are chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


def svg(body: str, head: str = HEAD) -> bytes:
    """A document with these elements."""
    return f"{head}{body}</svg>".encode()


def saved(picture: Image.Image, name: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


@cache
def sound() -> dict[str, bytes]:
    """Valid files of every kind, small enough to be flipped and cut thousands of times."""
    noise = np.random.default_rng(7)
    rgb = Image.fromarray(noise.integers(0, 255, (40, 60, 3), np.uint8)).resize((120, 80), Image.Resampling.BICUBIC)
    rgba = rgb.copy()
    rgba.putalpha(rgb.convert("L"))
    deep = Image.fromarray(noise.integers(0, 65535, (40, 60), np.uint16))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    profile = profile[:24] + bytes(12) + profile[36:]  # the date that it was made
    exif = Image.Exif()
    exif[0x0112] = 6
    logo = "".join(f'<path class="c{n}" d="M{n} 0C{n} 9 90 {n} 50 50z"/>' for n in range(8))
    sheet = "<style>.c1,.c2{fill:#f00} g > .c3{fill:hsl(9,50%,50%)} path{stroke:#00f;stroke-dasharray:4 2}</style>"
    return {
        "png": saved(rgba, "PNG"),
        "png-palette": saved(rgb.quantize(32), "PNG"),
        "png-16": saved(deep, "PNG"),
        "png-icc": saved(rgb, "PNG", icc_profile=profile),
        "jpeg": saved(rgb, "JPEG", exif=exif),
        "jpeg-progressive": saved(rgb, "JPEG", progressive=True, icc_profile=profile),
        "jpeg-cmyk": saved(rgb.convert("CMYK"), "JPEG"),
        "webp": saved(rgba, "WEBP"),
        "webp-lossless": saved(rgba, "WEBP", lossless=True, exif=exif),
        "svg": svg(f"<g>{sheet}{logo}<use href='#x'/><linearGradient id='x'/></g>"),
    }


@cache
def large() -> dict[str, bytes]:
    """Valid files at the limits of size, which take the most time and memory that a file may take."""
    plain = Image.new("RGB", (4000, 4000), "#336699")
    return {
        "png": saved(plain.convert("RGBA"), "PNG", compress_level=1),
        "jpeg": saved(plain, "JPEG"),
        "progressive": saved(plain, "JPEG", progressive=True),
        "webp": saved(plain, "WEBP", method=0),
    }


def flipped(rng: random.Random) -> bytes:
    """A valid file with some bytes changed."""
    data = bytearray(rng.choice(list(sound().values())))
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(rng: random.Random) -> bytes:
    """A valid file that ends early, or lacks a part in the middle, or has one twice."""
    data = rng.choice(list(sound().values()))
    at, to = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return rng.choice((data[:at], data[:at] + data[to:], data[:to] + data[at:]))


def garbage(rng: random.Random) -> bytes:
    """The first bytes of a format, then noise."""
    begin = rng.choice(
        [
            *(
                b"\x89PNG\r\n\x1a\n",
                b"\xff\xd8\xff\xe0\0\x10JFIF\0",
                b"\xff\xd8\xff\xc0\0\x11\x08",
                b"GIF89a",
                b"<svg ",
            ),
            *(
                b"RIFF\xff\xff\xff\x7fWEBPVP8X\n\0\0\0\x10\0\0\0\xff\xff\xff\xff\xff\xff",
                b"RIFF\x10\0\0\0WEBPVP8L",
                b"",
            ),
            *(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", b"RIFF\x10\0\0\0WEBPVP8 ", b"BM", b"%PDF-1.7", b"\xff\xfe<\0s\0"),
        ]
    )
    return begin + rng.randbytes(rng.choice((0, 4, 40, 400, 40_000)))


def header_bomb(rng: random.Random) -> bytes:
    """A few bytes that claim any number of pixels."""
    sides = (0, 1, 7, 8, 8192, 8193, 30_000, 65_500, 2**31 - 1, 2**32 - 1)
    width, height = rng.choice(sides), rng.choice(sides)
    if rng.random() < 0.7:
        return png(width, height, depth=rng.choice((1, 8, 16)), kind=rng.choice((0, 2, 3, 4, 6)))
    start = (
        b"\xff\xd8\xff"
        + rng.choice((b"\xc0", b"\xc2"))
        + struct.pack(">HBHHB", 17, 8, width % 65536, height % 65536, 3)
    )
    canvas = struct.pack("<I", width & 0xFFFFFF)[:3] + struct.pack("<I", height & 0xFFFFFF)[:3]
    frames = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas
    return rng.choice((start + b"\1\x22\0\2\x11\1\3\x11\1" + sound()["jpeg"][200:], frames + sound()["webp"][12:]))


def zip_bomb(rng: random.Random) -> bytes:
    """Compressed text, profile or pixels that unpack to far more than they should."""
    bomb = zlib.compress(b"\0" * rng.choice((10_000_000, 200_000_000)), 9)
    extra = {
        "zTXt": [chunk(b"zTXt", b"a\0\0" + bomb)],
        "iTXt": [chunk(b"iTXt", b"a\0\1\0\0\0" + bomb)],
        "iCCP": [chunk(b"iCCP", b"a\0\0" + bomb)],
        "many": [chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 900_000))] * 100,
        "texts": [chunk(b"tEXt", b"a\0b")] * 100_000,
    }
    kind = rng.choice([*extra, "rows"])
    if kind == "rows":
        return png(64, 64, rows=b"\0" * 50_000_000)
    return png(64, 64, *extra[kind], rows=(b"\0" + b"\xff" * 256) * 64)


def lines(rng: random.Random) -> bytes:
    """Pictures that are all length."""
    long = rng.choice((100_000, 8192, 8000))
    size = rng.choice(((1, long), (long, 1), (8, long), (long, 8)))
    return (
        saved(Image.new(rng.choice(("L", "RGB", "CMYK")), size, 90), "TIFF")
        if rng.random() < 0.1
        else saved(Image.new(rng.choice(("L", "RGB")), size, 90), "PNG")
    )


def at_the_limit(rng: random.Random) -> bytes:
    """A valid large file; or one of its progressive passes repeated as often as fits."""
    kind = rng.choice([*large(), "passes"])
    if kind != "passes":
        return large()[kind]
    data = large()["progressive"]
    last = data.rindex(b"\xff\xda")
    return data[:last] + (data[last:-2] * rng.choice((20, 400, 100_000)))[:4_500_000] + b"\xff\xd9"


def animated(rng: random.Random) -> bytes:
    """Frames of a film: WebP, APNG, GIF."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue") * rng.choice((1, 20))]
    return saved(frames[0], rng.choice(("WEBP", "PNG", "GIF")), save_all=True, append_images=frames[1:], duration=40)


def modes(rng: random.Random) -> bytes:
    """Sound pictures in every mode that the formats have."""
    name, mode = rng.choice(
        [("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
        + [("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")]
        + [("WEBP", mode) for mode in ("RGB", "RGBA", "L")]
    )
    size = (rng.choice((8, 64, 511)), rng.choice((8, 64, 300)))
    return saved(
        Image.new("L", size, rng.randrange(256)).convert(mode) if mode != "I;16" else Image.new(mode, size, 9), name
    )


def polyglot(rng: random.Random) -> bytes:
    """Two formats in one file, one after or inside the other."""
    one, two = rng.sample(list(sound().values()), 2)
    return rng.choice(
        (one + two, two[:24] + one, b"<!--" + one + b"-->" + sound()["svg"], b"GIF89a" + one, b"PK\3\4" + two)
    )


_NUMBERS = (
    *("0", "-0", "nan", "NaN", "inf", "-Infinity", "1e999", "1e-999", "1e38", "-1e38", "9" * 400, "", " ", "0x9", "1e"),
    *("10", "50", "5"),
)


def svg_sizes(rng: random.Random) -> bytes:
    """Sizes and coordinates that are no numbers, or too large ones."""
    a, b, c, d, e, f = (rng.choice(_NUMBERS) for _ in range(6))
    box = " ".join(rng.choice(_NUMBERS) for _ in range(4))
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{box}' width='{a}' height='{b}'>"
    dashed = f"stroke='#000' stroke-width='{a}' stroke-dasharray='{b} {c}'"
    shapes = (
        f"<rect x='{a}' y='{b}' width='{c}' height='{d}' rx='{e}'/>",
        f"<path d='M{a} {b}L{c},{d}C{e} {f} 1 2 3 4A{a} 1 0 1 1 9 9' {dashed}/>",
        f"<g transform='matrix({a},{b},{c},{d},{e},{f})'><circle r='{a}' cx='9'/></g>",
        f"<linearGradient id='g' x1='{a}' gradientTransform='scale({b})'><stop offset='{c}'/></linearGradient>",
        f"<rect fill='url(#g)' width='{d}' height='40'/>",
    )
    return svg("".join(rng.sample(shapes, 3)), head if rng.random() < 0.5 else HEAD)


def _path(attributes: str, points: str = "C90 9 9 50 100 50L0 25z") -> str:
    return f"<path d='M0 0{points}' stroke='#000' stroke-width='40' {attributes}/>"


def _nested(rng: random.Random, n: int) -> str:
    tag = rng.choice(("<g>", "<g opacity='.9'>", "<svg>", "<mask>", "<a>", "<symbol>", "<switch>"))
    return tag * n + "<rect width='9' height='9'/>" + f"</{tag[1:-1].split()[0]}>" * n


def _multiplied(rng: random.Random, _: int) -> str:
    k = rng.choice((2, 10, 50))
    levels = range(1, rng.randint(2, 12))
    groups = (f"<g id='u{at}'>" + f"<use xlink:href='#u{at - 1}'/>" * k + "</g>" for at in levels)
    return "<rect id='u0' width='5' height='5'/>" + "".join(groups)


def _dashed(rng: random.Random, n: int) -> str:
    if rng.random() < 0.5:
        return _path("stroke-dasharray='1'", "L100 50L0 3" * min(n, 40_000))
    return _path(f"stroke-dasharray='{rng.choice(('.001', '1', '1 1e9', '0 0', '5'))}'") * min(n, 2000)


def _layered(rng: random.Random, n: int) -> str:
    name = rng.choice(("mask", "clipPath", "pattern", "filter"))
    inner = "<feGaussianBlur stdDeviation='1e9'/>" if name == "filter" else "<rect width='90' height='40' fill='#fff'/>"
    tile = rng.choice((".00001", "1e9", ".1"))
    use = {"clipPath": "clip-path", "pattern": "fill"}.get(name, name)
    return f"<{name} id='m' width='{tile}' height='{tile}'>{inner}</{name}>" + _path(f"{use}='url(#m)'") * min(n, 3000)


def _styled(rng: random.Random, n: int) -> str:
    sheets = ("*{fill:red}.a .b>c{fill:blue}", "@media all{", ".a{fill:var(--a)}:root{--a:var(--a)}", "}}{{;;", "/*")
    return f"<style>{rng.choice(sheets) * min(n, 20_000)}</style>" + "<g class='a b'/>" * min(n, 10_000)


def _symbols(rng: random.Random, n: int) -> str:
    box = rng.choice(("0 0 1e-30 1", "0 0 nan 1", "0 0 1 1", "", "1e38 -1e38 1e38 1e38"))
    symbol = f"<symbol id='s' viewBox='{box}'><rect width='1' height='1'/></symbol>"
    return (symbol + "<use href='#s' width='9' height='1e30'/>") * min(n, 1000)


_BOMBS: tuple[Callable[[random.Random, int], str], ...] = (
    _nested,
    _multiplied,
    _dashed,
    _layered,
    _styled,
    _symbols,
    lambda _, n: "<g/>" * n * 10,
    lambda _, n: "<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>" * min(n, 100),
    lambda _, n: f"<rect class='{' '.join(map(str, range(min(n, 50_000))))}' width='9' height='9'/>",
    lambda _, n: _path(f"fill='rgba(1,2,{'9' * min(n, 50_000)})'"),
    lambda _, n: _path("stroke-linejoin='round'", "L100 50L0 1" * min(n, 50_000)),
    lambda _, n: "<rect width='90' height='40' fill-opacity='.5'/>" * min(n, 15_000),
)


def svg_bomb(rng: random.Random) -> bytes:
    """Documents that ask for more than they are."""
    if rng.random() < 0.05:
        ten = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
        return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{ten}]>{HEAD}&l9;</svg>'.encode()
    return svg(rng.choice(_BOMBS)(rng, rng.choice((10, 60, 65, 1000, 20_000, 100_000))))


KINDS: tuple[tuple[str, Maker, int], ...] = (
    ("flipped bytes", flipped, 46),
    ("cut", cut, 18),
    ("garbage", garbage, 8),
    ("svg sizes", svg_sizes, 8),
    ("svg bomb", svg_bomb, 6),
    ("header bomb", header_bomb, 4),
    ("polyglot", polyglot, 3),
    ("colour modes", modes, 3),
    ("zip bomb", zip_bomb, 1),
    ("lines", lines, 1),
    ("animated", animated, 1),
    ("at the limit", at_the_limit, 1),
)
"""What there is, how it is made, and its share of all cases in percent."""


def case(seed: int) -> tuple[str, bytes]:
    """A kind and a file; equal seeds give equal bytes."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    name, make, _ = rng.choices(KINDS, [share for _, _, share in KINDS])[0]
    return name, make(rng)
