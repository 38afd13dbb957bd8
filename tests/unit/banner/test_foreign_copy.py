# ruff: noqa: RUF001 - other scripts' letters
"""Copy in the brief's own language: its words, its buttons, nothing in English."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Barrier

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words import languages
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy
from streamforge.pipelines.banner.words.lexicon import INTENTS, LEXICONS

BRIEFS = Path(__file__).parents[3] / "benchmarks" / "briefs.jsonl"
FOREIGN = {
    "de": "Herbstaktion bei Radwerk: 20 % Rabatt auf alle Lastenräder bis 31. Oktober",
    "fr": "Soldes d'hiver : jusqu'à -50 % sur les manteaux. Commandez en ligne sur velours.example",
    "es": "Escápate a la costa: hasta un 30 % de descuento en hoteles de playa este verano",
    "it": "Il gelato artigianale di nonna Pina, ora anche a Torino. Apertura sabato 18 maggio",
    "pt": "Curso de ciência de dados em 12 semanas, com aulas ao vivo. Inscrições até 30 de junho",
    "nl": "Nieuwe fiets nodig? Deze maand 15% korting op alle stadsfietsen bij Trapper",
    "no": "Høstens nye strikkekolleksjon er her. 25 % rabatt på all ull frem til søndag",
    "arabic": "خصم 25% على جميع العطور الشرقية حتى نهاية رمضان. تسوق الآن على oud.example",
    "hebrew": "פסטיבל האוכל של יפו חוזר: 40 מסעדות, שלושה לילות, כניסה חופשית",
    "hindi": "दिवाली महोत्सव: सभी साड़ियों पर 30% की छूट, केवल 10 नवंबर तक",
    "thai": "เทศกาลอาหารทะเลริมหาด ลด 20% ทุกเมนู วันที่ 1-7 ธันวาคม",
    "kana": "春の新茶フェア開催中。静岡産の一番茶を10%オフでお届けします。4月30日まで",
    "cjk": "夏季新品上市，全场服装八折，仅限6月18日至20日。立即选购",
    "hangul": "새 학기 노트북 특가전! 최대 35% 할인, 3월 2일부터 15일까지",
    "cyrillic": "Новая коллекция зимних курток уже в магазине. Скидка 30% до 15 декабря",
}


def lines(copy: Copy) -> list[str]:
    """Every text of the banner but the button."""
    return [copy.headline, copy.headline_short, copy.kicker, copy.sub, copy.offer, copy.date]


@pytest.mark.parametrize("language", FOREIGN)
def test_a_brief_comes_out_in_its_own_language(language: str) -> None:
    """The language is told, the button is one of its own or the brief's, and every word is a word of the brief."""
    prompt = FOREIGN[language]
    copy = write_copy(BannerSpec(prompt=prompt, purpose="Encourage them to buy"))
    assert languages.detect(prompt) == language
    assert copy.cta in LEXICONS[language].buttons or copy.cta.casefold() in prompt.casefold()
    said = prompt.casefold().replace("'", "’")
    assert [word for line in lines(copy) for word in line.split() if word.casefold().strip(".,!?") not in said] == []


@pytest.mark.parametrize(
    "language",
    sorted(
        set(LEXICONS)
        - {"de", "fr", "es", "it", "pt", "nl", "pl", "sv", "no", "da", "tr", "ro", "cs", "hu", "fi", "vi", "id"}
    ),
)
def test_other_scripts_get_no_latin_button(language: str) -> None:
    """No button of another script has a Latin letter."""
    assert not [button for button in LEXICONS[language].buttons if re.search(r"[A-Za-z]", button)]


def test_every_language_has_a_button_for_every_intent() -> None:
    """The tables are complete, and no button is longer than a button can be."""
    assert {len(lexicon.buttons) for lexicon in LEXICONS.values()} == {len(INTENTS)}
    assert max(len(button) for lexicon in LEXICONS.values() for button in lexicon.buttons) <= 24


def test_an_offer_stays_with_what_it_is_on() -> None:
    """The badge has the discount, on what, and until when."""
    copy = write_copy(BannerSpec(prompt=FOREIGN["de"]))
    lines = (copy.headline, copy.offer)
    assert lines == ("Herbstaktion bei Radwerk", "20 % Rabatt auf alle Lastenräder bis 31. Oktober")
    copy = write_copy(BannerSpec(prompt=FOREIGN["arabic"]))
    assert (copy.headline, copy.cta) == ("خصم 25% على جميع العطور الشرقية حتى نهاية رمضان", "تسوق الآن")


@given(
    prompt=st.text(alphabet=st.characters(codec="utf-8"), min_size=3, max_size=160).filter(
        lambda text: bool(text.strip())
    )
)
@settings(max_examples=200, deadline=None)
def test_no_figure_is_invented_in_any_script(prompt: str) -> None:
    """Every run of digits of any script in the copy stands in the brief."""
    copy = write_copy(BannerSpec(prompt=prompt))
    stated = set(re.findall(r"\d+", prompt))
    assert {figure for line in lines(copy) for figure in re.findall(r"\d+", line)} <= stated


def test_names_and_figures_of_every_invented_brief_are_its_own() -> None:
    """Over the gallery's briefs, no capitalised word inside a line and no figure is foreign to its brief."""
    ours = {"Learn", "Discover", "Shop", "Share", "Choose", "Code"}
    strange: list[str] = []
    for line in BRIEFS.read_text(encoding="utf-8").splitlines():
        brief = msgspec.json.decode(line, type=dict[str, object])
        said = " ".join(str(brief.get(name, "")) for name in ("prompt", "purpose", "brand_name")).casefold()
        copy = write_copy(BannerSpec(prompt=str(brief["prompt"]), purpose=str(brief["purpose"])))
        words = [word.strip(".,:;!?()'’") for text in lines(copy) for word in text.split()]
        strange += [word for word in words if word[:1].isupper() and word.casefold() not in said]
        strange += [word for word in words if word[:1].isdigit() and word not in said]
    assert [word for word in strange if word not in ours] == []


def test_an_offer_within_a_clause_stays_there() -> None:
    """``com 20% de desconto para cachorros`` is whole; nothing is taken out of its middle."""
    copy = write_copy(BannerSpec(prompt="Banho e tosa com 20% de desconto para cachorros. Agende em patinhas.example"))
    assert copy.headline == "Banho e tosa com 20% de desconto para cachorros"


def test_many_at_once_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Briefs that come together wait for one load of the language model instead of each loading its own."""
    loads: list[str] = []
    every = Barrier(8)

    def counted(name: str) -> object:
        loads.append(name)
        return import_module(name)

    def ask(_: int) -> str:
        every.wait(10)
        return languages.detect("Frische Brötchen zum Frühstück")

    languages._loaded.cache_clear()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(languages, "import_module", counted)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"de"}
    assert loads == ["py3langid.langid"]
