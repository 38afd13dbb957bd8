# ruff: noqa: E501 - tables of cases read better in one line each
"""What became of a brief's facts: the list, and the faults that make a check fail."""

from __future__ import annotations

import pytest

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.tracing import Fact, faults, trace

BRIEF = BannerSpec(
    prompt="Plans start at $9 per month, the first 60 days are free. Until 31 March. Call 01632 960 123 or visit ledger.example. Terms apply.",
    brand_name="Ledger",
)


def test_every_fact_has_its_place_and_its_sizes() -> None:
    """A fact on all canvases is shown, one on some of them is partly shown and says where, one on none is left out."""
    large = ["Plans start at $9 per month", "Until 31 March", "ledger.example", "Terms apply.", "Ledger"]
    found = {fact.text: fact for fact in trace(BRIEF, {"1200x628": large, "300x50": ["Plans start at $9 per month"]})}
    assert found["start at $9 per month"].state == "shown"
    assert found["ledger.example"] == Fact(
        kind="address", text="ledger.example", state="partly", sizes=("1200x628",), why="no room on the other canvases"
    )
    assert found["01632 960 123"].state == "left out"
    assert found["01632 960 123"].why
    assert {fact.kind for fact in found.values()} == {"name", "offer", "date", "condition", "address", "phone"}


@pytest.mark.parametrize(
    ("prompt", "text", "piece"),
    [
        ("Plans start at $9 per month", "$9 per month", "$9"),
        ("Rooms from £35 a night", "Rooms £35 a night", "£35"),
        ("Up to 70% off all coats", "70% off all coats", "70%"),
        ("Free delivery on orders over $50", "Free delivery, $50", "$50"),
        ("Minimum deposit £1,000", "Deposit £1,000", "£1,000"),
        ("50% off the first three months", "50% off", "50%"),
        ("Zimmer ab 59 € pro Nacht", "Zimmer 59 € pro Nacht", "59 €"),
        ("Hasta un 30 % de descuento", "30 % de descuento", "30 %"),
        ("Sofas from 199 EUR instead of 399 EUR", "Sofas from 199 EUR", "199 EUR"),
        ("Call 01632 960 123", "Call 01632 960 124", "01632 960 124"),
    ],
)
def test_a_figure_without_its_limit_is_a_fault(prompt: str, text: str, piece: str) -> None:
    """``from``, ``up to``, ``over``, a period or the price before: whoever wrote the text, it is found."""
    assert any(piece[:2] in fault.piece for fault in faults(BannerSpec(prompt=prompt), [text]))


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Plans start at $9 per month", "From $9 per month"),
        ("Rooms from £35 a night", "Rooms from £35 a night"),
        ("Save £5 today. Tickets from £5", "Save £5 today"),
        ("a bakery with a 45% discount on rye bread", "45% off rye bread"),
        ("Up to 70% off all coats", "Up to 70% off"),
    ],
)
def test_what_keeps_its_limit_is_none(prompt: str, text: str) -> None:
    """The limit in other words, or an amount that the brief also states without one, is right."""
    assert faults(BannerSpec(prompt=prompt), [text]) == []
