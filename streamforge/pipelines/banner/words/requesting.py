# ruff: noqa: E501, RUF001 - long patterns read better whole; other languages' letters
"""Sentences that ask for a banner, in whatever words, and what they ask it for.

``can u make a banner for my taxi firm``, ``I'd love something for our tenth birthday``, ``This is for a charity auction``.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.hearing import Heard
from streamforge.pipelines.banner.words.manners import without_manners
from streamforge.pipelines.banner.words.vocabulary import ASKING, KINDLY, PLACES, SAY, STRICT, WORK

OWN = re.compile(
    r"^(?:(?:my|our|the|an?|(?:mein|unser|ein)(?:e[nmrs]?)?|die|das|den|der|mon|ma|mes|notre|nos|votre|le|la|les|un|une|mis?|nuestr[oa]s?|el|los|las|una|il(?= )|lo|i|gli|mio|mia|(?:il|la|i|le) (?:mi[oa]|nostr[oaie])|(?:il|la) nostr[oa]|nostr[oa]|"
    r"minha|meu|nossa|nosso|uma?|onze|ons|mijn|het|een|moj\w+|nasz\w+|vår[at]?|vores|min|mitt?|нашей|нашего|нашу|моей|моего|мой|наш)\s+){1,2}",
    re.IGNORECASE,
)
WANTS = re.compile(
    rf"^\W*{KINDLY}(?:we(?:['’]d| would)? (?:like|want|love) to |i(?:['’]d| would)? (?:like|want|love) to )?(?:also )?{SAY}(?: (?:about|in particular|especially))?(?:,? (?:the fact )?(?:that|dass|que|che|dat)|:| -| the| our| its| their)?\s+(?P<said>.+)$",
    re.IGNORECASE,
)
NAME_IS = re.compile(
    r"^\W*(?:(?:my|our|the|its?|mon|notre|mein|unser|el|la|il) )?(?:(?:company|brand|business|shop|firm|store|salon|restaurant|club|school|gym|cafe|café) )?name(?:['’]s| is|:| -)?\s+(?P<name>(?:[^,.;!?\n]|, (?=[A-Z])){2,60})|"
    r"^\W*(?:we['’]re|we are|it['’]s|it is|the (?:shop|company|place|business|cafe|restaurant|club) is) called (?P<called>(?:[^,.;!?\n]|, (?=[A-Z])){2,60})|^\W*(?:the|our) [\w-]+(?: [\w-]+)? is (?:called|named) (?P<thing>(?-i:[A-Z])[^,.;!?\n]{1,40})$|^\W*(?:the )?client is (?:an? )?(?:.{2,50}? )?(?:called|named) (?P<client>[^,.;!?\n]{2,60})",
    re.IGNORECASE,
)
OF_EVENT = re.compile(
    r"^\W*(?:the|our|my) (?:[\w-]+ )?(?:event|show|party|festival|concert|exhibition|evening|night|workshop|course|talk|play|film|book|album|tour|campaign|fair|market) is (?:called|named)\b",
    re.IGNORECASE,
)
"""What an event is called is its title, not who gives it."""
_ASKED_WORK = re.compile(
    rf"(?:^|(?<=\W))(?:{ASKING})(?=\W|['’]|$)[^.!?;:\n]{{0,60}}?(?<!\w)(?:{WORK})(?!\w)", re.IGNORECASE
)
_WORK_ASKED = re.compile(rf"(?<!\w)(?:{WORK})(?!\w)[^.!?;:\n]{{0,40}}?(?<!\w)(?:{ASKING})(?!\w)", re.IGNORECASE)
"""Languages in which the verb stands last."""
_ASKS_US = re.compile(
    r"\b(?:can|could|would|will) (?:you|u|someone|anyone|anybody|we|i)\b|\b(?:könn\w*|kannst|würde\w*|pou[vr]\w+|peux|pued\w*|podéis|podrí\w*|pot\w+|pod\w+|kun\w*|zou|mógł\w*|możecie|moż\w*|могли|можете|можешь|kan|vil|possible|possibile|posible|pls|plz|please)\b",
    re.IGNORECASE,
)
"""A question that asks for work; any other (``Need a banner?``) asks its reader."""
_BARE_WORK = re.compile(
    rf"^(?:an? |the |our |un |une |ein(?:e|en)? |una? |uma? )?(?:(?!for\b|about\b)[\w-]+ ){{0,3}}?(?:{WORK}) (?=(?:for|about|promoting|to promote|advertising|to advertise|announcing|that promotes|für (?:unser|mein)\w*|pour (?:notre|nos|mon|ma|mes)|para (?:mis?|nuestr[oa]s?)|per (?:il mio|la mia|il nostro|la nostra)|voor (?:ons|onze|mijn)|para (?:o meu|a minha|o nosso|a nossa))\b)|^something (?:\w+ ){{0,3}}?(?=for\b)",
    re.IGNORECASE,
)
_FOR_PLACE = re.compile(
    rf"^\W*(?:for|on|für|pour|para|per|voor|dla|på|для) {PLACES}(?: ?(?:,|/|\+|&|n|and|und|et|y|e|en|i|och|og|и) ?{PLACES})*\b",
    re.IGNORECASE,
)
_SIZED = re.compile(r"^\W*(?:in |of |at )?\d{2,4} ?[x×] ?\d{2,4}(?: ?px)?", re.IGNORECASE)
_TASK = re.compile(
    r"^\W*(?:(?:with|containing) the following(?: (?:text|info(?:rmation)?|details|content))?|(?:(?:that|which) )?(?:announc(?:es|ing)|promot(?:es|ing)|advertis(?:es|ing)|says|saying|showing)(?: that)?|to (?:promote|advertise|announce|sell)|promoting|advertising|"
    r"لـ?(?=[\u0600-\u06ff])|(?:for|4)(?! (?:us|me)\b)|about|featuring|of|(?:für(?:s|['’]s)?|fuer|über|zu[rm]?|beim|vom)|pour|sur|para|sobre|per|su|por|voor|over|dla|o|na|på|för|til|om|pentru|для|о|про|için)(?:\b|(?<=[لـ]))[\s:]*",
    re.IGNORECASE,
)
_LATER_TASK = re.compile(
    r"^\W*(?:(?!(?:our|my|the|an?|we|i)\b)[\w-]+ ){1,3}?(?:for|4|about|für|pour|para|per|voor|для)(?! (?:us|me|uns|mich|nous|moi)\b)\s+(?=\w)",
    re.IGNORECASE,
)
"""``need smth quick 4 our quiz night``."""
_SOON = re.compile(r"^\W*(?:asap|please|pls|plz|urgently|quickly|today|bitte|por favor|svp)\b", re.IGNORECASE)
_FURTHER = re.compile(rf"[^.!?;:,\n]{{0,30}}?(?<!\w)(?:{STRICT})(?!\w)", re.IGNORECASE)
"""``design a banner``: the thing asked for is the last one named."""


_PROMOTES = re.compile(
    r"(?:^\W*|(?<= )(?:e|et|y|en|and) )(?:(?:mi|el|la|nuestr[oa]) \w+ quiere|(?:mon|ma|notre) \w+ (?:veut|voudrait)|on (?:veut|voudrait|aimerait)|(?:il|la) mi[oa] \w+ vuole|(?:o meu|a minha) \w+ quer|quiero|queremos|quisiera|me gustaría|je (?:veux|voudrais|souhaite)|nous (?:voulons|voudrions|souhaitons)|vorrei|voglio|vogliamo|vorremmo|quero|queremos|gostaria de|ik wil(?: graag)?|we willen(?: graag)?|chcę|chcemy|хочу|хотим|jag vill|vi vill|vi ønsker å) "
    r"(?:promocionar|anunciar|publicitar|promouvoir|annoncer|faire la (?:promotion|publicité) (?:de|pour)|promuovere|pubblicizzare|annunciare|promover|divulgar|promoten|adverteren|promować|zareklamować|ogłosić|прорекламировать|продвигать|marknadsföra|annonsera|markedsføre|reklamere for)\s+(?P<said>.+)$|"
    r"(?:^\W*|(?<= )und )(?:wir (?:möchten|wollen|würden gern\w*)|(?<=und )(?:möchten|wollen)|ich (?:möchte|will|würde gern\w*))\s+(?P<german>.+?)\s+(?:bewerben|ankündigen|promoten|vorstellen)(?P<after>[:,].+)?$",
    re.IGNORECASE,
)


_WORK = re.compile(rf"(?<!\w)(?:{WORK})(?!\w)", re.IGNORECASE)
_KANA = re.compile(
    r"^\W*(?P<said>[^、。]{1,40}?)(?:の|用の|向けの|用)(?:告知|宣伝|広告|販促|募集)?(?:バナー|ポスター|広告|チラシ|フライヤー|画像)(?:を|が|の作成を|制作を)?.{0,12}?(?:お願い|作|つく|制作|ください|下さい|欲し|ほし|必要)"
)
_HANDS = re.compile(
    r"\b(?:see below|below|(?:please )?find|attached|enclosed|here (?:are|is|come)|(?:can|could|would) (?:you|u) (?:\w+ )?(?:do|make|create|design)|do (?:me|us)?|(?:os|te|le|les) (?:paso|mando|envío|dejo)|adjunto|aquí (?:van|tiene\w*|están)|voici|ci-joint\w*|ecco|(?:vi|ti|le) (?:mando|invio|passo|allego)|in allegato|seguem?|em anexo|aqui (?:vão|estão)|anbei|hier (?:sind|ist|kommen|die|der|das|unsere?)|im anhang|hierbij|bijgevoegd|hier zijn)\b",
    re.IGNORECASE,
)
_HANDED = re.compile(
    r"\b(?:details|info(?:rmation|s)?|particulars|facts|(?:product |data |fact )?sheet|one(?: more)?|another(?: one)?|the same|datos|detalles|información|détails|informations|fiche(?: produit)?|(?:eck)?daten|angaben|produktblatt|dettagli|dati|informazioni|scheda(?: prodotto)?|dados|detalhes|informações|gegevens)"
    r" (?:for|about|on|of|del|de la|de los|de las|de|sobre|für|zu[mr]?|über|pour|sur|du|des|per|sul|sulla|della|dello|do|da|dos|das|voor|over|van) (?P<said>[^.,;:!?\n]{3,60})",
    re.IGNORECASE,
)
"""What is handed over with a brief: the details *of something*, which the banner is for."""
_SHOULD_PUSH = re.compile(
    r"\b(?:we|i|they) (?:should|could|must|need to|have to|ought to|can (?:finally |now )?) ?(?:really |finally |now |also )*(?:push|promote|advertise|announce|plug) (?P<said>[^.,;:!?\n]{3,60}?)(?: again| more| soon)?(?=[.,;:!?\n]|$)",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"\b(?:writing (?:to you )?about|(?:vi|ti|le) scrivo per|(?:os|te|le|les) escribo (?:por|para|sobre)|je (?:vous |t['’])écris (?:pour|au sujet de)|schreibe? (?:ihnen|euch|dir) wegen|escrevo(?:-vos|-lhe)? (?:sobre|por causa d[eoa])) (?P<said>[^.,;:!?\n]{3,60})",
    re.IGNORECASE,
)
_IT_IS_FOR = re.compile(
    r"^\W*(?:c['’]est pour|das ist für|es ist für|es para|è per|é para|het is voor) (?P<said>(?:le |la |l['’]|les |notre |nos |das |den |die |unser\w* |el |la |nuestr[oa]s? |il |lo |o |a |nosso |nossa |het |de |onze ).+)$",
    re.IGNORECASE,
)
_SOMETHING = re.compile(
    r"\b(?:wants?|needs?|would like|(?:is|are) (?:after|looking for)) something (?:for|about|on) (?P<said>[^.,;:!?\n]{3,60})",
    re.IGNORECASE,
)
_FOR_OURS = re.compile(
    r"^\W*für (?:unser|mein)\w* (?P<said>[^.,;:!?\n]{3,40}?) (?:bräuchten?|brauchen?|benötigen|hätten?|suchen?) (?:wir|ich)(?!\w)",
    re.IGNORECASE,
)


def request(text: str) -> Heard | None:
    """A request in the usual words, with what it is for or is to say."""
    if promoted := _PROMOTES.search(text):
        said = promoted["said"] or f"{promoted['german']}{promoted['after'] or ''}"
        return Heard("request", OWN.sub("", said, count=1))
    if said := _meant(text):
        return Heard("request", OWN.sub("", said, count=1))
    match = _BARE_WORK.match(text) or _ASKED_WORK.search(text) or _WORK_ASKED.search(text)
    is_question = text.rstrip().endswith("?") and not _ASKS_US.search(text)
    if match is None or is_question or _is_our_trade(text, match):
        return None
    return _requested(text, match)


def _meant(text: str) -> str:
    """What a sentence is for that hands something over, or plans, or says for whom; empty for any other."""
    handed = _HANDED.search(text) if _HANDS.search(text) else None
    if handed is not None and not _WORK.search(handed["said"]):
        return text[handed.start("said") :] if text[handed.end() :].startswith(":") else handed["said"]
    match = (
        _KANA.match(text)
        or _SOMETHING.search(text)
        or _IT_IS_FOR.match(text)
        or _WRITES.search(text)
        or _SHOULD_PUSH.search(text)
        or _FOR_OURS.match(text)
    )
    return match["said"] if match is not None and not is_campaign(match["said"]) else ""


def is_campaign(text: str) -> bool:
    """Whether words name the work's occasion rather than what it is for: ``spring campaign``."""
    return bool(_CAMPAIGN.match(text))


