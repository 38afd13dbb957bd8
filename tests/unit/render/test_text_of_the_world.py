# ruff: noqa: RUF001 - letters of other scripts are meant
"""Every script is shaped, directed, broken and measured as its readers expect: real words, no empty boxes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.render import fonts, scripts, text
from streamforge.render.catalogue import EMOJI_ID, EMOJI_SETTING
from streamforge.render.faces import fonts_of
from streamforge.render.scene import Frame, Text
from streamforge.render.text import Block, TextStyle
from tests.unit.render.typefaces import Shaped, drawn_glyphs, forget_fonts, glyphs_of, write_emoji_font

BODY = TextStyle("inter", 500, leading=1.2)
HEAD = TextStyle("poppins", 700, leading=1.05, tracking=-0.02)
SENTENCES = {
    "arabic": "خصم يصل إلى ٥٠٪ على جميع المنتجات هذا الأسبوع فقط",
    "vocalised": "مُحَمَّدٌ رَسُولُ اللّٰهِ وَبِسْمِ اللّٰهِ الرَّحْمٰنِ",
    "hebrew": "מבצע ענק על כל החנות בסוף השבוע הקרוב",
    "hindi": "विशेष छूट आज ही ऑर्डर करें और पाएँ उपहार",
    "thai": "ลดราคาพิเศษสุดสัปดาห์นี้เท่านั้น ที่นี่ผู้ใหญ่กินน้ำปิ่นโต",
    "greek": "Ελάτε στην Αθήνα αυτό το καλοκαίρι",
    "cyrillic": "Скидки до конца недели на всё, объём и ёлка",
    "vietnamese": "Giảm giá đặc biệt cuối tuần, ẤM ÁP ĐẾN TẾT",
    "japanese": "春の新作コレクション、ついに登場。今だけの特別価格です",
    "chinese": "新品上市，全场八折优惠，限时三天，欢迎光临",
    "korean": "지금 주문하시면 최대 할인 혜택을 드립니다",
    "mixed": "Hello 世界 नमस्ते สวัสดี مرحبا Привет שלום 안녕",
}


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("style", [BODY, HEAD])
def test_no_character_is_without_a_glyph(name: str, style: TextStyle) -> None:
    """Nothing of a real sentence is lost, and Skia has a glyph for all of it."""
    cleaned, lost = text.clean(SENTENCES[name], style)
    assert lost == 0
    glyphs = drawn_glyphs(cleaned, style)
    assert 0 not in glyphs
    assert len(glyphs) > len(cleaned.split())


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("style", [BODY, HEAD])
def test_a_document_embeds_every_glyph_of_its_words(name: str, style: TextStyle) -> None:
    """Shaped with the cut faces of an SVG, every word has the glyphs and the advances that the whole faces give it."""
    words = SENTENCES[name].split()
    frame = Frame(0, 0, 100, 20)
    item = Text(id="a", frame=frame, lines=tuple(words), px=20, rise=1.0, style=style, colour=(0, 0, 0))
    faces = fonts_of([item])
    held = [(word, face) for word in words for face in faces if set(word) <= set(faces[face])]
    assert {word for word, _ in held} == set(words)
    for word, face in held:
        shaped = glyphs_of(fonts.subset(face.family, face.weight, faces[face]), word)
        assert 0 not in [glyph for glyph, _ in shaped], word
        if face.family not in fonts.CJK_IDS.values():  # those take seconds whole, and have nothing to join
            whole = glyphs_of(fonts.static_file(face.family, face.weight), word)
            assert [step for _, step in shaped] == [step for _, step in whole], word


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("style", [BODY, HEAD])
def test_all_ink_is_inside_the_block(name: str, style: TextStyle) -> None:
    """Painted line by line, no accent or tail leaves the block, and no line touches the next one."""
    cleaned, _ = text.clean(SENTENCES[name], style)
    block = text.blocks(cleaned, style, 3)[-1]
    assert len(block.lines) == 3
    rows = [_ink_rows(block, index) for index in range(3)]
    assert rows[0][0] >= -1
    assert rows[-1][1] <= block.height * 64 + 1.5
    for upper, lower in pairwise(rows):
        assert upper[1] <= lower[0] + 1


def _ink_rows(block: Block, index: int, px: int = 64) -> tuple[int, int]:
    """The first and last inked row of a line, in px from the block's top."""
    line, baseline = list(text.baselines(block, px))[index]
    margin = 2 * px
    pixels = np.zeros((int(block.height * px) + 2 * margin, int(block.width * px) + 2 * margin, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    shaped = text.shape(line, block.style, px, skia.ColorSetARGB(255, 0, 0, 0))
    shaped.paint(surface.getCanvas(), float(margin), margin + baseline - shaped.AlphabeticBaseline)
    rows = np.flatnonzero(pixels[..., 3].max(axis=1) > 40)
    return int(rows[0]) - margin, int(rows[-1]) + 1 - margin


@pytest.mark.parametrize(
    ("family", "word", "glyphs"),
    [
        ("noto-sans-arabic", "محمد", 4),
        ("noto-sans-arabic", "الله", 4),
        ("heebo", "שלום", 4),
        ("noto-sans", "क्ष", 1),
        ("noto-sans", "श्री", 2),
        ("noto-sans", "र्कि", 3),
        ("poppins", "ज्ञान", 3),
        ("noto-sans-thai", "น้ำ", 4),
    ],
)
def test_letters_join_as_the_script_asks(family: str, word: str, glyphs: int) -> None:
    """Conjuncts and ligatures form: as many glyphs as a reader counts, none missing, and Skia's line is as wide."""
    shaped = Shaped(family, 700, word)
    assert 0 not in shaped.glyphs
    assert len(shaped.glyphs) == glyphs
    style = TextStyle(family, 700)
    assert text.line_width(word, style) == pytest.approx(shaped.advance, abs=0.02)


def test_letters_that_join_are_not_spaced_out() -> None:
    """Tracking and capitals leave Arabic, Devanagari and Thai as they are; Latin is spaced."""
    loose = TextStyle("inter", 700, tracking=0.2, upper=True)
    for word in ("محمد", "विशेष", "ลดราคา"):
        assert text.clean(word, loose)[0] == word
        assert text.line_width(word, loose) == text.line_width(word, TextStyle("inter", 700))
    assert text.line_width("SALE", loose) > text.line_width("SALE", TextStyle("inter", 700))
    assert text.line_width("新品", TextStyle("inter", 700, tracking=-0.1)) == text.line_width(
        "新品", TextStyle("inter", 700)
    )


def test_stand_ins_follow_the_weight() -> None:
    """Bold Arabic, Thai, Hindi and Chinese are heavier than light ones: more ink on the same words."""
    for word in ("محمد", "ลดราคา", "विशेष", "优惠", "שלום"):
        light, bold = (_ink(word, TextStyle("inter", weight)) for weight in (300, 800))
        assert bold > 1.2 * light, word


def _ink(word: str, style: TextStyle) -> int:
    pixels = np.zeros((160, 500, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    text.shape(word, style, 60, skia.ColorSetARGB(255, 0, 0, 0)).paint(surface.getCanvas(), 10, 30)
    return int(pixels[..., 3].sum(dtype=np.int64))


@pytest.mark.parametrize(
    ("words", "rtl"),
    [
        ("123 שלום", True),
        ("123 shalom", False),
        ("iPhone 15 متوفر الآن في المتجر", True),
        ("شركة Apple", True),
        ("The Hebrew for peace is שלום", False),
        ("\u200f123", True),
        ("\u200eשלום", False),
        ("", False),
    ],
)
def test_direction_is_that_of_the_sentence(words: str, *, rtl: bool) -> None:
    """Figures do not decide, a foreign brand in front neither, a mark of direction does."""
    assert text.is_rtl(words) is rtl


def test_every_line_runs_in_the_direction_of_its_text() -> None:
    """A line of an Arabic text that holds a Latin name alone is still set from the right."""
    lines = text.blocks("تسوق الآن\nSamsung Galaxy\nفي متجرنا الجديد", BODY, 3)[0].lines
    assert all(text.is_rtl(line) for line in lines)
    assert [line.strip("\u200f") for line in lines] == ["تسوق الآن", "Samsung Galaxy", "في متجرنا الجديد"]


def test_phone_numbers_keep_their_order() -> None:
    """Inside Arabic and Hebrew, numbers with spaces and hyphens and addresses are isolated from left to right."""
    for part in ("+966 50 123 4567", "03-123-4567", "www.example.com", "hello@example.com", "@brand"):
        for sentence in (f"اتصل على {part} الآن", f"התקשרו {part} עכשיו"):
            assert f"\u2066{part}\u2069" in scripts.directed(sentence), part
    assert scripts.directed("Call +966 50 123 4567") == "Call +966 50 123 4567"
    assert "\u2066" not in scripts.directed("خصم 50% في 2025-2026")


def test_what_turns_text_round_is_dropped() -> None:
    """Overrides, embeddings and isolates that a stranger put in change nothing; nor do control characters."""
    hostile = "a\u202eb\u202ac\u202bd\u202de\u2066f\u2067g\u2068h\u2069i\u202cj\x07\ufff9\U000e0041k"
    assert text.clean(hostile, BODY) == ("abcdefghijk", 0)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("ยินดีต้อนรับสู่ร้านกาแฟของเรา", ["ยินดี", "ต้อนรับ", "กาแฟ", "ของ", "เรา"]),
        ("ลดราคาพิเศษสุดสัปดาห์นี้เท่านั้น", ["ราคา", "พิเศษ", "สัปดาห์", "เท่านั้น"]),
    ],
)
def test_thai_breaks_between_words(sentence: str, words: list[str]) -> None:
    """Without any space, no word of the dictionary is torn apart at any count of lines."""
    found = text.blocks(sentence, BODY, 6)
    assert len(found) >= 4
    for block in found:
        assert "".join(block.lines) == sentence
        for word in words:
            assert any(word in line for line in block.lines), (word, block.lines)


@pytest.mark.parametrize(
    "sentence", ["「今日は、ビールを飲みます。」ーっと", "新品上市，全场八折（限时三天）！", "初回限定50%オフ。"]
)
def test_kinsoku_holds(sentence: str) -> None:
    """No line begins with closing punctuation, a small kana or a long-vowel mark, none ends with an opening bracket."""
    found = text.blocks(sentence, BODY, 8)
    assert len(found) > 2
    for block in found:
        assert "".join(block.lines) == sentence
        assert not any(line[0] in "、。，」）！ーっゃ%" for line in block.lines[1:]), block.lines
        assert not any(line[-1] in "「（" for line in block.lines[:-1]), block.lines


def test_japanese_breaks_between_phrases() -> None:
    """Where there is a choice, a line ends with a phrase, not inside a word."""
    assert text.blocks("今日はとても良い天気ですね。散歩に行きましょう！", BODY, 2)[1].lines == (
        "今日はとても良い天気ですね。",
        "散歩に行きましょう！",
    )
    assert text.blocks("ハンバーガーショップ「モスキート」が新規オープン", BODY, 3)[2].lines == (
        "ハンバーガーショップ",
        "「モスキート」が",
        "新規オープン",
    )


def test_chinese_breaks_between_clauses() -> None:
    """A line ends with a clause rather than in the middle of a set phrase."""
    _, two, three = text.blocks("新品上市，全场八折，限时三天", BODY, 3)
    assert two.lines == ("新品上市，", "全场八折，限时三天")
    assert three.lines == ("新品上市，", "全场八折，", "限时三天")


def test_korean_breaks_at_spaces() -> None:
    """Hangul words stay whole."""
    sentence = "지금 주문하시면 최대 할인"
    for block in text.blocks(sentence, BODY, 4):
        assert " ".join(block.lines) == sentence


def test_clusters_are_what_readers_count() -> None:
    """Conjuncts, vowels, marks, flags, joined emoji and Hangul syllables count once."""
    for one in ("क्ष", "किं", "น้ำ", "é", "e\u0301", "🇩🇪", "👩‍💻", "👍🏽", "1️⃣", "한", "\u1112\u1161\u11ab", "❤️"):
        assert scripts.clusters(one) == [one]
    assert scripts.clusters("🇩🇪🇫🇷") == ["🇩🇪", "🇫🇷"]
    assert scripts.clusters("श्री") == ["श्री"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_clusters_lose_nothing(raw: str) -> None:
    """Joined, the clusters are the text again."""
    assert "".join(scripts.clusters(raw)) == raw


def test_towers_of_marks_are_capped() -> None:
    """Zalgo keeps at most four marks a letter, so a line stays within three type sizes."""
    tower = "Z" + "\u0335\u0338\u0320\u0301\u0302\u0303\u0304" * 20 + "a"
    cleaned, lost = text.clean(tower, BODY)
    assert lost == 0
    assert sum(scripts.is_mark(c) for c in cleaned) <= 4
    assert text.block_of((cleaned,), BODY).height < 3


def test_disguised_letters_become_plain() -> None:
    """Mathematical bold and script letters, which no text font has, are set as the letters they stand for."""
    assert text.clean("𝗦𝗔𝗟𝗘 𝓝𝓸𝔀", BODY) == ("SALE Now", 0)


def test_capitals_follow_the_language() -> None:
    """Sharp s doubles, Greek capitals lose their accents, Turkish i keeps its dot."""
    loud = TextStyle("inter", 600, upper=True)
    assert text.clean("straße", loud)[0] == "STRASSE"
    assert text.clean("Αθήνα, ρολόι, Μαΐου", loud)[0] == "ΑΘΗΝΑ, ΡΟΛΟΙ, ΜΑΪΟΥ"
    assert text.clean("indirim", TextStyle("inter", 600, upper=True, language="tr"))[0] == "İNDİRİM"


@pytest.fixture
def emoji(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A colour emoji font of red squares."""
    write_emoji_font(tmp_path / "emoji.ttf")
    monkeypatch.setenv(EMOJI_SETTING, str(tmp_path / "emoji.ttf"))
    forget_fonts()
    yield
    forget_fonts()


@pytest.fixture
def no_emoji(monkeypatch: pytest.MonkeyPatch) -> object:
    """No colour emoji font at all."""
    monkeypatch.setenv(EMOJI_SETTING, "")
    forget_fonts()
    yield
    forget_fonts()


@pytest.mark.usefixtures("emoji")
@pytest.mark.parametrize("one", ["🎉", "❤️", "👩‍💻", "👍🏽", "🇩🇪"])
def test_an_emoji_is_one_coloured_glyph(one: str) -> None:
    """Hearts asked for in colour, joined emoji, skin tones and flags take one square of the emoji font, in its red."""
    assert text.clean(f"A {one}", BODY) == (f"A {one}", 0)
    assert text.faces(one, BODY)[-1].family == EMOJI_ID
    assert text.line_width(one, BODY) == pytest.approx(1.0, abs=0.01)
    pixels = np.zeros((100, 100, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    text.shape(one, BODY, 50, skia.ColorSetARGB(255, 0, 0, 255)).paint(surface.getCanvas(), 10, 10)
    inked = pixels[pixels[..., 3] == 255]
    assert len(inked) > 1000
    assert (inked[:, 0] == 255).all()
    assert not inked[:, 2].any()


@pytest.mark.usefixtures("emoji")
def test_a_plain_heart_keeps_the_text_colour() -> None:
    """Without the selector for colour a symbol that the text font has is a letter like others."""
    assert text.faces("❤", BODY) == (fonts.Face("inter", 500),)


@pytest.mark.usefixtures("no_emoji")
def test_what_cannot_be_shown_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emoji without a font, ideographs without the extra and unknown scripts are counted and explained, never boxed."""
    assert text.clean("Hi 🎉 there\x00 \ud800 friend\n", BODY) == ("Hi there friend", 2)
    (emoji,) = text.missing("Hi 🎉 👩‍💻", BODY)
    assert emoji.characters == "🎉👩‍💻"
    assert "fonts-noto-color-emoji" in emoji.hint
    assert text.clean("I ❤️ it", BODY) == ("I ❤ it", 0)
    (other,) = text.missing("ᚠ runes", BODY)
    assert other.characters == "ᚠ"
    monkeypatch.setattr(fonts, "has_cjk", lambda: False)
    forget_fonts()
    (ideographs,) = text.missing("新品 sale 新", BODY)
    assert (ideographs.characters, ideographs.hint) == ("新品", "pip install 'streamforge[cjk]'")
    assert text.clean("新品 sale 新", BODY) == ("sale", 3)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_no_empty_box_is_ever_drawn(raw: str) -> None:
    """After cleaning, Skia draws no glyph of number 0, whatever the text; uncleaned it does."""
    cleaned, _ = text.clean(raw, HEAD)
    for line in cleaned.split("\n"):
        assert 0 not in drawn_glyphs(line, HEAD), ascii(line)


def test_an_empty_box_would_be_seen() -> None:
    """The test above can fail: a rune, which no font has, is glyph number 0."""
    assert drawn_glyphs("ᚠ", HEAD) == [0]
    assert len(drawn_glyphs("abc", HEAD)) == 3
