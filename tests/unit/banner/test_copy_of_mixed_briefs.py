# ruff: noqa: E501 - tables of cases read better in one line each
"""Briefs that mix statements with instructions: no instruction is printed, no fact in one is lost, the point leads."""

from __future__ import annotations

import pytest

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.addressed import heard
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.stated import lines_of


def write(prompt: str, purpose: str = "") -> Copy:
    """The copy of a brief."""
    return write_copy(BannerSpec(prompt=prompt, purpose=purpose))


@pytest.mark.parametrize(
    ("prompt", "instruction"),
    [
        ("a ferry line with day tickets for $12. Show a white boat on a calm sea", "white boat"),
        ("a vet promoting winter check-ups. Create a warm image of a cat on a sofa, and encourage owners to book at www.tailvet.example", "sofa"),
        ("need a banner for our choir. concert 4 may 7pm town hall. make date BIG", "BIG"),
        ("banner pls for my boat hire, 40 an hour. can the price be really big?", "really big"),
        ("Banner for our bakery. Fresh rolls from 6 am. logo top left, pink pls", "logo"),
        ("Wir brauchen ein Banner für unsere Sauna. Eintritt 14 €. Schön wäre ein Foto vom See", "Foto"),
        ("Necesitamos un anuncio para nuestra panadería. Pan de masa madre a 3 €. Poned el precio muy grande", "grande"),
        ("Please make an ad for our guitar school. Lessons from $20. The parents should feel safe", "should feel"),
        ("an evening school that teaches Dutch. Encourage viewers to 'speak by spring' by signing up at www.avond.example", "by signing"),
    ],
)  # fmt: skip
def test_what_is_said_to_the_designer_is_not_printed(prompt: str, instruction: str) -> None:
    """Scenes, sizes, places and hints at the look stay off the banner."""
    assert instruction not in " ".join(lines_of(write(prompt)))


@pytest.mark.parametrize(
    "sentence",
    ["Make your kitchen shine", "Show some love this spring", "Can the sea be saved?", "Something sweet", "No contract", "Wash it once and keep it white"],
)  # fmt: skip
def test_a_slogan_is_no_instruction(sentence: str) -> None:
    """What sounds like a direction but speaks to the reader stays."""
    assert heard(sentence).kind == "reader"


@pytest.mark.parametrize(
    ("prompt", "fact"),
    [
        ("a lantern walk for families. The ad emphasizes free entry and includes the date November 11 and the address 48 Mill Lane", "November 11"),
        ("a lantern walk for families. The ad emphasizes free entry and includes the date November 11 and the address 48 Mill Lane", "48 Mill Lane"),
        ("a reading for children. The ad emphasizes fun and includes the location Harbour Hall", "Harbour Hall"),
        ("a show about bees. Include the opening hours, daily 10 am to 6 pm, and the website www.beeshow.example", "10 am to 6 pm"),
        ("a retreat on the coast. The ad emphasizes calm and includes the price of €890 per week", "€890 per week"),
        ("We mend shoes. Put the address 12 High Street in the corner", "12 High Street"),
    ],
)  # fmt: skip
def test_a_fact_in_an_instruction_is_kept(prompt: str, fact: str) -> None:
    """A direction names facts that belong on the banner."""
    assert fact in " ".join(lines_of(write(prompt)))


@pytest.mark.parametrize(
    ("prompt", "headline"),
    [
        ("a bird rescue centre holding an open day with reduced fees of $40", "Open Day"),
        ("an app that creates personal menus in two minutes", "Personal Menus in Two Minutes"),
        ("hey can u do a flyer for our flea market? sunday 7 july 9-15h school yard Lindenweg 3", "Flea Market"),
        ("Wir brauchen ein Banner für unsere Spedition. Ob Klavier oder Keller: wir tragen alles", "Ob Klavier oder Keller: wir tragen alles"),
        ("a cleaning firm with 35% off the first visit. Promote the punctuality of the team", "Punctual Team"),
    ],
)  # fmt: skip
def test_the_point_leads(prompt: str, headline: str) -> None:
    """Neither who advertises, nor a date, nor half a sentence stands where the message belongs."""
    assert write(prompt).headline.startswith(headline)


@pytest.mark.parametrize(
    ("purpose", "button"),
    [
        ("Encourage them to make an appointment", "Book Now"),
        ("Encourage them to visit the bookstore", "Visit Us"),
        ("Encourage them to submit their photos", "Enter Now"),
        ("Encourage them to attend the talk", "Join Us"),
        ("Encourage them to view the collection in the boutique", "See the Collection"),
    ],
)
def test_the_purpose_names_the_button(purpose: str, button: str) -> None:
    """A plain wish is a plain button, not ``Learn More``."""
    assert write("a quiet place for new things", purpose).cta == button
