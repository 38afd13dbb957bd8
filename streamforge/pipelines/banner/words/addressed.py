# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Whom a sentence of a brief speaks to: the reader of the banner, or whoever makes it.

A request (``can you make a banner for my taxi firm``), art direction (``the mood should be calm``, ``Farben: warm``) and
manners (``thanks!``) are never printed. What a direction wants said (``mention that parking is free``) goes on as a
sentence of its own. The tables know the common ways to say so in a dozen languages; they are read together, since a
brief may be written in one language for an advertisement in another.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streamforge.pipelines.banner.words.facts import contact_spans, without_facts
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.including import included
from streamforge.pipelines.banner.words.makers import forbids, is_for_maker
from streamforge.pipelines.banner.words.manners import without_manners
from streamforge.pipelines.banner.words.naming import capitals
from streamforge.pipelines.banner.words.requesting import (
    NAME_IS,
    OWN,
    WANTS,
    asked_somehow,
    begging,
    request,
    third_person,
)
from streamforge.pipelines.banner.words.vocabulary import (
    DESIGN,
    DIRECT,
    KINDLY,
    NEGATIVE,
    PEOPLE,
    SOLL,
    STRICT,
    WORK,
)

_DESIGN_WORD = re.compile(rf"(?<!\w)(?:{DESIGN})(?!\w)", re.IGNORECASE)
_DIRECTED = re.compile(rf"^\W*{KINDLY}(?:{NEGATIVE} )?(?:{DIRECT})(?!\w)", re.IGNORECASE)
_SUBJECT_SHOULD = re.compile(
    rf"^\W*(?:(?:the|its|our|your|overall|general|der|die|das|le|la|les|el|los|las|il|lo|i|o|a|os|as|de|het) )*(?:{DESIGN}|{WORK})(?:[^.!?;]{{0,40}}?) {SOLL}(?!\w)",
    re.IGNORECASE,
)
_IT_SHOULD = re.compile(
    rf"^\W*(?:it|this|that|everything|all|es|das|ça|cela|il) {SOLL} (?:all |also |really |just )?(?:be|look|feel|have|convey|evoke|appeal|stand|say|show|come across|read|reflect|speak|attract|wirken|aussehen|sein|être|faire)\b|^\W*{KINDLY}(?:make|keep|have) (?:it|this|everything|the (?:{DESIGN}|{WORK}))\b",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"^\W*(?:please )?(?:make|let|have|keep) (?:the|our|my) (?:[\w'’-]+ ){1,3}(?:stand out|pop|big|bigger|huge|large|prominent|visible|readable|shine|clear)\b|^\W*(?:[\w'’-]+ ){1,6}(?:should|must|needs to|has to) (?:look|feel|stand out|pop|come across|convey|evoke|appear|be (?:visible|big|bigger|large|prominent|readable|legible|eye-catching))\b",
    re.IGNORECASE,
)
_VERBLESS = re.compile(
    rf"^\W*(?:[\w&'’-]+,? ){{0,5}}(?:(?:stock )?photos? please|graphics?|illustrations?|fonts?|typography|palette|backgrounds?|layout|(?<!\d )colou?rs? please|please|colou?rs? and (?:a )?(?:{DESIGN})|look|vibes?|tones|feel)\W*$",
    re.IGNORECASE,
)
_NOTE_TO_US = re.compile(
    r"^\W*(?:target (?:audience|group)|audience|aimed at|address(?:ed to)?|speak to|to be placed|to go on|deadline|budget|ignore (?:all|any|the|previous)|disregard|forget (?:all|the|about|previous)|ask me|let me know|get back|if you (?:need|have) (?:any|more)|looking forward|feel free|(?:the |my |our )?(?:photo|image|picture|logo|file|sketch)s? (?:is |are )?(?:attached|enclosed|below)|que se vea|que se lea|que aparezca)\b",
    re.IGNORECASE,
)