_CAMPAIGN = re.compile(
    r"^(?:\w+ )?(?:campaigns?|promos?|promotions?|kampagne|aktion|werbeaktion|campagne|campaña|campagna|campanha)\b",
    re.IGNORECASE,
)
"""Of the work, not of what it is for."""


def asked_somehow(text: str) -> Heard | None:
    """A sentence with a word that means nothing but a banner, whatever else it says."""
    match = _strict_work(text)
    return _requested(text, match) if match is not None and not _is_our_trade(text, match) else None


_FOR_OWN = re.compile(
    r"^\W*(?:for|für|pour|para|per|voor) (?=(?:our|my|unser|mein|notre|nos|mon|ma|mes|nuestr|mi|il|la|ons|onze|mijn)\w*\b)",
    re.IGNORECASE,
)
"""What is asked for stands last: ``für unser Sommerfest brauchen wir einen Banner``."""
_PICTURE = re.compile(r"(?:image|picture|photo|illustration|visual|graphic|scene)s?$", re.IGNORECASE)
_OF_SCENE = re.compile(r"\s*(?:of|with|showing|depicting) (?:an? |people|happy|some |several )", re.IGNORECASE)
"""What a picture shows is for the designer; what a banner is of is not."""


_INFINITIVE = re.compile(r"(?<=[\wß]) (?:sein|werden|machen|haben|erstellen|gestalten|entwerfen)$")
_SERVICES = re.compile(r"^(?:my |our )?services as (?:an? )?", re.IGNORECASE)


