# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Sentences that tell the designer what to say: the order goes, the fact goes on.

``Include a discount of 10 %``, ``Mention: Lisbon from £129``, ``Scrivi che il secondo cono costa la metà``, ``They want to
advertise that guests stay for free``.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.facts import contact_spans
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.makers import forbids, is_look, points
from streamforge.pipelines.banner.words.vocabulary import KINDLY, WORK

_ARTICLE = r"(?:the|an?|our|my|some|this|that|all|de[rnmsi]|das|die|eine?[nrms]?|unsere?[nrms]?|le|la|les|l['’]|un|une|nos?|notre|el|los|las|una|nuestr[oa]s?|il|lo|i|gli|nostr[oaie]|o|os|as|uma?|nosso|nossa|het|een|ons|onze)"
_THAT = r"(?:,? ?(?:the fact )?that|,? dass|,? que|,? che|,? dat|,? что|,? że)"
_ABOUT = r"(?: (?:some(?:thing)?|a line|a bit|text|copy|info(?:rmation)?)(?: text)?)? (?:about|on|über|sur|sobre|su|over|про|о) "
_VERB = (
    r"don['’]?t forget(?: to (?:mention|include|add|say|write))?|do not forget(?: to (?:mention|include|add|say))?|include|add|mention|say|state|write|put(?: in)?|feature|note|highlight|list|announce|get across|point out|emphasi[sz]e|"
    r"erwähn(?:en|t|e)?(?: sie)?|nenn(?:en|t|e)(?: sie)?|schreib(?:en|t|e)?(?: sie)?(?: (?:bitte|auch|dazu|drauf))?|(?:bitte )?nicht vergessen|vergesst (?:bitte )?nicht|vergiss nicht|inhaltlich|"
    r"mentionne[rz]?|mentionnez|indique[rz]?|ajoute[rz]?|précise[rz]?|inclu(?:re|ez|s)|mett(?:re|ez)|écri(?:re|vez|s)|n['’]oublie[zr]?(?: pas)?(?: de mentionner)?|ne pas oublier|"
    r"inclu(?:ir|ye|id|yan?|ya)|mencion(?:ar|a|ad|en?)|añad(?:ir|e|id|an?)|agreg(?:ar|a|uen?)|pon(?:er|ed|gan?)?|escrib(?:ir|e|id|an?)|destac(?:ar|a|ad)|destaquen?|no (?:te )?olvid(?:ar|es|éis|en?)(?: (?:de|poner|mencionar|incluir))?|"
    r"inclu(?:dere|di|dete|da)|menzion(?:are|a|ate)|aggiung(?:ere|i|ete)|scriv(?:ere|i|ete|a)|indic(?:are|a|ate)|mett(?:i|ete|ere)|non dimentic(?:are|arti|ate)(?: di (?:scrivere|indicare))?|ricord(?:a|ati|ate)|"
    r"inclu(?:a|am|i)|mencionem?|adicion(?:ar|em?)|acrescentem?|coloc(?:ar)|coloquem?|escrev(?:er|am?)|não (?:se )?esqueç(?:a|am)(?: de (?:mencionar|incluir))?|divulgue|"
    r"vermeld(?:en)?|noem(?:en)?|schrijf|zet(?: erop)?|vergeet(?: niet)?(?: te vermelden)?|dodaj(?:cie)?|wspomnij(?:cie)?|napisz(?:cie)?|nie zapomnij(?:cie)?(?: o)?|nämn|skriv|nevn|укажите|упомяните|добавьте|напишите|не забудьте(?: указать| написать| упомянуть)?|belirt(?:in)?|yazın|ekleyin"
)
_INCLUDES = re.compile(
    rf"^\W*{KINDLY}(?:(?:merci de|veuillez|il faut|bitte|make sure (?:you|to)|be sure to|you (?:should|must|can)) )?(?:{_VERB})(?P<glue>{_THAT} |\s*[:：]\s*|{_ABOUT}|(?: {_ARTICLE})(?=\W)| (?=[\d$€£¥\"“„«]))\s*(?P<said>.+)$",
    re.IGNORECASE,
)
_VERB_LAST = re.compile(
    r"^\W*(?:bitte )?(?:(?:auch|noch) )?(?P<said>.+?) (?:bitte )?(?:erwähnen|nennen|angeben|aufnehmen|dazuschreiben|draufschreiben|reinschreiben|vermelden)\W*$",
    re.IGNORECASE,
)
_WHO = (
    r"(?:they|we|i|he|she|(?:the|our|my) [\w'’&-]+(?: [\w'’&-]+){0,3}?)(?:['’]d| would)?(?: also| really| just| now)?"
)
_SAYING = r"(?:advertise|promote|announce|say|mention|communicate|share|show|highlight|push|sell|stress|spread the word(?: about)?|(?:tell|inform|remind) [\w' ]{3,24}?|let [\w' ]{3,24}? know|make (?:it )?(?:clear|known)|get (?:the word out|people to know))"
_PERSONS = r"(?:people|everyone|everybody|customers?|clients?|guests?|visitors?|locals|families|parents|them|the public|students|women|men|neighbou?rs|passers-by|(?:(?:new|our|all|more|other|local|young|existing) )+[\w-]+s)"
_ASKED = re.compile(
    rf"^\W*(?:can|could|would|should|may|must) (?:you|we|it|(?:the|this|our|your) (?:{WORK})) (?:please |also |just )*(?:say|mention|state|announce|tell (?:people|them|everyone))(?: that|:)? (?P<said>.+)$",
    re.IGNORECASE,
)
"""``Could the banner say that the pool is heated now``."""
_MORE_SOLD = re.compile(r"^(?:more|extra|additional) (?=[a-z])", re.IGNORECASE)
_SELLS = re.compile(r"\b(?:sell|promote|push|advertise) (?:more|extra|additional)\b", re.IGNORECASE)
_WANTS = re.compile(
    rf"^\W*(?:and |but |so |also )*{_WHO} (?:want|like|love|need|wish|hope|plan|aim)s? (?:"
    rf"to {_SAYING}(?: (?:that|about)\b|,|:)? (?P<said>.+)|"
    rf"{_PERSONS} to (?:know|see|hear|understand|realise|realize|notice|remember)(?: (?:that|about))? (?P<known>.+)|"
    rf"{_PERSONS} to (?P<done>.+)|(?:something|a banner|an? (?:ad|poster|flyer)|one) (?:that|which) (?:shows?|says?|tells (?:people|them)|announces?|explains?|highlights?|advertises?|promotes?)(?: that| how| about)? (?P<shown>.+))$|"
    r"^\W*(?:wir|ich) (?:möchten?|wollen|will|würden? gern\w*) (?:gern\w* )?(?:[\w ]{0,24}? )?(?:sagen|zeigen|mitteilen|hinweisen|bekannt ?geben|bewerben|ankündigen|informieren),? (?:dass|über) (?P<german>.+)$|"
    r"^\W*(?:nous|on|je) (?:voulons|souhaitons|aimerions|voudrions|veux|voudrais|souhaite) (?:dire|annoncer|montrer|faire savoir|informer [\w ]{3,20}?|communiquer) (?:que |qu['’])(?P<french>.+)$|"
    r"^\W*(?:queremos|quiero|nos gustaría|quisiéramos) (?:decir|anunciar|comunicar|mostrar|que (?:la gente|los clientes|todos) sepan?) que (?P<spanish>.+)$|^\W*(?:vogliamo|vorremmo|vorrei) (?:dire|annunciare|comunicare|mostrare|far sapere) che (?P<italian>.+)$|"
    r"^\W*(?:queremos|gostaríamos de|quero) (?:dizer|anunciar|comunicar|avisar|mostrar) que (?P<portuguese>.+)$|^\W*(?:we|wij|ik) (?:willen|wil|zouden graag) (?:graag )?(?:zeggen|melden|laten weten|vertellen) dat (?P<dutch>.+)$",
    re.IGNORECASE,
)
_DOING = re.compile(
    r"^\W*(?:my|our) (?:sister|brother|dad|mum|mom|wife|husband|friend|boss|daughter|son|mother|father|family|aunt|uncle|neighbou?r|colleague|partner|cousin)s? (?:sells?|makes?|offers?|does|bakes?|runs?|has|is (?:selling|doing|offering)) (?P<kin>.+)$|^\W*(?:he|she|they)(?:['’]?s|['’]?re| is| are| will be)(?: also| now| currently)? (?:doing|offering|selling|giving(?: away)?|having|running|hosting|holding|organi[sz]ing|opening|launching) (?P<said>.+)$",
    re.IGNORECASE,
)
"""What a third person does, told about whose banner it is."""
_UNKNOWN = re.compile(
    r"^\W*(?:nobody|no one|not many(?: people)?|few people|hardly anyone|most people don['’]?t|people don['’]?t) knows? (?:that |about )?(?=we\b|our\b|you\b)(?P<said>.+)$",
    re.IGNORECASE,
)
"""What the advertiser misses to be known is what to say."""
_CHANGED = re.compile(
    r"\b(?:change|update|set|move|correct) the (?:date|day|time|price|address|venue|place|hours?|number|url|link|deadline) (?:to|:|is now) (?P<said>.+)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"^(?:full |contact )?(?:logo|website|web ?site|url|address|phone(?: number)?|telephone|number|e-?mail|link|contact(?: details| info)?|name|price|date|details|info|qr code|teléfono|dirección|adresse|telefonnummer|numéro|téléphone|indirizzo|telefono|endereço|telefone|adres|telefoonnummer|телефон|адрес)\W*$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^(?:price|cost|fee|number|phone number|date|address|website|url) of (?=\S)", re.IGNORECASE)
_PURPOSE_END = re.compile(
    r",? (?:in|as|on) (?:the )?(?:headline|banner|ad|poster|background|image|top|bottom)\W*$", re.IGNORECASE
)
_OURS = re.compile(r"^(?:the|an?|our|my|some)\s+(?:services as an? )?", re.IGNORECASE)
_CRAFTY, _HEAD_WORDS = 4, 5


def included(text: str) -> Heard | None:
    """What the designer is told to say, as ``wanted``; ``silent`` where that is only a thing to place."""
    match = (
        _ASKED.match(text) or _WANTS.match(text) or _DOING.match(text) or _UNKNOWN.match(text) or _CHANGED.search(text)
    )
    said = next((part for part in match.groups() if part), "") if match else ""
    if not said:
        order = _INCLUDES.match(text) or (_VERB_LAST.match(text) if not forbids(text) else None)
        said = order["said"] if order else ""
    if not said or forbids(text):
        return None
    said = said.rstrip("? ")
    head, mark, tail = said.partition(": ")
    if mark and len(head.split()) <= _HEAD_WORDS and (is_look(head.strip()) or _REFERENCE.match(head.strip())):
        said = tail
    said = _MORE_SOLD.sub("", said, count=1) if _SELLS.search(text) else said
    bare = _LABEL.sub("", _PURPOSE_END.sub("", _OURS.sub("", said.strip(), count=1)))
    if _REFERENCE.match(bare) or is_look(bare) or (points(bare) >= _CRAFTY and not contact_spans(bare)):
        return Heard("silent")
    return Heard("wanted", bare)
