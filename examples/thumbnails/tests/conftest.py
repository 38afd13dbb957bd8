"""A folder of pictures, and a gallery, as the daemon's environment would name them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fake_gallery import FakeGallery
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures, and a file that is none."""
    for name, size in (("sea.jpg", (640, 480)), ("hills.png", (300, 900)), ("dot.gif", (8, 8))):
        Image.new("RGB", size, (10, 90, 160)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    monkeypatch.setenv("THUMBNAILS_PICTURES", str(tmp_path))
    return tmp_path


@pytest.fixture
async def gallery(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeGallery]:
    """A gallery that the pipeline's environment names."""
    del folder  # which the pipeline needs beside it
    async with FakeGallery() as gallery:
        monkeypatch.setenv("THUMBNAILS_GALLERY", gallery.url)
        yield gallery
