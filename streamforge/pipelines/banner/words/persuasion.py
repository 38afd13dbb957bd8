# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes and dashes
"""From a purpose (``Encourage them to buy cupcakes for a romantic treat``) to a line of copy and a call to action."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.facts import offer_spans, without_facts

_PEOPLE = r"(?:them|him|her|customers?|viewers?|people|users?|readers?|visitors?|clients?|shoppers?|families|parents|students|everyone|the audience)"
_URGE = re.compile(
    rf"^(?:to )?(?:encourage|motivate|inspire|invite|urge|persuade|entice|attract|convince|get|help|push|prompt|nudge|remind|ask) {_PEOPLE} to |^(?:to )?(?:make|have|let) {_PEOPLE} (?!(?:feel|aware|excited|want|happy|curious|interested|look|think)\b)",
    re.IGNORECASE,
)
_THEN_URGES = re.compile(
    rf",? and (?=(?:to )?(?:encourage|motivate|inspire|invite|urge|persuade) {_PEOPLE} to )", re.IGNORECASE
)
_ABOUT = re.compile(
    rf"^(?:raise awareness (?:and|about|of) ?)?(?:(?:inform|educate|tell|teach) {_PEOPLE} (?:about|on|of) )?",
    re.IGNORECASE,
)
_SHOW = re.compile(
    rf"^(?:highlight|showcase|announce|present) (.+?)(?: to get {_PEOPLE} excited about (.+))?$",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"^(?:visit|purchase|buy|incorporate|join|explore|try|discover|enjoy|support|celebrate|consider|choose|enhance|share|use|"
    r"take|contact|call|book|order|register|learn|save|start|make|plan|bring(?= (?:your|an?|along|friends|the (?:family|kids))\b)|treat|donate|volunteer|subscribe|reach)\b",
    re.IGNORECASE,
)
_ERRANDS = (
    (re.compile(r"^visit (?:the|our|their) (?:website|site|web site|online store)(?: and make a purchase| to (?:buy|shop|purchase))", re.IGNORECASE), "shop online"),
    (re.compile(r"^visit (?:the|our|their) (?:website|site|page)\b(?: \S+)?(?: (?:to|and) |$)", re.IGNORECASE), ""),
    (re.compile(r"^visit the (?:[\w'’-]+ ){0,3}(?:shop|store|market|restaurant|bakery|caf[eé]|salon|gym|studio|clinic|museum|gallery|hotel)\b", re.IGNORECASE), "visit us"),
    (re.compile(r"^contact the (?:[\w'’-]+ ){1,3}?(?:agency|company|shop|team|store|clinic|firm)\b", re.IGNORECASE), "contact us"),
    (re.compile(r"^reach out (?:via|by) (?:tele)?phone(?: to inquire)?", re.IGNORECASE), "call us"),
    (re.compile(r"^(?:shop online|visit us) to take advantage of .+$", re.IGNORECASE), ""),
    (re.compile(r"^take advantage of (?:the |this |our )?(?:\d+% )?(?:discounts?|offers?|deals?|sale) for (?=an? )", re.IGNORECASE), ""),
    (re.compile(r"^take advantage of (?:the |this |our )?(?:\d+% )?(?:discounts?|offers?|deals?|sale)\b.*$", re.IGNORECASE), ""),
    (re.compile(r"^consider investing\b", re.IGNORECASE), "invest"),
    (re.compile(r"^incorporate (.+?) into (?=(?:your|their) )", re.IGNORECASE), r"add \1 to "),
    (re.compile(r"^provide (?=(?:your|their) )", re.IGNORECASE), "share "),
    (re.compile(r"\bduring the sale period\b", re.IGNORECASE), "during the sale"),
    (re.compile(r" (?:and|to) (?:take advantage of|enjoy|benefit from) (?:the|this|our) (?:\d+% )?(?:discounts?|offers?|deals?)\b.*$", re.IGNORECASE), ""),
    (re.compile(r" by (?:visiting|purchasing|buying|ordering|shopping|calling|clicking|contacting)\b.*$", re.IGNORECASE), ""),
    (re.compile(r" to attract (?:them|customers|people)\b.*$", re.IGNORECASE), ""),
)  # fmt: skip
"""Errands of the reader, reworded as the banner says them or dropped: the button says them."""
_BUY = re.compile(r"^(?:purchase|buy|choose to buy) (?:the |some |discounted )*(.+)$", re.IGNORECASE)
_STANDS_ALONE = re.compile(r"\b(?:for (?!its\b)|to (?:share|celebrate|enjoy)\b|at an? )", re.IGNORECASE)
_EMPTY = re.compile(
    r"^(?:visit us|contact us|call us|shop online|shop now|learn more|the (?:discount|offer|sale)|make a purchase|purchase|buy|"
    r"(?:increase|raise|drive|boost|generate|build|grow|improve|promote)\b.*)?$",
    re.IGNORECASE,
)


def purpose_line(purpose: str) -> str:
    """What the purpose wants of the reader, said to the reader; empty when it is only an errand or a marketing goal."""
    wish = wording.tidy(without_facts(purpose.replace("\n", " ")))
    if match := _SHOW.match(wish):
        return _sentence(match.group(2) or match.group(1))
    wish = _THEN_URGES.split(wish)[-1]
    urged = _URGE.sub("", wish, count=1)
    if urged == wish and (told := _ABOUT.sub("", wish, count=1)) != wish:
        return _told(told)
    if urged == wish and not _ORDERS.match(wish):
        return ""
    return _asked(urged)


def highlight(purpose: str) -> str:
    """What the purpose wants shown above all (``Highlight the Cyber Monday deals to get them excited about …``)."""
    match = _SHOW.match(wording.tidy(without_facts(purpose)))
    return re.sub(r"^the ", "", match.group(1), flags=re.IGNORECASE) if match and match.group(2) else ""


def _asked(wish: str) -> str:
    for pattern, instead in _ERRANDS:
        wish = re.sub(r"\s+", " ", pattern.sub(instead, wish, count=1)).strip()
    if _EMPTY.match(wish):
        return ""
    if bought := _BUY.match(wish):
        wish = _bought(bought.group(1))
    wish = re.sub(r"^(use|enjoy|choose|try) (?:the )?(?=(?:farm|fresh|new)\b)", r"\1 ", wish)
    return _sentence(wish)


def _bought(thing: str) -> str:
    if re.search(r"\bfor its\b", thing):
        return f"choose {thing}"
    return thing if _STANDS_ALONE.search(thing) else f"shop {thing}"


def _told(thing: str) -> str:
    if offer_spans(thing):
        return ""
    if re.match(r"^(?:the )?(?:special |exclusive )?(?:discounts?|offers?|deals?|sale)\b", thing, re.IGNORECASE):
        return _sentence(re.sub(r"^the ", "", thing, flags=re.IGNORECASE))
    verb = "discover" if re.search(r"\b(?:benefits?|advantages?)\b", thing, re.IGNORECASE) else "learn about"
    return _sentence(f"{verb} {thing}")


def _sentence(line: str) -> str:
    spoken = wording.second_person(re.sub(r"^the (?=\w+ \w+ (?:deals|discounts))", "", line, flags=re.IGNORECASE))
    return wording.sentence_case(spoken)


_BOOKED = re.compile(
    r"\bbook (an?|your) ((?:free |same-day )?(?:table|viewing|test drive|consultation|demo|session|tour|class|appointment|room|stay|call|visit|trip))\b",
    re.IGNORECASE,
)
"""What can be booked names itself on the button."""
_CALLS: tuple[tuple[str, str], ...] = (
    (r"\brequest (?:a |your )?demo\b", "Request a Demo"),
    (r"\bopen (?:an? |your )?account\b", "Open an Account"),
    (r"\bpre-?order", "Pre-Order Now"),
    (r"\bvot(?:e|ing)\b|\bhave your say\b", "Have Your Say"),
    (r"\bplay(?:ing)? (?:the |our |this )?game\b|\bout now on\b", "Play Now"),
    (r"\b(?:via|by|over the) (?:tele)?phone\b|\bcall (?:us|now|today|\+?\(?\d)", "Call Us"),
    (r"\b(?:ring|phone) (?:us|now|today|\+?\(?\d)", "Call Us"),
    (r"^rsvp\b|[.!] ?rsvp\b", "RSVP Now"),
    (r"\b(?:e-?mail|write to) (?:us\b|[\w.+-]+@)|^mail [\w.+-]+@", "Email Us"),
    (r"\bread (?:it|more|the|our|about)\b|\bread on\b", "Read More"),
    (r"\b(?:flat|house|apartment|bedroom|bed)\b.*\b(?:to let|for sale|for rent|guide price|pcm)\b|\bopen house\b", "Book a Viewing"),
    (r"\bgive [$€£]\d|\bgive (?:at|now|today|online|monthly)\b", "Donate Now"),
    (r"\bsave (?:your|my|a) (?:seat|spot|place)\b", "Save Your Seat"),
    (r"\bclaim (?:your|a|the) (?:seat|spot|place|discount|offer|gift)\b", "Claim Yours"),
    (r"\bschedule (?:a |your )?(?:viewing|visit|tour)\b", "Schedule a Visit"),
    (r"\brent (?:an? |your |out )?\w", "Rent Now"),
    (r"\b(?:dine|dine[- ]in|drop in|pop in|walk[- ]ins?|no appointment)\b", "Visit Us"),
    (r"\b(?:make|arrange|schedule) (?:an |their |your )?appointment|\bbook (?:the|their|in|with) ", "Book Now"),
    (r"\b(?:schedule|arrange|take) a test drive\b", "Book a Test Drive"),
    (r"\b(?:submit|enter|take part in) (?:\w+ ){0,3}(?:photos?|pictures?|entr(?:y|ies)|contest|competition|raffle|draw|work|stor(?:y|ies))\b", "Enter Now"),
    (r"\b(?:view|see|discover|explore|browse) (?:the|our|their) (?:[\w-]+ ){0,2}collection\b", "See the Collection"),
    (r"\b(?:view|see|discover|explore|browse) (?:the|our|their) (?:[\w-]+ ){0,2}menu\b", "See the Menu"),
    (r"\bcontact\b|\bget in touch\b|\breach out\b", "Contact Us"),
    (r"\bjoin (?:the |our )?(?:discussion|debate|conversation)\b", "Join the Discussion"),
    (r"\b(?:share|provide)\b.*\b(?:insights?|perspectives?)\b", "Share Your Insights"),
    (r"\bregist(?:er|ration)\b", "Register Now"),
    (r"\bsign(?:ing)? ?up\b", "Sign Up Now"),
    (r"\bappl(?:y|ying|ications?)\b|\bhiring\b|\bjob openings?\b", "Apply Now"),
    (r"\bbook (?:an? |your |now|online|at|today|by|via|tickets)|\bbookings?\b", "Book Now"),
    (r"\breserv(?:e|ing|ations?)\b", "Reserve Now"),
    (r"\benrol", "Enroll Now"),
    (r"\badopt", "Adopt Today"),
    (r"\bgrand opening\b|\b(?:attract|bring) (?:\w+ ){1,3}(?:in)?to (?:the|our)\b|\bto come\b|\bcome (?:to|by|along|in)\b|\b(?:have|enjoy|eat) (?:lunch|dinner|breakfast|brunch|an? (?:meal|coffee|drink))\b|\b(?:stop|drop) by\b", "Visit Us"),
    (r"\balbum\b|\bpodcast\b", "Listen Now"),
    (r"\bsubscri(?:be|bing|ptions?)\b", "Subscribe Now"),
    (r"\bdonat(?:e|ing|ions?)\b", "Donate Now"),
    (r"\bvolunteer(?:ing|s)?\b", "Volunteer"),
    (r"\bdownload(?:ing)?\b", "Download Now"),
    (r"\b(?:buy|get|grab|purchase) (?:your |the )?tickets?\b|\btickets\b", "Get Tickets"),
    (r"\bfree trial\b(?! (?:lesson|class|session|hour))|\bstart (?:your|a) trial\b", "Start Free Trial"),
    (r"\bget (?:an? |your )?(?:free )?quote\b", "Get a Quote"),
    (r"\bsupport local\b", "Shop Local"),
    (r"\bbaking recipes?\b", "Start Baking"),
    (r"\brecipes?\b", "Start Cooking"),
    (r"\bjoin\b|\battend\b|\bbecome a member\b", "Join Us"),
    (r"\bget involved\b", "Get Involved"),
    (r"\bwatch (?:the|it|our|online)\b|\bstream (?:the|it)\b", "Watch Now"),
    (r"\b(?:request|ask for) (?:an? )?(?:free )?(?:quote|estimate)\b", "Get a Quote"),
    (r"\bcyber monday deals\b|\bdeals\b", "Shop the Deals"),
    (r"\bgifts?\b", "Shop Gifts"),
    (r"\brecommend\b|\binvest(?:ing)?\b", "Discover More"),
    (r"\bchoose\b", "Find Yours"),
    (r"\bexplor(?:e|ing)\b", "Explore Now"),
    ((r"\b(?:in person|visit (?:us|the|our) ?(?:[\w'’-]+ ){0,2}(?:shop|store|market|restaurant|bakery|caf[eé]|showroom|gallery|museum|book(?:store|shop)|cent(?:re|er)|exhibition|fair|farm|zoo|park|salon|boutique|clinic|studio|stand|booth|festival|garden|hotel|pharmacy|library|dealership|garage|bar|pub|diner|bistro|pizzeria|winery|brewery|nursery|florist|deli|mall|outlet|gym|spa|stall|open (?:day|house|evening)))\b|"
     r"\bvisiting the (?:market|shop|store|restaurant)\b|\btraffic to the (?:restaurant|store|shop|market|caf[eé])\b"), "Visit Us"),
    (r"\btry\b", "Try It Today"),
    (r"\border(?:ing)?\b", "Order Now"),
    (r"\b(?:discounts?|offers?)\b.*\bmeals?\b", "See the Offer"),
    (r"\btake advantage\b", "Get the Offer"),
)  # fmt: skip
_NARROW_LETTERS = 11
_SHORT_CALLS = {
    "Join": "Join Us", "Shop": "Shop Now", "Share": "Join In", "Discover": "Discover", "Register": "Register",
    "Subscribe": "Subscribe", "Start": "Start Now", "Get": "Get It Now", "Visit": "Visit Us", "See": "See More",
    "Try": "Try It", "Save": "Join Us", "Claim": "Claim Now", "Schedule": "Visit Us", "Book": "Book Now", "Open": "Sign Up", "Have": "Vote Now", "Pre-Order": "Pre-Order",
}  # fmt: skip
_WEB = re.compile(r"\b(?:visit|traffic)\b.*\b(?:website|site|online)\b|\bvisit [\w.-]+\.\w{2,}|\bvisit$", re.IGNORECASE)
_PURCHASE = re.compile(r"(?<!every )\b(?:purchas|buy|shop (?:now|at|online|with us|our|the)\b|discount)", re.IGNORECASE)
_KITCHEN = re.compile(
    r"\b(?:coffee|cupcakes?|cakes?|pizza|burgers?|meals?|lunch|dinner|sushi|bakery|brews?)\b", re.IGNORECASE
)
_LEARN = re.compile(r"\b(?:learn|aware|awareness|educat\w+|inform\w*|consider|benefits?|understand)\b", re.IGNORECASE)


def call_to_action(purpose: str, prompt: str, *, event: str = "", is_sale: bool = False) -> str:
    """The button's words: what the purpose asks, else what the brief asks, else what such a brief usually asks."""
    for wish in (purpose, prompt):
        if wish and (call := _asked_for(wish, prompt, is_sale=is_sale)):
            return call
    if event:
        return f"Join the {event.capitalize()}"
    return "Shop the Sale" if is_sale else "Discover More"


