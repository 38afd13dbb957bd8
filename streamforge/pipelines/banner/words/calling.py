# ruff: noqa: E501, RUF001 - long patterns read better whole; other languages' letters
"""The button: what the brief asks its reader to do, in its words or in the language's own; nothing where that is not clear.

In a language that is not known the button is the address or the number itself.
"""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.lexicon import LEXICONS, button_for
from streamforge.pipelines.banner.words.persuasion import call_to_action
from streamforge.pipelines.banner.words.standing import is_talk
from streamforge.pipelines.banner.words.told import Told

_BUTTON_LETTERS = 22
_ADDRESS_LETTERS = 24
_ASKS: tuple[tuple[str, str], ...] = (
    (r"whats ?app", "WhatsApp Us"), (r"call|ring|phone|tel|telephone|speak|talk", "Call Us"), (r"text|sms", "Text Us"), (r"send (?:us )?(?:your |a |the )?(?:cvs?|résumés?|resumes?|applications?)", "Apply Now"), (r"e-?mail|mail|write|send", "Email Us"), (r"register|registration", "Register Now"), (r"sign(?:ing)?[ -]?up", "Sign Up Now"),
    (r"apply|applications?|cv", "Apply Now"), (r"donat\w+|give|pledge", "Donate Now"), (r"rsvp", "RSVP Now"), (r"join", "Join Us"), (r"tickets?|buy tickets", "Get Tickets"), (r"pre-?order", "Pre-Order Now"), (r"order|orders|to order", "Order Now"),
    (r"shop|buy", "Shop Now"), (r"book|bookings?|booking", "Book Now"), (r"reserv\w+", "Reserve Now"), (r"subscri\w+", "Subscribe Now"), (r"download", "Download Now"), (r"start|begin", "Start Now"), (r"try", "Try It Today"), (r"read", "Read More"),
    (r"enrol\w*", "Enroll Now"), (r"volunteer", "Volunteer"), (r"adopt", "Adopt Today"), (r"vote", "Vote Now"), (r"contact|enquir\w+|inquir\w+|get in touch|reach", "Contact Us"), (r"learn|details|more|info\w*|find out|discover|explore", "Learn More"),
    (r"visit|see|website|web|online|go to|head to|browse|view", "Visit Website"), (r"come|drop|pop|stop|find us", "Visit Us"), (r"listen", "Listen Now"), (r"watch|stream", "Watch Now"), (r"play", "Play Now"), (r"switch", "Switch Now"),
)  # fmt: skip
"""What a clause that leads to an address or number starts with, and the button for it."""
_OWN_WORDS = re.compile(
    r"^(?:book|get|save|claim|request|find|reserve|start|join|plan|try|taste|meet|choose|see|shop|order|take|become|open|check|compare|grab|win|rent|hire|switch|schedule|arrange|view|buy)\b(?: [\w'’-]+){1,3}$",
    re.IGNORECASE,
)
"""A call in words of its own: ``Book a table``, ``Get your quote``."""
_OPEN_END = re.compile(r"\b(?:a|an|the|your|our|and|or|of|to|for|with|in|on|at|by|from|via|now at|it)$", re.IGNORECASE)
_NONE_NEEDED = re.compile(
    r"\b(?:no|without|never|keine?|ohne|sans|pas d['’e]|sin|senza|sem|geen|zonder|bez|без|ingen|utan|uten) (?:[\w-]+ ){0,2}(?:registrations?|bookings?|reservations?|appointments?|sign[- ]?up|anmeldung\w*|termin\w*|réservation|rendez-vous|inscription|reserva|cita|inscripción|prenotazione|iscrizione|appuntamento|marcação|inscrição|afspraak|aanmelding|rezerwacji|zapisów|записи|брони\w*|anmälan|påmelding|tilmelding|\w*card)\b[^.!?,;]*|\bwalk[- ]?ins?\b[^.!?,;]*",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"book (?:launch|club|fair|shop|store|signing|release|reading|swap|sale|review)|open (?:day|house|mic|air|evening|garden)|text ?book|call cent|ring size|contact lens|order form|shop (?:window|floor)|start[- ]?up|check[- ]?up",
    re.IGNORECASE,
)
_AFTER_VERB = r"(?:an?|the|your|our|my|now|at|on|by|us|online|today|via|here|with|early|direct\w*|through|to|in|for|it|me|up|along|free|tickets?|early|whatsapp|out|more|any ?time|before|or|and|from|[A-Z]\w+|him|her|them)\b"
"""What follows a verb that asks: ``book a table``, but not ``book launch``."""
_EVIDENCE: tuple[tuple[str, str], ...] = (
    (r"^(?:now )?(?:we(?:['’]re| are) )?(?:now )?hiring\b|\bjob(?:s| openings?)\b|\bvacanc(?:y|ies)\b|\bwe(?:['’]re| are) looking for an? \w+er\b", "Apply Now"), (r"\bvolunteers?\b.{0,24}\b(?:needed|wanted)|\blooking for volunteers", "Volunteer"), (r"\bdonors?\b.{0,12}\b(?:needed|wanted)", "Book Now"),
    (r"\bbook (?:an?|your|now|online|early|in)\b", "Book Now"), (r"\b(?:register|sign up)\b", "Register Now"), (r"\bapply\b", "Apply Now"), (r"\bdonate\b|\bgive [$€£]\d", "Donate Now"), (r"\btickets?\b", "Get Tickets"), (r"\bfree trial\b(?! (?:lesson|class|session|hour))", "Start Free Trial"), (r"\bdownload\b", "Download Now"),
    (r"\bpre-?order\b", "Pre-Order Now"), (r"\border (?:now|online|today|by|before|early)\b", "Order Now"), (r"\badopt\b", "Adopt Today"), (r"\bwalk[- ]?ins? welcome|\bno appointment|\bdrop in\b|\bcome (?:and|along|see|in|by)\b|\bbring (?:your|in)\b|\bvisit us\b|\bopen day\b", "Visit Us"),
    (r"\b(?:flat|house|apartment|studio|terrace|bedroom|bed)\b.*\b(?:to let|for sale|for rent|guide price|pcm|offers over)\b|\bviewings?\b", "Book a Viewing"),
)  # fmt: skip
_SALE = re.compile(r"\b(?:sale|% off|was [$€£]|clearance|black friday|cyber monday)\b|% off", re.IGNORECASE)
_SALE_NAMED = re.compile(r"\b(?:sale|clearance|black friday|cyber monday)\b", re.IGNORECASE)
_GOODS = re.compile(
    r"\b(?:coats?|shoes?|boots?|jackets?|sofas?|mattress\w*|books?|toys?|bikes?|phones?|laptops?|furniture|wine|coffee|milk|seafood|fish|flowers?|plants?|candles?|watch(?:es)?|jewell?ery|clothes|clothing|dress(?:es)?|skis?|juices?|cheese|bottles?|blinds|everything|gifts?|beans|perennials|mugs|food|glasses|perfumes?)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"\b(?:of|or|eller|ou|o|oder|lub|или|або|veya|vagy|tai|hoặc|și|e|y|und|et)\b|\bأو\b|\bیا\b", re.IGNORECASE
)
_NOUN_END = re.compile(r"^\w+(?:ción|ciones|ção|ções|zione|zioni|tions?|ung(?:en)?|acja|acje)$", re.IGNORECASE)
_STEM, _CALL_WORDS = 5, 3
_IDEOGRAPHIC = re.compile("[\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]")


