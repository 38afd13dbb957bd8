# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""What a chatted sentence says once the chat is off: ``It's a walking football league for over 50s`` without ``It's a``.

Every result is a slice of the sentence from some word on: nothing is put in and no word in the middle goes.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.standing import Patterns, is_talk, reads_alone

_LEAD: dict[str, str] = {
    "en": r"ok(?:ay)?|right|so|well|yeah|basically|just|also|oh|and|but|then|anyway|plus|actually|essentially|obviously|btw|fyi|again|please note|here (?:goes|it is|you go|we go)|in short|(?:please )?note that|don['’]?t forget(?: that)?",
    "de": r"(?:kurze )?infos?|hinweis|also|und|aber|ja|naja|achja|übrigens|außerdem|zudem|eigentlich|noch(?: was)?|dazu|bitte beachten",
    "fr": r"donc|et|mais|alors|bon|ben|voilà|bref|aussi|en plus|au fait|par ailleurs",
    "es": r"pues|y|pero|bueno|vale|además|también|por cierto|en fin|o sea",
    "it": r"allora|e|ma|quindi|dunque|inoltre|anche|poi|insomma|comunque",
    "pt": r"então|e|mas|bom|pois|também|além disso|ah|olha|é o seguinte",
    "nl": r"dus|en|maar|nou|ook|verder|trouwens|eigenlijk",
}
_SAYING: dict[str, str] = {
    "en": (
        r"(?:(?:the |our |my )?(?:(?:key|main|core|overall|central) )?(?:message|point|thing|idea|gist|takeaway|story)(?: (?:that )?(?:we|i|they)['’]?(?:d| would)? ?(?:want|like|need)?(?: to (?:get across|say|tell people|push|stress|communicate))?)?(?: is(?: that| simply| just)?|:| -)|what['’]?s special:?|what we do(?: is|:| -))|"
        r"(?:it|this|that)(?:['’]?s| is| will be)(?: (?:basically|just|actually|simply|really|all))? (?:an?|the|our|my)(?= )|(?:it|this|that)(?:['’]?s| is| will be)(?= (?:on|at|in|from|every|each|this|next|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d))|there(?:['’]?s| is| are| will be| was)(?: (?:also|even|only|still))?(?: (?:an?|some|the|going to be))?(?= )|"
        r"(?:we|they|i)(?:['’](?:ve|re))?(?: (?:have|now|also|just|are|currently|will|can|all))* (?:got|do|doing|giving(?: away)?|offer|offering|sell|selling|provide|providing|stock|serve|run|running|have|having)(?: (?:an?|the|our|some))?(?= )|"
        r"(?:our|my|the) (?:[\w'’-]+ ){1,4}?(?:(?:is|are) (?:now |also |currently )?)?(?:running|having|holding|hosting|organi[sz]ing|launching|starting)(?: (?:an?|the|our))?(?= )|(?:we|i)(?:['’]?re| are|['’]?m| am) (?:an?|the)(?= )|(?:we|i) (?:are|am) (?:very |so |really )?(?:pleased|delighted|happy|proud|excited|thrilled|glad) to (?:announce|say|tell you|share|present|introduce|offer)(?: that)?|"
        r"(?:we|they|he|she|i)(?:['’]?(?:s|ve|d))?(?: (?:has|have|had))?(?: (?:just|now|recently|finally))* (?:started|begun)(?: (?:doing|offering|selling|making|serving|baking|running))(?= )|"
        r"(?:our|my|the) (?:[\w'’-]+ ){1,4}?(?:(?:now|also|currently) )?(?:does|offers|sells|provides|serves|runs)(?: (?:an?|the|our))?(?= )"
    ),
    "de": r"(?:wir sind eine?(?= )|es gibt|wir (?:haben|bieten|machen|verkaufen|verleihen)(?: (?:jetzt|auch|ab sofort|nun|außerdem))*|das ist|es ist|(?:unsere?|mein(?:e)?) [\w-]+ (?:macht|bietet|verkauft|hat)(?: (?:jetzt|auch|ab sofort|nun))*|dabei (?:gibt es|sind)|(?:die |unsere )?(?:botschaft|kernaussage|hauptaussage)(?: ist)?:?)(?: (?:eine?[nmr]?|unsere?[nmr]?|die|der|das))?(?= )",
    "fr": r"(?:c['’]est|ce sera|il y a(?:ura)?|(?:pour [^,.]{3,30}?,? )?(?:nous (?:sommes|lançons|présentons|organisons|proposons|avons|offrons|faisons|vendons)|(?:on|il|elle) (?:propose|a|fait|vend|offre|lance|présente|organise))|notre [\w-]+ (?:propose|fait|offre|vend)(?: (?:maintenant|aussi|désormais))?|le message(?: est)?(?: que)?:?)(?: (?:un|une|des|du|de la|le|la|les))?(?= )",
    "es": r"(?:somos|lanzamos|organizamos|hay|habrá|tenemos|ofrecemos|vendemos|hacemos|se trata de|es|será|(?:nuestr[oa]|mi) [\w-]+ (?:hace|ofrece|vende)(?: (?:ahora|también))?|el mensaje(?: es)?(?: que)?:?)(?: (?:un|una|unos|unas|el|la|los|las))?(?= )",
    "it": r"(?:siamo|c['’]è|ci sono|ci sar(?:à|anno)|abbiamo|offriamo|vendiamo|facciamo|si tratta di|è|sarà|il (?:nostro|mio) [\w-]+ (?:fa|offre|vende)(?: (?:ora|anche))?|il messaggio(?: è)?(?: che)?:?)(?: (?:un|una|uno|dei|delle|il|la|lo|i|gli|le)(?= )|(?: un| l)['’](?=\w))?",
    "pt": r"(?:somos|lançamos|organizamos|(?:(?:em|no|na|neste|nesta|este|esta) \w+ )?(?:tem|há)|haverá|temos|oferecemos|vendemos|fazemos|trata-se de|é|será|(?:o |a )?(?:nossa|nosso|minha|meu) [\w-]+ (?:faz|oferece|vende|tem)(?: (?:agora|também|já))*|a mensagem(?: é)?(?: que)?:?)(?: (?:um|uma|uns|umas|o|a|os|as))?(?= )",
    "nl": r"(?:er (?:is|zijn|komt)|we (?:hebben|bieden|doen|verkopen)|wij (?:hebben|bieden|doen|verkopen)|het is|dit is|(?:onze|ons|mijn) [\w-]+ (?:doet|biedt|verkoopt)(?: (?:nu|ook))?|de boodschap(?: is)?:?)(?: (?:een|de|het))?(?= )",
}
_LEADS = Patterns(_LEAD, r"^\W*(?:(?:{})(?![\w'’])[\s,.:–—-]*)+")
_SAYINGS = Patterns(_SAYING, r"^\W*(?:{})\s*")
_LEAST = 2
_ADJECTIVE = re.compile(
    r"^(?:free|gratis|kostenlos|gratuit\w*|open|closed|important\w*|not|nicht|pas|no|non|não)\b", re.IGNORECASE
)


