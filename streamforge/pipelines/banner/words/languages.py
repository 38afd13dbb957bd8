# ruff: noqa: E501 - word lists read better whole
"""Which language a brief is in, as far as copy needs to know: English is rewritten, others keep their own words."""

from __future__ import annotations

import re
import unicodedata

from streamforge.pipelines.banner.words.facts import without_facts

_WORDS = {
    "en": "the and for with your our at on of to is are this from off sale new free an a in by we you get now that until every",
    "de": "der die das und für mit auf im ein eine bei von zu jetzt alle unser unsere ist sie wir neue neuer den dem zum zur bis am uhr unter ab tage",
    "fr": "le la les et pour avec des du une un sur chez votre notre nos dans en est au aux de maintenant nouvelle jusqu à ses vos toute tous",
    "es": "el la los las y para con del una un en por su nuestra nuestro es de al todos todas ahora nueva nuevo este esta hasta más desde tu",
    "it": "il lo la gli le e per con del della una un in su nostra nostro è di al tutti tutte ora nuova nuovo anche fino da questa dal alla",
    "pt": "o a os as e para com do da uma um em por sua nossa nosso é de ao todos todas agora nova novo até não já às pela esta",
    "nl": "de het een en voor met van op bij onze uw je nu alle nieuwe naar deze dit ook tot maand nodig aan wij jouw",
    "pl": "i w na z do dla się nasz nasza nowa nowy teraz wszystkie od po jest oraz już tylko przy",
    "sv": "och för med på av en ett vår våra nu alla ny nya är till hos från din ditt just",
    "no": "og for med på av en et vår våre nå alle ny nye er til hos fra din her frem bare",
    "da": "og for med på af en et vores nu alle ny nye er til hos fra din her frem kun dig",
    "ro": "și pentru cu la de pe din un o este sunt cele mai toate noi nostru noastră acum până aici reducere",
    "cs": "a na v do pro se s ve z je naše nový nová nové teď všechny od až našem sleva jen velký",
    "tr": "ve için ile bir bu yeni tüm en daha şimdi kadar size sizi her",
}  # fmt: skip
_SIGNS = (
    ("es", "ñ¿¡"), ("pt", "ãõ"), ("de", "ßü"), ("fr", "çœùêëîï"), ("no", "øæ"), ("da", "øæ"), ("no", "å"), ("sv", "åäö"),
    ("pl", "łąęśżźćń"), ("tr", "ışğ"), ("ro", "șțăâ"), ("cs", "ěřůčžý"), ("it", "ìò"), ("es", "áíóú"), ("pt", "áç"), ("fr", "éèàâ"), ("de", "äö"),
)  # fmt: skip
"""Letters that speak for a language; two languages may share one."""
_SIGN_WORTH = 0.6
_LATIN_END = 0x24F
_COMMON = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SCRIPTS = (
    ("HIRAGANA", "kana"), ("KATAKANA", "kana"), ("CJK", "cjk"), ("HANGUL", "hangul"), ("CYRILLIC", "cyrillic"),
    ("GREEK", "greek"), ("ARABIC", "arabic"), ("HEBREW", "hebrew"), ("DEVANAGARI", "hindi"), ("THAI", "thai"),
)  # fmt: skip


def detect(text: str) -> str:
    """``en``, another language or script of ``lexicon.LEXICONS``, or ``other``. Too little to tell is English."""
    text = without_facts(text)
    if script := _script(text):
        return script
    words = re.findall(r"[^\W\d_]+", text.lower())
    score = {language: float(sum(word in common for word in words)) for language, common in _COMMON.items()}
    for language, letters in _SIGNS:
        score[language] += _SIGN_WORTH * any(letter in text.lower() for letter in letters)
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