def _requested(text: str, match: re.Match[str]) -> Heard:
    """What the work asked for is for, or is to say."""
    rest = _PLS.sub(" ", text[match.end() :])
    if _PICTURE.search(match.group()) and _OF_SCENE.match(rest):
        return Heard("silent")
    if further := _FURTHER.match(rest):
        rest = rest[further.end() :]
    rest = _SOON.sub("", rest, count=1)
    rest = _SIZED.sub("", _FOR_PLACE.sub("", _SIZED.sub("", rest, count=1), count=1), count=1)
    if re.match(r"^\W*(?:for (?:us|me)|für (?:uns|mich)|pour (?:nous|moi))\b[\s:?!.,]*", rest, re.IGNORECASE):
        rest = re.sub(
            r"^\W*(?:for (?:us|me)|für (?:uns|mich)|pour (?:nous|moi))\b[\s:?!.,]*",
            "",
            rest,
            count=1,
            flags=re.IGNORECASE,
        )
    if task := _TASK.match(rest):
        rest = rest[task.end() :]
    elif (later := None if rest.lstrip()[:1] == ":" else _LATER_TASK.match(rest)) or not re.match(r"\s*[,:–—-]", rest):
        rest = rest[later.end() :] if later else rest.partition(", ")[2]
    before = text[: match.start()]
    if not rest and (led := _FOR_OWN.match(before)):
        rest = before[led.end() :]
    subject = OWN.sub("", rest.strip(" ,:;–—-?!."), count=1)
    is_list = task is None and "," in subject and bool(re.match(r"\s*:", rest))
    is_told = is_list or (task is not None and _TELLS.search(task.group()))
    subject = _SERVICES.sub("", _INFINITIVE.sub("", subject), count=1)
    return Heard("wanted" if is_told and subject else "request", without_manners(subject))


