# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""What a clause is as a whole: an offer, a date, a way to answer, or news."""

from __future__ import annotations

import re
from typing import Literal

from streamforge.pipelines.banner.words.dates import DATE, MONTH, TIME
from streamforge.pipelines.banner.words.facts import contact_spans, offer_spans
from streamforge.pipelines.banner.words.lexicon import LEXICONS

Kind = Literal["news", "offer", "date", "ask"]


def kind_of(clause: str, language: str) -> Kind:
    """What a clause is, as a whole."""
    if contact_spans(clause):
        return "ask"
    if is_date(clause):
        return "date"
    return "offer" if is_offer(clause, language) else "news"


_DAY_WORDS = (
    r"daily|every ?day|weekdays?|weekends?|mon|tues?|weds?|thurs?|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|noon|midnight|late|open|from|to|until|till|and|on|at|every|each|only|through|"
    r"täglich|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?|uhr|von|bis|und|ab|am|nur|einlass|geöffnet|ouvert|tous|les|jours|du|au|de|à|h|le|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|"
    r"lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|a|las|los|el|hasta|desde|y|dal|al|alle|ore|dalle|il|tutti|i|giorni|segunda|terça|quarta|quinta|sexta|às|das|até|feira|"
    r"dagelijks|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|van|tot|en|uur|od|do|godz|kl|til|till|från|fra|og|och|öppet|dagligen|ежедневно|с|до|по|в|ч|з|від|щодня|пн|вт|ср|чт|пт|сб|вс|σάββατο|κυριακή|από|έως|يوم|يومياً|من|حتى|إلى|صباحاً|ظهراً|ليلاً|مساءً|الخميس|الجمعة|السبت|الأحد|الاثنين|الثلاثاء|الأربعاء|"
    r"sabtu|minggu|senin|selasa|rabu|kamis|jumat|pukul|jam|每日|毎日|から|まで|至|매일|부터|까지|तक|से|बजे|सुबह|शाम|ถึง|วันที่|ตั้งแต่|every|\d+|(?:am|pm)"
)
_DAY_WORD = re.compile(rf"(?<!\w)(?:{_DAY_WORDS})(?!\w)|(?<!\w){MONTH}|[\d:.–—\-/,;&+~〜 ]", re.IGNORECASE)
_EAST = re.compile(r"\d{1,4}[年月日]|\d{1,2}[월일]|부터|까지|から|まで|至|到|~|〜|仅限|限")
_TEMPORAL = re.compile(
    rf"\d|(?<!\w){MONTH}|daily|every|täglich|tous les|weekend|noon|midnight|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|ежедневно|щодня|يومياً|毎日|每日|매일",
    re.IGNORECASE,
)


def is_date(clause: str) -> bool:
    """Whether a clause says nothing but when."""
    if DATE.fullmatch(clause):
        return True
    if not _TEMPORAL.search(clause) or offer_spans(clause):
        return False
    is_dated = bool(DATE.search(clause) or TIME.search(clause) or _EAST.search(clause) or _DAYS.search(clause))
    rest = _DAY_WORD.sub("", _EAST.sub("", TIME.sub("", DATE.sub("", clause))))
    return is_dated and not any(letter.isalnum() for letter in rest)


