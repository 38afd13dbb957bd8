# ruff: noqa: E501, RUF001 - tables of cases read better in one line each; other languages' letters
"""Briefs that are talked rather than written: only lines that read alone are printed, the name and the facts are kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.letters import opened
from streamforge.pipelines.banner.words.naming import named, owner
from streamforge.pipelines.banner.words.standing import doubts, leads_alone, reads_alone
from streamforge.pipelines.banner.words.stated import lines_of
from streamforge.pipelines.banner.words.uncovering import rescued, run_on, uncovered


def write(prompt: str) -> Copy:
    """The copy of a brief."""
    return write_copy(BannerSpec(prompt=prompt))


@pytest.mark.parametrize(
    ("line", "language", "doubt"),
    [
        ("and free parking on the site", "en", "open"),
        ("first two lessons are free and then", "en", "open"),
        ("weil wir umgezogen sind", "de", "open"),
        ("opening on the long weekend (30 Oct", "en", "unbalanced"),
        ("I run a small pottery", "en", "self"),
        ("sou da oficina ao lado", "pt", "self"),
        ("they deliver on Fridays", "en", "back"),
        ("Der findet im Hof statt", "de", "back"),
        ("been going since spring", "en", "verb"),
        ("maybe a picture of a lighthouse", "en", "talk"),
        ("a banner with waves", "en", "talk"),
        ("Tu peux mettre le plan en petit", "fr", "talk"),
        ("C'est", "fr", "empty"),
        ("キャッチコピーはお任せします", "kana", "talk"),
    ],
)  # fmt: skip
def test_what_does_not_read_alone_is_doubted(line: str, language: str, doubt: str) -> None:
    """Each way not to be a whole line is told by the small words of the language."""
    assert doubt in doubts(line, language)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("We repair bikes while you wait", "en"), ("Stalls, tombola and home-made cakes", "en"), ("No need to book, just turn up", "en"),
        ("Führungen durch die Gewächshäuser", "de"), ("Livraison de paniers de légumes bio", "fr"), ("Entrada libre", "es"), ("Musica dal vivo e mercatino", "it"), ("4月1日から全国で発売", "kana"),
    ],
)  # fmt: skip
def test_what_reads_alone_is_not_doubted(line: str, language: str) -> None:
    """Whole clauses and noun phrases pass."""
    assert reads_alone(line, language)


@pytest.mark.parametrize("line", ["60 min, 2-6 players", "Agendamento", "We also do repairs", "Du mardi au vendredi, au bistrot"])  # fmt: skip
def test_no_count_label_or_addition_leads(line: str) -> None:
    """A headline names something by itself."""
    assert not leads_alone(line, "fr" if line.startswith("Du") else "en")


@pytest.mark.parametrize(
    ("sentence", "name", "is_title"),
    [
        ("we've got a new room called The Glass Harbour opening in June", "The Glass Harbour", True),
        ("Se llama Puente Azul y los cursos empiezan el 1 de julio", "Puente Azul", False),
        ("we're a mobile knife sharpener called Edge & Stone", "Edge & Stone", False),
        ("The course is Sleep Well on Nights", "Sleep Well on Nights", True),
        ("È la Sagra della Castagna, dal 4 al 6 ottobre", "Sagra della Castagna", True),
        ("商品名は「夕凪ほうじ茶」、1本260円", "夕凪ほうじ茶", True),
    ],
)  # fmt: skip
def test_a_name_in_passing_is_heard(sentence: str, name: str, is_title: bool) -> None:
    """What something is called is taken, and whose name it is."""
    found = named(sentence)
    assert found is not None
    assert (found.name, found.is_title) == (name, is_title)


def test_who_and_where_are_told_apart() -> None:
    """A name before its address is the advertiser's."""
    assert owner("Harbour Dental, 44 Quay Street") == ("Harbour Dental", "44 Quay Street")
    assert owner("We mend shoes, bags and belts") == ("", "")


@pytest.mark.parametrize(
    ("sentence", "language", "said"),
    [
        ("It's a walking netball league for over 40s", "en", "walking netball league for over 40s"),
        ("so there's delivery in the town for 4 extra", "en", "delivery in the town for 4 extra"),
        ("Es gibt Waffeln und Punsch", "de", "Waffeln und Punsch"),
        ("a nossa oficina faz agora mudança de pneus", "pt", "mudança de pneus"),
        ("It's free", "en", "It's free"),
    ],
)  # fmt: skip
def test_talk_is_taken_off(sentence: str, language: str, said: str) -> None:
    """What only says that something is said goes; too little is never left."""
    assert uncovered(sentence, language) == said


def test_run_on_sentences_are_parted_at_their_subjects() -> None:
    """Clauses with subjects of their own part; others stay together."""
    assert run_on("she bakes birthday cakes and we deliver them in town", "en") == ["she bakes birthday cakes", "we deliver them in town"]  # fmt: skip
    assert run_on("bread, rolls and cakes", "en") == ["bread, rolls and cakes"]


