# The part of fontpkg 0.2 that StreamForge uses; the wheel ships no types.
from collections.abc import Mapping
from pathlib import Path

class FontFile:
    path: Path
    style: str
    weight: int | None
    variable: bool
    wght_min: int | None
    wght_max: int | None

class Family:
    name: str
    files: tuple[FontFile, ...]

def families() -> Mapping[str, Family]: ...