_WORK_SAYS = re.compile(
    rf"^\W*(?:an?|the|this|our|it)?\s*(?:{WORK})?[^.!?;]{{0,60}}?(?:should |must |needs to |has to |can )?(?:emphasi[sz]es?|highlights?|stress(?:es)?|focus(?:es)? on|promotes?|showcases?|features?|mentions?|announces?|says?|includes)(?: that)? (?P<said>.+)$",
    re.IGNORECASE,
)
_WORK_IS = re.compile(
    rf"^\W*(?:the|this|our|it['’]?s?)\s*(?:{WORK})?\s*(?:is|['’]s)? ?(?:for|about) (?P<said>.+)$", re.IGNORECASE
)
_ABOUT_WORK = re.compile(
    rf"^\W*(?:an?|the|this|that|our|der|die|das|eine?|le|la|une?|el|una?|il|het|een|de)\s+(?:[\w-]+ )?(?:(?:{STRICT})\b|(?:{WORK})\b[^.!?;]{{0,20}}? "
    rf"(?:should|must|needs|is for|emphasi|highlight|encourag|focus|promot|featur|show))",
    re.IGNORECASE,
)
_URGES = re.compile(
    rf"\b(?:encourag|entic|invit|inspir|motivat|urg|persuad|convinc|remind|ask|get|help|tell)(?:es?|ing|s)? {PEOPLE} to (?P<said>.+)$",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"^\W*(?:people|members|parents|families|students|kids|children|customers|clients|guests|visitors|readers|users|interested people|anyone interested|they) (?:can|should|may|must|could) (?P<said>(?:log|book|order|register|sign up|apply|call|ring|visit|buy|find|contact|donate|reserve|reach|get in touch|see|read|learn|come|go)\b.*)$|^\W*(?:kunden|patienten|gäste|leute|besucher|interessierte|les (?:clients|gens|visiteurs)|los clientes|la gente|i clienti|os clientes|klanten|klienci|клиенты|люди) (?:sollen|sollten|können|könnten|doivent|peuvent|deben|pueden|devono|possono|devem|podem|moeten|kunnen|powinni|mogą|могут|должны) (?P<foreign>.+)$",
    re.IGNORECASE,
)
_STARTS_URGE = re.compile(
    r"^\W*(?:(?:we|i)(?:['’]d| would)? (?:like|love|want|hope|need) to )?(?:please |also |and |to )*(?:encourage|entice|invite|inspire|motivate|urge|persuade|convince|remind|ask|get|tell) ",
    re.IGNORECASE,
)
_SELLS_TO_US = re.compile(
    r"^\W*(?:to )?(?:promote|advertise|announce|sell|promoting|advertising|announcing|selling)\b (?!your?\b)(?P<said>.+)$",
    re.IGNORECASE,
)
_I_RUN = re.compile(
    r"^\W*(?:i|we) (?:run(?= (?:an?|the|our|my|this) )|own|have|manage|work (?:for|at)|represent) |^\W*my name is\b|^\W*i['’]?m [A-Z]|^\W*(?:the )?client\b",
    re.IGNORECASE,
)
_WE_WANT = re.compile(
    r"^(?P<who>.{3,70}?),? (?:and|that|which) (?:we |i )?(?:want|would like|need|wish)s? to (?:advertise|promote|announce|sell|push|(?:tell|inform|remind) [\w ]{3,24}? (?:that|about)|let [\w ]{3,24}? know(?: that| about)?) (?P<said>.+)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:phone|telephone|number|website|web site|url|address|logo|email|e-mail|contact details|site|numéro|teléfono|telefon(?:nummer)?|telefono|numer|номер)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«‘'][^\"”“»’]{2,90}[\"”“»’]")


@lru_cache(maxsize=256)
def heard(sentence: str) -> Heard:
    """What the sentence is for; ``sentence`` has no line break. Pure."""
    text = without_manners(sentence)
    if not any(letter.isalnum() for letter in text):
        return Heard("silent")
    for judge in (_named, _negative, _wished, third_person, included, request, begging):
        if (found := judge(text)) is not None:
            return found
    if _is_note(sentence):
        return Heard("silent")
    for judge in (_directed, _said, _introduced, asked_somehow):
        if (found := judge(text)) is not None:
            return found
    if not is_for_maker(text, asked=False):
        return Heard("reader", text)
    named = _FOR_WHOM.search(text)
    return Heard("request", named["who"]) if named else Heard("silent")


_FOR_WHOM = re.compile(
    rf"(?<!\w)(?:{WORK})\b[^.!?;:]{{0,30}}? (?:for|für|pour|para|per|voor|для) (?:an? |the |our |my )?(?P<who>(?-i:[A-ZÀ-ÞА-Я])[\w'’&-]+(?: (?-i:[A-ZÀ-ÞА-Я])[\w'’&-]+){{0,3}})\W*$",
    re.IGNORECASE,
)
"""A list of formats ends with whom they are for: ``Leaderboard and skyscraper for Osprey Travel``."""


