# ruff: noqa: E501, RUF001 - tables of cases read better in one line each; other scripts' letters
"""No fact of a brief is lost: whatever language and order it comes in, it stands on the banner or is reported as left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.conserving import stands
from streamforge.pipelines.banner.words.copywriting import write_copy
from streamforge.pipelines.banner.words.stated import lines_of
from streamforge.pipelines.banner.words.tracing import trace

TONGUES: dict[str, dict[str, list[str]]] = {
    "en": {
        "request": ["We need a banner for our {event}.", "can u make a flyer for our {event} pls", "{event}."],
        "event": ["winter jazz evening", "spring plant fair", "knife sharpening workshop"],
        "offer": ["Tickets from £12", "20% off all tools", "Two for one on hot drinks", "$35 per person including lunch"],
        "date": ["Saturday 14 March, 10am–4pm", "until 30 April", "on 3 May at 7.30 pm"],
        "place": ["14 Canal Street, Leeds", "48 Mill Lane", "Address: 3 Harbour Road"],
        "contact": ["Book at jazznight.example", "Call 01632 960 123", "mail@fair.example"],
        "direction": ["Logo at top left.", "Max 12 words.", "Don't mention the sponsor.", "Use dark blue please."],
        "shell": ["Hi Priya,\n\n{body}\n\nBest wishes,\nOlli Virtanen", "{body}"],
    },
    "de": {
        "request": ["Wir brauchen einen Banner für unser {event}.", "{event}."],
        "event": ["Hoffest", "Sommerkonzert"],
        "offer": ["Eintritt 8 €", "bis zu 40 % Rabatt auf alle Gartenmöbel", "Karten ab 12,50 €"],
        "date": ["am Samstag, 14. Juni, 14 Uhr", "bis 31. Oktober", "vom 3.5. bis 9.5."],
        "place": ["Hauptstraße 12", "Lindenweg 3, Celle"],
        "contact": ["Tel. 0561 55501", "Anmeldung: hoffest.example"],
        "direction": ["Logo oben links.", "Bitte keine Rottöne verwenden.", "Höchstens 10 Wörter."],
        "shell": ["Hallo Tom,\n{body}\nLG Sabine", "{body}"],
    },
    "fr": {
        "request": ["Il faudrait une affiche pour notre {event}.", "{event}."],
        "event": ["foire aux livres", "cours de piano"],
        "offer": ["30 € la séance", "jusqu'à 50 % de réduction", "premier café offert"],
        "date": ["samedi 6 juin de 10h à 17h", "jusqu'au 31 juillet"],
        "place": ["12 rue des Halles", "8 avenue Foch, Dijon"],
        "contact": ["Tél. 04 78 55 01 22", "Réservation : livres.example"],
        "direction": ["Pas de photos.", "Logo en haut à gauche.", "Merci de ne pas mentionner les sponsors."],
        "shell": ["Bonjour Paul,\n{body}\nMerci d'avance,\nLucie", "{body}"],
    },
    "es": {
        "request": ["Necesitamos un cartel para nuestra {event}.", "{event}."],
        "event": ["feria del libro", "noche de flamenco"],
        "offer": ["entrada 5 €", "hasta un 60 % de descuento en abrigos", "primera clase gratis"],
        "date": ["del 5 al 8 de junio", "hasta el 15 de enero", "el sábado 14 de junio a las 11:00"],
        "place": ["calle Mayor 23", "Plaza Nueva 4"],
        "contact": ["Tel. 91 555 01 20", "Reservas: feria.example"],
        "direction": ["El logo arriba a la derecha.", "No uses el color rojo.", "Máximo 10 palabras."],
        "shell": ["Hola Lucía:\n\n{body}\n\nUn saludo,\nMarcos Peña", "{body}"],
    },
    "it": {
        "request": ["Vorrei una locandina per il nostro {event}.", "{event}."],
        "event": ["corso di ceramica", "mercatino di Natale"],
        "offer": ["35 € a persona", "sconto del 20% su tutto"],
        "date": ["sabato 22 novembre alle 18:30", "fino al 15 settembre"],
        "place": ["Via Garibaldi 21, Parma", "Piazza Dante 3"],
        "contact": ["Iscriviti su corso.example", "Tel. 02 5550 123"],
        "direction": ["Niente foto.", "Metti il logo in alto.", "Non usare il rosso."],
        "shell": ["Ciao Marco,\n{body}\nGrazie mille,\nElena", "{body}"],
    },
    "nl": {
        "request": ["Graag een banner voor onze {event}.", "{event}."],
        "event": ["open dag", "fietsbeurs"],
        "offer": ["toegang 4 €", "20% korting op alle fietsen"],
        "date": ["zaterdag 8 maart van 10 tot 15 uur", "tot 30 april"],
        "place": ["Stationsweg 4, Zwolle", "Kerkstraat 12"],
        "contact": ["Bel 030 555 1234", "fietsbeurs.example"],
        "direction": ["Gebruik geen stockfoto's.", "Logo rechtsboven."],
        "shell": ["Beste Joost,\n\n{body}\n\nMet vriendelijke groet,\nAnja de Wit", "{body}"],
    },
}  # fmt: skip
FACTS = ("offer", "date", "place", "contact")


@st.composite
def briefs(draw: st.DrawFn) -> dict[str, Any]:
    """A brief in one of the languages, its parts in any order, and the facts that it states."""
    tongue = TONGUES[draw(st.sampled_from(sorted(TONGUES)))]
    parts = {name: draw(st.sampled_from(options)) for name, options in tongue.items()}
    order = draw(st.permutations([*FACTS, "direction"]))
    mark = draw(st.sampled_from([". ", "\n", "! "]))
    request = parts["request"].format(event=parts["event"])
    body = mark.join(parts[name].rstrip(".") for name in order)
    facts = {name: parts[name] for name in FACTS}
    return {"prompt": parts["shell"].format(body=f"{request}\n{body}"), "facts": facts, "direction": parts["direction"]}


@given(brief=briefs())
@settings(max_examples=120, deadline=None)
def test_every_fact_is_placed_or_reported_as_left_out(brief: dict[str, Any]) -> None:
    """Offer, date and place stand on the banner; a way to answer does, or the report says that it does not."""
    spec = BannerSpec(prompt=brief["prompt"])
    copy = write_copy(spec)
    lines = [*lines_of(copy), copy.cta]
    for name in ("offer", "date", "place"):
        assert stands(brief["facts"][name].removeprefix("Address: "), lines), (name, brief["prompt"], copy)
    left = [fact.text for fact in trace(spec, {"1200x628": lines}) if fact.state == "left out"]
    contact = brief["facts"]["contact"].split()[-1]
    assert contact in " ".join(lines) or any(contact in text for text in left), (brief["prompt"], copy)


@given(brief=briefs())
@settings(max_examples=120, deadline=None)
def test_nothing_said_to_the_designer_is_printed(brief: dict[str, Any]) -> None:
    """Neither the letter around a brief nor its directions are on the banner, in any of the languages."""
    text = " ".join(lines_of(write_copy(BannerSpec(prompt=brief["prompt"])))).casefold()
    direction = str(brief["direction"]).strip(".").casefold()
    assert direction not in text
    assert not any(
        name in text
        for name in (
            "priya",
            "olli",
            "hallo tom",
            "sabine",
            "bonjour",
            "lucie",
            "hola",
            "marcos",
            "ciao",
            "elena",
            "joost",
            "anja",
        )
    )


@pytest.mark.parametrize(
    ("prompt", "facts"),
    [
        ("Sommerschlussverkauf mit bis zu 40 % Rabatt auf alle Gartenmöbel und Grills nur noch bis Samstag in unserer Filiale in der Hauptstraße 12", ["40 % Rabatt", "bis Samstag", "Hauptstraße 12"]),
        ("Our café now bakes rye bread. We'd like people to come and taste it, only on Fridays, 5.20 a loaf", ["only on Fridays", "5.20 a loaf"]),
        ("We are hiring! Data analyst, remote within the UK. Apply by 12 March: jobs.tern.example", ["12 March", "jobs.tern.example"]),
        ("yo can u do me a banner 4 my yard sale this sunday 9am-2pm, 14 elm st, loads of books, cash only thx", ["9am-2pm", "14 elm st"]),
        ("Открытие кофейни на Невском, 24 — 5 апреля в 9:00. Второй кофе бесплатно.", ["Невском, 24", "5 апреля в 9:00"]),
        ("Add some text about our opening hours: Mon-Fri 8-20, Sat 9-14. Pharmacy Löwen", ["Mon-Fri 8-20, Sat 9-14"]),
        ("秋のフェア、10月3日から10月14日まで。詰め放題500円。ロゴは左上に置いてください。", ["10月3日から10月14日まで", "500円"]),
    ],
)  # fmt: skip
def test_a_clause_too_long_for_its_line_is_cut_at_its_facts(prompt: str, facts: list[str]) -> None:
    """Run-ons, wishes in the third person, labels and other scripts keep their facts whole."""
    text = " | ".join(lines_of(write_copy(BannerSpec(prompt=prompt)))).casefold()
    assert [fact for fact in facts if fact.casefold() not in text] == []