def short_call(call: str) -> str:
    """The button for a narrow canvas: ``Join the Discussion`` becomes ``Join Us``."""
    if len(call) <= _NARROW_LETTERS:
        return call
    first, last = call.split(maxsplit=1)[0], call.rsplit(maxsplit=1)[-1]
    if first == "Request":
        return f"Get a {last}" if last in {"Demo", "Quote"} else "Ask Us"
    return _SHORT_CALLS.get(first, first)


def _asked_for(wish: str, prompt: str, *, is_sale: bool) -> str:
    if is_sale and re.search(r"\bpurchase\b|\bshop\b|\bbuy (?!gifts)", wish, re.IGNORECASE):
        return "Shop the Sale"
    if booked := _BOOKED.search(wish):
        return wording.title_case(f"book {'a' if booked.group(1) == 'your' else booked.group(1)} {booked.group(2)}")
    return next((call for pattern, call in _CALLS if re.search(pattern, wish, re.IGNORECASE)), "") or _usual(
        wish, prompt
    )


def _usual(wish: str, prompt: str) -> str:
    """What is asked of readers in general: to buy, to read on, to visit."""
    if re.search(r"(?<!every )\b(?:purchas|buy)|\b(?:drive|increase|boost) sales\b", wish, re.IGNORECASE):
        return "Order Now" if _KITCHEN.search(prompt) else "Shop Now"
    if _LEARN.search(wish) and not offer_spans(wish):
        return "Learn More"
    if _WEB.search(wish):
        return "Visit Website"
    return "Shop Now" if _PURCHASE.search(wish) else ""
