# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Whether a line reads alone: to somebody who knows neither the brief nor the lines beside it.

A line is a whole clause or a noun phrase. Each way in which it may fail to be one is a *doubt*; the tables know the small
words of a dozen languages, nothing of any trade. Where a brief is chatted rather than written, a line with a doubt is
not printed: fewer words that are right beat more that may be wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facets import is_placed, says_place
from streamforge.pipelines.banner.words.facts import contact_spans, offer_spans
from streamforge.pipelines.banner.words.vocabulary import STRICT

Doubt = Literal["open", "unbalanced", "self", "talk", "back", "verb", "empty", "long"]
MOST_LETTERS = 110
"""No line of copy is longer; what is, was never cut."""

_START: dict[str, str] = {
    "en": r"and|or|but|nor|because|which|who|whose|whom|that(?= (?:is|are|was|were|the|we|you|they|it))|than|as well as|as (?:we|you|they|i|it)\b|while|whereas|although|though|since (?:we|they|it|last)|so (?:that|we|they|it|i|there|people|no)\b|of|if (?:they|he|she|it)\b|due to|following|regarding|concerning|per",
    "de": r"und|oder|aber|denn|sondern|dass|weil|da (?:wir|ihr|es)|welche[rsnm]?|deren|dessen|damit|sowie|wobei|obwohl|also",
    "fr": r"et|ou|mais|car|que|qui|dont|donc|or|ainsi que|parce que|puisque|afin|alors",
    "es": r"y|e|o|u|pero|que|quien|cuyo|porque|pues|sino|aunque|así que|ya que",
    "it": r"e|ed|o|ma|che|cui|perché|poiché|quindi|anche se|cioè",
    "pt": r"e|ou|mas|que|quem|cujo|porque|pois|embora|então|ou seja",
    "nl": r"en|of|maar|want|dat|die|omdat|zodat|dus",
}
_END: dict[str, str] = {
    "en": r"a|an|the|and|or|but|of|for|to|with|at|by|from|than|that|which|who|is|are|was|were|be|been|has|have|had|will|can|your|our|their|its|my|this|these|as|if|because|when|while|plus|including|i|we|they|he|she|so|very|really|then|also",
    "de": r"und|oder|aber|dann|der|die|das|den|dem|des|ein|eine|einen|einem|einer|für|mit|von|zum|zur|bei|beim|im|am|vom|ist|sind|war|wird|werden|hat|haben|dass|wenn|weil|als|wir|ihr|ich|unser\w{0,2}|sowie",
    "fr": r"et|ou|mais|le|la|les|un|une|des|du|de|d['’]|à|au|aux|en|sur|chez|pour|avec|dans|par|est|sont|c['’]est|que|qui|notre|nos|ce|cette|nous|je|on",
    "es": r"y|e|o|u|pero|el|la|los|las|un|una|de|del|a|al|en|con|por|para|es|son|que|nuestr[oa]s?|su|se|este|esta|más",
    "it": r"e|ed|o|ma|il|lo|la|i|gli|le|un|una|uno|di|del|della|dei|a|al|alla|in|nel|nella|con|per|su|è|sono|che|nostr[oa]|si|questo|questa|da",
    "pt": r"e|ou|mas|o|a|os|as|um|uma|de|do|da|dos|das|em|no|na|com|por|para|é|são|que|nosso|nossa|se|este|esta",
    "nl": r"en|of|maar|de|het|een|van|voor|met|bij|op|in|aan|is|zijn|dat|die|onze|ons|wij|we|ik|als",
}
_I: dict[str, str] = {
    "en": r"i|i['’](?:m|d|ve|ll)|im|ive|id|me|myself|my|mine",
    "de": r"ich|mir|mich|mein(?:e[nmrs]?)?",
    "fr": r"je|j['’](?=\w)|moi|mon|ma|mes",
    "es": r"yo|soy|estoy|tengo|quiero|quería|hago|trabajo|voy|mí|mi|mis|me|conmigo",
    "it": r"io|sono(?= (?:il|la|un|una|di|del|della)\b)|ho|voglio|vorrei|faccio|lavoro(?= (?:per|da|in|con)\b)|mi|me|mi[oae]|miei",
    "pt": r"eu|sou|estou|tenho|quero|queria|preciso|faço|trabalho(?= (?:n[oa]|com|para)\b)|meus?|minhas?|mim|me",
    "nl": r"ik|mij|mijn|me",
}
_BACK: dict[str, str] = {
    "en": r"it|it['’]?s|its|they|they['’]\w+|he|she|his|her|their|them|this(?= (?:is|was|will|would|means|way|one)\b)|this['’]?s|that(?:['’]s)?|these (?:are|will)|those|one['’]s|which|(?:below|above|here|attached|following) (?:is|are)|the (?:same|first one|latter|rest|others?|one)\b(?! (?:for|who|that|you))|another (?:one|thing)|both of (?:them|which)|same (?:as|for|goes)\b",
    "de": r"(?:er|sie|es|der|die|das|dies(?:e[rsnm]?)?) (?:ist|sind|war|wird|werden|findet|hat|haben|heißt|kostet|gibt|geht|läuft|soll|kann|können|sollen|beginnt|startet|dauert)|davon|dafür|dazu|deshalb|darum|dabei",
    "fr": r"il|elle|ils|elles|c['’]est|ce sont|cela|ça|celui|celle|ceux|y(?= )|en(?= (?:effet|plus|fait|revanche))|leur|lui",
    "es": r"él|ella|ellos|ellas|eso|esto|lo (?:que|de)|también (?:es|son|hay)|ahí|además de eso",
    "it": r"lui|lei|loro|esso|essa|ciò|questo è|quello|quest[oa] (?:è|sono)",
    "pt": r"ele|ela|eles|elas|isso|isto|aquilo|o que|a que",
    "nl": r"hij|zij|het is|dat is|dit is|ze (?:zijn|hebben|worden)|deze (?:is|zijn)|daarvan|daarvoor",
}
"""How a line begins that means something it does not name."""
_VERB: dict[str, str] = {
    "en": r"been|being|has|had|is|are|was|were|will|would|could|should|does|did|gonna|wants?|needs?|just (?:been|started|opened|got|moved|want|need)|started|used to|thought|think|thinking|hoping|trying|looking to|know|said|says|means",
    "de": r"ist|sind|war|waren|wird|werden|hat|hatte|haben|soll(?:en|te)?|muss|müssen|kann|können|findet|gibt|geht|möchten?|wollen|brauchen|bräuchten?",
    "fr": r"est|sont|était|sera|seront|a(?= (?:été|lieu))|ont|avons|sommes|doit|doivent|peut|peuvent|faut|faudrait|aura",
    "nl": r"is|zijn|was|waren|wordt|worden|heeft|hebben|moet|moeten|kan|kunnen|gaat",
}
"""Verbs that wait for a subject before them, in languages that say it; a question (``Is your roof dry?``) has it behind."""
_TALK: dict[str, str] = {
    "en": (
        r"(?:can|could|may|should) (?:the|our|my|it) [\w' -]{1,40}?be|(?:it['’]?s|this is) \w+ (?:from|here)|we(?:['’]ve| have) been told|writing (?:to you )?(?:about|because)|(?:can|could|would|should|may|shall) (?:we|i|you|u) (?:please |also |maybe |possibly )*(?:get|do|have|make|put|add|use|turn|include|change|try|send|please)|^(?:sure|yes|yep|yeah|no problem|ok(?:ay)?|great|perfect|fine|agreed|done)|here goes|(?:is|are) (?:really |very |super )?important|(?:am|are|is|be|were) (?:pleased|delighted|happy|proud|excited|thrilled|honou?red|glad) to|100% sure|need(?:ed)? (?:it|this|something)|we need to|you (?:decide|choose|pick|know best|guys)|you['’]?re the (?:experts?|designers?|pros?)|(?:leave (?:it|that) )?up to you|if (?:you|u) (?:could|still|can|think|want to|would|need|like it|have (?:it|them|time|something|any|room|space))|if (?:there['’]?s|there is|it|that|this)(?:['’]s)? (?:room|space|possible|ok|works?|fits)|"
        r"let (?:me|us) know|as (?:discussed|agreed|promised|usual|always|mentioned)|following our|see (?:below|attached)|(?:is|are|have|['’]ve) attached|^attached|enclosed|please (?:find|see)|"
        r"(?:thinks?|reckons?|suggested|said|wondered|mentioned|insists?) (?:that )?(?:we|you|it|they|the|this)|(?:boss|manager|husband|wife|colleague|team|committee|director|sister|brother|mum|mom|dad|daughter|son) (?:wants?|thinks?|says?|said|asked|would)|"
        r"not (?:sure|certain)|no idea|don['’]?t (?:know|mind|care)|something (?:like|about|with|by|simple|nice|quick|short)|or (?:something|whatever|so)|maybe|perhaps|some kind of|sort of|kind of|basically|obviously|btw|fyi|lol|haha|imho|tbh|"
        r"(?:key|main|core|overall) (?:message|point|thing|idea)|the (?:idea|point|gist|thing|aim|goal) (?:is|was|we)|(?:we|they|people)['’]?(?:d| would) (?:like|love|want|prefer|be)|we (?:want|hope|wish|think|thought|talked|discussed|were thinking|have to|should)|they (?:want|need|would)|would be (?:great|nice|good|amazing|lovely|cool|perfect|fine|ok)|that['’]?d be|"
        r"same (?:layout|style|size|design|one|format|as)|(?:it['’]?s|(?:he|she)['’]?s|they['’]?re|we['’]?re|is) called|not too \w+|^something (?:\w+|a (?:bit|little)|more|that)|no wait|scratch that|ignore that|never mind|(?:we|i) (?:really )?(?:hate|dislike|prefer|can['’]?t stand|don['’]?t like)|(?:has |have )?finally (?:agreed|signed|decided|approved)|(?:done|did) (?:that|it|this) (?:to death|before|already)|no \w+ (?:pics?|photos?|pictures?|images?|shots?)|any (?:q['’]?s|questions|problems|issues|queries)|not so \w+ please|(?:he|she|they|boss) says?|(?:\w+ is|would be) (?:good|nice|fine|great),? but|\w+ but not(?: too)? \w+\W*$|(?:last|the) (?:year|time|month)['’]s one|me again|one more thing|quick (?:one|question|note)|ask(?:ed)? (?:us|me)|told (?:us|me)|sorry|cheers|ta|thanks (?:again|a)|xx+|(?:english|german|french|spanish) is fine"
    ),
    "de": (
        r"^(?:etwas|was) \w+es|(?:wir|ich) (?:mögen?|hassen?|bevorzugen?)|(?:heißt|nennt sich)|\w+,? aber nicht(?: zu)? \w+\W*$|(?:chef(?:in)?|boss|kolleg(?:e|in)|er|sie) (?:meint|sagt|will|möchte|findet|wünscht)|(?:hier|das) ist \w+ (?:von|vom|aus)|schreib\w* (?:ihnen|euch|dir) wegen|vielleicht|falls (?:möglich|ihr|du|sie|noch)|wenn (?:ihr|du|es|möglich|noch)|wäre(?:n)? (?:schön|toll|gut|super|nett|cool|klasse)|hätten? (?:gern\w*|wir|ich)|bräuchten?|würden?|möchten? (?:wir|ich)|(?:wir|ich) (?:möchten?|wollen|will|dachten?|denken?)|wie (?:besprochen|immer|gehabt|letztes|beim letzten|vereinbart|gewünscht)|anbei|im anhang|siehe unten|"
        r"danke|vielen dank|grüße|grüßen|gern(?:e)? (?:mit|etwas|auch|was|ein)|die idee (?:ist|war)|es geht (?:um|darum)|wichtig (?:ist|wäre|:)|nicht (?:so|zu) \w+ bitte|bitte nicht (?:so|zu) \w+|nicht schon wieder|(?:mein|unser) chef|(?:der|die) chefin?|ihr könnt|du kannst|sie können uns|keine ahnung|irgendwas|irgendwie|sag(?:t)? bescheid|nochmal|nix|wie auf der (?:webseite|website|homepage)"
    ),
    "fr": (
        r"^quelque chose|(?:on|nous|je) (?:déteste|détestons|préfère|préférons|n['’]aime)|(?:tu|vous) (?:peux|pouvez|pourrais|pourriez)|s['’]appellent?|\w+,? mais pas(?: trop)? \w+\W*$|(?:il|elle|chef|mon mari|ma femme) (?:voudrait|veut|aimerait|dit|pense)|je (?:vous|t['’]) ?écris|peut[- ]être|si (?:possible|vous pouvez|tu peux|vous avez|ça)|(?:on|nous|je|j['’])\s?(?:voudr|aimer|souhaiter|aur|pourr|sera)\w*(?:it|ions|ais)|on (?:veut|cherche|pense|a pensé)|ci-joint\w*|pièce jointe|comme (?:convenu|d['’]habitude|prévu|la dernière|l['’]an)|l['’]idée (?:est|c['’]est|serait)|merci|surtout pas|cette fois[- ]ci|dites[- ]moi|n['’]hésitez pas à (?:me|nous)|"
        r"pouvez[- ]vous|pourriez[- ]vous|peux[- ]tu|pourrais[- ]tu|il faudrait|besoin d['’eu]|mettez|bref|bises"
    ),
    "es": (
        r"^algo (?:más )?\w+|odiamos|odio|preferimos|prefiero|no nos gusta|se llaman?|\w+,? pero no(?: muy)? \w+\W*$|que (?:no )?(?:parezca|sea|tenga)|(?:os|te|le|les) escribo|(?:mi|el|la) (?:jef[ea]|marido|mujer|hermano|hermana) (?:quiere|dice|piensa)|quizás?|a lo mejor|tal vez|si (?:puedes?|podéis|pueden?|es posible|cabe)|(?:os|te|le|les) (?:paso|mando|envío|adjunto|dejo)|adjunto|como (?:hablamos|siempre|quedamos|la última)|la idea es|gracias|acord(?:aos|ate|arse)|un saludo|saludos|que (?:se vea|quede|salga)|(?:me|nos) gustaría|querr[íi]a\w*|queríamos|quiero|necesito|podr[íi](?:as?|ais)|haced|hacedlo|avisa(?:d|me)?|por favor|no hace falta"
    ),
    "it": (
        r"^qualcosa|odiamo|preferiamo|preferisco|non ci piace|pensavo|si chiama|\w+,? ma non(?: troppo)? \w+\W*$|(?:vi|ti|le) scrivo|(?:il|la|mio|mia) (?:capo|marito|moglie) (?:vuole|dice|pensa)|magari|se (?:possibile|potete|puoi|riuscite|riesci)|in allegato|allego|come (?:d['’]accordo|concordato|al solito|sempre)|l['’]idea (?:è|sarebbe)|grazie|(?:vi|ti|le) (?:mando|passo|invio|allego)|ci (?:piacerebbe|servirebbe|serve)|mi (?:piacerebbe|servirebbe|serve)|vorremmo|vorrei|per favore|per piacere|potete|potreste|puoi|fatemi|fammi|non (?:usate|mettete|serve)"
    ),
    "pt": (
        r"^algo (?:mais )?\w+|odiamos|preferimos|prefiro|não gostamos|se chama|chama-se|\w+,? mas não(?: muito)? \w+\W*$|escrevo(?:-vos|-lhe)?|(?:o|a) (?:chefe|patrão|patroa) (?:quer|diz|acha)|talvez|se (?:possível|puder(?:em)?|der|der(?:em)?)|em anexo|como (?:combinado|falámos|falamos|sempre)|a ideia é|obrigad[oa]s?|segue[m]?(?: em)?(?: os| as)? (?:dados|detalhes|texto|anexo|informaç\w+)|pode(?:m)? ser|gostava|gostaríamos|gostaria|queríamos|queria|preciso|precisamos|o seguinte|não precisa\w*(?: de)? (?:pôr|colocar|incluir|botar|meter)|por favor|coloca|coloquem|põe|abraço"
    ),
    "nl": r"misschien|als (?:jullie|je|het) (?:kan|kunnen|mogelijk|lukt)|zou(?:den)? (?:we|wij|ik|graag|leuk|mooi|fijn)|in de bijlage|zoals (?:afgesproken|besproken|altijd)|het idee is|bedankt|dank (?:je|u)|alvast|groetjes|graag (?:met|een|iets)|we willen|ik wil",
    "arabic": r"(?:و)?(?:أريد|نريد|أحتاج|نحتاج|أرجو|نرجو|اجعل\w*|ضع\w*|استخدم\w*)|من فضلك|لو سمحت\w*|شكرا(?:ً)?|عندي|لدي",
}
"""What people say to each other about a piece of work. Read in the brief's language and in English."""
_DENSE_TALK = re.compile(
    r"お願い|お任せ|ください|下さい|いただ[けき]|作って|イメージで|希望です|お世話になって|よろしく|いいです|かもしれ|请(?:帮|给|做|用|把)|麻烦|谢谢|设计一|부탁|주세요|해줘|만들어|감사합니다|ช่วย|ขอบคุณ|อยากได้|หน่อย"
)
_PLEADS = re.compile(r"^\W*(?:please|pls|plz|bitte|svp|por favor|per favore|merci de|graag)(?!\w)", re.IGNORECASE)
_WORK_WORD = re.compile(rf"(?<![\w'’])(?:{STRICT})(?![\w'’])", re.IGNORECASE)
"""Words for nothing but the work: no line is about itself."""
_FOR_MEDIUM = re.compile(
    r"^\W*(?:for|on|in|als|für|pour|sur|para|en|per|su|voor|op) (?:an? |the |our |my |die |den |das |unsere?n? |la |le |les |notre |nos |el |nuestr[oa]s? |il |lo |il nostro |la nostra |o |a |nossa |nosso |de |het |onze )?(?:[\w-]+ ){0,3}?(?:pages?|web ?sites?|homepage|landing ?page|hero(?: image)?|header|newsletter|feed|stor(?:y|ies)|instagram|insta|facebook|fb|whatsapp|tiktok|linkedin|shop window|noticeboard|intranet|seite|webseite|startseite|schaufenster|aushang|site|vitrine|réseaux|página|web|escaparate|redes|pagina|sito|vetrina|social|redes sociais|webshop)(?: (?:facebook|instagram|web|image|ad|banner|post|hero|header|linkedin|d['’]accueil))*\W*$",
    re.IGNORECASE,
)
"""Where the work will be seen, and nothing else: ``For a landing page hero image``."""
_ORDERED_NOT = re.compile(
    r"^\W*(?:nothing|not|no|nichts|keine?[nrms]?|pas (?:de|trop)|rien de|nada de|sin|niente|senza|sem|geen)\b[^.!?]*(?<!\w)(?:please|pls|plz|bitte|svp|s['’]il vous pla[iî]t|merci|por favor|per favore|graag)(?!\w)",
    re.IGNORECASE,
)
"""``Nothing scary please``: refused of the designer."""
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"), ("「", "」"), ("（", "）"))
_QUOTED = re.compile(r"[\"“„«‘「][^\"”“»’」\n]{2,90}[\"”“»’」]")
_DENSE = frozenset(["kana", "cjk", "hangul", "thai"])


