# ruff: noqa: RUF001 - letters of other scripts are meant
"""Long words are parted between syllables, and only long words."""

from __future__ import annotations

import pytest

from streamforge.render.hyphenation import softened
from streamforge.render.scripts import SHY


@pytest.mark.parametrize(
    ("word", "parted"),
    [
        (
            "Donaudampfschifffahrtsgesellschaftskapitän",
            "Donau|dampf|schiff|fahrts|ge|sell|schafts|ka|pi|tän",
        ),
        ("elektroencefalografista", "elek|troen|ce|fa|lo|gra|fista"),
        ("водогрязеторфопарафинолечение", "водо|гря|зе|тор|фо|па|ра|фи|но|ле|че|ние"),
        ("ηλεκτροεγκεφαλογράφημα", "ηλεκ|τροεγ|κε|φα|λο|γρά|φημα"),
        ("x" * 26, f"{'x' * 12}|{'x' * 14}"),
    ],
)
def test_a_long_word_parts_between_syllables(word: str, parted: str) -> None:
    """Before the last consonant of each syllable; a run without any is parted all the same."""
    assert softened(word).replace(SHY, "|") == parted


@pytest.mark.parametrize("text", ["Sommerfest", "Breakfast at seven, 1234567890123", "مستشفياتالتخصصية", ""])
def test_other_words_stay_whole(text: str) -> None:
    """Short words, figures and scripts whose letters join are not touched."""
    assert softened(text) == text
