# ruff: noqa: E501 - long word lists read better whole
"""Whether a line says again what another says: by its words' stems, or pairs of letters in scripts without spaces."""

from __future__ import annotations

import re
import unicodedata

from streamforge.pipelines.banner.words.wording import STOPWORDS

_STEM = 5
_DENSE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_SHARE, _MORE = 0.75, 2
_LIGHT = STOPWORDS | frozenset(
    "now today online here jetzt heute hier nur noch aujourd hui maintenant ici hoy ahora aquí oggi ora qui hoje agora aqui nu vandaag hier dziś teraz "  # noqa: SIM905
    "der die das den dem ein eine und für mit im am auf le la les un une des et pour avec el los las una y con para il lo gli e per di o os as uma com het een en voor "
    "сейчас сегодня 지금 오늘 आज ही اليوم الآن".split()
)


def stems(text: str) -> set[str]:
    """What a text says, apart from endings: the beginnings of its words, pairs of letters in scripts without spaces."""
    folded = unicodedata.normalize("NFKC", text.casefold())
    pairs = {run[at : at + 2] for run in _DENSE.findall(folded) for at in range(max(1, len(run) - 1))}
    words = re.findall(r"[\w\u0900-\u0dff]+", _DENSE.sub(" ", folded))
    return pairs | {_stem(word) for word in words if word not in _LIGHT}


def _stem(word: str) -> str:
    return word if word.isdigit() else word[:_STEM].rstrip("s") or word


def repeats(text: str, said: str) -> bool:
    """Whether the other has it already, in full or nearly; figures have to be there every one."""
    if text.casefold() in said.casefold():
        return True
    if set(re.findall(r"\d+", text)) - set(re.findall(r"\d+", said)):
        return False
    own = stems(text)
    return bool(own) and len(own & stems(said)) >= _SHARE * len(own)


def is_call(text: str, call: str) -> bool:
    """Whether a line only says what the button says: ``Order now, today`` beside ``Order now``."""
    own, asked = stems(text), stems(call)
    if not call or not own or any(letter.isdigit() for letter in text):
        return False
    return own <= asked or (bool(asked) and asked <= own and len(own - asked) < _MORE and len(own) <= len(asked) * 2)


def is_same(text: str, name: str) -> bool:
    """Whether a line is only the name that a logo beside it has."""
    return bool(name) and "".join(text.casefold().split()) == "".join(name.casefold().split())
