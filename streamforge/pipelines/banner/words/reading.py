# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes and dashes
"""Reading a brief: who advertises what, on which occasion, in which tone, and what is only said to the designer.

A brief is either the advertiser's own words (``Summer sale at Blue Bean: 30% off``) or a description of the
wanted advertisement (``a dairy company offering a 45% discount on farm milk. Create a serene image …``). Both
come out as the same ``Reading``; words addressed to the designer are dropped here and can reach no copy.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.atoms import split
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facts import CODE, offer_spans, quotations, without_facts


class Reading(Struct, frozen=True, kw_only=True):
    """The brief's parts, in the brief's words; each empty when the brief does not say."""

    brand: str = ""
    business: str = ""
    occasion: str = ""
    event: str = ""
    topic: str = ""
    product: str = ""
    qualities: tuple[str, ...] = ()
    slogans: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


_SENTENCES = 24
_SENTENCE_LETTERS = 400
"""Beyond these a brief is read no further: no banner says so much, and patterns over endless lines would cost seconds."""
_AD = (
    r"(?:banners?|ads?|adverts?|advertisements?|posters?|flyers?|images?|graphics?|visuals?|leaderboards?|creatives?|designs?|"
    r"covers?|headers?|thumbnails?|posts?|pictures?|campaigns?|promos?)"
)
_LEAD_IN = re.compile(
    rf"^(?:please |can you |could you |kindly )*(?:(?:i|we)(?:'d| would)? (?:need|want|like) |(?:create|design|make|generate|"
    rf"build|produce|craft|draw|give|do) (?:me |us )?)(?:to (?:create|design|make) )?(?:an? |the |some )?(?:[\w-]+,? ){{0,5}}?{_AD}"
    rf"(?: {_AD})?(?: (?:in|of|at) \d+ ?x ?\d+(?: ?px)?)?(?: (?:for|about|promoting|to promote|advertising|to advertise|"
    rf"announcing|to announce|that promotes|which promotes|that advertises|featuring|saying|of)\b|[:,]|$) *",
    re.IGNORECASE,
)
_BARE_LEAD_IN = re.compile(
    rf"^(?:an? |the |our )?(?:[\w-]+ ){{0,2}}{_AD} (?:for|about|promoting|to promote|advertising|announcing)\b *|"
    r"^(?:to )?(?:promote|advertise|announce|sell)\b *|^(?:promoting|advertising|announcing|selling)\b *|"
    r"^for (?=an? |the |our |my )|^(?:we are|we're|i am|i'm|it is|this is) (?=an? |the )",
    re.IGNORECASE,
)
_TO_DESIGNER = re.compile(
    rf"^(?:please )?(?:create|design|use|using|include|make|add|show|feature|place|put|ensure|keep|avoid|incorporate|"
    rf"highlight|emphasi[sz]e|promote|focus|have|display|depict|convey|ignore|disregard|forget|write|do not|don['\u2019]t|never|mention|target|aim|encourage|invite|motivate|"
    rf"the (?:overall )?(?:{_AD}|style|background|layout|colou?rs?|tone|mood|logo|text|font|typography|message|target)\b|"
    rf"(?:style|tone|mood|colou?rs?|palette|background|audience|size|format|font|logo|image|visuals?|target audience)\b ?[:=])",
    re.IGNORECASE,
)
_STYLE_TAIL = re.compile(
    r",? (?:with|in|using|featuring) (?:an? |the )?(?:[\w-]+,? (?:and )?){0,6}"
    r"(?:designs?|styles?|layouts?|looks?|colou?rs?|palettes?|backgrounds?|fonts?|typography|imagery|visuals?|aesthetics?|vibes?|"
    r"tones?)\b.*$",
    re.IGNORECASE,
)
_OCCASION = re.compile(
    r"\b(?:(?:black friday|cyber monday)(?: (?:and|&) (?:black friday|cyber monday))?|valentine['’]s day|mother['’]s day|"
    r"father['’]s day|christmas|new year(?:['’]s)?(?: eve)?|easter|halloween|thanksgiving|diwali|hanukkah|eid|ramadan|"
    r"singles['’] day|labou?r day|memorial day|independence day|st\.? patrick['’]s day|earth day|women['’]s day|back[- ]to[- ]school|"
    r"(?:mid[- ])?(?:summer|winter|spring|autumn|fall|holiday|weekend|flash|clearance|end[- ]of[- ]season|anniversary)(?= sale))\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"^(?:an? |the |our |free |\w+ )?(?:(?:panel|online|live|public|virtual|open) )?(discussion|debate|webinar|workshop|conference|summit|concert|"
    r"festival|meetup|talk|seminar|course|class|masterclass|lecture|exhibition|panel|symposium|hackathon|fundraiser|"
    r"open day|open house|info session|tour|screening|reading|training) (?:on|about|of|for|into|around) (.+)$",
    re.IGNORECASE,
)
_BUSINESS_HEAD = (
    r"(?:agency|company|shop|store|market|restaurant|bakery|caf[eé]|studio|gym|clinic|salon|hotel|school|academy|firm|brand|"
    r"business|boutique|dealership|bank|farm|winery|brewery|bar|pub|spa|florist|startup|start-up|charity|organi[sz]ation|ngo|"
    r"museum|gallery|theat(?:er|re)|library|university|college|hospital|dentist|practice|service|provider|retailer|"
    r"supermarket|pharmacy|butcher|bookstore|bookshop|airline|resort|club|centre|center|platform|app|confectionery|"
    r"manufacturer|maker|garage|pizzeria|diner|bistro|roastery|nursery|team|association|foundation|cinema)"
)
_BUSINESS = re.compile(
    rf"^(?:an? |the |our |my )?(?P<business>(?:[\w'’&-]+ ){{0,4}}{_BUSINESS_HEAD}(?: (?:or|and) (?:[\w-]+ )?{_BUSINESS_HEAD})?)"
    r"(?: (?:that|which) (?:is|are))?,? (?:is |are )?(?:(offering|highlighting|promoting|selling|advertising|announcing|launching|with|to promote|"
    r"to advertise|featuring|that offers|that sells|which offers|celebrating|introducing|speciali[sz]ing in|showcasing|presenting)\b) *(?P<product>.+)$",
    re.IGNORECASE,
)
_SHOP_FOR = re.compile(
    r"^(?:an? |the |our )(?P<business>(?:[\w'’&-]+ ){0,3}(?:shop|store|marketplace|retailer|workshop)) (?:for|of) "
    r"(?P<product>.+?)(?:, |$)",
    re.IGNORECASE,
)
_OCCASION_OFFER = re.compile(r"^(.{3,40}?) (?:offering|with|featuring|promotion with) (an? .+)$", re.IGNORECASE)
_OBJECT_LEAD = re.compile(
    r"^(?:(?:the|its|their|our|an?|some) )?(?:(?:availability|launch|opening|arrival|range|selection|quality|release) of "
    r"|(?:special |exclusive |limited |great |new )*(?:offers?|discounts?|deals?|promotions?|sale|savings?)(?: of [\w% ]+?)? (?:on|for) )?"
    r"(?:the |its |their |our |my |all |an? )?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"^(?:(?:the|its|their|our|an?|some) )?(?:(?:availability|launch|opening|arrival|range|selection|quality|release) of "
    r"|(?:special |exclusive |limited |great |new )*(?:offers?|discounts?|deals?|promotions?|savings?) (?:on|for) )?"
    r"(?:the |its |their |our |my |all |an? )?",
    re.IGNORECASE,
)
"""As above without a badge that says it: ``Sale on all shoes`` keeps its sale."""
_OBJECT_TAIL = re.compile(r" (?:they|that they|which they|we) (?:have|are|offer|sell|make|provide)\b.*$", re.IGNORECASE)
_THAT_ARE = re.compile(r"^(.+?) (?:that|which) (?:are|is) (.+)$", re.IGNORECASE)
_ADORNED = re.compile(
    r"^((?:[\w'’-]+ ){0,2}[\w'’-]+)(?<!made)(?<!ed) with ((?!(?:us|you|our|your|the)\b)(?-i:[a-z])[^\d]*?)(?: on plates?)?$",
    re.IGNORECASE,
)
"""``a kid's menu with funny and cute dishes``: a short name, and what makes it worth having."""
_ADVERTISER = re.compile(
    r"\b(?:ad|advert|advertisement|banner|poster|campaign|design) is for (?:the |a )?(.+?)(?=,| and |\.|$)",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(
    r"\b(?:emphasi[sz]es?|highlights?|stress(?:es)?|focus(?:es)? on|promotes?|showcases?|features?) "
    r"(.+?)(?=(?:,? and (?:encourages?|invites?|entices?|includes?|features?|emphasi[sz]es)\b)|[.!?]|$)",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\b(?:encourag|entic|invit|inspir|motivat|urg|persuad|convinc)(?:es?|ing) (?:the )?(?:customers?|viewers?|people|visitors?|"
    r"users?|readers?|clients?|them|everyone|shoppers?|families|parents|students|guests|the audience|audience) to (.+?)"
    r"(?=(?:,? and (?:highlights?|emphasi[sz]es)\b)|[.!?]|$)",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"^(?:the )?(?:effectiveness|ability|power|joy|benefits?|importance|pleasure) of (?:their |our |its |the )?(?:[\w-]+ ){0,4}?(?:in|of|to) (?=\w+ing\b)",
    re.IGNORECASE,
)
_NAME = r"(?:[A-Z][\w'’&-]*|&)(?: (?:[A-Z0-9][\w'’&-]*|&|of|de|du|la|the(?= [A-Z])))*"
_BRAND_AT = re.compile(rf"\b(?:at|by|from|visit|join|with|of|for) ({_NAME})")
_NOT_BRAND = re.compile(
    r"^(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|"
    r"Thursday|Friday|Saturday|Sunday|Valentine|Christmas|Easter|Black|Cyber|New|Mother|Father|Halloween|Create|Use|The|A|An|I)\b"
)


def read(prompt: str, brand_name: str = "") -> Reading:
    """The brief's parts. Only the prompt is read: audience and purpose say how to speak, not what is offered."""
    first, *others = _sentences(prompt) or [""]
    sentences = [_BARE_LEAD_IN.sub("", first, count=1), *others]
    spoken = [sentence for sentence in sentences if not _TO_DESIGNER.match(sentence)]
    subject = _subject(spoken[0]) if spoken else ""
    parts = _parts(subject)
    return Reading(
        brand=brand_name.strip() or _brand(prompt, sentences),
        business=parts.get("business", ""),
        occasion=_occasion(prompt),
        event=parts.get("event", ""),
        topic=parts.get("topic", ""),
        product=_object(parts.get("product", "")),
        qualities=tuple(part for part in (parts.get("quality", ""),) if part),
        slogans=tuple(_slogans(sentences)),
        claims=tuple(_claims([sentence for sentence in sentences if sentence not in spoken[:1]])),
        details=tuple(_details(subject, spoken[1:], parts)),
    )


_SENTENCE_END = re.compile(
    rf"(?<=[.!?])(?!(?<=\d\.)(?<!\d\d\d\.)\s+{wording.GERMAN_MONTH})[\"”’']?\s+(?=[\"“‘']?[A-ZÀ-ÞА-Я0-9])"
)


def _sentences(prompt: str) -> list[str]:
    text = re.sub(r"\s*\n+\s*", ". ", prompt.strip())
    pieces = split(_SENTENCE_END, text)
    stripped = (_LEAD_IN.sub("", _bounded(piece.strip())) for piece in pieces[:_SENTENCES])
    return [line for piece in stripped if (line := piece.strip(" ."))]


def _bounded(sentence: str) -> str:
    """Cut between words: half a number would be an invented one."""
    return sentence if len(sentence) <= _SENTENCE_LETTERS else sentence[:_SENTENCE_LETTERS].rpartition(" ")[0]


def _subject(sentence: str) -> str:
    bare = _BARE_LEAD_IN.sub("", sentence, count=1)
    return _STYLE_TAIL.sub("", bare).strip(" .,")


_CLAUSE = re.compile(r"[:;] ?| [-–—] |, (?![\w'’-]+(?: [\w'’-]+)?,? and )")
"""Where a first clause ends; the comma of a list (``rockets, robots and slime``) ends none."""


def _parts(subject: str) -> dict[str, str]:
    if match := _EVENT.match(subject):
        return {"event": match.group(1), "topic": match.group(2)}
    if match := _BUSINESS.match(subject) or _SHOP_FOR.match(subject):
        return {"business": match["business"], "product": match["product"]}
    if (match := _OCCASION_OFFER.match(subject)) and _OCCASION.search(match.group(1)):
        return {"product": match.group(2)}
    if match := _THAT_ARE.match(subject):
        return {"product": match.group(1), "quality": match.group(2)}
    head = split(_CLAUSE, subject, 1)[0]
    if (match := _ADORNED.match(head)) and not offer_spans(match.group(2)):
        return {"product": match.group(1), "quality": match.group(2)}
    return {"product": head}


def _object(phrase: str) -> str:
    """The thing itself: ``a 45% discount on farm milk`` is about ``farm milk``. Titles keep their article."""
    if re.match(r"The (?:[A-Z]|\w+ that\b)", phrase) and not offer_spans(phrase):
        return wording.tidy(DATE.sub("", without_facts(phrase)))
    spans = offer_spans(phrase)
    if spans and spans[0][0] == 0 and re.match(r" (?!on\b|off\b|for\b)\w", phrase[spans[0][1] :], re.IGNORECASE):
        return wording.tidy(DATE.sub("", without_facts(phrase)).rstrip("!"))
    bare = phrase
    for start, end in reversed(spans):
        bare = f"{bare[:start]} {bare[end:]}"
    bare = re.sub(r"^(?:an?|the)? *(?:on|off|of|for)\b ", "", bare.strip(), flags=re.IGNORECASE)
    bare = _OBJECT_TAIL.sub("", DATE.sub("", bare))
    occasion = _OCCASION.search(bare)
    if occasion and re.search(r"\b(?:for|on|this) $", bare[: occasion.start()]):
        bare = bare[: occasion.start()]
    lead = _OBJECT_LEAD if spans else _ARTICLE
    return wording.tidy(lead.sub("", without_facts(bare).strip(), count=1))


def _occasion(prompt: str) -> str:
    match = _OCCASION.search(prompt)
    return match.group() if match else ""


def _slogans(sentences: list[str]) -> list[str]:
    """Wishes the brief reports, turned into the imperative a banner would say."""
    found: list[str] = []
    for sentence in sentences:
        bare = without_facts(sentence)
        calls = [match.group(1) for match in _CALL.finditer(bare) if not quotations(match.group(1))]
        found += [wording.first_person(call) for call in calls]
        found += [line for match in _EMPHASIS.finditer(bare) if (line := _from_gerund(match.group(1)))]
    return [line for line in (wording.tidy(item) for item in found) if line]


def _from_gerund(phrase: str) -> str:
    bare = _MEANS.sub("", phrase)
    line = wording.imperative(bare)
    return line if line != bare else ""


_QUALITIES = re.compile(
    r"^(?:the )?((?:\w+ness|quality|comfort|elegance|beauty|luxury|safety|variety|convenience)"
    r"(?: (?:and|&) (?:\w+ness|quality|comfort|elegance|beauty|luxury|safety|variety|convenience))*) of (?:the |their |its |our )?(.+)$",
    re.IGNORECASE,
)
_ADJECTIVES = {"quality": "quality", "comfort": "comfortable", "elegance": "elegant", "beauty": "beautiful",
    "luxury": "luxury", "safety": "safe", "variety": "varied", "convenience": "convenient"}  # fmt: skip


def _claims(sentences: list[str]) -> list[str]:
    """What the brief wants emphasised, as a noun phrase: ``the freshness and quality of the fish`` is fresh, quality fish."""
    found: list[str] = []
    for sentence in sentences:
        for match in _EMPHASIS.finditer(without_facts(sentence)):
            phrase = re.sub(r"^that ", "", _clear_of_offers(match.group(1)), flags=re.IGNORECASE)
            if not _from_gerund(match.group(1)) and phrase:
                found.append(_as_adjectives(phrase))
    return [line for line in (wording.tidy(item) for item in found) if line]


def _clear_of_offers(phrase: str) -> str:
    spans = offer_spans(phrase)
    bare = phrase[: spans[0][0]] if spans else phrase
    bare = re.sub(r"^the (?=special|exclusive|limited)", "", wording.tidy(bare), flags=re.IGNORECASE)
    return "" if re.fullmatch(r"(?:the |an? )?(?:discounts?|offers?|sale|deals?)?", bare, re.IGNORECASE) else bare


def _as_adjectives(phrase: str) -> str:
    match = _QUALITIES.match(phrase)
    if not match:
        return wording.first_person(re.sub(r"^(?:the|our|their|an?|my) ", "", phrase, flags=re.IGNORECASE))
    nouns = re.split(r" (?:and|&) ", match.group(1).lower())
    return ", ".join(_adjective(noun) for noun in nouns) + " " + match.group(2)


def _adjective(noun: str) -> str:
    stem = noun.removesuffix("ness")
    return _ADJECTIVES.get(noun, stem[:-1] + "y" if stem.endswith("i") else stem)


_SHORT_BREAK = re.compile(rf"[;!?](?: |$)|(?!{wording.ORDINAL})\. | [-–—] ")
_LONG_BREAK = re.compile(rf"{_SHORT_BREAK.pattern}|, (?=\w+ )")
_BARE_CALL = re.compile(
    r",? (?:and )?(?:order|shop|book|visit|call|apply|register|buy|donate|more|details|info)(?: now| online| today)? *(?:at|on|via|under|or)?\W*$",
    re.IGNORECASE,
)
"""What sent the reader to an address that stands elsewhere on the banner."""
_ONE_LINE = 60
"""A sentence of no more letters keeps its commas: ``Three proposals, one decision``."""


def _details(subject: str, others: list[str], parts: dict[str, str]) -> list[str]:
    """The advertiser's own further words: what follows the first clause, and the sentences after it."""
    tail = ""
    if "business" not in parts and "event" not in parts:
        pieces = split(_CLAUSE, subject, 1)
        tail = pieces[1] if len(pieces) > 1 else ""
    clauses = [
        clause
        for part in (tail, *others)
        if _spoken(part)
        for clause in split(_SHORT_BREAK if len(part) <= _ONE_LINE else _LONG_BREAK, part)
    ]
    lines = ((clause, wording.tidy(_BARE_CALL.sub("", without_facts(_offered(clause))))) for clause in clauses)
    return [
        line
        for clause, line in lines
        if line and _spoken(clause) and not (DATE.fullmatch(line) or CODE.fullmatch(line))
    ]


def _offered(clause: str) -> str:
    """``A café offering 15% off coffee`` says ``15% off coffee``: who offers it is the logo's to say."""
    match = _BUSINESS.match(clause)
    return match["product"] if match else re.sub(r"^(?:offering|featuring|including|providing) ", "", clause)


def _spoken(clause: str) -> bool:
    if quotations(clause) or re.match(r"^the (?:offer|deal|discount) is\b", clause.strip(), re.IGNORECASE):
        return False
    return not (
        _TO_DESIGNER.match(clause.strip())
        or _ADVERTISER.search(clause)
        or _EMPHASIS.search(clause)
        or _CALL.search(clause)
    )


def _brand(prompt: str, sentences: list[str]) -> str:
    if match := _ADVERTISER.search(prompt):
        named = re.match(_NAME, match.group(1))
        if named:
            return named.group()
    for sentence in sentences:
        bare = DATE.sub(" ", _OCCASION.sub(" ", sentence))
        for match in _BRAND_AT.finditer(bare):
            if not _NOT_BRAND.match(match.group(1)):
                return match.group(1).strip()
    return ""
