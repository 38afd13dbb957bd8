"""What a file is by its first bytes: known types, what a sender may add to them, and anything at all."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.errors import UnsupportedMedia
from streamforge.storage.media import checked_type, type_of

EVERYTHING = ["image/*", "audio/*", "video/*", "text/*", "application/*"]
HEADS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff\xe0": "image/jpeg",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    b"\0\0\0\x1cftypavif": "image/avif",
    b"\0\0\0\x1cftypheic": "image/heic",
    b"%PDF-1.7": "application/pdf",
    b"RIFF\0\0\0\0WAVEfmt ": "audio/wav",
    b"ID3\4": "audio/mpeg",
    b"OggS\0": "audio/ogg",
    b"fLaC": "audio/flac",
    b"\0\0\0\x20ftypisom": "video/mp4",
    b"\x1aE\xdf\xa3": "video/webm",
    b"PK\3\4": "application/zip",
    b"<svg xmlns='x'/>": "image/svg+xml",
    b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg>": "image/svg+xml",
    b"<!DOCTYPE html><p>": "text/html",
    b"  <SCRIPT>": "text/html",
    b"a,b\n1,2": "text/plain",
    "größe".encode(): "text/plain",
    "größe".encode()[:-1] + "ß".encode()[:1]: "text/plain",
    b"": "",
    b"MZ\x90\0": "",
    b"\x7fELF": "",
    b"\xff\xfe\0": "",
    b"XXXX\0\0\0\0WEBP": "",
}


@pytest.mark.parametrize(("head", "expected"), HEADS.items())
def test_a_type_is_told_by_content(head: bytes, expected: str) -> None:
    """Pictures, sounds, documents and text; a text that is cut within a character is one still."""
    assert type_of(head) == expected


@pytest.mark.parametrize(
    ("head", "said", "kept"),
    [
        (b"GIF89a", "", "image/gif"),
        (b"GIF89a", "Application/Octet-Stream", "image/gif"),
        (b"\xff\xd8\xff", "image/jpg", "image/jpeg"),
        (b"a,b", "text/csv; charset=utf-8", "text/csv"),
        (b"{}", "application/json", "application/json"),
        (b"OggS", "video/ogg", "video/ogg"),
        (b"PK\3\4", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "the same"),
    ],
)
def test_a_senders_word_refines_it(head: bytes, said: str, kept: str) -> None:
    """Where the first bytes leave room, and under the usual names."""
    assert checked_type(head, said, EVERYTHING) == (said if kept == "the same" else kept)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"GIF89a", "image/png"),
        (b"<html>", "text/plain"),
        (b"a,b", "text/html"),
        (b"a,b", "image/svg+xml"),
        (b"<svg>", "text/plain"),
        (b"PK\3\4", "image/png"),
        (b"MZ", "image/png"),
        (b"", "text/plain"),
    ],
)
def test_a_lie_is_refused(head: bytes, said: str) -> None:
    """What is said and what is there must go together, whatever is taken."""
    with pytest.raises(UnsupportedMedia):
        checked_type(head, said, EVERYTHING)


def test_only_what_is_taken_is_taken() -> None:
    """By its type, or by its family."""
    assert checked_type(b"GIF89a", "", ["image/gif"]) == "image/gif"
    for taken in ([], ["image/png"], ["image"], ["audio/*"]):
        with pytest.raises(UnsupportedMedia, match="is not taken"):
            checked_type(b"GIF89a", "", taken)


@given(st.binary(max_size=5000), st.text(max_size=60))
def test_no_content_confuses_it(head: bytes, said: str) -> None:
    """Any bytes and any word of a sender end in a type or in a refusal."""
    with suppress(UnsupportedMedia):
        assert checked_type(head, said, EVERYTHING)


@pytest.mark.parametrize(
    "head", [b"<!---->" * 600, b"<!--" * 1024, b"<?xml >" * 600, b" " * 4096, b"<!doctype svg>" * 300, b"<" * 4096]
)
def test_telling_a_type_takes_one_way_through(head: bytes) -> None:
    """Beginnings made to be read in many ways are text like any other; one that took them all would never end."""
    assert type_of(head) == "text/plain"
