# ruff: noqa: E501, RUF001 - word lists read better whole; other languages' letters
"""A clause that tells how to reach the advertiser: what it says besides, and what it asks the reader to do.

An address stands on the banner by itself, so the word that led to it goes with it (``Book a table at`` leaves ``Book a
table``). Where the language is not known nothing is taken off but what a mark sets apart.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.facts import contact_spans

_LOOSE = {
    "en": r"at|on|via|by|from|to|with|or|and|online|under|through|over|now|today|here|more|us|tel|telephone|phone|ph|mob|mobile|web|website|email|e-?mail|whatsapp|details|info|link|see|ext|in|of|for|the|our|is|apply online|tickets",
    "de": r"auf|unter|bei|über|per|an|in|online|im|am|und|oder|tel|telefon|web|mail|e-?mail|whatsapp|info|infos|nur|direkt|mehr|siehe",
    "fr": r"sur|chez|au|à|par|via|et|ou|tél|téléphone|web|mail|courriel|en ligne|whatsapp|le|les|infos?|renseignements",
    "es": r"en|al|por|a|vía|via|y|o|tel|teléfono|web|correo|whatsapp|el|la|info|en línea|de",
    "it": r"su|al|allo|alla|a|da|via|e|o|tel|telefono|web|mail|whatsapp|online|info|il|lo|la|in|di|presso",
    "pt": r"em|no|na|pelo|pela|ao|a|via|e|ou|tel|telefone|web|whatsapp|info|o|por|de|online",
    "nl": r"op|via|bij|naar|of|en|tel|telefoon|web|mail|whatsapp|online|het|info|aan|in|van",
    "pl": r"na|w|pod|pod numerem|przez|do|i|lub|tel|telefon|numer|www|mail|online|adresem|ze?|o",
    "sv": r"på|via|hos|till|och|eller|tel|telefon|mejl|online|i|från|senast",
    "no": r"på|via|hos|til|og|eller|tlf|telefon|epost|i|fra",
    "da": r"på|via|hos|til|og|eller|tlf|telefon|mail|i|fra",
    "ro": r"la|pe|prin|și|sau|tel|telefon|site|online|în|de",
    "cs": r"na|v|přes|u|a|nebo|tel|telefon|web|do|z",
    "fi": r"puh|puhelin|ja|tai|osoitteessa|verkossa",
    "hu": r"a|az|és|vagy|tel|telefon|telefonon|web|honlapon",
    "tr": r"tel|telefon|ve|veya|web|adres",
    "id": r"di|ke|atau|dan|telp|telepon|wa|whatsapp|web",
    "vi": r"tại|qua|hoặc|và|điện thoại|đt|sđt|website|hotline",
    "cyrillic": r"на|по|в|и|или|тел|телефон|телефону|сайт|сайте|у|через|от",
    "ukrainian": r"на|по|в|і|й|та|або|за|тел|телефон|телефоном|сайт|сайті|у|через",
    "greek": r"στο|στη|στον|στα|και|ή|τηλ|τηλέφωνο|μέσω",
    "arabic": r"على|عبر|من|في|أو|هاتف|ت|واتساب|الرقم|موقع|و",
    "hebrew": r"ב|באתר|טל|טלפון|או|אתר|בטלפון|נייד",
    "persian": r"در|از|تلفن|یا|سایت|و|با",
    "hindi": r"पर|फोन|फ़ोन|या|में|कॉल|मो",
    "thai": r"ที่|โทร|ได้ที่|หรือ|เว็บไซต์|ทาง",
    "kana": r"は|で|または|まで|電話|TEL|へ",
    "cjk": r"电话|网址|或|致电|电|請|请",
    "hangul": r"에서|또는|전화|은|는",
}
"""Words that lead to an address or a number, by language: without it they say nothing."""
_DENSE = frozenset(["thai", "kana", "cjk", "hangul", "hebrew", "arabic"])
_MARKED = re.compile(r"(?:[:：,;،؛–—|→·(!?.]|^)\s*\W*$")
_LABEL_WORDS = 3
_PHRASAL = re.compile(
    r"\b(?:log|sign|check|drop|call|come|pop|opt|tune|je|dich|sich|euch) (?:in|on|up|by|an)$", re.IGNORECASE
)
"""Verbs whose particle is no preposition."""
_SUFFIX = re.compile(r"^(?:['’][^\W\d_]{1,6}\b| ?ext\. ?\d+)")
"""What a language hangs on an address (``laptop.com.tr'de``), and what an extension hangs on a number."""


def is_parted(clause: str, language: str) -> bool:
    """Whether the words of a clause can be told from what leads to its address; else it is printed whole or not at all."""
    spans = contact_spans(clause)
    before = clause[: spans[0][0]] if spans else ""
    return language in _LOOSE or bool(_MARKED.search(before.rstrip())) or len(before.split()) <= 1


def parted(clause: str, language: str) -> tuple[str, str]:
    """The words before the clause's first address or number, and those after the last, each whole or empty.

    Words that cannot be told from what leads to the address come out empty.
    """
    spans = contact_spans(clause)
    if not spans:
        return clause, ""
    before, after = clause[: spans[0][0]], clause[spans[-1][1] :]
    after = _SUFFIX.sub("", after, count=1).strip(" .,;:!–—-()/|")
    return _led(before, language), after if len(after.split()) > 1 or not before.strip() else ""


def _led(before: str, language: str) -> str:
    """What stood before an address, without what led there."""
    text = before.strip(" :：(–—-→|/")
    pattern = _LOOSE.get(language)
    if pattern is None:
        is_apart = bool(_MARKED.search(before.rstrip())) and len(text.split()) > _LABEL_WORDS
        return text.rstrip(" .,;:") if is_apart else ""
    gap = r"\s*" if language in _DENSE else r"(?:^|\s+)"
    trailing = re.compile(rf"{gap}(?:{pattern})[\s.:,׳'’]*$", re.IGNORECASE)
    while (shorter := trailing.sub("", text)) != text and not _PHRASAL.search(text):
        text = shorter
    return text.strip(" .,;:：–—-→|/(")
