# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Which piece of a brief leads: every candidate by points, for what it names and against what cannot stand alone."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words import judging
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facets import is_placed, says_place
from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.kinds import Kind

SEEKS = re.compile(
    r"\b(?:we(?:['’]re| are)(?: now)? (?:looking for|hiring|seeking|recruiting)|(?:now )?hiring|wanted|vacanc(?:y|ies)|volunteers? (?:needed|wanted))\b|\bwir suchen\b|\bgesucht\b|\bsuch(?:t|en)\b|\bstellenangebot\b|\((?:m/w/d|w/m/d|h/f|f/h|m/f|v/m|m/v|m/k)\)|\b(?:nous|on) (?:recherch|recrut|cherch)\w+|\b(?:recherche|recrute|cherche)\b|"
    r"\b(?:buscamos|se busca[n]?|necesita(?:mos|n)?|contratamos)\b|\b(?:cerchiamo|cercasi|assumiamo)\b|\b(?:procuramos|procura-se|contrata(?:mos|-se))\b|\b(?:wij|we) zoeken\b|\bgezocht\b|\bzoekt\b|\bszukamy\b|\bzatrudni\w+|\bsöker\b|\bsøker\b|\bsøger\b|(?<!\w)(?:ищем|требу[ею]тся|вакансия)|aranıyor|مطلوب|דרוש|โปรดสมัคร|รับสมัคร|募集|招聘|모집",
    re.IGNORECASE,
)
"""Who looks for somebody says so first: what they pay comes after."""
_ONLY_SEEKS = re.compile(
    r"^\W*(?:we(?:['’]re| are)(?: now)? hiring|(?:now )?hiring|join (?:our|the) team|stellenangebot|wir stellen ein|on recrute|nous recrutons|estamos contratando)\W*$",
    re.IGNORECASE,
)
"""That somebody is wanted, not who."""
_EVENT = re.compile(
    r"(?:festival|concert|konzert|fair|market|markt|sale|fest\b|workshop|course|webinar|launch|opening|eröffnung|exhibition|ausstellung|marathon|tour|gala|open day|camp|club|week|night|party|show|drive|appeal|feria|feria|concierto|taller|rebajas|soldes|foire|vente|portes ouvertes|atelier|concorso|mercat|corso|saldi|curso|oficina|открыт|фестивал|концерт|распродаж|フェア|セール|オープン|招生|开业|특가|세일|오픈|افتتاح|دورة|معرض|सेल|मेला|शिविर)",
    re.IGNORECASE,
)
_PRICE_FIRST = re.compile(
    r"^(?:from|ab|nur|only|just|desde|dès|à partir de|da|od|vanaf|a partir de)?\s*(?:[$€£¥₹₽R]{1,2} ?\d|\d[\d.,]* ?(?:[€£$%₽₺₪]|euros?|kr|zł|dollars?|bucks|quid|EUR))",
    re.IGNORECASE,
)
_ABOUT_THEM = re.compile(
    r"^(?:our|my|the) (?:customers?|clients?|audience|readers|guests|members) (?:are|is|have)\b|^(?:people|customers) (?:often|always|usually|keep)\b",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"^(?:ages? \d|aged|max|min|limited|only|nur noch|plazas|places|posti|vagas|and|or|but|with|including|incl|plus|also|afterwards|then|in|at|on|for|near|by|to|of|im|am|auf|für|bei|dans|chez|pour|en|para|nel|nella|per|no|na|op|bij|voor|open|opens|start|starts|doors|everyone|all welcome|und|mit|sowie|inkl|danach|avec|puis|ensuite|con|después|y|poi|dopo|com|depois|met|daarna|med|с|и)\b",
    re.IGNORECASE,
)
_SHORT, _LONG, _NAMED = 2, 9, 7
_QUALITY = re.compile(r"^\W*(?:\w+ly|sehr|très|muy|molto|muito|zeer) \w+\W*$", re.IGNORECASE)
"""``Fully insured``: of whom?"""


_HASTE = re.compile(
    r"^\W*(?:(?:the |only )?(?:last|final) (?:few|chance|tickets|places|spots|seats|days|call|minute)\b|(?:only|just) (?:a few|\d+|few) .{0,20}left|hurry|selling (?:out )?fast|almost (?:gone|sold out)|limited (?:places|spaces|seats|time|stock)|(?:nur noch|letzte|die letzten|wenige)\b|(?:derniers?|dernières?|plus que)\b|(?:últim[oa]s|quedan)\b|(?:ultimi|ultime|ultimissim\w+)\b)",
    re.IGNORECASE,
)
"""Haste for something that another line names."""


