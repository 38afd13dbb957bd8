# ruff: noqa: E501, RUF001 - tables of cases read better in one line each; other scripts' letters
"""What a brief says to whoever makes the banner: told from what it says to the reader, in any language, by points."""

from __future__ import annotations

import pytest

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.echoes import is_call, repeats
from streamforge.pipelines.banner.words.including import included
from streamforge.pipelines.banner.words.letters import opened
from streamforge.pipelines.banner.words.makers import DECISIVE, forbids, forbids_all, points
from streamforge.pipelines.banner.words.stated import lines_of


def write(prompt: str) -> Copy:
    """The copy of a brief."""
    return write_copy(BannerSpec(prompt=prompt))


@pytest.mark.parametrize(
    "clause",
    [
        "Logo at top left", "Max 10 words", "No more than 15 words", "No photos of planes", "Bitte keine Rottöne verwenden!", "Nicht mehr als 10 Wörter", "Logo oben links", "Pas de photos", "Logo en haut à gauche",
        "No usar color rojo", "El logo arriba a la derecha", "Niente foto", "Metti il logo in alto", "Não use fundo preto", "Gebruik geen stockfoto's", "Логотип слева сверху, пожалуйста", "Lütfen kırmızı kullanmayın",
        "背景は黒でお願いします", "ロゴは左上に置いてください", "请不要用红色背景", "배경은 파란색으로 해주세요", "لا تستخدم اللون الأحمر", "ضع الشعار في الأعلى", "Hope all well", "Thanks for the call earlier",
    ],
)  # fmt: skip
def test_a_direction_is_decisive_in_every_language(clause: str) -> None:
    """Words of the craft beside an order, a place, a count or a negation need no request around them."""
    assert points(clause) >= DECISIVE or forbids(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "We print your logo on mugs from $9", "Red wine tasting", "Wash it once and keep it white", "No cows", "Photos on canvas from €9.90", "Warm bread at 7am", "Sans engagement", "Available in 12 colours",
        "Zwarte koffie", "Don't miss your last chance", "Use code WINTER15 for 15% off", "In alto i calici!",
    ],
)  # fmt: skip
def test_what_is_for_sale_is_no_direction(clause: str) -> None:
    """A price, a date or the reader outweighs a word of the craft."""
    assert points(clause) < DECISIVE
    assert not forbids(clause)


def test_a_ban_on_what_was_just_said_takes_it_back() -> None:
    """``… but don't put that on it`` silences its sentence, and the sentence before; a ban with an object of its own does not."""
    assert forbids_all("Our chef won a star in 2023 but pls don't put that on it, he hates it")
    assert not forbids_all("20% off all bikes in March, no need to mention the brand names")
    assert lines_of(write("Our chef won a star. Please don't mention that. New winter menu at Ossobuco")) is not None
    text = " ".join(lines_of(write("Our chef won a star. Please don't mention that. New winter menu at Ossobuco")))
    assert "star" not in text
    assert (
        "20% Off All Bikes in March" in write("20% off all bikes in March, no need to mention the brand names").headline
    )


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Include a discount of 10% for online bookings", "discount of 10% for online bookings"),
        ("Include the price of $4", "$4"),
        ("Don't forget the ATOL number 11234", "ATOL number 11234"),
        ("Incluir: limpieza dental 29 €", "limpieza dental 29 €"),
        ("Mentionner : burgers maison, 9,50 €", "burgers maison, 9,50 €"),
        ("Scrivi che il secondo cono costa la metà", "il secondo cono costa la metà"),
        ("Inclua o desconto de 20%", "desconto de 20%"),
        ("They'd like to tell people that tastings are now bookable online", "tastings are now bookable online"),
        ("We want people to come to our open day", "come to our open day"),
        ("Same as last year but change the date to 7 October", "7 October"),
    ],
)
def test_the_order_to_say_something_passes_the_fact_alone(sentence: str, said: str) -> None:
    """Verbs of including, in every language of the table, and wishes in the first and third person."""
    heard = included(sentence)
    assert heard is not None
    assert (heard.kind, heard.text) == ("wanted", said)


def test_a_letter_is_opened() -> None:
    """Salutation, closing and signature go by their place, a postscript stays; a text without them is its own body."""
    letter = opened(
        "Dear design team,\nWe need a banner for our fair.\nBest wishes,\nAnne Fowler\nSecretary\nPS: entry is free"
    )
    assert letter.is_letter
    assert letter.body == "We need a banner for our fair.\nentry is free"
    assert opened("Summer sale\nAll coats half price").body == "Summer sale\nAll coats half price"
    assert opened("Hi Priya, we open on Monday").body == "we open on Monday"


def test_nothing_is_said_twice_in_any_language() -> None:
    """Stems in scripts with spaces, pairs of letters in others; figures have to be there every one."""
    assert repeats("Fresh, quality fish", "Fresh and high-quality fish at a discount")
    assert repeats("지금 구매하기", "지금 바로 구매하기")
    assert not repeats("Tickets £12", "Tickets £14")
    assert is_call("आज ही ऑर्डर करें", "ऑर्डर करें")
    assert not is_call("Order before noon for delivery the same day", "Order Now")


@pytest.mark.parametrize(
    ("prompt", "headline"),
    [
        (
            "Wir suchen zum 1. Oktober eine Köchin (m/w/d) in Vollzeit. Übertarifliche Bezahlung, 30 Tage Urlaub",
            "Wir suchen eine Köchin (m/w/d) in Vollzeit",
        ),
        ("FRESH. LOCAL. ORGANIC. Veg boxes from $29/week", "FRESH. LOCAL. ORGANIC."),
        ("Flash sale ⚡ 24h only ⚡ all sneakers -35% ⚡ code RUN35", "Flash Sale"),
        ("1) Event: Startup pitch night 2) When: 21 March, 18:30 3) Where: Impact Hub, Vienna", "Startup pitch night"),
        ("Kostenlose Beratung. Photovoltaik für Ihr Dach. Tel. 0711 55502", "Photovoltaik für Ihr Dach"),
        (
            'Webinar: "How hospitals cut waiting times by a third", 14 October',
            "How hospitals cut waiting times by a third",
        ),
        (
            "coucou, tu peux me faire une pub pour mes cours de piano ? 30 euros de l'heure. 12 rue des Halles",
            "Cours de piano",
        ),
    ],
)
def test_the_best_candidate_leads(prompt: str, headline: str) -> None:
    """What is sought, named or announced; never pay, a price, an address, half a row of words or a list's number."""
    assert write(prompt).headline == headline
