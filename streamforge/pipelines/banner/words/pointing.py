# ruff: noqa: E501, RUF001 - long patterns read better whole
"""Facts that a direction only points to: ``include the date November 11 and the address 48 Mill Lane``."""

from __future__ import annotations

import re

_NAMES_FACTS = re.compile(
    r"^\W*(?:(?:please|also|and|the (?:ad|banner|poster|design|image)) )*(?:(?:must|should) )?(?:includes?|adds?|puts?|shows?|mentions?|displays?)\b",
    re.IGNORECASE,
)
_FACT_LABEL = re.compile(
    r"(?:the |an? )?(?:location|address|venue|dates?|hours|opening|times?|website|web|phone|telephone|contact|number|e-?mail|url|link)\b",
    re.IGNORECASE,
)
_ADDRESS_IS = re.compile(
    r"\b(?:address|location|venue),?:? (?:is |at )?((?:\d+\w? )?(?:[A-Z][\w'’-]+ ?){1,4}(?:, [A-Z]\w+)?)"
)
_DATE_IS = re.compile(
    r"\b(?:dates?|hours|opening times|times?),?:? (?:is |are |of )?(?!and\b)((?=[^,;]{0,24}\d)[^,;]{3,40}?)(?=,|;| and the | at the |$)"
)


def is_fact_label(text: str) -> bool:
    """Whether a text begins with what kind of fact it is: ``the address``."""
    return bool(_FACT_LABEL.match(text))


def pointed_out(sentence: str) -> tuple[list[str], list[str]]:
    """The places and the dates that a direction names; none of a sentence that is no direction."""
    if not _NAMES_FACTS.match(sentence):
        return [], []
    places = [match[1].strip() for match in _ADDRESS_IS.finditer(sentence)]
    dates = [match[1].strip() for match in _DATE_IS.finditer(sentence)]
    return places, dates