def button(told: Told, asks: list[str], purpose: str, *, place: bool = False) -> str:
    """The button's words; empty where nothing is known to ask."""
    if told.button:
        return told.button
    if told.language == "en":
        return _english(told, asks, purpose, place=place)
    if told.language not in LEXICONS:
        return next((line for line in (*told.urls, *told.phones) if len(line) <= _ADDRESS_LETTERS), "")
    return _own(told, asks) or _usual(told, purpose, place=place)


_LABEL = re.compile(
    r"^(?:tel|telefon\w*|phone|web|website|e-?mail|mail|fax|online|info\w*|kontakt|contact\w*|téléphone|teléfono|telefono|réservations?|reservas?|llamadas?|consultas?|prenotazioni|reservierung|buchung|anmeldung|inscriptions?|details|rsvp|hotline|service)\W*$",
    re.IGNORECASE,
)


def _said(told: Told) -> list[str]:
    """The statements; of talk those that are none."""
    return [line for line in told.statements if not (told.chatted and is_talk(line, told.language))]


def is_ask(text: str, language: str) -> bool:
    """Whether words beside an address only lead there; a name (``Keel & Co``) does not."""
    if _LABEL.match(text):
        return True
    if language == "en":
        return not re.match(r"[A-Z0-9]", text) or bool(_asked(text)) or " " not in text
    lexicon = LEXICONS.get(language)
    return (
        lexicon is None
        or lexicon.intent(text) is not None
        or _is_call(text, lexicon.buttons)
        or not (text[:1].isupper() or _IDEOGRAPHIC.match(text))
    )