class Patterns:
    """A table of words as patterns, each compiled when its language first comes: most processes need one or two."""

    def __init__(self, table: dict[str, str], pattern: str) -> None:
        self._table, self._pattern = table, pattern
        self._compiled: dict[str, re.Pattern[str]] = {}

    def get(self, language: str) -> re.Pattern[str] | None:
        """The language's pattern, if there is one."""
        if language not in self._compiled and language in self._table:
            self._compiled[language] = re.compile(self._pattern.format(self._table[language]), re.IGNORECASE)
        return self._compiled.get(language)


_STARTS = Patterns(_START, r"^\W*(?:{})(?!\w)")
_ENDS = Patterns(_END, r"(?:^|[\s'’])(?:{})\W*$")
_SELF = Patterns(_I, r"(?<![\w'’])(?:{})(?![\w'’&-])")
_POINTS_BACK = Patterns(_BACK, r"^\W*(?:{})(?!\w)")
_WAITS = Patterns(_VERB, r"^\W*(?:{})(?!\w)")
_SAID = Patterns(_TALK, r"(?<![\w'’])(?:{})(?!\w)")
_SMALL = Patterns({key: "|".join((_START[key], _END[key], _I[key])) for key in _START}, r"(?<![\w'’])(?:{})(?![\w])")


