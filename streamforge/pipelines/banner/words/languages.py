"""Which language a brief is in, as far as copy needs to know: English is rewritten, others keep their own words."""

from __future__ import annotations

import re
import unicodedata

BUTTONS = {
    "en": "Discover More",
    "de": "Mehr erfahren", "fr": "En savoir plus", "es": "Más información", "it": "Scopri di più", "pt": "Saiba mais",
    "nl": "Meer weten", "pl": "Dowiedz się więcej", "sv": "Läs mer", "cyrillic": "Подробнее",
    "greek": "Μάθετε περισσότερα",
    "cjk": "了解更多", "kana": "詳しくはこちら", "hangul": "자세히 보기", "arabic": "اعرف المزيد",
}  # fmt: skip
"""The plainest button of each language: it promises nothing."""

_CALLS = {
    "de": re.compile(
        r"^jetzt (?:online )?(?:bestellen|kaufen|buchen|reservieren|anmelden|bewerben|sichern|testen|spenden|mitmachen|"
        r"entdecken|anrufen)\b", re.IGNORECASE,
    ),
    "fr": re.compile(
        r"^(?:commandez|réservez|achetez|inscrivez-vous|découvrez|profitez-en)(?: (?:maintenant|en ligne))?\b(?= |$)",
        re.IGNORECASE,
    ),
}  # fmt: skip
"""How a brief itself words the button."""

_WORDS = {
    "en": "the and for with your our at on of to is are this from off sale new free an a in by we you get now that",
    "de": "der die das und für mit auf im ein eine bei von zu jetzt alle unser unsere ist sie wir neue neuer den dem",
    "fr": "le la les et pour avec des du une un sur chez votre notre nos dans en est au aux de maintenant nouvelle",
    "es": "el la los las y para con del una un en por su nuestra nuestro es de al todos todas ahora nueva nuevo",
    "it": "il lo la gli le e per con del della una un in su nostra nostro è di al tutti tutte ora nuova nuovo",
    "pt": "o a os as e para com do da uma um em por sua nossa nosso é de ao todos todas agora nova novo",
    "nl": "de het en voor met van een op bij onze uw je nu alle nieuwe is in naar",
    "pl": "i w na z do dla się nasz nasza nowa nowy teraz wszystkie od po jest",
    "sv": "och för med på av en ett vår våra nu alla ny nya är till hos",
}  # fmt: skip
_LATIN_END = 0x24F
_COMMON = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SCRIPTS = (
    ("HIRAGANA", "kana"), ("KATAKANA", "kana"), ("CJK", "cjk"), ("HANGUL", "hangul"), ("CYRILLIC", "cyrillic"),
    ("GREEK", "greek"), ("ARABIC", "arabic"),
)  # fmt: skip


def stated_call(clause: str, language: str) -> str:
    """The button's words, where the clause begins with them; else an empty string."""
    match = _CALLS[language].match(clause) if language in _CALLS else None
    return match.group() if match else ""


def detect(text: str) -> str:
    """``en``, another language of ``BUTTONS``, or ``other``. Too little text to tell counts as English."""
    if script := _script(text):
        return script
    words = re.findall(r"[^\W\d_]+", text.lower())
    score = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    best = max(score, key=lambda language: (score[language], language == "en"))
    if score[best] > score["en"]:
        return best
    return "other" if not score["en"] and not text.isascii() else "en"


def _script(text: str) -> str:
    letters = [letter for letter in text if letter.isalpha()]
    names = [unicodedata.name(letter, "") for letter in letters if ord(letter) > _LATIN_END]
    if len(names) * 3 < len(letters) or not names:
        return ""
    found = [script for prefix, script in _SCRIPTS if any(name.startswith(prefix) for name in names)]
    return found[0] if found else "other"
