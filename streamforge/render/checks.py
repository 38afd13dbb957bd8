"""The checks there are: what each measures, which way its limit bounds it, and what mends it.

One table for everybody: verification takes units and hints from it, the refinement loop its vocabulary, the
documentation its list. All hints point the same way (fewer words, fewer elements, calmer grounds, more room), so that
two of them in one report never ask for opposites.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CheckName = Literal[
    "present",
    "glyphs",
    "contrast",
    "text_overflow",
    "stray_ink",
    "text_overlap",
    "cta_overlap",
    "logo_overlap",
    "plate_overlap",
    "plate_padding",
    "off_canvas",
    "region",
    "margin",
    "safe_zone",
    "type_size",
    "cap_height",
    "cta_height",
    "logo_size",
    "logo_clear_space",
    "logo_contrast",
    "weight",
    "ocr",
    "copy",
]


class Rule(Struct, frozen=True):
    """A check: ``meaning`` says what is measured, ``limit`` in words what is allowed, ``fix`` what mends it.

    ``bound`` is ``least`` where a measurement must reach the limit, ``most`` where it must not pass it.
    """

    meaning: str
    unit: str
    bound: Literal["least", "most"]
    limit: str
    fix: str


CHECKS: dict[CheckName, Rule] = {
    "present": Rule(
        "what the banner must say is on it: every element of priority 1, and a headline or an offer",
        "elements",
        "least",
        "1",
        "shorten it, or take out elements of lower priority (7 to 9), so that it has room",
    ),
    "glyphs": Rule(
        "characters that no font of the catalogue has",
        "characters",
        "most",
        "0",
        "leave out emoji and rare characters",
    ),
    "contrast": Rule(
        "contrast of the painted ink with the pixels around the letters, 5th percentile (WCAG 2.2, 1.4.3)",
        "ratio",
        "least",
        "4.5; 3 from 24 px, or bold from 18.66 px",
        "choose a calmer background (solid) or a palette whose ink and ground differ more in lightness",
    ),
    "text_overflow": Rule(
        "how far a text's ink reaches out of its box and the room that accents and side bearings have",
        "px",
        "most",
        "1",
        "shorten the text or allow more lines (max_lines)",
    ),
    "stray_ink": Rule(
        "pixels that painting the texts changed where none of them has ink",
        "px",
        "most",
        "0",
        "shorten the text, so that it stays in its box",
    ),
    "text_overlap": Rule(
        "area that two texts share, by their boxes or by the ink of their lines",
        "px2",
        "most",
        "1",
        "separate the two by a hard above or left_of relation, or shorten one of them",
    ),
    "cta_overlap": Rule(
        "area that the button shares with a text's box or ink",
        "px2",
        "most",
        "1",
        "separate the button from the text by a hard above or left_of relation, or shorten the text",
    ),
    "logo_overlap": Rule(
        "area that the logo shares with the button, or with a text's box or ink",
        "px2",
        "most",
        "1",
        "separate the logo from the element by a hard above or left_of relation, or shorten the text",
    ),
    "plate_overlap": Rule(
        "area that an element's own plate, label or scrim shares with another element, or has beyond the canvas",
        "px2",
        "most",
        "1",
        "choose a calmer background (solid), on which it needs none, or take out elements of lower priority",
    ),
    "plate_padding": Rule(
        "distance of a text or logo from the edge of the badge, label, button or plate that is its own",
        "px",
        "least",
        "0.25 of the type size at the sides, 0.1 above and below; at the sides half of what the other side has",
        "shorten the text, or take out elements of lower priority, so that the plate has room",
    ),
    "off_canvas": Rule(
        "how far an element's box or ink reaches out of the canvas",
        "px",
        "most",
        "0",
        "shorten the text, or take out elements of lower priority",
    ),
    "region": Rule(
        "how far an element reaches out of the region that a relation puts it inside, or the panel it stands on",
        "px",
        "most",
        "1",
        "shorten the text, or take out elements of lower priority",
    ),
    "margin": Rule(
        "distance of an element from the nearest edge of the canvas",
        "px",
        "least",
        "the canvas' margin",
        "shorten the text, or take out elements of lower priority",
    ),
    "safe_zone": Rule(
        "how far a text, the button or the logo reaches under what the platform covers",
        "px",
        "most",
        "0",
        "shorten the text, or take out elements of lower priority, so that all fits the free part",
    ),
    "type_size": Rule(
        "the type size",
        "px",
        "least",
        "8; legal text 7",
        "use fewer words, so that the type can grow",
    ),
    "cap_height": Rule(
        "the height of capitals as the canvas is seen, by role",
        "px",
        "least",
        "a share of the canvas' mean side by role",
        "use fewer words, so that the type can grow",
    ),
    "cta_height": Rule(
        "the button's height",
        "px",
        "least",
        "18; 24 on canvases whose short side has 250 px or more",
        "shorten the other texts, or take out elements of lower priority, so that the button has room",
    ),
    "logo_size": Rule(
        "the logo's short side",
        "px",
        "least",
        "a share of the canvas' short side, at least 8",
        "shorten the texts, or take out elements of lower priority, so that the logo has room",
    ),
    "logo_clear_space": Rule(
        "distance from the logo to the nearest ink of a text or button",
        "px",
        "least",
        "the brand's clear space, as a share of the logo's height",
        "shorten the texts, or take out elements of lower priority, so that the logo has room",
    ),
    "logo_contrast": Rule(
        "contrast of the logo's outline with what lies behind it, 25th percentile",
        "ratio",
        "least",
        "1.6",
        "choose a calmer background (solid), or give a variant of the logo for this ground",
    ),
    "weight": Rule(
        "the size of the file",
        "bytes",
        "most",
        "the publisher's cap",
        "choose a plain background (solid), ask for webp or avif, or raise max_kb",
    ),
    "ocr": Rule(
        "share of the intended words that text recognition reads from the picture",
        "share",
        "least",
        "0.8 of the words that are 11 px or higher",
        "choose a calmer background (solid) and use fewer words, so that the type can grow",
    ),
    "copy": Rule(
        "texts with a figure, date or address that the brief does not state, or without the limit it has there",
        "texts",
        "most",
        "0",
        "say it in the brief's own words, with from, up to, over or until where they stand",
    ),
}
"""Every check by its name."""


class Finding(Struct, frozen=True):
    """One measurement: what, where, against which limit, in which unit, and how to fix it.

    ``skipped`` findings pass because nothing could be measured; their hint says why.
    """

    check: CheckName
    element: str
    measured: float
    limit: float
    passed: bool
    unit: str = ""
    fix_hint: str = ""
    skipped: bool = False


def finding(check: CheckName, element: str, measured: float, limit: float, fix: str = "") -> Finding:
    """A measurement held against its limit, with the table's unit and, if it fails, ``fix`` or the table's fix."""
    rule = CHECKS[check]
    passed = measured >= limit if rule.bound == "least" else measured <= limit
    hint = "" if passed else fix or rule.fix
    return Finding(check, element, round(measured, 2), round(limit, 2), passed, rule.unit, hint)


def skipped(check: CheckName, element: str, limit: float, why: str) -> Finding:
    """A check that could not be made, and why."""
    return Finding(check, element, 0.0, limit, passed=True, unit=CHECKS[check].unit, fix_hint=why, skipped=True)
