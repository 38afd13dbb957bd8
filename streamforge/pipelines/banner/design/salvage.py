"""What can be made of a graph that cannot be used as it was written, so that a patch can mend the rest."""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.patch import strays
from streamforge.pipelines.banner.words.wording import is_readable

_WORDLESS = frozenset(["logo", "hero", "deco"])


def salvaged(design: Design) -> Design | None:
    """The design without what has no meaning: ids given twice, texts without text, relations that join nothing.

    None where nothing would be left that a headline could say. What excludes each other, or what the brief does not
    state, is still in it.
    """
    elements: dict[str, Element] = {}
    regions = {region.id for region in design.regions}
    for element in design.elements:
        if element.id not in regions and (element.role in _WORDLESS or element.text.strip()):
            elements.setdefault(element.id, element)
    if not any(is_readable(each.text) for each in elements.values() if each.role == "headline" or each.priority == 1):
        return None
    relations = [each for each in design.relations if not strays([each], set(elements), design.regions)]
    return replace(design, elements=list(elements.values()), relations=relations)
