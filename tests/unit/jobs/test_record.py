"""What a job is called in a list: the beginning of what its input asks for."""

from __future__ import annotations

import pytest

from streamforge.jobs.record import TITLE_MAX, title_of


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (b'{"prompt":"A sale"}', "A sale"),
        (b'{"prompt":"long and vague","title":"Short"}', "Short"),
        (b'{"title":"  ","prompt":"A\\n  sale"}', "A sale"),
        (b'{"title":5,"text":"said"}', "said"),
        (b'{"other":"x"}', ""),
        (b"[1]", ""),
        (b'"text"', ""),
        (b"{", ""),
        (b"\xff", ""),
        (b'{"title":"\xff"}', ""),
        (b'{"more":' + b"[" * 100_000, ""),
    ],
)
def test_a_title_is_found_in_any_input(given: bytes, title: str) -> None:
    """The best name that there is, on one line; nothing where there is none, whatever the input's form."""
    assert title_of(given) == title


def test_a_title_is_short() -> None:
    """Of a whole story the beginning."""
    assert title_of(b'{"text":"' + b"word " * 10_000 + b'"}') == ("word " * 100)[:TITLE_MAX]
