"""Emoji in copy: no font of the catalogue has them, so they are left out before anything is measured.

What remains of a text is what the banner shows, and what its result says it shows.
"""

from __future__ import annotations

import re

import msgspec

from streamforge.pipelines.banner.design.graph import Design

PICTOGRAPHS = re.compile(
    "["
    "\U0001f000-\U0001faff"  # emoji, flags' letters, skin tones
    "\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff"  # dingbats and symbols that are shown as emoji
    "\ufe0e\ufe0f\u200d\u20e3"  # what joins them or chooses their look
    "\U000e0020-\U000e007f"  # tags of regional flags
    "]+"
)


def without_pictographs(design: Design) -> Design:
    """The design with emoji taken out of every text; the design itself where it has none."""
    if not any(PICTOGRAPHS.search(element.text) for element in design.elements):
        return design
    elements = [msgspec.structs.replace(element, text=plain(element.text)) for element in design.elements]
    return msgspec.structs.replace(design, elements=elements)


def plain(text: str) -> str:
    """The text without emoji, and without the gaps they leave."""
    return " ".join(PICTOGRAPHS.sub(" ", text).split()) if PICTOGRAPHS.search(text) else text
