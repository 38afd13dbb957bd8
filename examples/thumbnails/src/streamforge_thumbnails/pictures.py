"""Pictures, in pool children: a broken file may cost memory, time or the process, and costs its own job only.

Functions that are called with ``ctx.offload`` are module-level, take plain values, and return final bytes: pixels stay
in the child. Unexpected exceptions reach the recipe without their text, so what its owner should read is one of the
package's errors.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from streamforge.errors import AssetRejected, InvalidInput
from streamforge_thumbnails.spec import Thumbnail

COLUMNS = 4
GAP_PX = 8
PAPER = (250, 250, 248)


def thumbnail(folder: str, picture: str, size_px: int) -> Thumbnail:
    """The picture, upright and no larger than ``size_px`` on a side.

    Raises InvalidInput where it is not there, AssetRejected where it is no picture, or one that is too large.
    """
    try:
        image = _opened(Path(folder) / picture, size_px)
    except FileNotFoundError:
        hint = f"put {picture} into the folder"
        raise InvalidInput("there is no such picture", field="pictures", hint=hint) from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, Warning) as error:
        why = f"{picture} cannot be read as a picture: {type(error).__name__}"
        raise AssetRejected(why, field="pictures") from error
    name = f"{Path(picture).stem}-{size_px}.jpg"
    return Thumbnail(name, image.width, image.height, _jpeg(image))


def contact_sheet(thumbnails: list[bytes], size_px: int) -> bytes:
    """All of them side by side on one JPEG, in their order."""
    cell = size_px + GAP_PX
    rows = -(-len(thumbnails) // COLUMNS)
    columns = min(COLUMNS, len(thumbnails))
    sheet = Image.new("RGB", (columns * cell + GAP_PX, rows * cell + GAP_PX), PAPER)
    for number, jpeg in enumerate(thumbnails):
        row, column = divmod(number, COLUMNS)
        image = Image.open(BytesIO(jpeg))
        left = GAP_PX + column * cell + (size_px - image.width) // 2
        top = GAP_PX + row * cell + (size_px - image.height) // 2
        sheet.paste(image, (left, top))
    return _jpeg(sheet)


def _opened(path: Path, size_px: int) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            image.draft("RGB", (2 * size_px, 2 * size_px))  # a large JPEG is read at a fraction of its size
            upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((size_px, size_px))
    return upright


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=85, optimize=True)
    return file.getvalue()