def doubts(line: str, language: str) -> frozenset[Doubt]:
    """Every way in which the line may not read alone; quotations in it count as names. Pure."""
    return _doubts(line.strip(), language)


def reads_alone(line: str, language: str, *, chatted: bool = True) -> bool:
    """Whether nothing speaks against the line; of a brief that is no talk only what no line survives does."""
    found = doubts(line, language)
    return not (found if chatted else found & _NEVER)


_NEVER: frozenset[Doubt] = frozenset(["unbalanced", "verb"])


def is_remark(line: str) -> bool:
    """Whether an English line only remarks something (``January is dead``): no figure, no gift, nothing for its reader."""
    return bool(_REMARK.match(line)) and not _FOR_READER.search(line)


_REMARK = re.compile(r"^\W*(?:[\w'’-]+ ){1,4}(?:is|are|was|were)(?: [\w'’-]+){1,3}\W*$", re.IGNORECASE)
_FOR_READER = re.compile(r"\d|\b(?:free|you|your|we|our|open|back|here|now|included|half)\b", re.IGNORECASE)


def leads_alone(line: str, language: str) -> bool:
    """Whether the line can be the headline of a brief that is talk: no single word, no count, no place, nothing that is only added."""
    is_bare = (
        bool(_WHEN.match(line) or _HOURS_FIRST.match(line))
        or (len(line.split()) == 1 and language not in _DENSE)
        or _COUNTED.match(line)
        or _ADDED.match(line)
        or says_place(line)
        or (is_placed(line) and not offer_spans(line))
    )
    return reads_alone(line, language) and not is_bare


