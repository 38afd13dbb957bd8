# ruff: noqa: E501, RUF001 - word lists read better whole; other languages' letters
"""The shell of a brief that is written as a letter: salutation, closing and signature, told by where they stand.

A first line that ends in a comma addresses somebody; from a closing formula on its own line everything is the signature.
"""

from __future__ import annotations

import re

from msgspec import Struct

_HAIL = (
    r"hi|hiya|hey|hello|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|liebe[rs]?|(?:sehr )?geehrte[rs]?|guten (?:tag|morgen|abend)|moin(?: moin)?|servus|grüezi|"
    r"bonjour|bonsoir|salut|cher|chère|coucou|hola|buen[oa]s (?:días|tardes|noches)|estimad[oa]s?|querid[oa]s?|ciao|buongiorno|buonasera|salve|gentile|gentilissim[oaie]|car[oaie]|spett\.?(?:le)?|egregi[oa]?|"
    r"olá|oi|bom dia|boa tarde|boa noite|prezad[oa]s?|car[oa]s?|beste|geachte|goede(?:morgen|middag|dag)|hoi|hej|hei|kära|kjære|kære|cześć|dzień dobry|szanown\w+|witam|привет|здравствуйте|добрый день|уважаем\w+|merhaba|sayın|selam|"
    r"مرحبا|السلام عليكم|عزيزي|שלום|नमस्ते|प्रिय|สวัสดี\S*|こんにちは|お世話になっております|你好|您好|안녕하세요"
)
_WHOM = r"(?:[ ,]+[^\s,.!:;?]+(?:\.(?=\s))?){0,4}?"
_GREETING = re.compile(rf"^\W*(?:{_HAIL})(?=\W)", re.IGNORECASE)
_SALUTATION = re.compile(rf"^\W*(?:{_HAIL})(?!\w){_WHOM}\s*[,!:;.–—-]*\Z", re.IGNORECASE)
_ADDRESSED = re.compile(r"^[^\W\d_][^\d,.!?:;]{1,40},\Z")
_INLINE = re.compile(
    r"^\W*(?:(?i:" + _HAIL + r"))(?: (?!we\b|wir\b|nous\b|i\b)[^\W\d_][\w'’.-]*){1,3}?\s*(?:,|!|\s[–—-]|:)\s+(?=\S)"
)
_CLOSING = re.compile(
    r"^\W*(?:(?:many |thanks and |thank you and |with )?(?:(?:kind(?:est)?|best|warm(?:est)?|many) )?(?:regards|wishes)|best|cheers|yours(?: (?:sincerely|faithfully|truly))?|sincerely|(?:many )?thanks(?: and (?:best|kind) regards| (?:so much|a lot|again|in advance|a million|a bunch|heaps))?|thank you(?: (?:so much|very much|again|in advance))?|all the best|take care|love|xx*|"
    r"(?:mit )?(?:freundliche[nr]?|liebe[nr]?|beste[nr]?|viele[nr]?|herzliche[nr]?|schöne[nr]?)(?: und (?:liebe|beste))? gr(?:ü|ue)(?:ß|ss)en?|mfg|lg|vg|danke(?: (?:euch|dir|ihnen|schön|und (?:liebe|viele) grüße))?|(?:vielen|herzlichen|besten) dank(?: (?:und .{3,30}|im voraus))?|"
    r"(?:bien )?(?:à vous|à toi|cordialement)|amicalement|(?:bien )?sincèrement|(?:meilleures )?salutations(?: .{3,20})?|merci(?: (?:d['’]avance|beaucoup|encore|à vous|et (?:bonne journée|à bientôt)))?|à bientôt|bises|"
    r"(?:un |muchos |cordiales )?(?:saludos?|abrazos?)(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias(?: (?:de antemano|por .{3,24}))?|"
    r"(?:cordiali |distinti |un caro )?salut[io]|cordialmente|(?:tante |molte )?grazie(?: (?:mille|in anticipo))?(?: e (?:buona giornata|a presto))?|a presto|"
    r"(?:com os melhores |melhores )?cumprimentos|atenciosamente|abraços?|(?:muito )?obrigad[oa](?: (?:desde já|pela atenção))?|"
    r"(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:jes|en)?|(?:alvast )?bedankt|dank(?: je| u)(?: wel)?|"
    r"(?:med )?(?:vänliga?|venlige?|vennlige?|bästa) hils(?:en|ning(?:ar)?)|hälsningar|mvh|tack(?: på förhand)?|z poważaniem|pozdrawiam|с уважением|спасибо(?: заранее| большое)?|saygılarımla|teşekkürler|مع (?:خالص )?التحيات?|شكرا|תודה|बहुत धन्यवाद|धन्यवाद|ขอบคุณ\S*|よろしくお願い(?:いた)?します|敬具|谢谢|此致|감사합니다)\s*[,.!…]*\Z",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^\W*p\.? ?p?\.?s\b\.?\s*[:.–-]?\s*", re.IGNORECASE)
_NAME = re.compile(r"^[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){0,2}\Z")
_SIGNATURE_LINES, _LEAST = 6, 2


class Letter(Struct, frozen=True):
    """A brief without its shell; ``is_letter`` where it had a salutation. ``shell`` are the lines that were taken off."""

    body: str
    is_letter: bool = False
    shell: tuple[str, ...] = ()


def opened(text: str) -> Letter:
    """The letter's body; a text without a shell is its own body. ``text`` is readable."""
    lines = _unfolded(_forwarded(text.split("\n")))
    hailed = len(lines) >= _LEAST and _is_salutation(lines[0])
    start = 1 if hailed else 0
    end = _closing(lines, start)
    signature = lines[end:]
    after = [_POSTSCRIPT.sub("", line) for line in signature if _POSTSCRIPT.match(line)]
    body = "\n".join([*lines[start:end], *after])
    inline = _INLINE.match(body) if not hailed else None
    body = body[inline.end() :] if inline and len(body) > inline.end() else body
    if not any(letter.isalnum() for letter in body):
        return Letter(text)
    shell = (*lines[:start], *(line for line in signature if not _POSTSCRIPT.match(line)))
    return Letter(body, hailed or inline is not None, shell)


_FORWARD = re.compile(
    r"^\W*(?:(?:(?:fwd?|re|aw|wg|tr|rv|i|enc|antw|doorst|vs|sv)\s*:\s*)+(?P<subject>.*)|(?:from|to|cc|sent|von|an|gesendet|de|à|envoyé|para|enviado|da|inviato|van|aan|verzonden)\s*: .{0,80}|-{2,}.{0,40}-{2,}|(?:on|am|le|el|il|em|op) .{3,60}(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef)\s*:?)\s*\Z",
    re.IGNORECASE,
)
"""The head of a message that is passed on."""
_FULL_STOP = re.compile(r"(?<=[.!?])\s+")
_INITIALS = re.compile(r"^[A-ZÀ-Þ][\w'’-]{0,15}(?: [A-ZÀ-Þ][\w'’.-]*){0,2}\.?(?: x+)?\W*\Z")
_SIGNED = re.compile(
    r"^(?:yours|warmly|faithfully|sincerely|with (?:love|thanks)|mit \w+|con \w+|avec \w+|com \w+)(?: \w+){0,4}, (?-i:[A-ZÀ-Þ])[\w'’-]*(?: (?-i:[A-ZÀ-Þ])[\w'’.-]*)?\W*\Z",
    re.IGNORECASE,
)
_SIGNED_OFF = re.compile(
    r"^(?:speak|talk|see you|chat|catch up|until|bis|à|hasta|ci|até|tot) (?:soon|then|later|next week|bald|dann|bientôt|plus|pronto|luego|sentiamo|breve|logo|ziens|snel|tomorrow|morgen|demain|mañana|domani|amanhã)[,!.]* ?(?-i:[A-ZÀ-Þ])?[\w'’-]*\W*\Z",
    re.IGNORECASE,
)
_WITH_NAME = re.compile(
    r"^(?:(?:many )?thanks(?: (?:again|so much|a lot|in advance))?|thx|ta|cheers|best|love|regards|danke(?: dir| euch)?|lg|gruß|grüße|merci(?: d['’]avance)?|bises|(?:un )?(?:saludo|abrazo)s?|gracias|grazie(?: mille)?|saluti|obrigad[oa]|abraços?|groetjes?|bedankt),? (?-i:[A-ZÀ-Þ])[\w'’.-]*(?:,? [\w'’.-]+){0,6}\W*\Z",
    re.IGNORECASE,
)


def _forwarded(lines: list[str]) -> list[str]:
    """The lines without the heads of messages and without the marks of what was quoted from them."""
    bare = [re.sub(r"^(?:>\s*)+", "", line) for line in lines]
    kept = [line for line in bare if not _FORWARD.match(line)]
    return kept if len(kept) < len(lines) and any(map(str.strip, kept)) else lines


def _unfolded(lines: list[str]) -> list[str]:
    """The lines, a closing at the end of the last one on lines of its own: ``... on Fridays. Thanks a million! Jo x``."""
    *before, last = lines
    said = _FULL_STOP.split(last)
    for at in range(max(1, len(said) - 2), len(said)):
        if _CLOSING.match(said[at]) and (at + 1 == len(said) or _INITIALS.match(said[-1])):
            return [*before, " ".join(said[:at]), *said[at:]]
        if at + 1 == len(said) and _ends(said[at]):
            return [*before, " ".join(said[:at]), said[at]]
    return lines


def greets(text: str) -> bool:
    """Whether a text begins with a greeting."""
    return bool(_GREETING.match(text))


def _is_salutation(line: str) -> bool:
    return bool(_SALUTATION.match(line) or (_ADDRESSED.match(line) and len(line.split()) <= 4))  # noqa: PLR2004


def _closing(lines: list[str], start: int) -> int:
    """The number of the line at which the closing begins; of a letter a last line with nothing but a name is one too."""
    first = max(start + 1, len(lines) - _SIGNATURE_LINES)
    for at in range(first, len(lines)):
        if _CLOSING.match(lines[at]) or _ends(lines[at]):
            return at
    is_signed = start and len(lines) - start >= _LEAST and _NAME.match(lines[-1]) and lines[-1].istitle()
    return len(lines) - 1 if is_signed else len(lines)


def _ends(line: str) -> bool:
    """Whether a line is a closing with a name, or one that needs none."""
    return bool(_is_signed(line) or any(pattern.match(line) for pattern in (_WITH_NAME, _SIGNED_OFF, _SIGNED)))


def _is_signed(line: str) -> bool:
    """``LG Sabine``, ``Thanks, Jonas``: a closing with a name in one line."""
    words = re.split(r"[\s,]+", line.strip(" .!"))
    return any(
        _CLOSING.match(" ".join(words[:at])) and all(word[:1].isupper() for word in words[at:])
        for at in range(1, len(words))
        if len(words) - at <= 2  # noqa: PLR2004
    )