def _english(told: Told, asks: list[str], purpose: str, *, place: bool) -> str:
    stated = next((call for ask in asks if (call := _asked(ask))), "")
    if stated and stated not in {"Learn More", "Visit Website"}:
        return stated
    spoken = _NONE_NEEDED.sub(
        lambda m: " walk-ins welcome " if "walk" in m.group() or "appointment" in m.group() else " ",
        ". ".join([*_said(told), *told.labelled]),
    )
    wished = " ".join([purpose, *told.wishes])
    wanted = call_to_action(wished, "", is_sale=bool(_SALE_NAMED.search(spoken))) if wished.strip() else ""
    if wanted and wanted not in {"Discover More", "Learn More"}:
        return wanted
    if told.codes:
        return "Shop Now"
    evident = next((call for pattern, call in _EVIDENCE if re.search(pattern, spoken, re.IGNORECASE)), "")
    return evident or stated or _reached(told, spoken, place=place)


def _asked(ask: str) -> str:
    """The button for a clause that leads to an address; its own words where they are few and whole."""
    text = ask.strip(" .,!:")
    if _NOUN.match(text):
        return ""
    if (
        _OWN_WORDS.match(text)
        and len(text) <= _BUTTON_LETTERS
        and not _OPEN_END.search(text)
        and not re.search(r"\d", text)
    ):
        return wording.title_case(text)
    return next(
        (
            call
            for verb, call in _ASKS
            if re.match(
                rf"(?:please |or |and |to |just |(?:yo)?u can )?(?:{verb})(?!\w)(?:\W*$|\W+{_AFTER_VERB}|(?<=cv) )",
                text,
                re.IGNORECASE,
            )
        ),
        "",
    )


def _reached(told: Told, spoken: str, *, place: bool) -> str:
    """Where nothing is asked: what the one way to reach the advertiser asks."""
    if told.urls and _SALE.search(spoken) and _GOODS.search(spoken):
        return "Shop Now"
    if told.phones and not told.urls:
        return "Call Us"
    if told.urls:
        return "Email Us" if all("@" in url for url in told.urls) else "Learn More"
    if place:
        return "Visit Us"
    return "Shop Now" if _SALE.search(spoken) and _GOODS.search(spoken) else "Learn More"


def _own(told: Told, asks: list[str]) -> str:
    """The brief's own call, where it begins as one of the language's buttons does."""
    lexicon = LEXICONS[told.language]
    buttons = lexicon.buttons
    for ask in asks:
        text = ask.strip(" .,!:;")
        whole = [each for each in buttons if text and each.casefold().startswith(f"{text.casefold()} ")]
        if whole and " " in text:
            return whole[0]
        is_short = len(text) <= _BUTTON_LETTERS and len(text.split()) <= _CALL_WORDS
        if text and is_short and _is_call(text, buttons) and not _EITHER.search(text):
            intent = (
                lexicon.intent(text)
                if _LABEL.match(text)
                or _NOUN_END.search(text)
                or _NOUN_END.search(text.partition(" ")[0])
                or (text.isascii() and len(text) < _STEM)
                else None
            )
            return lexicon.button(intent) if intent else wording.sentence_case(text)
    return ""


def _is_call(text: str, buttons: tuple[str, ...]) -> bool:
    first = text.split(maxsplit=1)[0].casefold()
    heads = {each.split()[0].casefold() for each in buttons if " " in each or each.isascii()}
    stems = {head[:_STEM] for head in heads if len(head) > _STEM}
    return (
        first in heads
        or first[:_STEM] in stems
        or any(text.startswith(b[:2]) for b in buttons if _IDEOGRAPHIC.match(b))
    )


def _usual(told: Told, purpose: str, *, place: bool) -> str:
    """The language's button for what purpose or brief ask."""
    lexicon = LEXICONS[told.language]
    spoken = _NONE_NEEDED.sub(" ", told.text)
    call = button_for(told.language, purpose, spoken)
    is_vague = call in {lexicon.button("learn"), lexicon.button("buy"), lexicon.button("visit")}
    if is_vague and told.phones and not told.urls:
        return lexicon.button("call")
    is_place = not (told.urls or told.phones) and place
    return lexicon.button("visit") if is_place and call == lexicon.button("learn") else call
