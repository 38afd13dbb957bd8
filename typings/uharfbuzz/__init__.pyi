# The part of uharfbuzz 0.5x that StreamForge uses; the wheel ships no types.
from collections.abc import Iterable

class Blob:
    data: bytes
    @staticmethod
    def from_file_path(filename: str) -> Blob: ...

class Face:
    blob: Blob
    upem: int
    def __init__(self, blob: Blob | bytes, index: int = ...) -> None: ...

class Font:
    face: Face
    def __init__(self, face: Face) -> None: ...
    def get_nominal_glyph(self, unicode: int) -> int | None: ...

class GlyphInfo:
    codepoint: int
    cluster: int

class GlyphPosition:
    x_advance: int

class Buffer:
    glyph_infos: list[GlyphInfo]
    glyph_positions: list[GlyphPosition]
    direction: str
    def add_str(self, text: str) -> None: ...
    def guess_segment_properties(self) -> None: ...

class Set:
    def update(self, values: Iterable[int]) -> None: ...

class SubsetFlags:
    DOWNGRADE_CFF2: int

class SubsetInput:
    unicode_set: Set
    flags: int
    def __init__(self) -> None: ...
    def keep_everything(self) -> None: ...
    def pin_all_axes_to_default(self, face: Face) -> bool: ...
    def pin_axis_location(self, face: Face, tag: str, value: float) -> bool: ...

def subset(face: Face, wanted: SubsetInput) -> Face: ...
def shape(font: Font, buffer: Buffer) -> None: ...
