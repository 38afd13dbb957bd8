# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Taking a date or a price from the end of a clause, where whole words remain before it; elsewhere the clause stays whole."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.kinds import CONDITION, FREE, Kind, kind_of
from streamforge.pipelines.banner.words.sentences import protected

QUALIFIES = re.compile(
    r"(?:normally|regularly|regular|usually|was|were|reduced|then|otherwise|instead|valid|min(?:imum)?|max(?:imum)?|per|excl\w*|except|subject|with code|using code|use code|not incl\w*|only|incl\w*|if you|when you|limited to|members only|new customers|in store|online only|deposit|thereafter|after that|from then|"
    r"statt|sonst|ermäßigt|nur|außer|danach|bisher|inkl\w*|exkl\w*|zzgl|mindest\w*|au lieu|sauf|hors|uniquement|seulement|puis|minimum|dès|réduit|en lugar|en vez|antes|solo|sólo|excepto|salvo|después|mínimo|anziché|invece|solo|escluso|esclusi|poi|minimo|apenas|só|exceto|depois|mínimo|"
    r"in plaats|alleen|behalve|daarna|minimaal|tylko|oprócz|zamiast|potem|endast|bara|istället|därefter|kun|bare|i stedet|только|кроме|вместо|далее|тільки|замість|лише|csak|kizárólag|doar|numai|jen|pouze|len|vain|chỉ|hanya|μόνο|רק|เฉพาะ|仅限|仅|限定|sadece|yerine|yalnızca|فقط|بدلاً|בלבד|במקום|केवल|सिर्फ)(?!\w)",
    re.IGNORECASE,
)
"""A clause that begins so limits what stands before it, and never stands alone."""
_LIFTING = frozenset(["en", "de", "fr", "es", "it", "pt", "nl", "sv", "no", "da", "pl", "cyrillic"])
"""Languages whose dates are read with everything that belongs to them."""
_LIFT_FROM, _LIFT_PRICE_FROM = 30, 18
"""A shorter clause is short enough as it is, with its date or its price."""
_OPEN_END = re.compile(
    r"(?:^|\s)(?:a|an|the|and|or|of|for|to|with|in|on|at|by|from|that|which|who|is|are|was|be|has|have|your|our|their|its|my|this|these|as|than|we|you|they|it|i|then|worth|when|if|costs?|pays?|is now|save|saves|get|gets|win|over|under|only|just|now|up|over|open|opens|start|starts|starting|begins|run|runs|returns|back|held|arrives?|launch(?:es)?|closes?|ends?|meets?|takes? place|happens?|goes|comes?|opening|"
    r"beginnt|beginnen|startet|starten|endet|öffnet|öffnen|commencent?|débutent?|démarrent?|ouvr(?:e|ent)|se termin(?:e|ent)|empiezan?|comienzan?|abren?|terminan?|acaban?|iniziano?|cominciano?|apr(?:e|ono)|terminano?|começam?|iniciam?|terminam?|begint|"
    r"der|die|das|den|dem|und|oder|für|mit|auf|in|im|am|an|von|zu|zum|zur|bei|aus|ab|bis|ein|eine|einen|findet|startet|beginnt|le|la|les|un|une|des|du|de|d['’]|et|ou|à|au|aux|en|sur|chez|pour|avec|dans|par|el|los|las|del|y|o|con|en|por|para|"
    r"il|lo|gli|i|e|di|da|del|della|su|per|o|os|as|do|dos|em|com|no|na|het|een|van|op|voor|met|bij|naar|w|z|na|do|od|dla|i|och|på|med|av|till|og|til|af|и|в|на|с|по|до|для|от|та|і|у|з)$",
    re.IGNORECASE,
)
_PRICE_LED = re.compile(
    r"(?:,? (?:for|from|at|now|only|just|starting at|starting from|priced at|and the price of|with prices from))?\s*$",
    re.IGNORECASE,
)


def lifted(text: str, language: str) -> list[tuple[Kind, str]]:
    """A clause without the date or price at its end, and these after it; the clause alone where it is not whole then."""
    if len(text) <= _LIFT_PRICE_FROM or language not in _LIFTING:
        return [(kind_of(text, language), text)]
    tail: list[tuple[Kind, str]] = []
    rest = text
    for _ in range(2):
        shorter, kind, fact = _cut_end(rest, language)
        if not fact:
            break
        tail.insert(0, (kind, fact))
        rest = shorter
    return [(kind_of(rest, language), rest), *tail]