_TELLS = re.compile(r"announc|says|saying|showing|that\b", re.IGNORECASE)
"""What the work is to say, rather than what it is for."""
_ASKER = re.compile(
    r"(?<!\w)(?:wäre|serait|sería|estaría|sarebbe|seria|falta|after a|any chance|looking for|i|we|me|us|you|u|it|should|would|could|ich|wir|uns|ihr|euch|soll\w*|je|j['’]|nous|vous|on|soit|yo|me|nos|os|que|gustaría|mi|ci|io|noi|vi|vorre\w+|eu|nós|ik|wij|mij|ons|ja|mi|nam|chc\w+|я|мы|нам|мне|jag|vi|oss|jeg|biz|ben)(?!\w)",
    re.IGNORECASE,
)
_STRICT_WORK = re.compile(rf"(?<!\w)(?:{STRICT})(?!\w)", re.IGNORECASE)
_PLS = re.compile(r"\s*(?<!\w)(?:pls|plz)(?!\w)\s*", re.IGNORECASE)


def _strict_work(text: str) -> re.Match[str] | None:
    """Words that mean nothing but a banner, beside somebody who asks or what it should be; no price is asked for it."""
    match = _STRICT_WORK.search(text)
    is_priced = bool(offer_spans(text[: match.start()])) if match else False
    return match if match and not is_priced and _ASKER.search(text) else None


