"""Briefs on the command line: options, files and pictures as a banner's input."""

from __future__ import annotations

import argparse
import base64
import mimetypes
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from streamforge.cli.session import why_unreadable
from streamforge.errors import InvalidInput
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.pipelines.banner.canvas import PRESETS, Size

BRIEF: Final[dict[str, Any]] = {
    "prompt": "Autumn tasting week at Blue Bean Coffee: 30% off every single-origin roast. Order at bluebean.example",
    "brand_name": "Blue Bean Coffee",
    "brand_colors": ["#12355b", "#e07a3f"],
}
SIZES: Final = ("1200x628", "300x250", "728x90", "160x600", "1080x1920")
"""What the demo makes where nothing else is asked for."""
PICTURES: Final = ("logo", "logo_on_dark", "hero")


def read_brief(args: argparse.Namespace) -> dict[str, Any]:
    """The brief that the options describe. Raises InvalidInput naming the option."""
    folder = Path()
    if args.brief is not None:
        brief, folder = _brief_file(args.brief)
    else:
        brief = {"prompt": args.prompt} if args.prompt is not None else {**BRIEF, "sizes": list(SIZES)}
    if args.size:
        brief |= {"sizes": [known_size(name, "--size") for name in args.size]}
    if args.format:
        brief |= {"formats": args.format}
    for field in PICTURES:
        option = getattr(args, field, None)
        picture = option or brief.get(field)
        if picture is not None and not str(picture).startswith(("data:", "https:", "http:")):
            brief[field] = data_uri(Path(option) if option else folder / str(picture), field)
    return brief


def known_size(name: str, field: str) -> str:
    """A preset's name or a size. Raises InvalidInput naming the option."""
    if name not in PRESETS:
        try:
            Size.parse(name)
        except ValueError as error:
            raise InvalidInput(str(error), field=field, hint=f"or one of {', '.join(PRESETS)}") from error
    return name


def data_uri(path: Path, field: str) -> str:
    """The picture in a file. Raises InvalidInput naming the field where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot read {path}: {why_unreadable(error)}", field=field, hint="give the path of a picture"
        ) from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _brief_file(name: str) -> tuple[dict[str, Any], Path]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {name!r}: {why_unreadable(error)}", field="--brief") from error
    folder = Path() if name == "-" else Path(name).parent
    if not text.lstrip().startswith("{"):
        return {"prompt": text.strip()}, folder
    try:
        return msgspec.json.decode(text, type=dict[str, Any]), folder
    except BROKEN_JSON as error:
        raise InvalidInput(f"{name} is not valid JSON: {error}", field="--brief") from error
