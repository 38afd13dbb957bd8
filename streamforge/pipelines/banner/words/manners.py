# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Greetings and thanks, which no banner repeats."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words.vocabulary import ASKING

_MANNERS = re.compile(
    r"^\W*(?:(?:(?:good )?(?:morning|afternoon|evening)|coucou|hi|hiya|hello|hey|heya|yo|dear|good (?:morning|afternoon|evening|day)|greetings|salaa?m|assalam\w*(?: [\w-]*alaikum)?|namaste|hola|buen[oa]s(?: (?:días|tardes))?|buonasera|buona (?:sera|giornata)|bonjour|salut|bonsoir|hallo|guten (?:tag|morgen|abend)|moin|servus|ciao|salve|buongiorno|"
    r"olá|oi|bom dia|boa tarde|boa noite|hoi|goedendag|cześć|dzień dobry|hej|hei|god dag|привет|здравствуйте|добрый день|вітаю|merhaba|selam|γεια\w*|مرحباً?|السلام عليكم(?: ورحمة الله(?: وبركاته)?)?|سلام|שלום|היי|नमस्ते|สวัสดี\w*|こんにちは|你好|您好|안녕하세요|xin chào|halo|helló|szia|moi|bună)"
    r"(?: (?:ihr lieben|liebes team|there|all|team|everyone|guys|folks|sir|madam|zusammen|à tous|a todos|a tutti))?|"
    r"(?:many )?(?:thanks|thank you|thx|thnx|tks|cheers|ta|danke\w*|vielen dank|merci\w*|gracias|grazie|obrigad[oa]|bedankt|dank(?: je| u)|dzięki|dziękuję|tack|takk|tak|спасибо|дякую|teşekkürler|شكرا|תודה|धन्यवाद|ขอบคุณ|谢谢|ありがとう\w*|감사합니다|kiitos|köszönöm|mulțumesc|cảm ơn|terima kasih)"
    r"(?: (?:so much|a lot|you|in advance|im voraus|beaucoup|d['’]avance|mille|by now))*|i? ?hope (?:you(?:['’]re| are)|all is|this finds you|everyone is)(?: (?:all|doing|keeping|very))?(?: (?:well|good|great|ok|fine))?|ok(?:ay)?(?: so)?|(?:right |well )?so+(?= (?:we|its?|i|our|my)\b)|quick (?:one|q|question)|lol|asap|pls|please|bitte|x+|regards|best|kind regards)(?=\W|$)[\s,.!?]*",
    re.IGNORECASE,
)
_MANNERS_END = re.compile(
    r"(?:[\s,.!?;-]+(?:thanks|thx|thnx|tks|ta|lol|pls|plz|xx+|asap|please|stp|svp|aub)|[,.!?;–—-]\s*(?:(?:many )?(?:thank you|cheers|merci|danke|gracias|grazie|obrigad[oa]|bedankt|dzięki|tack|takk|спасибо|teşekkürler)))"
    r"(?: (?:so much|a lot|in advance|im voraus|d['’]avance|mille))?[\s,.!]*x*\W*\Z",
    re.IGNORECASE,
)
"""What a sentence may end with; ``thank you`` only behind a mark: a thing may well thank its reader."""


def without_manners(sentence: str) -> str:
    """The sentence without greeting and thanks."""
    text, before = sentence.strip(), ""
    while text != before:
        before = text
        shorter = _MANNERS_END.sub("", _MANNERS.sub("", text, count=1)).strip()
        text = shorter if _is_manners(text, shorter) else text
    return text


def _is_manners(text: str, rest: str) -> bool:
    """``Best pizza in town`` greets nobody: what follows a greeting is set off by a mark, or asks for something."""
    if not re.search(r"\w{2}", rest) or text.endswith(rest) is False:
        return True
    gap = text[: len(text) - len(rest)]
    return bool(re.search(r"[,.!?;:]\s*$", gap)) or bool(
        re.match(rf"(?:{ASKING})(?!\w)|(?:i|we|its?|my|our|team)\b", rest, re.IGNORECASE)
    )