_BEGS = re.compile(
    r"\b(?:i|we)(?:['’]d| would| could)\b|\bit(?:['’]d| would) be (?:nice|great|good|lovely|cool|perfect)|\bwould you mind\b|\b(?:we|i) (?:don['’]?t|do not) (?:want|need|like)\b|^\W*(?:we|i) (?:want|need|would like) (?:it|this|everything) to\b|^\W*(?:need|want|wanting|looking|trying|hoping) to (?:advertise|promote|announce|sell|push|get the word out about)\b|"
    r"\b(?:do|make|create|design) (?:me |us )?(?:one|something|smth|sth)\b|\b(?:ich|wir) (?:würden?|hätten?|möchten?|bräuchten?)\b|\b(?:ich|wir) (?:brauchen?|suchen?|wollen|will)\b.{0,40}\b(?:etwas|was) \w+es\b|\bquer[ií]a(?:mos)?\b|\bkönn(?:t|tet) ihr\b|\bkönnten sie\b|\b(?:was|etwas) (?:schönes|nettes|passendes)\b|"
    r"\b(?:je|j['’]|nous|on)\s?\w{2,}r(?:ais|ions|ait)\b|\b(?:pouvez|pourriez|peux|pourrais)[ -](?:vous|tu)\b|\bvous (?:pouvez|pourriez) nous\b|\b(?:quisi[eé]ra\w*|querr[íi]a\w*|(?:me|nos) gustar[íi]a|necesitar[íi]a\w*)\b|\bvorr(?:ei|emmo|ebbe)\b|"
    r"\b(?:gostar(?:ia|íamos)|queríamos)\b|\bzou(?:den)? (?:ik|we|wij|graag)|\b(?:ik|we|wij) zou(?:den)?\b|\bchciał\w+(?:bym|byśmy)\b|\bхотел\w* бы\b|\bskulle (?:vilja|vi)\b|\bvi (?:skulle|vil gjerne|vil gerne)\b",
    re.IGNORECASE,
)
"""The conditional of somebody who asks; an advertisement states."""
_WHAT_IT_IS_FOR = re.compile(
    r"\b(?:advertise|promote|announce|push|one for|something for)\s+(?P<said>.+)$", re.IGNORECASE
)


