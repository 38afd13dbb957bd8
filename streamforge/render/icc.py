"""The sRGB colour profile, small and without a date: written into files that cannot name sRGB otherwise.

ICC.1:2010 (profile version 4.3): a matrix profile with the parametric curve of IEC 61966-2-1 and its primaries
adapted to D50.
"""

from __future__ import annotations

import struct

_WHITE_D50 = (0.9642, 1.0, 0.8249)
_COLUMNS = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Y = (aX + b)^g from d on, cX below."""
_HEADER_BYTES, _ENTRY_BYTES = 128, 12


def _fixed(*values: float) -> bytes:
    """s15Fixed16 numbers."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _build() -> bytes:
    xyz = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in {b"wtpt": _WHITE_D50, **_COLUMNS}.items()}
    curve = struct.pack(">4s4xHxx", b"para", 3) + _fixed(*_CURVE)
    tags = {b"desc": _text("sRGB"), b"cprt": _text("CC0"), **xyz}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    start = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    table, body, placed = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    for name, data in tags.items():
        at = placed.setdefault(data, start + len(body))
        table += struct.pack(">4sII", name, at, len(data))
        if at == start + len(body):
            body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12x4s28x", start + len(body), b"\0\0\0\0", 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return (header + _fixed(*_WHITE_D50)).ljust(_HEADER_BYTES, b"\0") + table + body


SRGB = _build()
"""The profile's bytes."""