def test_an_offer_is_rescued_out_of_talk() -> None:
    """Of a sentence that is talk the offer at its end goes on."""
    assert rescued("We'd like to fill more seats so tickets are half price on Mondays", "en") == "tickets are half price on Mondays"  # fmt: skip
    assert not rescued("Tickets are half price on Mondays", "en")


@pytest.mark.parametrize(
    "last",
    ["Ta, Helen", "Thanks a million! Jo x", "Un saludo, Marta", "Speak soon, Fiona", "Many thanks, Olive Trent, Events Manager", "Grazie, Paolo della Pro Loco"],
)  # fmt: skip
def test_a_signature_in_the_last_line_is_shell(last: str) -> None:
    """A letter in one paragraph ends in a closing as well."""
    assert opened(f"Spring fair on 11 April in the hall. {last}").body == "Spring fair on 11 April in the hall."


def test_the_head_of_a_forwarded_message_is_shell() -> None:
    """What was forwarded is read without its heads and marks."""
    body = opened("FW: RE: autumn\n\nOn Tue, Priya wrote:\n> Chip repairs are free.\n> Open daily.").body
    assert [line for line in body.split("\n") if line] == ["Chip repairs are free.", "Open daily."]


@pytest.mark.parametrize(
    ("prompt", "headline", "absent"),
    [
        ("Hiya, me again :) Could you do one more for the plant swap day? Same layout as the Easter one if you still have it. Sat 11 April, 11-4, village hall. Thanks! Jo x", "Plant Swap Day", ["me again", "layout", "Jo x"]),
        ("We run the after-school chess. Raj thinks we should push the summer chess camp again, 3-7 August, £60. If you could have something by Thursday that'd be amazing.", "Summer Chess Camp", ["Raj", "Thursday", "amazing"]),
        ('Audience: nurses. Message: sleep is not a luxury. Product is called Nightwell. Never say "miracle".', "Sleep is not a luxury", ["miracle", "called"]),
        ("Title: ??? (you decide)\nProduct: oat milk, 1 litre\nBrand: Fern & Co\nPrice: 2.50", "Oat milk, 1 litre", ["you decide"]),
        ("Moin, wir bräuchten bis Freitag einen Banner für unser Hafenfest. Das ist am 3. Mai ab 11 Uhr am Kai. Bitte nicht schon wieder das Foto mit den Möwen. LG Ole", "Hafenfest", ["Möwen", "Freitag", "Ole"]),
        ("Bonjour, c'est pour la brocante du port : dimanche 25 mai de 8h à 17h. Tu peux mettre une ancre ? Merci !", "Brocante du port", ["ancre", "pour la"]),
        ("Olá, sou a Rita da loja Maré Cheia. Temos fatos de banho com 25% de desconto até domingo. Queria algo com ondas. Obrigada!", "Fatos de banho com 25% de desconto", ["Rita", "ondas"]),
        ("来月の陶芸体験会のバナーをお願いします。日時は6月8日10時から、場所は市民会館、参加費は800円です。落ち着いた緑でお願いします。", "来月の陶芸体験会", ["お願い", "緑"]),
    ],
)  # fmt: skip
def test_talk_is_not_printed_and_the_point_leads(prompt: str, headline: str, absent: list[str]) -> None:
    """Of a brief that is talk the event, the product or the message leads, and nothing said to the designer is printed."""
    copy = write(prompt)
    assert copy.headline == headline
    assert not [word for word in absent if word in " ".join(lines_of(copy))]


GREETINGS = ["Hi Tom, ", "Hey! ", "", "Hello again. "]
TALK = ["Raj thinks the last one was too busy.", "I've attached the logo.", "Not sure about the headline.", "We talked about it on the phone.", "Maybe with a picture of a boat?", "They want it by Friday.", "Keep it simple please."]  # fmt: skip
POINTS = [
    "We need a banner for our plant fair.",
    "It's for our jazz night.",
    "Could you do one more for the quiz night?",
]
FACTS = ["Saturday 12 October, 10am", "Tickets from £12", "14 Canal Street, Leeds", "Book at fair.example"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(GREETINGS),
    st.permutations([*range(3)]),
    st.lists(st.sampled_from(TALK), min_size=1, max_size=3, unique=True),
    st.sampled_from(POINTS),
    st.lists(st.sampled_from(FACTS), min_size=1, max_size=4, unique=True),
)
def test_every_printed_line_of_talk_reads_alone(
    greeting: str, order: list[int], talk: list[str], point: str, facts: list[str]
) -> None:
    """However talk, the point and the facts are mixed, the lines that are printed have no doubt, and every fact is there."""
    groups = [" ".join(talk), point, ". ".join(facts) + "."]
    copy = write(greeting + " ".join(groups[at] for at in order))
    printed = [part for line in (copy.headline, copy.sub, copy.more, copy.offer) for part in line.split(" · ") if part]
    assert not [part for part in printed if doubts(part, "en")]
    said = " ".join([*lines_of(copy), copy.cta]).replace("–", "-")
    assert not [fact for fact in facts if fact.rpartition(" ")[2].rstrip(".") not in said]