def begging(text: str) -> Heard | None:
    """A wish in the conditional: what it is for goes on, the rest is for the designer."""
    match = _BEGS.search(text)
    if match is None or (
        text.rstrip().endswith("?") and re.search(r"\byour\b|\b(?:ihre[nmrs]?|votre|vos|su|tu)\b", text, re.IGNORECASE)
    ):
        return None
    wanted, said = WANTS.match(text), _WHAT_IT_IS_FOR.search(text)
    if wanted:
        return Heard("wanted", OWN.sub("", without_manners(wanted["said"]), count=1))
    return Heard("request", OWN.sub("", without_manners(said["said"]), count=1)) if said else Heard("silent")


_CLIENT_IS = re.compile(
    r"^\W*(?:the|our|my|this) (?:customer|client) is (?:an? |the )(?P<said>[^,.;:]{3,60})$", re.IGNORECASE
)
_CUSTOMER = re.compile(
    r"^\W*(?:the|our|my|this) (?:customer|client)(?: (?:sells?|offers?|makes?|has|runs?|owns?|provides?|is|wants? to (?:sell|promote|advertise)))? (?P<said>.+)$",
    re.IGNORECASE,
)
_THIS_IS_FOR = re.compile(r"^\W*(?:this is|that is|it is|(?:it|that)['’]?s) (?:for|about) (?P<said>.+)$", re.IGNORECASE)
_SHALL_FEEL = re.compile(
    r"^\W*(?:(?:the|our|my) )?(?:customers?|clients?|viewers?|readers?|audience|visitors?|people|guests?) (?:should|must|needs? to|has to|have to) (?:\w+ly )?(?:feel|think|understand|notice|sense|believe|realise|realize|want|get (?:an? )?(?:[\w-]+ )?(?:feeling|impression|idea|sense))\b",
    re.IGNORECASE,
)
_SO_MENTION = re.compile(
    r"^\W*(?:people|customers|everyone|clients|they|most people|many people|we|i)\b.{3,90}?,? so (?:please |pls )?(?:mention|say|state|add|highlight|stress|emphasi[sz]e|point out|write)(?: that| the fact that)? (?P<said>.+)$",
    re.IGNORECASE,
)
"""A reason that leads to what is to be said."""
_WANT_MORE = re.compile(
    r"^\W*(?:they|we|i) (?:want|need|would like|are looking for|hope for) (?:to (?:attract|get|reach|win|find|bring in) )?(?:more|new|younger|other) [\w' -]{3,30}(?::\s*(?P<said>.+))?$",
    re.IGNORECASE,
)
"""Whom the advertiser is after is not said to them."""


def third_person(text: str) -> Heard | None:
    """``The customer sells hearing aids``, ``This is for a charity auction``."""
    if NAME_IS.match(text):
        return None
    if _SHALL_FEEL.match(text):
        return Heard("silent")
    if match := _WANT_MORE.match(text):
        return Heard("wanted", match["said"]) if match["said"] else Heard("silent")
    if match := _CLIENT_IS.match(text):
        return Heard("request", match["said"])
    if match := _SO_MENTION.match(text) or _CUSTOMER.match(text):
        return Heard("wanted", OWN.sub("", match["said"], count=1))
    match = _THIS_IS_FOR.match(text)
    return Heard("request", OWN.sub("", match["said"], count=1)) if match else None


def _is_our_trade(text: str, match: re.Match[str]) -> bool:
    """``We design posters from £9`` is said by a printer to its customers."""
    return bool(re.match(r"^\W*we (?:design|make|create|print|draw|produce|build)\b", text, re.IGNORECASE)) or bool(
        re.search(r"\byour? (?:own )?$", text[: match.end()].rsplit(" ", 1)[0] + " ", re.IGNORECASE)
    )
