# ruff: noqa: E501, RUF001 - tables of parts read better in one line each; other languages' letters
"""Offline copy over briefs put together at random: what holds whatever a brief says, and in whichever order."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.stated import lines_of
from streamforge.pipelines.banner.words.tracing import faults, trace

pytestmark = pytest.mark.long

REQUESTS = ["hi can u make a banner for my shop pls??", "Please create a poster for us.", "We need an ad for Instagram.", "", "", "Hello!", "I'd like a banner for our club."]  # fmt: skip
NEWS = [
    "Handmade oak tables from a small workshop", "We repair bikes while you wait", "Learn the guitar in ten weeks", "Fresh bread, every morning", "Forty dogs are waiting for a home", "The winter menu is here",
    "Three rooms with a view of the sea", "A choir for people who say they cannot sing", "Two guides, one mountain, no phones", "Backups that test themselves",
]  # fmt: skip
OFFERS = [
    "Plans start at $9 per month", "50% off the first three months", "Buy 2 pizzas, get the 3rd free", "Free delivery on orders over $50", "From £35 fixed price", "Up to 70% off all coats",
    "Was €1,299, now €899", "£79 including VAT, normally £95", "Minimum deposit £1,000", "First class free for new members", "20% off your first order over €60", "Only £5 with a student card", "Free for over 65s", "4.9% APR representative",
]  # fmt: skip
DIRECTIONS = [
    "The mood should be calm and relaxing.", "Use warm colours and a modern font.", "Don't use any stock photos.", "Please put the logo in the top right corner.", "Dark colours please.", "It must look premium.",
    "Style: bold, dynamic.", "Make the phone number stand out.", "Keep the design clean.", "Target audience: students.", "Red heart graphic.", "",
]  # fmt: skip
HEARD = ["mood", "calm and relaxing", "font", "stock photo", "logo", "corner", "colours", "premium", "dynamic", "stand out", "design clean", "students", "graphic", "banner", "poster", "pls", "thanks", "instagram"]  # fmt: skip
"""Words of the requests and directions, none of which any statement has."""
DATES = ["Saturday 12 October, 10am–4pm", "Until 31 March", "Every Tuesday 5-9pm", "3 May at 7.30 pm", ""]
CONTACTS = [
    "Call 01632 960 123",
    "Order at shop.example",
    "Book a table at table.example",
    "Text 07700 900 144",
    "mail@shop.example",
    "",
]
PLACES = ["14 Canal Street, Leeds", "The Copper Still, Bath", ""]
MARKS = [". ", "! ", "\n", ".\n"]
LOOSE = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "for",
        "to",
        "with",
        "at",
        "by",
        "from",
        "your",
        "our",
        "is",
        "are",
        "that",
        "which",
    ]
)
"""Words that no line ends with; what begins with one is joined to nothing on a banner."""
JOINING = frozenset(["and", "or", "of", "that", "which", "but"])

PARTS = st.fixed_dictionaries(
    {
        "request": st.sampled_from(REQUESTS),
        "told": st.permutations([0, 1, 2, 3, 4, 5]),
        "news": st.sampled_from(NEWS),
        "offer": st.sampled_from(OFFERS),
        "direction": st.sampled_from(DIRECTIONS),
        "date": st.sampled_from(DATES),
        "contact": st.sampled_from(CONTACTS),
        "place": st.sampled_from(PLACES),
        "mark": st.sampled_from(MARKS),
        "thanks": st.sampled_from(["", "", "Thanks so much!", "thx"]),
    }
)


def brief_of(parts: dict[str, Any]) -> str:
    """A brief of the parts in a random order; the request first and the thanks last, as people write."""
    told = [str(parts[name]) for name in ("news", "offer", "direction", "date", "contact", "place")]
    order: list[str] = [told[at] for at in parts["told"]]
    body = str(parts["mark"]).join(part.rstrip(".") for part in order if part)
    return "\n".join(part for part in (str(parts["request"]), f"{body}.", str(parts["thanks"])) if part)


def lines(copy: Copy) -> list[str]:
    """Every line of text, those that a dot joins each for itself."""
    return [part for text in lines_of(copy) for part in text.split(" · ")]


@given(parts=PARTS)
@settings(max_examples=500, deadline=None)
def test_every_line_is_whole_words_of_the_brief_and_none_is_to_the_designer(parts: dict[str, Any]) -> None:
    """No word is cut or added, no line is left open at an end, nothing that directs the design is printed."""
    prompt = brief_of(parts)
    copy = write_copy(BannerSpec(prompt=prompt))
    words = set(re.findall(r"[\w’'%£$€.,-]+", prompt.casefold()))
    stripped = {word.strip(".,!?'") for word in words}
    for line in lines(copy):
        told = re.findall(r"[\w’'%£$€.,-]+", line.casefold())
        assert [word for word in told if word.strip(".,!?'") not in stripped] == [], (prompt, line)
        assert told[-1].strip(".,") not in LOOSE, (prompt, line)
        assert told[0] not in JOINING, (prompt, line)
        assert not any(word in line.casefold() for word in HEARD), (prompt, line)
    assert copy.headline


@given(parts=PARTS)
@settings(max_examples=500, deadline=None)
def test_a_fact_stands_whole_or_not_at_all(parts: dict[str, Any]) -> None:
    """No figure loses what limits it, in any order of the brief's parts; the address or number is always there."""
    prompt = brief_of(parts)
    spec = BannerSpec(prompt=prompt)
    copy = write_copy(spec)
    assert faults(spec, lines(copy)) == [], prompt
    contact = re.search(r"\S+\.example|0\d[\d ]+\d", prompt)
    shown = " ".join((*lines(copy), copy.cta))
    assert contact is None or contact.group().strip() in shown, prompt


@given(parts=PARTS)
@settings(max_examples=200, deadline=None)
def test_news_and_offer_are_both_told(parts: dict[str, Any]) -> None:
    """Whatever else a brief says, its statement and its offer stand on the largest canvas."""
    prompt = brief_of(parts)
    spec = BannerSpec(prompt=prompt)
    told = " ".join(lines(write_copy(spec))).casefold()
    assert re.split(r"[,.]", str(parts["news"]))[0].casefold() in told, prompt
    left = [
        fact.text for fact in trace(spec, {"1200x628": [told]}) if fact.kind == "offer" and fact.state == "left out"
    ]
    assert left == [], prompt