_SCENE = re.compile(
    r"^\W*(?:please|pls|bitte) (?:show|depict|zeigen?|zeigt) (?!your|this|us|the |it\b)[^\d]*$|"
    r"^\W*(?:please |also |and )*(?:show|depict|portray|illustrate|visuali[sz]e) (?:an? (?!little|bit)|several |people |happy )|"
    r"^\W*(?:please )?make (?!your|an?\b|it\b)(?:[\w'’-]+ ){1,3}(?:(?:really|very|super) )?(?:big|bigger|huge|bold|large|prominent|readable)\b|"
    r"^\W*(?:can|could|should|may) (?:the|our|my) [\w ]{2,30}? (?:be (?:really |very |super |a bit )?(?:big|bigger|large|huge|bold|prominent|visible|readable|dark|light|green|blue|red|pink|gold|bright)|stand out|pop|(?:go|sit) (?:top|bottom|in|on|at|left|right))\b|"
    r"\b(?:show|make|write|print|put|so show|so make) (?:it|them|that) (?:really |very |in )?(?:big|bigger|large|bold|huge)\b|"
    r"\blogo (?:top|bottom|left|right|big|small|in the|at the|on the|up|cent(?:er|re)|goes|attached|please|pls)\b|"
    rf"^\W*(?:quiero|queremos|quisiera|je v(?:eux|oudrais)|nous vou(?:lons|drions)|voglio|vogliamo|vorre\w+|ich (?:will|möchte)|wir (?:wollen|möchten)|quero|queremos|ik wil|we willen|chc[ęe]\w*|хочу|хотим)\b[^\d]{{0,40}}?(?<!\w)(?:{DESIGN})(?!\w)|"
    r"^\W*(?:bitte )?(?:pon|poned|ponga|pongan|mets|mettez|metti|mettete|coloca|coloquem?|zet|macht?|machen sie|setzt?|schreibt?|scrivi|scrivete|écris|écrivez)\b.{2,40}\b(?:grandes?|grandi|gros|groß|grosse?s?|groot|fett|bien visibles?|bien en évidence|in evidenza)\W*$|"
    r"^\W*(?:ne |n['’])?(?:mets|mettez|mettre|utilise[zs]?|fais|faites|écri(?:s|vez)) (?:surtout )?pas\b|"
    r"\b(?:dark|light|white|black|plain|blue|green|red|grey|gray) bg\b|^\W*(?:bitte )?schreibt? (?:bitte )?(?:nix|nichts|kein\w*)\b",
    re.IGNORECASE,
)
"""What a picture shall show, what is to be large, and where: no advertisement speaks so."""
_PLEASE_ONLY = re.compile(r"^\W*[^\W\d]+(?:(?: and| n| &|,) [^\W\d]+)? (?:pls|plz|please)\W*$", re.IGNORECASE)
"""``Cheerful pls``."""
_HINT = re.compile(
    r"\bwould be (?:class|cute|fun|sweet|neat|epic|handy)\b|\b(?:so|just|please|but) (?:please )?(?:keep|make) it (?:\w+ ){0,2}\w+\W*$|"
    r"^\W*(?:schön|toll|super|gut|cool|nett|klasse|ideal|perfekt) wäre\b|\bwäre (?:schön|toll|super|gut|cool|nett|klasse|prima)\b|\b(?:estaría|sería) (?:bien|genial|ideal|bueno)\b|\bserait (?:bien|super|top|chouette|sympa)\b|\bsarebbe (?:bello|ideale|perfetto|carino)\b|\bseria (?:bom|ótimo|legal)\b|\bzou (?:leuk|mooi|fijn) zijn\b|"
    r"^\W*(?:gerne?|am besten|idealerweise|idéalement|ideally|preferably|preferibilmente|idealmente|de preferencia|de préférence|liefst) (?:mit|avec|con|with|met|com)\b|"
    r"^\W*(?:quelque chose d(?:e |['’])\w+|etwas \w+es|qualcosa di \w+|something \w+|iets \w+s|algo \w+)\W*$|"
    r"^\W*(?:and |but |please )?no (?:neon|glitter|comic sans|clip ?art|gradients?|pastels?|kitsch|clutter|pink|cheesy \w+|stock \w+)\W*$",
    re.IGNORECASE,
)
"""A hint at the look, beside a request; alone it could as well be a slogan."""


def _is_note(sentence: str) -> bool:
    """Whether a sentence only notes how the design is to look: ``Professional look, no stock photos``."""
    bare = without_facts(sentence)
    return bool(_SCENE.search(bare) or _VERBLESS.match(bare))


