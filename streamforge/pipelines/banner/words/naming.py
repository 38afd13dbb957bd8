# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""What a brief says in passing that something is called: ``we've got a new room called The Clockmaker's Secret``.

A name is what is quoted or has capitals; whose it is, is told by the words before it.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.describing import is_business

_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞŚŻŁ0-9][\w'’&.+-]*)"
_JOIN = r"(?:of|the|and|&|\+|de|del|di|da|do|la|le|les|du|von|della|dello|delle|dei|degli|des|der|dem|dos|das|und|et|y|e|i|in|to|for|on|at|by|with|from|a|van)"
_RUN = rf"{_CAPITAL}(?:(?: {_JOIN}){{0,2}} {_CAPITAL}){{0,5}}"
_QUOTE = r"[\"“„«‘'](?P<quoted>[^\"”“»’\n]{2,60}(?:['’]s [^\"”“»’\n]{1,40})?)[\"”“»’'](?!\w)"
_CALLED = re.compile(
    r"(?<!\w)(?:(?:is |are |it['’]?s |she['’]?s |he['’]?s |they['’]?re |we['’]?re )?(?:called|named|titled)|heißt|heisst|namens|nennt sich|(?:qui )?s['’]appelle(?:nt)?|nommée?|intitulée?|(?:que )?se llaman?|llamad[oa]|titulad[oa]|(?:che )?si chiama(?:no)?|chiamat[oa]|intitolat[oa]|(?:que )?(?:se chama|chama-se)|chamad[oa]|heet|genaamd)[:,]? "
    rf"(?:{_QUOTE}|(?P<bare>{_RUN}))",
    re.IGNORECASE,
)
_IN_ARABIC = re.compile(r"(?:اسمه|اسمها|باسم|يسمى|تسمى)\s*:?\s*[\"“«]([^\"”»\n]{2,50})[\"”»]")
_BRACKETED = re.compile(
    rf"^\W*(?:(?:it['’]?s|we['’]?re|we are|i run|i have|i own|this is|for) )(?:an?|the|my|our) [\w' -]{{3,40}} \((?P<name>{_RUN})\)(?P<rest>.*)$",
    re.IGNORECASE,
)
"""``It's a spa (Still Water Spa)``."""
_I_AM = re.compile(
    rf"^\W*(?:i['’]?m|i am|this is|it['’]?s|sou|soy|sono|je suis|ich bin|hier ist|ik ben) (?:(?:a|o|la|el|il|die|der) )?{_CAPITAL} (?:from|at|of|da|do|de|del|della|di|von|vom|van|bij) (?:[^,.!?]{{0,40}} )?(?P<name>{_CAPITAL}(?: (?:{_JOIN} )?{_CAPITAL}){{0,3}})$",
    re.IGNORECASE,
)
"""``Sou a Inês da loja de surf Maré Alta``."""
_ASIDE = re.compile(rf"(?<!\w)(?P<trade>[a-zà-ÿ-]+) \((?P<name>{_RUN})(?:, (?:{_RUN}))?\)(?P<rest>.*)$", re.IGNORECASE)
"""``a small cinema (The Lumen, Bath Street)``."""
_KANA = re.compile(r"(?P<what>商品名|店名|名前|名称|イベント名|タイトル|講座名)は?「(?P<name>[^」\n]{1,40})」")
_WE_ARE = re.compile(
    rf"^\W*(?:we(?:['’]re| are)|i['’]?m from|this is|wir sind|nous sommes|somos|siamo|wij zijn) (?P<name>{_RUN})(?:,| and| und| et| y| e| en)? (?P<rest>.+)$",
    re.IGNORECASE,
)
"""``We're Maison Verte, houseplants & pots``."""
_THING_IS = re.compile(
    rf"^\W*(?:the|our|my|her|his|their|der|die|das|unser\w*|ihr\w*|sein\w*|le|la|son|sa|notre|el|nuestr[oa]|il|lo|o|a|nosso|nossa|de|het|onze) (?:[\w-]+ ){{0,2}}?(?P<thing>[\w-]+) (?:is|ist|est|es|è|é) (?P<name>(?=(?:[\w'’&-]+ )+[A-ZÀ-Þ]){_RUN})(?P<rest>[,;:–-].*)?$",
    re.IGNORECASE,
)
"""``The course is Eat Well on Shifts``."""
_MAKER = re.compile(
    r"band|artist|singer|author|choir|company|business|firm|shop|store|brand|club|school|firma|marke|gruppe|groupe|artiste|autrice|auteur|grupo|artista|empresa|tienda|gruppo|autore|autrice|azienda|loja|banda",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    rf"^\W*(?:it['’]?s|this is|c['’]est|ce sera|es|è|é|das ist|het is) (?:the |la |le |l['’]|il |lo |o |a |die |der |das |de |het |el )?(?P<name>{_RUN})(?P<rest>(?:[,:–-]| ).*)?$",
    re.IGNORECASE,
)
"""``È la Sagra del Fungo, dal 4 al 6 ottobre``."""
_THING = re.compile(
    r"(?:festival|concert|konzert|fair|market|markt|sale|fest|workshop|course|kurs|class|webinar|launch|exhibition|ausstellung|tour|gala|camp|week|night|party|show|room|play|film|book|album|song|menu|game|event|series|programme|program|collection|drink|cours|atelier|exposition|spectacle|curso|taller|exposición|espectáculo|obra|corso|mostra|spettacolo|oficina|exposição|sagra|fiesta|festa|fête|feria)\w{0,2}$",
    re.IGNORECASE,
)
_NEAR, _LEAST_NAME = 48, 3


class Named(Struct, frozen=True):
    """A name in a sentence: the words before and after it, and whether it is an event's or a product's title."""

    name: str
    is_title: bool
    before: str
    after: str


def named(sentence: str) -> Named | None:
    """The first name that the sentence gives to something; None where it gives none."""
    return _presented(sentence) or _told(sentence) or _in_other_scripts(sentence)


def _presented(sentence: str) -> Named | None:
    """``We're Maison Verte``, ``It's a spa (Still Water Spa)``, ``It's the Autumn Fair, ...``."""
    match = _BRACKETED.match(sentence)
    if match is not None and not match["name"][:1].islower():
        return Named(match["name"], False, "", match["rest"].strip(" ,"))
    match = _ASIDE.search(sentence)
    if match is not None and is_business(match["trade"]) and not match["name"][:1].islower():
        return Named(match["name"], False, sentence[: match.start()], match["rest"].strip(" ,"))
    if match := _I_AM.match(sentence):
        return Named(match["name"], False, "", "")
    if match := _WE_ARE.match(sentence):
        return Named(match["name"], False, "", match["rest"])
    match = _IT_IS.match(sentence)
    if match is None or not any(_THING.search(word) for word in match["name"].split()):
        return None
    return Named(match["name"], True, "", (match["rest"] or "").strip(" ,:–-"))


def _told(sentence: str) -> Named | None:
    """``The band is Mara Vance``, ``a room called The Clockmaker``."""
    match = _THING_IS.match(sentence)
    is_title = match is not None and bool(_THING.search(match["thing"]))
    if match is not None and (is_title or _MAKER.fullmatch(match["thing"])):
        return Named(match["name"], is_title, "", (match["rest"] or "").strip(" ,:–-"))
    match = _CALLED.search(sentence)
    if match is None:
        return None
    before = sentence[: match.start()].strip(" ,")
    name = match["quoted"] or match["bare"]
    return Named(name.strip(" ."), _is_thing(before), before, sentence[match.end() :].strip(" ,;:–—-"))


def _in_other_scripts(sentence: str) -> Named | None:
    """A name in quotation marks, after a word that says so."""
    if match := _IN_ARABIC.search(sentence):
        return Named(match[1], False, sentence[: match.start()].strip(), sentence[match.end() :].strip())
    if match := _KANA.search(sentence):
        after = re.sub(r"^(?:です|で)?[、。 ]*", "", sentence[match.end() :])
        return Named(match["name"], match["what"] != "店名", "", after)
    return None


def _is_thing(before: str) -> bool:
    """Whether the words before a name say that it is an event's or a thing's, rather than somebody's."""
    near = before[-_NEAR:].rstrip(" ,")
    near = re.sub(r"\W+(?:which|that|die|der|das|qui|que|che|und|and|et|y|e)?(?: (?:is|are|ist|sind))?\W*$", "", near)
    return bool(_THING.search(near)) and not is_business(near.rpartition(" ")[2])


_ANY = re.compile(_RUN)
_PROPER = re.compile(rf"(?<=[\w,] )[A-ZÀ-ÖØ-Þ][\w'’&.-]*(?:(?: {_JOIN}){{0,2}} {_CAPITAL}){{1,5}}")
_DAY = re.compile(
    r"\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october|november|december",
    re.IGNORECASE,
)


def proper_name(text: str) -> str:
    """The first name of two words and more within a sentence: ``Municipal Library of Ashby``; no day, no address."""
    return next((match.group().rstrip(".") for match in _PROPER.finditer(text) if not _DAY.search(match.group())), "")


def capitals(text: str) -> str:
    """The first name of a text that has capitals: of ``obviously (Terrace & Vine)`` what is bracketed."""
    match = _ANY.search(text)
    return match.group().rstrip(".") if match else ""


_ALONE = re.compile(rf"{_CAPITAL}(?: (?:(?:{_JOIN}) )?{_CAPITAL}){{0,3}}")


def is_name(sentence: str) -> bool:
    """Whether a sentence is nothing but a name: ``QuickFix``."""
    return (
        len(sentence) >= _LEAST_NAME
        and bool(_ALONE.fullmatch(sentence))
        and not _DAY.search(sentence)
        and not sentence.isupper()
    )


_STUDIO = re.compile(
    rf"^(?P<name>{_CAPITAL}(?: (?:{_CAPITAL}|{_JOIN})){{1,4}}) (?P<trade>[a-zà-ÿ-]+(?: [a-zà-ÿ-]+){{0,3}})(?P<rest>\W.*)?$"
)


def called_trade(sentence: str) -> tuple[str, str]:
    """Of ``Kiln & Clay pottery studio`` the name and what goes on from it; empty for any other sentence."""
    match = _STUDIO.match(sentence)
    if match is None or not (is_business(match["trade"]) and match["name"].rpartition(" ")[2][:1].isupper()):
        return "", ""
    return match["name"], f"{match['trade']}{match['rest'] or ''}"


_SAYS = re.compile(
    r"^ (?:will(?: be)?|is|are|has|have|invites?|opens?|presents?|celebrates?|launches|offers?|welcomes?) [^.,;:!?]{4,80}",
    re.IGNORECASE,
)


def proper_clause(text: str) -> str:
    """That name, with what the sentence says of it up to its date; the name alone where it says nothing."""
    name = proper_name(text)
    said = _SAYS.match(text.partition(name)[2]) if name else None
    if said is None:
        return name
    clause = DATE.split(said.group(), maxsplit=1)[0].strip()
    return f"{name} {re.sub(r' (?:on|from|at|by|and|until)$', '', clause)}"


_OWNER = re.compile(
    rf"^(?P<name>{_CAPITAL}(?: (?:{_CAPITAL}|{_JOIN})){{1,5}})(?:, | (?=(?:in|im|at|on|near|à|a|en|em|op|te|bei) (?-i:[A-ZÀ-Þ])))(?P<rest>[^,.!?:]{{3,60}}(?:, [^,.!?:]{{2,40}})?)$",
    re.IGNORECASE,
)


def owner(sentence: str) -> tuple[str, str]:
    """Of ``Brightside Dental, 44 Harbour Street`` who and where; empty for any other sentence."""
    match = _OWNER.match(sentence)
    if match is None or not match["name"].rpartition(" ")[2][:1].isupper():
        return "", ""
    return match["name"], match["rest"]