def without_lead(sentence: str, language: str) -> str:
    """The sentence without the words that only lead up to it; whole where too little would be left."""
    return _stripped(_LEADS, sentence, language)


def uncovered(sentence: str, language: str) -> str:
    """The sentence without what only says that it is said; whole where too little would be left."""
    text = without_lead(sentence, language)
    return _stripped(_SAYINGS, text, language)


def _stripped(table: Patterns, sentence: str, language: str) -> str:
    pattern = table.get(language)
    match = pattern.match(sentence) if pattern is not None else None
    rest = sentence[match.end() :] if match is not None else sentence
    return rest if len(rest.split()) >= _LEAST and not _ADJECTIVE.match(rest) else sentence


_RUN_ON: dict[str, str] = {
    "en": r"(?:,? (?:and|but|so|cos|cause|because|since|plus)|,) (?=(?:we|they|he|she|it|you|there|i|that)(?:['’]\w+)? (?!can\b)\w|(?:theres|theyre|shes|hes|weve|youll) )|,? and (?=(?:the|our|my) [\w'’-]+ (?:is|are|was|will|has|have)\b)|,? which (?:you|we|they) can (?=\w)| and (?=[\w'’-]+ (?:is|are|was|were|has|have|will)\b)| and (?=(?:needs?|wants?|would like|['’]d like) (?:an?|some|something|to)\b)|[!.]? \((?=(?:we|it|they|there|i)(?:['’]\w+)? \w)",
    "de": r"(?:,? (?:und|aber|weil)|,) (?=(?:wir|es|ihr|sie|er|ich|dazu|außerdem) \w)| und (?=(?:möchten|wollen|würden|laden|freuen|hätten|brauchen|bräuchten|suchen) )",
    "fr": r"(?:,? (?:et|mais|car|parce que)|,) (?=(?:on|nous|il|elle|ils|vous|c['’]est|je|j['’]) ?\w)",
    "es": r"(?:,? (?:y|pero|porque)|,) (?=(?:hay|tenemos|también|quer(?:emos|íamos)|necesitamos|además|se|os|nos|los|las|el que|la que) \w)| y (?=\w+mos )",
    "it": r"(?:,? (?:e|ma|perché)|,) (?=(?:c['’]è|ci sono|abbiamo|anche|si|vorrei|vorremmo) ?\w)| e (?=\w+iamo )",
    "pt": r"(?:,? (?:e|mas|porque)|,) (?=(?:há|temos|também|queremos|gostaríamos|a gente|nós|eles) \w)| e (?=\w+mos )",
    "nl": r"(?:,? (?:en|maar|want|omdat)|,) (?=(?:we|wij|het|er|ze|je|ik) \w)",
}
_RUNS = Patterns(_RUN_ON, r"{}")
_SHORT_PART = 3


def run_on(sentence: str, language: str) -> list[str]:
    """A sentence that goes on and on, where each of its parts has a subject of its own; else the sentence alone."""
    pattern = _RUNS.get(language)
    if pattern is None:
        return [sentence]
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(sentence):
        if len(sentence[at : match.start()].split()) >= _SHORT_PART:
            parts.append(sentence[at : match.start()])
            at = match.end()
    return [part.strip(" )") if "(" not in part else part for part in (*parts, sentence[at:])]


_TRADE = re.compile(
    r"^\W*(?:we(?:['’]?re| are)|i(?:['’]?m| am)|somos|siamo|nous sommes|wir sind|wij zijn) ", re.IGNORECASE
)
_LED_TO = re.compile(
    r",? (?:so|because|since|that|and|but|weil|dass|damit|und|parce que|que|donc|et|porque|así que|y|perché|quindi|che|e|então|omdat|dus|en) ",
    re.IGNORECASE,
)


def says_trade(sentence: str) -> bool:
    """Whether a sentence says of what kind somebody is: ``somos una clínica veterinaria``."""
    return bool(_TRADE.match(sentence))


def rescued(sentence: str, language: str) -> str:
    """Of a sentence of talk that ends in an offer, what reads alone from some conjunction on; empty where nothing does."""
    if not is_talk(sentence, language) or not offer_spans(sentence):
        return ""
    ends = (sentence[match.end() :] for match in _LED_TO.finditer(sentence))
    return next((end for end in ends if offer_spans(end) and reads_alone(end, language)), "")