_POLITE = re.compile(
    r"^\W*(?:bitte|please|pls|merci d(?:e |['’])|por favor|per favore|proszę|graag|пожалуйста|lütfen|vänligen|vennligst)(?!\w)",
    re.IGNORECASE,
)
_MAYBE = re.compile(
    r"(?<!\w)(?:maybe|perhaps|vielleicht|peut-être|quizás?|tal vez|forse|talvez|misschien|może|kanske|kanskje|måske|может быть|можливо)(?!\w)",
    re.IGNORECASE,
)
_IMAGINE = re.compile(
    r"^\W*(?:put|think|picture|imagine|go for|play with|go easy|pensez|imaginez|denkt|stellt euch|piensa|pensad|imagina|pensate|pense|denk)(?!\w)",
    re.IGNORECASE,
)
_FOR_READERS = re.compile(
    r"\d|\b(?:book|call|ring|order|register|sign|apply|visit|join|come|bring|buy|donate|reserve|drink|note|ask|contact|buchen|anmeld|anruf|bestell|reserv|inscri|appel|command|llam|prenot|chiam|ordin|kom|bel|zadzwo|zapis|rezerw|звон|запис|boka|ring)",
    re.IGNORECASE,
)


def is_aside(sentence: str) -> bool:
    """Whether, in a brief that asks for a banner, a sentence notes colours or begs without a word for the reader."""
    if is_for_maker(sentence, asked=True):
        return True
    is_plain = not contact_spans(sentence) and not any(letter.isdigit() for letter in sentence)
    return is_plain and bool(
        (
            _IMAGINE.match(sentence)
            or _MAYBE.search(sentence)
            or _PLEASE_ONLY.match(sentence)
            or _HINT.search(without_manners(sentence))
        )
        or (_POLITE.match(sentence) and not _FOR_READERS.search(sentence))
    )


def _named(text: str) -> Heard | None:
    match = NAME_IS.match(text)
    if match is None or _QUOTED.search(text):
        return None
    name = next(part for part in match.groups() if part).strip()
    if name[:1].islower() and not re.match(r"[a-z]+[A-Z0-9]", name):
        name = capitals(name)
    return Heard("name", name) if any(letter.isupper() for letter in name) else Heard("silent")


def _negative(text: str) -> Heard | None:
    is_note = _NOTE_TO_US.match(text) or forbids(text)
    return Heard("silent") if is_note else None


def _directed(text: str) -> Heard | None:
    if _SUBJECT_SHOULD.match(text) or _IT_SHOULD.match(text) or _LOOKS.match(text):
        return _wanted_in(text) or Heard("silent")
    if _DIRECTED.match(text) and (_DESIGN_WORD.search(text) or _REFERENCE.search(text) or _QUOTED.search(text)):
        return _wanted_in(text) or Heard("silent")
    return None


def _wanted_in(text: str) -> Heard | None:
    """What the direction wants said, apart from how: ``the ad should emphasise that lessons are short``."""
    if _QUOTED.search(text):
        return None
    match = _WORK_SAYS.match(text) or WANTS.match(text)
    if match is None or _DESIGN_WORD.search(match["said"]) or _REFERENCE.search(match["said"]):
        return None
    return Heard("wanted", OWN.sub("", match["said"].strip(), count=1))


def _wished(text: str) -> Heard | None:
    if may := _MAY.match(text):
        return Heard("wish", (may["said"] or may["foreign"]).strip())
    match = _URGES.search(text)
    is_ours = match and (
        _STARTS_URGE.match(text)
        or _ABOUT_WORK.match(text)
        or re.search(r"\b(?:image|ad|banner|poster|design)\b", text[: match.start()], re.IGNORECASE)
    )
    return Heard("wish", match["said"].strip()) if match and is_ours else None


def _said(text: str) -> Heard | None:
    if _ABOUT_WORK.match(text) or re.match(r"^\W*it['’]?s (?:for|about)\b", text, re.IGNORECASE):
        match = _WORK_SAYS.match(text)
        about = _WORK_IS.match(text)
        if about and not match:
            return Heard("request", OWN.sub("", about["said"].strip(), count=1))
        if match and not (_DESIGN_WORD.search(match["said"]) and not _QUOTED.search(match["said"])):
            return Heard("silent") if _QUOTED.search(match["said"]) else Heard("wanted", match["said"].strip())
        return Heard("silent")
    match = WANTS.match(text) or _SELLS_TO_US.match(text)
    if match is None:
        return None
    if _QUOTED.search(match["said"]) or (_REFERENCE.search(match["said"]) and not re.search(r"\d", match["said"])):
        return Heard("silent")
    return Heard("wanted", OWN.sub("", match["said"].strip(), count=1))


def _introduced(text: str) -> Heard | None:
    """Who asks: ``I run a small bakery``; of ``we are a bakery and want to advertise our rye bread`` the bread."""
    if match := _WE_WANT.match(text):
        return Heard("wanted", OWN.sub("", match["said"].strip(), count=1))
    return Heard("silent") if _I_RUN.match(text) and not re.search(r"\d", text) else None
