"""What text recognition reads is held against what was meant."""

from __future__ import annotations

import numpy as np
import pytest

from streamforge.errors import ConfigError
from streamforge.render import ocr
from streamforge.render.colour import Pixels
from streamforge.render.ocr import Line, share_read, words
from streamforge.render.paint import Easel
from streamforge.render.scene import Frame, Text
from streamforge.render.text import TextStyle, block_of

needs_extra = pytest.mark.skipif(not ocr.is_installed(), reason=f"nothing is read without the extra: {ocr.INSTALL}")


def text(line: str, px: float, y: float, colour: tuple[int, int, int] = (20, 20, 40)) -> Text:
    """A line of Inter at x 20."""
    style = TextStyle("inter", 600)
    block = block_of((line,), style)
    frame = Frame(20, y, block.width * px, block.height * px)
    return Text(id="t", frame=frame, lines=(line,), px=px, rise=block.rise, style=style, colour=colour)


def canvas(texts: list[Text], width: int = 400, height: int = 200) -> Pixels:
    """The texts on white."""
    easel = Easel(width, height)
    easel.pixels[...] = 255
    for each in texts:
        easel.text(each)
    return easel.pixels


def lines(*read: str) -> list[Line]:
    """Lines as a recogniser would give them."""
    return [Line(each, 0.9, Frame(0, 0, 10, 10)) for each in read]


def absent(_name: str) -> None:
    """Where a module is that nobody has installed."""


def narrow(_limit: int) -> tuple[int, int]:
    """The address space of a pool child as it comes."""
    return 768 << 20, 768 << 20


def test_words_are_compared_without_case_accents_and_punctuation() -> None:
    """What a recogniser confuses or drops does not count: case, accents, dashes, I and l, O and 0."""
    assert words("Café-Crème, 30% OFF!") == words("cafe creme 30 off")
    assert words("AI FOR ALL") == words("Al for a11")
    assert words("Straße · STRASSE") == ["strasse", "strasse"]
    assert words("…!?") == []


def test_ideographs_are_words_and_unknown_scripts_are_left_out() -> None:
    """Chinese and kana count by character; Arabic, Hebrew, Thai and Devanagari are not held against the recogniser."""
    assert words("新店 開業") == ["新", "店", "開", "業"]
    assert words("カフェ") == ["カ", "フ", "ェ"]
    assert words("مرحبا שלום สวัสดี नमस्ते hello") == ["heiio"]


def test_the_share_counts_each_reading_once() -> None:
    """A word that is meant twice must be read twice; joined words count, two letters inside others do not."""
    wanted = words("Buy 1 Get 1 free today")
    assert share_read(wanted, lines("Buy 1, Get 1 Free", "today")) == 1
    assert share_read(wanted, lines("Buy 1 Get", "Free today")) == pytest.approx(5 / 6)
    assert share_read(words("green garden"), lines("greengarden")) == 1
    assert share_read(words("go on"), lines("gone wagon")) == 0
    assert share_read(wanted, []) == 0


def test_too_few_words_fail_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of five words are enough, three are not; what is too small to be read is not asked for."""
    monkeypatch.setattr(ocr, "obstacle", lambda: None)
    meant = [text("one two three four five", 20, 20), text("small print", 9, 60)]
    for seen, passed in (("one two three four", True), ("one two three", False)):

        def read(_: Pixels, seen: str = seen) -> list[Line]:
            return lines(seen)

        monkeypatch.setattr(ocr, "read", read)
        found = ocr.check_words(canvas(meant), meant)
        assert (found.passed, found.skipped, found.limit) == (passed, False, 0.8)


def test_without_the_extra_the_check_is_skipped_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding passes, is marked as skipped and says what to install; reading all the same raises."""
    monkeypatch.setattr(ocr, "find_spec", absent)
    ocr.engine.cache_clear()
    meant = [text("one two three", 20, 20)]
    found = ocr.check_words(canvas(meant), meant)
    assert (found.passed, found.skipped) == (True, True)
    assert ocr.INSTALL in found.fix_hint
    with pytest.raises(ConfigError) as caught:
        ocr.read(canvas(meant))
    assert caught.value.hint == ocr.INSTALL


def test_a_child_too_small_skips_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the address space will not hold the recogniser, it is not loaded, and the setting to change is named."""
    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    monkeypatch.setattr(ocr.resource, "getrlimit", narrow)
    meant = [text("one two three", 20, 20)]
    found = ocr.check_words(canvas(meant), meant)
    assert (found.passed, found.skipped) == (True, True)
    assert "768 MB" in found.fix_hint
    assert "pool.memory_mb" in found.fix_hint


def test_nothing_to_read_is_skipped_aloud() -> None:
    """Only small type, or only scripts that the recogniser lacks: skipped, and the finding says so."""
    for meant in ([text("small print", 8, 20)], [text("שלום", 30, 20)], []):
        found = ocr.check_words(canvas(meant), meant)
        assert (found.passed, found.skipped) == (True, True)
        assert "skipped" in found.fix_hint


@needs_extra
@pytest.mark.timeout(120)
def test_painted_words_are_read_back() -> None:
    """The recogniser finds each line of a real picture, about where it is, in type from 11 px."""
    meant = [text("Bread that wakes the street", 26, 20), text("Baked at four in the morning", 11, 80)]
    pixels = canvas(meant)
    read = ocr.read(pixels)
    assert share_read(words("Bread that wakes the street Baked at four in the morning"), read) >= 0.8
    first = min(read, key=lambda line: line.frame.y)
    assert first.frame.overlap(meant[0].frame) > 0.7 * meant[0].frame.width * meant[0].frame.height
    assert ocr.check_words(pixels, meant).passed


@needs_extra
@pytest.mark.timeout(120)
def test_words_lost_in_the_ground_fail() -> None:
    """Text of nearly the ground's colour on noise is not read, and neither is text that was not painted."""
    meant = [text("Bread that wakes the street", 26, 20, (140, 140, 140))]
    busy = canvas(meant)
    grain = np.random.default_rng(1).integers(60, 220, (*busy.shape[:2], 1), np.uint8)
    inked = (busy[..., :1] < 200) & (np.random.default_rng(2).random(busy.shape[:2])[..., None] < 0.5)
    busy[..., :3] = np.where(inked, 140, grain)
    assert not ocr.check_words(busy, meant).passed
    assert ocr.check_words(canvas([]), meant).measured == 0
