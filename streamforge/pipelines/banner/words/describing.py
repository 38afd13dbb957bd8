# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes
"""English briefs that describe an advertisement (``a dairy company offering a 45% discount on farm milk``).

Who offers it, and of what kind an event is, go apart from what is offered; what is only said about the look is dropped.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.words import wording

_HEADS = (
    r"(?:agency|company|shop|store|market|restaurant|bakery|caf[eé]|studio|gym|clinic|salon|hotel|school|academy|firm|brand|business|boutique|dealership|bank|farm|winery|brewery|bar|pub|spa|florist|startup|start-up|charity|organi[sz]ation|ngo|museum|gallery|"
    r"theat(?:er|re)|library|university|college|hospital|dentist|practice|services?|provider|retailer|supermarket|pharmacy|butcher|bookstore|bookshop|airline|resort|club|centre|center|platform|app|confectionery|manufacturer|maker|garage|pizzeria|diner|bistro|"
    r"roastery|nursery|team|association|foundation|cinema|shelter|zoo|park|chain|workshop|barber|barbershop|kindergarten|orchestra|choir|cooperative|guesthouse|hostel|groomer|plumber|electrician|bakers|grocer|greengrocer|deli|takeaway|van|truck|network|institute|council|wash|teacher|tutor|advis[eo]r|consultant|photographer|rental|laundry|optician|caterer|vet|coach|trainer|cleaner|roofer|mechanic|tailor|jewell?er|marketplace|hall|space)"
)
_OFFERING = (
    r"offering|highlighting|promoting|selling|advertising|announcing|launching|with|to promote|to advertise|to announce|featuring|that offers|that sells|which offers|which sells|celebrating|introducing|speciali[sz]ing in|showcasing|presenting|hosting|providing|that provides|looking for|"
    r"organi[sz]ing|holding|running|giving|that creates|that makes|that produces|collecting|raising|recruiting|seeking|inviting (?:[\w-]+ ){1,3}?to"
)
_TELLING = frozenset(["looking for", "collecting", "raising", "recruiting", "seeking"])
"""Without these words what follows would say the contrary: who seeks coats has none to give."""
_BUSINESS = re.compile(
    rf"^(?:an? |the |our |my )?(?P<who>(?:(?!with\b|for\b|and\b|of\b|at\b|in\b|by\b)[\w'’&-]+ ){{0,5}}?{_HEADS}(?: (?:or|and) (?:[\w-]+ )?{_HEADS})?)(?P<where> (?:in|near|on|by|at) (?:the )?(?:[\w'’-]+ ?){{1,4}}?)?,? (?:that is |which is |is |are )?(?P<how>{_OFFERING}) (?P<what>.+)$",
    re.IGNORECASE,
)
_WITH_AND = re.compile(
    rf"^(?:an? |the |our )?(?P<who>(?:(?!with\b|for\b|and\b|of\b)[\w'’&-]+ ){{0,4}}?{_HEADS}) with (?P<extra>[^,]{{4,40}}?),? (?P<how>offering|promoting|selling|advertising|announcing|launching|introducing|celebrating) (?P<what>.+)$",
    re.IGNORECASE,
)
_ANYBODY = re.compile(
    r"^(?:an? )(?P<who>(?:[\w'’&-]+ ?){1,4}?)(?P<where>(?!))?,? (?P<how>offering|promoting|selling|advertising|announcing|launching|introducing|celebrating|giving) (?P<what>.+)$",
    re.IGNORECASE,
)
_THAT = re.compile(
    rf"^(?:an? |the |our |my )?(?P<who>(?:[\w'’&-]+ ){{0,4}}?{_HEADS}) (?:that|which|who) (?P<what>(?!is\b|are\b|offers?\b|sells?\b|has\b)\w+s .+)$",
    re.IGNORECASE,
)
"""``A plumbing service that arrives in one hour``."""
_ONLY_BUSINESS = re.compile(
    rf"^(?:an? |the |our |my )?(?:(?!in\b|at\b|on\b)[\w'’&-]+ ){{0,4}}?{_HEADS}$", re.IGNORECASE
)
_EVENT = re.compile(
    r"^(?:an? |the |our )?(?P<kind>(?:(?:free|panel|online|live|public|virtual|open|photo|photography|art) )*(?:discussion|debate|webinar|workshop|conference|summit|meetup|talk|seminar|course|class|masterclass|lecture|exhibition|panel|symposium|hackathon|training|podcast|lesson|lessons)) (?:on|about) (?P<topic>.+)$",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"^(?:an? |the |our )?(?P<kind>(?:[\w-]+ ){0,9}?[\w-]+),? (?:called|titled|named|entitled):? [\"“„«‘'](?P<title>[^\"”“»]{2,90}?)[\"”“»’'](?!\w),?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_OCCASION = re.compile(
    r"^(?:the )?(?P<day>(?:black friday|cyber monday|valentine['’]s day|mother['’]s day|father['’]s day|christmas|new year(?:['’]s)?(?: eve| day)?|easter|halloween|thanksgiving|diwali|hanukkah|eid|ramadan|earth day|women['’]s day|(?:\w+ )?(?:promotion|sale|week|day))) (?:offering|featuring|with) (?P<what>.+)$",
    re.IGNORECASE,
)
_THAT_ARE = re.compile(r"^(?P<thing>[^,]{4,48}?) (?:that|which) (?:are|is) (?P<what>[^,]+)$", re.IGNORECASE)
_STYLE_TAIL = re.compile(
    r",? (?:with|in|using|featuring) (?:an? |the )?(?:[\w-]+,? (?:and )?){0,6}(?:designs?|styles?|layouts?|looks?|colou?rs?|palettes?|backgrounds?|fonts?|typography|imagery|visuals?|aesthetics?|vibes?|tones?)\W*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:its|their|our|my|the|an?|some|all their|all its) )?(?:(?:availability|range|selection|variety) of )?(?:(?:the|its|their|our|an?) )?",
    re.IGNORECASE,
)
_ON_OFFER = re.compile(
    r" (?:that )?(?:they|which they|we) (?:have|are|offer|sell|make|provide)(?: on offer| for sale| available)?$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?-i:an?|the|our|my|some|A|An) (?=\w)(?!few\b|little\b|lot\b)")
_DISCOUNT = re.compile(
    r"^(?:an? )?(?P<limit>(?:up to |extra |special )*)(?P<cut>\d+(?:[.,]\d+)? ?%)(?: special)? (?:discount|reduction|savings?)(?P<on> (?:on|for) .+)?$|^(?:the |an? )?discounts? of (?P<of>(?:up to )?\d+ ?%)(?: off)?(?P<for> (?:on|for) .+)?$",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"^(?:the )?(?:effectiveness|ability|power|joy|benefits?|importance|pleasure) of (?:their |our |its |the )?(?:[\w-]+ ){0,4}?(?:in|of|to) (?=\w+ing\b)",
    re.IGNORECASE,
)
_QUALITIES = {
    "freshness": "fresh", "quality": "quality", "comfort": "comfortable", "elegance": "elegant", "beauty": "beautiful", "safety": "safe", "softness": "soft", "warmth": "warm", "sweetness": "sweet", "cosiness": "cosy",
    "trustworthiness": "trustworthy", "punctuality": "punctual", "hardiness": "hardy", "friendliness": "friendly", "professionalism": "professional", "expertise": "expert", "authenticity": "authentic", "richness": "rich", "lightness": "light",
    "affordability": "affordable", "efficiency": "efficient", "purity": "pure", "flexibility": "flexible", "crispness": "crisp", "precision": "precise", "sustainability": "sustainable", "uniqueness": "unique", "versatility": "versatile", "tenderness": "tender",
    "coziness": "cozy", "strength": "strong", "durability": "durable", "reliability": "reliable", "simplicity": "simple", "speed": "fast", "convenience": "convenient",
}  # fmt: skip
_QUALITY = re.compile(
    rf"^(?:the )?(?P<all>(?:{'|'.join(_QUALITIES)})(?:,? (?:and|&) (?:{'|'.join(_QUALITIES)}))*) of (?:the |their |its |our )?(?P<thing>[\w -]+)$",
    re.IGNORECASE,
)


_ONE_LINE = 44


class Described(Struct, frozen=True, kw_only=True):
    """A description taken apart: ``kicker`` is who or what kind, ``titles`` are stated names, ``texts`` what is said."""

    kicker: str = ""
    titles: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def without_style(sentence: str) -> str:
    """The sentence without what it ends with about its look: ``a sale with a bold design``."""
    return _STYLE_TAIL.sub("", sentence).strip() or sentence


def described(sentence: str) -> Described:
    """The description taken apart; a sentence that is none is its own text."""
    text = without_style(sentence)
    is_described = text[:1].islower() or (re.match(r"An? [a-z]", text) and _BUSINESS.match(text))
    if not is_described and not _OCCASION.match(text) and not _TITLED.match(text):
        return Described(texts=(text,))
    readings = (_titled, _of_topic, _offered, _that, _of_day, _that_are)
    return next((found for read in readings if (found := read(text)) is not None), Described(texts=(_bare(text),)))


def _titled(text: str) -> Described | None:
    match = _TITLED.match(text)
    if match is None:
        return None
    before = _BUSINESS.match(match["kind"])
    rest = re.sub(r"^with (?=speaker)", "", match["rest"])
    return Described(
        kicker=_bare(before["what"] if before else match["kind"]), titles=(match["title"],), texts=_texts(rest)
    )


def _of_topic(text: str) -> Described | None:
    match = _EVENT.match(text)
    return Described(kicker=match["kind"], texts=_texts(match["topic"])) if match else None


def _offered(text: str) -> Described | None:
    if match := _WITH_AND.match(text):
        return Described(kicker=match["who"], texts=(*_texts(match["what"]), *_texts(match["extra"])))
    match = _BUSINESS.match(text) or _ANYBODY.match(text)
    if match is None:
        return None
    place = (match["where"] or "").strip()
    named = f" {place}" if any(letter.isupper() for letter in place) else ""
    is_kept = match["how"].casefold() in _TELLING
    texts = (f"{wording.sentence_case(match['how'])} {match['what']}",) if is_kept else _texts(match["what"])
    return Described(kicker=match["who"] + named, texts=texts)


def _that(text: str) -> Described | None:
    match = _THAT.match(text) if len(text) > _ONE_LINE else None
    return Described(kicker=match["who"], texts=_texts(match["what"])) if match else None


def _of_day(text: str) -> Described | None:
    match = _OCCASION.match(text)
    return Described(kicker=match["day"], texts=_texts(match["what"])) if match else None


def _that_are(text: str) -> Described | None:
    match = _THAT_ARE.match(text)
    return Described(texts=(_bare(match["thing"]), wording.sentence_case(match["what"]))) if match else None


def is_business(text: str) -> bool:
    """Whether the words only name a kind of business: ``my taxi firm``."""
    return bool(_ONLY_BUSINESS.match(re.sub(r" (?:in|at|near) (?:the )?[A-Z][\w' -]+$", "", text)))


_NAMED_BY = re.compile(
    r"^\w+ing (?:courses?|class(?:es)?|workshops?|lessons?|schools?|clubs?|tips|gear|tours?|trips?|part(?:y|ies)|events?|days?|nights?|weeks?|weekends?|services?|studios?|cent(?:re|er)s?|sessions?|camps?|market|fair|sale)\b",
    re.IGNORECASE,
)
"""A gerund that is part of a name: ``beekeeping course``."""


def reworded(wanted: str) -> str:
    """A wish of the client as the banner says it: ``celebrating love on a budget`` as ``Celebrate love on a budget``."""
    bare = _MEANS.sub("", wanted)
    if match := _QUALITY.match(bare):
        words = [_QUALITIES[word.casefold()] for word in re.split(r",? (?:and|&) |, ", match["all"])]
        return f"{', '.join(words)} {match['thing']}"
    return our(bare if _NAMED_BY.match(bare) else wording.imperative(bare))


_OURS = re.compile(
    r"\btheir (?=(?:\w+ )?(?:products?|services?|shops?|stores?|menu|range|collection|offers?|website|team|goods|work|food|dishes|treatments|rooms)\b)",
    re.IGNORECASE,
)


def your(wish: str) -> str:
    """A wish said to its reader: ``bring their own bags`` as ``bring your own bags``; what is sold is ours."""
    return wording.second_person(_OURS.sub("our ", wish))


_BUSINESS_DOES = re.compile(
    r"^(?:an? |the )?(?:company|business|firm|startup|start-up|agency) (?:which|that|who) (?P<does>[a-z]{2,}s) (?=\w)",
    re.IGNORECASE,
)
"""``a company which rents out bikes`` says of itself that it rents out bikes."""


def _base(verb: str) -> str:
    """A verb of the third person without its ending."""
    return re.sub(r"(?:(?<=sh)|(?<=ch)|(?<=x)|(?<=ss)|(?<=o))es$|(?<=[^s])s$", "", verb)


def our(text: str) -> str:
    """Speak as the advertiser: ``their products`` becomes ``our products``; an opening ``They`` becomes ``We``."""
    text = _BUSINESS_DOES.sub(lambda match: f"We {_base(match['does'])} ", text)
    text = re.sub(r"^(?:He|She|They|It) (?:offers?|sells?|provides?|has|have|gives?|makes?) (?=\w)", "", text)
    text = re.sub(r"^They (?:are|were)\b", "We are", text)
    text = re.sub(r"^They(?=['’]| )", "We", text)
    return re.sub(
        r"(?<!all )\b(?:their|its)\b",
        lambda match: "Our" if match.group()[0].isupper() else "our",
        text,
        flags=re.IGNORECASE,
    )


def badge(offer: str) -> str:
    """``a 45% discount on farm milk`` as ``45% off farm milk``; anything else as it stands."""
    match = _DISCOUNT.match(offer)
    if match is None:
        return re.sub(r"^start(?:ing|s)? (?:at|from)\b", "from", offer, flags=re.IGNORECASE)
    cut, on = match["cut"] or match["of"], match["on"] or match["for"] or ""
    limit = "up to " if "up to" in (match["limit"] or "").casefold() else ""
    return f"{limit}{cut} off{re.sub(r'^ on (?:all )?(?=[a-z])', ' ', on) if on.startswith(' on ') and ' all ' not in on else on}"


def _texts(text: str) -> tuple[str, ...]:
    bare = _ON_OFFER.sub("", _LEAD.sub("", text.strip(), count=1)).strip(" ,")
    return (bare,) if bare else ()


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text, count=1)