_DAYS = re.compile(
    rf"\d{{1,2}}[.:]\d{{2}} ?[-–] ?\d{{1,2}}[.:]\d{{2}}|(?<!\w){MONTH}|(?<!\w)(?:mon|tues?|weds?|thurs?|fri|sat|sun)(?:days?|nesdays?|sdays?|urdays?)?(?!\w)|daily|täglich|every day|tous les jours|毎日|每日|매일|ежедневно|щодня|يومياً|\d{{1,2}} ?[-–] ?\d{{1,2}} ?(?:h|uhr|pm|am)",
    re.IGNORECASE,
)
FREE = re.compile(
    r"(?<!\w)(?:(?<!feel )free(?! to\b)(?![- ](?:range|from|way|time|style|roam|lance|dom))|gratis|kostenlos\w*|gratuit\w*|offerte?s?|gratuita?s?|omaggio|grátis|za darmo|bezpłatn\w*|gratuit\w*|zdarma|ingyenes\w*|ilmai\w+|ücretsiz|bedava|бесплатн\w+|безкоштовн\w+|безплат\w+|бесплатно|δωρεάν|مجاني\w*|مجاناً|رایگان|מתנה|חינם|חופשית|मुफ़?्त|निःशुल्क|ฟรี\S*|無料|免费|買一送一|买一送一|무료\S*|miễn phí|half[- ]price|half off|two[- ]for[- ]one|2[- ]for[- ]1)(?!\w)|送料無料|买一送一|包邮|무료배송|\d折",
    re.IGNORECASE,
)
_PERCENT_OFF = re.compile(
    r"[\d٠-٩۰-۹]+ ?[%٪％]|[%٪％] ?[\d٠-٩۰-۹]+|[\d.]+ ?折|[一二三四五六七八九]折|满\d+|\d+ ?Rp|Rp ?\d"
)
_OFFER_LETTERS = 72
_COMPOUND = re.compile(
    r"\b(?:is|are|was|were|has|have|can|will)\b.*\band\b|\band\b.*\b(?:costs?|is|are|was|were|has|have|can|will)\b",
    re.IGNORECASE,
)
"""Two statements in one are no badge."""
CONDITION = re.compile(
    r"(?:min(?:imum|\.)?|max(?:imum)?|mindest\w*|mínimo|minimo|deposit|it|they|this|that|you|we|i|otherwise)\b",
    re.IGNORECASE,
)
"""What begins so is a condition, or points to something else: no badge."""
_NOT_OFFER = re.compile(
    r"\b\d+ ?% (?:of|cotton|wool|natural|organic|vegan|pure|more|less|fewer|der|des|des clients|de los|natur\w*|baumwolle|coton|algodón)\b|\b100 ?%|\bno (?:\w+ ){0,2}(?:fees?|cost)\b",
    re.IGNORECASE,
)


def is_offer(clause: str, language: str) -> bool:
    """Whether a clause is an offer as a whole: a discount, a gift, a price with what it is for."""
    if len(clause) > _OFFER_LETTERS or _NOT_OFFER.search(clause) or CONDITION.match(clause):
        return False
    if language == "en" and _COMPOUND.search(clause):
        return False
    if FREE.search(clause) or _PERCENT_OFF.search(clause):
        return True
    lexicon = LEXICONS.get(language)
    if lexicon is not None and lexicon.offer and re.search(lexicon.offer, clause, re.IGNORECASE):
        return True
    return any(_is_priced(clause, span) for span in offer_spans(clause))


_AFTER_PRICE = re.compile(
    r"^\W*$|^ [a-z]{3,}s(?: (?:for|on|every|all)\b|\W*$)|^\W*(?:\(|for\b|per\b|each\b|a\b|an\b|/|pp\b|p/?p\b|incl|inkl|including|with\b|on\b|or\b|and\b|plus\b|pro\b|je\b|par\b|por\b|al\b|für\b|pour\b|para\b|per\b|za\b|fixed|flat|only|all|off\b|until|instead|deposit|monthly|weekly|brutto|netto|в\b|за\b|на\b|mit\b|avec\b|con\b|com\b|met\b|med\b|z\b|c\b|с\b)",
    re.IGNORECASE,
)
_SENTENCE_VERB = re.compile(
    r"\b(?:gives?|feeds?|saved|saves|raised?|buys|keeps|helps?|pays|provides?|protects?|spent|won|earned)\b",
    re.IGNORECASE,
)


def _is_priced(clause: str, span: tuple[int, int]) -> bool:
    """A price that ends its clause or is followed by what it is for; ``$30 gives a family a filter`` is a sentence."""
    if re.match(r"(?:save|spare|buy|two|three|\d+[- ]for)", clause[span[0] : span[1]], re.IGNORECASE):
        return True
    return bool(_AFTER_PRICE.match(clause[span[1] :])) and not _SENTENCE_VERB.search(clause)
