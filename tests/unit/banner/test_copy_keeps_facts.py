# ruff: noqa: E501, RUF001 - tables of cases read better in one line each; other scripts' letters
"""Offline copy against its brief: every fact as stated, none cut, none without what it hangs on."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.stated import lines_of, stated

BRIEFS = Path(__file__).parents[3] / "benchmarks" / "briefs.jsonl"
PRICES = st.sampled_from(["£79", "from 199 EUR instead of 399 EUR", "was £120 now £79", "$199 (regular $299)", "€1,450 pcm", "1.299,00 €", "EUR 18.40/h", "ab 29 € pro Monat", "statt 99 € nur 49 €", "free delivery on orders over $50", "20% off orders over £40", "4.9% APR"])  # fmt: skip
DAYS = st.sampled_from(["until 31. 8.", "am 24. 12. um 20 Uhr", "bis 31.12.2026", "on Sat. 12 Sept. at 7.30 p.m.", "nur bis Samstag, 14. Juni", "by 1 August", "antes del 30 de junio", "jusqu'au 31 juillet", "do 31. 8.", "till 5 mars", "12 November 2026, 8 pm", "до 15 декабря", "fino al 15 agosto"])  # fmt: skip
HOSTS = st.sampled_from(["ayakkabi.com.tr", "shop.co.kr", "shop.example.com.sg", "shoes.example.il", "kaufhaus.wien", "magazin.ro", "laptop.com.tr", "store.co.uk", "acme.shop/deal?id=7", "sales@acme.co.za", "müllers.example", "bank.com.au"])  # fmt: skip
THINGS = st.sampled_from(["Leather shoes", "Winterjacken für Kinder", "Cours de piano", "Zapatos de verano", "Noise-cancelling headphones", "Boty a kabelky", "Mahler Symphony No. 2", "Scarpe da corsa", "Зимние куртки"])  # fmt: skip
PATTERNS = st.sampled_from([
    "{thing}: {price}, {day}. {host}", "{thing} {day}. {price}. Order at {host}", "{price}: {thing}. {host} {day}", "{day}: {price} {thing}, {host}",
    "{thing} at {host}, {day}, {price}", "{thing} – {price}! {day}! {host}",
])  # fmt: skip


def write(prompt: str) -> Copy:
    """The copy of a brief."""
    return write_copy(BannerSpec(prompt=prompt))


@given(pattern=PATTERNS, thing=THINGS, price=PRICES, day=DAYS, host=HOSTS)
@settings(max_examples=400, deadline=None)
def test_nothing_is_said_that_the_brief_does_not_say(pattern: str, thing: str, price: str, day: str, host: str) -> None:
    """Over prices, dates and addresses in many forms, no figure or address of the copy is cut or loses its unit, condition or preposition."""
    spec = BannerSpec(prompt=pattern.format(thing=thing, price=price, day=day, host=host))
    copy = write_copy(spec)
    assert stated(copy, spec) == ()
    assert host in (copy.address or copy.headline, copy.cta) or host in copy.headline
    assert re.search(r"[^\W\d_]{2}", copy.headline)


def test_the_gallery_states_only_its_briefs() -> None:
    """The same over the briefs of the gallery."""
    for line in BRIEFS.read_text(encoding="utf-8").splitlines():
        brief = msgspec.json.decode(line, type=dict[str, object])
        spec = BannerSpec(prompt=str(brief["prompt"]), purpose=str(brief["purpose"]))
        assert stated(write_copy(spec), spec) == (), spec.prompt


@pytest.mark.parametrize(
    ("prompt", "change", "fault"),
    [
        ("Sale until 31. 8. on shoes", {"headline": "Sale Until 31"}, "31"),
        ("Shop at shop.co.kr", {"address": "shop.co"}, "shop.co"),
        ("Sofas from 199 EUR instead of 399 EUR", {"offer": "From 199 EUR"}, "199 EUR"),
        ("Was £120 now £79: headphones", {"sub": "Now £79"}, "£79"),
        ("Seats for €45", {"sub": "Seats for $45"}, "$45"),
        ("Nur bis Samstag, 14. Juni", {"date": "14. Juni"}, "14"),
        ("Free delivery on orders over $50", {"sub": "Orders over $5"}, "$5"),
        ("450 seats", {"sub": "45 seats"}, "45 sea"),
    ],
)
def test_the_detector_finds_what_was_cut(prompt: str, change: dict[str, str], fault: str) -> None:
    """Each way in which a fact was ever cut is a fault."""
    spec = BannerSpec(prompt=prompt)
    blank = Copy(headline="", headline_short="")
    found = stated(msgspec.structs.replace(blank, **change), spec)
    assert any(piece.startswith(fault[:2]) for piece in found)


@pytest.mark.parametrize(
    ("prompt", "headline", "legal"),
    [
        ("Loan from 4.9% APR. Representative example: £10,000 over 5 years. Subject to status.", "Loan from 4.9% APR", "Representative example: £10,000 over 5 years. Subject to status."),
        ("Terms apply. Savings account with 4.25% AER", "Savings Account with 4.25% AER", "Terms apply."),
        ("Not valid on sale items. 20% off shoes with code SHOES20", "20% Off Shoes with Code SHOES20", "Not valid on sale items."),
    ],
)  # fmt: skip
def test_small_print_is_never_the_headline(prompt: str, headline: str, legal: str) -> None:
    """Legal notes are whole, and apart from everything else."""
    copy = write(prompt)
    assert (copy.headline, copy.legal) == (headline, legal)


def test_markup_is_read_as_its_text() -> None:
    """Entities and tags are what they stand for; a link's address is an address."""
    copy = write("<h1>Spring&nbsp;Sale</h1><p>Save &pound;10 &amp; more</p><a href='http://x.example'>Buy now</a>")
    assert (copy.headline, copy.offer, copy.address) == ("Spring Sale", "Save £10 & more", "http://x.example")


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Mahler Symphony No. 2 at the Philharmonie", "No. 2"),
        ("Open house Sunday 3-5 pm at 12 Elm St", "Sunday 3-5 pm"),
        ("Don't miss out: last 3 seats for the July retreat", "Last 3 seats for the July retreat"),
        ("Two-bed flat to let, €1,450 pcm, Dublin 8", "€1,450 pcm"),
        ("RSVP by 1 August. Sophie & James, wedding on 5 September 2026", "RSVP by 1 August"),
        ("Statt 99 € nur 49 €: Akku-Bohrschrauber. Baumarkt Nord, bis 30.11.", "bis 30.11"),
        ("Buy 2 get 1 free, min. spend £30, code: TRIO", "Buy 2 get 1 free, min. spend £30"),
        ("¡Aprende inglés! Matrícula gratis antes del 30 de junio", "antes del 30 de junio"),
    ],
)
def test_a_fact_stays_with_its_words(prompt: str, said: str) -> None:
    """Numbers of works, hours, deadlines and conditions stand on one line with what they belong to."""
    assert any(said.casefold() in line.casefold() for line in lines_of(write(prompt)))


@pytest.mark.parametrize(
    ("prompt", "button"),
    [
        ("Emergency plumber in Manchester. Ring 07700 900123", "Call Us"),
        ("Our 2026 annual report is out. Read it at river.example/report", "Read More"),
        ("Give $25 today and feed a family for a month. feednow.example", "Donate Now"),
        ("הזמינו עכשיו נעליים חדשות באתר shoes.example.il", "להזמנה"),
        ("خصم ٤٠٪ على جميع العطور. تسوق الآن من متجر وردة: warda.example", "تسوق الآن"),
        ("Noile colecții de toamnă sunt aici. Comandă acum pe magazin.ro", "Comandă acum"),
        ("Cele mai bune cărți la magazin.ro, reducere 20%", "Cumpără acum"),
    ],
)
def test_the_button_is_of_the_briefs_language_and_intent(prompt: str, button: str) -> None:
    """What the brief asks for is what the button says, in its own language."""
    assert write(prompt).cta == button