_ONLY = re.compile(
    r"(?:,? (?:only|just|valid|nur|seulement|uniquement|solo|sólo|solamente|soltanto|apenas|só|somente|alleen|tylko|bara|endast|kun|bare|только|лише|тільки))+\s*$",
    re.IGNORECASE,
)
"""What limits a date goes with it."""
_THINGS = re.compile(r"[A-Z][a-z]{3,}(?<!s)s")
"""One word that names goods: ``Sofas``."""
_STUB = re.compile(
    r"use (?:the |our )?(?:promo |discount )?code.*|(?:the |our |all )?(?:prices?|costs?|fees?|tickets?|plans?|entry|rates?|offers?|packages?|memberships?)(?: (?:starts?|begins?|is|are))?",
    re.IGNORECASE,
)
_WITH = re.compile(r",? (?:with|featuring) (?:an? |the )?(?=\w)", re.IGNORECASE)


def with_parted(text: str) -> tuple[str, ...]:
    """A long English clause before and after its first ``with``, where both are whole."""
    kept = protected(text)
    for match in _WITH.finditer(text):
        before, after = text[: match.start()].strip(), text[match.end() :].strip()
        is_clause = re.match(r"(?:we|you|they|i|it|our|your|she|he|let)\b", before, re.IGNORECASE)
        is_free = (
            not re.search(r"\b(?:which|who|that)\b", after)
            and (not is_clause or bool(offer_spans(after)))
            and not any(start < match.start() + 1 < end for start, end in kept)
        )
        if (
            is_free
            and _is_whole(before)
            and len(after.split()) > 1
            and not re.match(
                r"(?:us|you|me|them|him|her|our|your|it|their|his|its|my|each|one)\b", after, re.IGNORECASE
            )
            and not re.search(
                r"\b(?:us|you|me|him|her|them|each|both|all|one|deal|help|start|agree|together|along|\w+ed|filled|packed|made|covered|topped|served|paired|comes?|begins?|starts?|ends?)$",
                before,
                re.IGNORECASE,
            )
        ):
            return before, after
    return ()


_FIXED = re.compile(r"\d|^(?:until|till|through|bis|jusqu|hasta|fino|até|tot|do|до)\b", re.IGNORECASE)
"""A weekday alone says how often, and stays with its verb."""


def _cut_end(text: str, language: str) -> tuple[str, Kind, str]:
    if CONDITION.match(text):
        return text, "news", ""
    is_long = len(text) > _LIFT_FROM
    dates = [
        match.span()
        for match in DATE.finditer(text)
        if is_long and _ends(text, match.end()) and _FIXED.search(match.group())
    ]
    if dates:
        start = dates[0][0] - len(limit[0]) if (limit := _ONLY.search(text[: dates[0][0]])) else dates[0][0]
        if _is_whole(rest := text[:start].strip(" ,–—-:")):
            return rest, "date", text[start : dates[0][1]].strip(" ,")
    prices = offer_spans(text)[:1] if language == "en" else ()
    if prices and (_ends(text, prices[0][1]) or _is_limited(text[prices[0][1] :])):
        rest = _PRICE_LED.sub("", text[: prices[0][0]]).strip(" ,–—-:")
        fact = text[len(rest) :].strip(" ,–—-:")
        fact = re.sub(
            r"^(?:for|at|and the price of|with prices|priced at|with an?|with)\s+", "", fact, flags=re.IGNORECASE
        )
        is_shared = re.search(r"\b(?:and|or|plus)\b|&", rest) and not re.search(
            r"and the price of|with prices", text[len(rest) :]
        )
        if (
            (_is_whole(rest) or _THINGS.fullmatch(rest))
            and not is_shared
            and not FREE.search(rest)
            and not re.match(r"(?:under|over|less|more)\b", fact, re.IGNORECASE)
            and not _STUB.fullmatch(rest)
        ):
            return rest, "offer", fact
    return text, "news", ""


def _is_limited(rest: str) -> bool:
    """Whether nothing but the price's own limits follows it."""
    return bool(re.match(r",? ?(?=\w)", rest)) and bool(QUALIFIES.match(rest.lstrip(" ,")))


def _ends(text: str, at: int) -> bool:
    return not any(letter.isalnum() for letter in text[at:])


def _is_whole(rest: str) -> bool:
    return len(rest.split()) > 1 and not _OPEN_END.search(rest) and rest.count("(") == rest.count(")")