def is_occasion(subject: str) -> bool:
    """Whether what a request is for is something that takes place, and not who gives it."""
    return bool(_OCCASION.search(subject))


_OCCASION = re.compile(
    r"(?<!\w)(?:[\w-]+(?:fest(?:ival)?|konzert|markt|abend|lauf|turnier|verkauf|woche|nacht|basar|ausstellung|eröffnung|probe|messe|börse)|festivals?|concerts?|fairs?|markets?|sales?|workshops?|courses?|class(?:es)?|lessons?|webinars?|launch|(?:re)?opening|exhibitions?|marathon|race|run|walk|tours?|gala|camp|club|week|weekend|night|evening|day|party|show|talk|quiz|raffle|auction|appeal|reunion|tournament|bazaar|jubilee|anniversary|birthday|festa|fest|tag der \w+|jubiläum|geburtstag|"
    r"fête|foire|soldes|braderie|vente|portes ouvertes|atelier|concert|spectacle|rentrée|tournoi|vernissage|anniversaire|stage|fiesta|feria|mercadillo|concierto|taller|curso|rebajas|jornadas?|torneo|noche|apertura|inauguración|aniversario|sagra|mercatino|concerto|corso|mostra|saldi|inaugurazione|laboratorio|torneo|oficina|saldos|promoção|exposição|inauguração|noite|torneio|beurs|braderie|opening|avond|tentoonstelling)(?!\w)|فعالية|افتتاح|تخفيضات|معرض|دورة|حفل|体験会|セール|フェア|祭|展|コンサート|教室",
    re.IGNORECASE,
)

_EXTRA = re.compile(
    r"\b(?:entry|admission|entrance|parking|delivery|shipping|fitting|installation|breakfast|drinks?|snacks?|pickup|returns|consultation|beratung|eintritt|versand|lieferung|parken|montage|entrée|livraison|accès|entrada|envío|aparcamiento|ingresso|spedizione|consegna|entrega|frete|toegang|verzending|bezorging|parkeren|wstęp|dostawa|fri entré|вход|доставка)\b.{0,24}\b(?:free|included|frei|kostenlos|gratis|inklusive|libre|gratuite?|offerte?|libera|incluso|incluid[oa]|gratuit[ao]|livre|grátis|inbegrepen|wolny|бесплатн\w+|свободн\w+)\b|"
    r"^\W*(?:free|kostenlose[rs]?|gratis|gratuit[eo]?) (?:entry|admission|parking|delivery|shipping|consultation|beratung|versand|lieferung|parken|entrée|livraison|envío|entrada|toegang|doorstep delivery|trial)\W*$|^\W*(?:entrada|entrée|eintritt|ingresso|toegang|вход|wstęp) \w+\W*$|^\W*(?:cash only|walk[- ]?ins? (?:only|welcome)|all welcome|(?:no|keine?|sans|sin|senza|sem|geen|без) [\w-]+(?: [\w-]+)?$|(?:\d+[- ]day )?free trial)\b",
    re.IGNORECASE,
)
"""What is good to know besides: it sells nothing alone."""


def leading_points(kind: Kind, text: str, *, weak: bool, is_hiring: bool, is_lead: bool) -> float:
    """How well a piece leads, its place in the brief aside; ``is_lead`` where a colon leads on from it."""
    words = len(text.split())
    features = (
        (bool(SEEKS.search(text)), 4.0), (bool(_ONLY_SEEKS.match(text)) and not is_lead, -5.0), (bool(_EVENT.search(text)), 0.6), (_SHORT <= words <= _NAMED, 0.5), (is_lead, 0.4), (is_lead and words <= _SHORT, 0.4),
        (weak, -4.0), (says_place(text), -5.0), (is_placed(text), -2.0), (bool(_ABOUT_THEM.match(text)), -4.0), (bool(_FRAGMENT.match(text)), -2.5), (bool(_EXTRA.search(text)), -2.0),
        (kind == "offer", -0.3), (bool(_PRICE_FIRST.match(text)), -1.6), (bool(DATE.search(text) or TIME.search(text)), -0.5), (words > _LONG, -0.5), (bool(_QUALITY.match(text)), -2.0), (bool(_HASTE.match(text)), -1.5),
        (is_hiring and bool(offer_spans(text)), -2.0), (judging.is_errand(text) or bool(re.match(r"pre-?order\b", text, re.IGNORECASE)), -1.5),
    )  # fmt: skip
    return sum(worth for holds, worth in features if holds)