_WHEN = re.compile(
    r"^\W*(?:(?:from|every|each|on|von|vom|jeden|am|immer|du|le|tous les|del?|los|todos los|dal?|il|ogni|aos?|às|todas? as|todos os|van|elke|op) )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?(?:\W*$|,| (?:to|till?|until|and)\b)|"
    r"^\W*(?:(?:von|vom|jeden|am|immer|du|le|tous les|del?|el|los|todos los|dal?|il|ogni|de|aos?|às|todas? as) )?(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|segunda|terça|quarta|quinta|sexta)s?(?:\W*$|,| (?:bis|au|al?|à|y|und|et|e|às)(?!\w))",
    re.IGNORECASE,
)
"""A day leads to what happens on it."""
_HOURS_FIRST = re.compile(
    r"^\W*(?:(?:from|between|von|zwischen|de|entre|dalle|tra le|das|van) )?\d{1,2}(?:[:.h]\d{0,2})? ?(?:[ap]m|h|uhr)? ?(?:[-–]|to|till?|bis|à|a|alle|às|tot) ?\d{1,2}",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^\W*\d+(?:[-–.,]\d+)? ?(?:min|h|std|hrs?|pers|m|km|kg|ml|cm|st|pm|am)\w*(?!\w)", re.IGNORECASE)
_ADDED = re.compile(
    r"^\W*(?:(?:we|you|they|wir|ihr|nous|vous|on|noi|voi) (?:also|auch|aussi)|we(?:['’]?ve| have) (?:now |also )+(?:got|have)|also|auch|aussi|también|anche|também|ook|si|se (?!busca|necesita|vende|alquila|ofrece|regala|precisa|procura|aluga))(?!\w)",
    re.IGNORECASE,
)
"""What is added to something said before it."""


@lru_cache(maxsize=512)
def is_talk(line: str, language: str) -> bool:
    """Whether people who know each other say it: about the work, about themselves, about what was agreed."""
    bare = _QUOTED.sub(" ", line)
    tables = [_SAID.get(key) for key in (language, "en")]
    is_said = any(table.search(bare) for table in tables if table is not None)
    is_asked = bare.rstrip().endswith(("?", "？")) or (_PLEADS.match(bare) and not contact_spans(bare))
    return bool(
        is_said
        or is_asked
        or _WORK_WORD.search(bare)
        or _DENSE_TALK.search(bare)
        or _FOR_MEDIUM.match(bare)
        or _ORDERED_NOT.match(bare)
    )


@lru_cache(maxsize=512)
def _doubts(line: str, language: str) -> frozenset[Doubt]:
    bare = _QUOTED.sub(" «» ", line)
    found: dict[Doubt, bool] = {
        "open": _in(_STARTS, language, bare) or _in(_ENDS, language, bare),
        "unbalanced": not _is_balanced(line),
        "self": _in(_SELF, language, bare),
        "talk": is_talk(line, language),
        "back": _in(_POINTS_BACK, language, bare),
        "verb": _in(_WAITS, language, bare) and not bare.rstrip().endswith(("?", "？")),
        "empty": _is_empty(line, language),
        "long": len(line) > MOST_LETTERS,
    }
    return frozenset(doubt for doubt, holds in found.items() if holds)


def _in(table: Patterns, language: str, text: str) -> bool:
    pattern = table.get(language)
    return pattern is not None and bool(pattern.search(text))


def _is_balanced(line: str) -> bool:
    """Every bracket and quotation mark has its other; an inch or an apostrophe is none."""
    paired = all(line.count(opening) == line.count(closing) for opening, closing in _PAIRS if "“" not in opening)
    return paired and (line.count('"') % 2 == 0) and line.count("“") + line.count("„") >= line.count("”")


def _is_empty(line: str, language: str) -> bool:
    """Whether small words are all there is; a fact alone says enough."""
    if offer_spans(line) or DATE.search(line) or TIME.search(line) or contact_spans(line):
        return False
    small = _SMALL.get(language)
    rest = small.sub(" ", line) if small is not None else line
    letters = sum(letter.isalpha() for letter in rest)
    return letters < (2 if language in _DENSE else 3)
