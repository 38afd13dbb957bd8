# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts
"""The small print of a brief: what the law or the contract wants said, and nobody would headline."""

from __future__ import annotations

import re

_NOTE = re.compile(
    r"^(?:\*|†)|\b(?:terms|t&cs?|t & cs?|conditions)\b.{0,24}\b(?:apply|applies)\b|^(?:t&cs?|terms)\b|\brepresentative example\b|\bsubject to (?:status|availability|approval|credit|terms)\b|"
    r"^(?:offer |deal )?(?:is )?not valid (?:on|with|for|in)\b|\bcannot be (?:combined|used with)\b|\bnot combinable\b|^not (?:valid |available )?in combination\b|\bno other (?:offers?|discounts?)\b|\bexclusions apply\b|\bcredit subject to\b|\bwhile (?:stocks?|supplies) lasts?\b|\b(?:FSCS|FDIC|FCA)\b|"
    r"\b(?:drink(?:ing)?|gamble|play) responsibly\b|\bmay be repossessed\b|\bpast performance\b|\bside effects\b|\bread the label\b|\bcapital (?:is )?at risk\b|\bvoid where prohibited\b|\bno purchase necessary\b|\bprices? (?:incl|excl)|"
    r"\bes gelten (?:die|unsere)\b|\bAGB\b|\brepräsentatives beispiel\b|\bsolange der vorrat reicht\b|\bvoir (?:les )?conditions\b|\bsous réserve\b|"
    r"\bconsult(?:a|e|ar) (?:las )?condiciones\b|\bsalvo fine scorte\b|\bsi applicano\b|\bvoorwaarden\b.{0,16}\bvan toepassing\b|\bregulamin\b|"
    r"^(?:strictly )?(?:over[- ]?|ages? )?\d\d ?(?:s|\+)? ?(?:and over )?only$|^over[- ]\d\ds? only|^must be (?:over|aged|at least|\d)|\b18\+|\beligibility\b.{0,20}\b(?:applies|apply|criteria)\b|\bsubject to\b|\bauthori[sz]ed and regulated\b|\bauthori[sz]ed by\b|\bregulated by\b|"
    r"\bplease (?:gamble|drink|play|enjoy)\b|\bsavings? based on\b|\bbased on \d+% of\b|\brestrictions apply\b|\blimits? apply\b|\bcancellation policy\b|\bab 18\b|\bcon moderaci[óo]n\b|\bavec modération\b|\bmit genuss\b|\bverantwoordelijk\b|"
    r"\bреклама\b|\bне является публичной офертой\b|\bпротивопоказан|\bоферт|تطبق الشروط|בכפוף לתקנון|ט\.ל\.ח|नियम और शर्तें|条件|约束条款|약관",
    re.IGNORECASE,
)


def is_small_print(sentence: str) -> bool:
    """Whether the sentence is a legal note rather than news."""
    return bool(_NOTE.search(sentence))
