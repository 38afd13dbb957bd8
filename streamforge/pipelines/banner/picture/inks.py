"""The ink of every text, chosen on the pixels that it will stand on."""

from __future__ import annotations

from collections.abc import Iterator

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.plates import is_badge
from streamforge.pipelines.banner.picture.tones import Tones
from streamforge.render import verify
from streamforge.render.colour import Rgb, parse, to_hex
from streamforge.render.paint import Easel
from streamforge.render.scene import Text

_ON_DECOR = 1.08
_OFFER_CONTRAST = 3.6
"""What the accent needs to carry an offer, which is to be seen first: large text may have less, and looks dim."""
_PREFERRED: dict[str, tuple[str, ...]] = {
    "kicker": ("accent", "ink"),
    "offer": ("accent", "ink", "on_accent"),
    "sub": ("ink",),
    "legal": ("muted", "ink"),
    "cta": ("on_accent",),
}


class Inks:
    """Chooses inks for a design in its colours, on what the easel shows by then.

    ``notes`` tells which chosen inks are not the palette's, and why.
    """

    def __init__(self, design: Design, colours: Tones, easel: Easel) -> None:
        self.notes: list[str] = []
        self._design, self._colours, self._easel = design, colours, easel
        self._elements = {element.id: element for element in design.elements}

    def chosen(self, item: Text) -> Rgb:
        """The first of the text's inks with the contrast it needs, or else the one with most."""
        ink = self.readable(item) or max(self.options(item), key=lambda ink: self.contrast(item, ink))
        wanted = next(self.options(item))
        if ink != wanted and ink not in self._colours.named.values():
            seen, least = self.contrast(item, wanted), verify.needed_contrast(item)
            told = f"the palette's {to_hex(wanted)} has a contrast of {seen:.1f} there, and {least:g} is needed"
            self.notes.append(f"{item.id} is set in {to_hex(ink)}: {told}")
        return ink

    def readable(self, item: Text) -> Rgb | None:
        """The first ink that any text could be read in; for large text also one that only large text can.

        An offer stays in the accent as long as that can be read: it is what makes it an offer.
        """
        needed = verify.needed_contrast(item)
        bold = max(_OFFER_CONTRAST, _ON_DECOR * needed) if self._elements[item.id].role == "offer" else verify.AA_NORMAL
        shown: list[tuple[Rgb, float]] = []
        for ink in self.options(item):  # mostly the first will do, and each costs a sampling
            seen = self.contrast(item, ink)
            if seen >= (verify.AA_NORMAL if shown else bold):
                return ink
            shown.append((ink, seen))
        return next((ink for ink, seen in shown if seen >= needed), None)

    def options(self, item: Text) -> Iterator[Rgb]:
        """What a person has settled on; or the role's colours, then whichever of black and white shows better."""
        override = self.override(item.id)
        if override is not None:
            yield override
            return
        element = self._elements[item.id]
        names = ("on_accent",) if is_badge(element, self._design) else _PREFERRED.get(element.role, ("ink",))
        yield from (self._colours[name] for name in dict.fromkeys((*names, "ink", "on_accent", "ground")))
        yield from sorted(self._colours.neutrals, key=lambda ink: -self.contrast(item, ink))

    def override(self, name: str) -> Rgb | None:
        """The colour that a person has settled for an element."""
        ink = self._elements[name].ink
        return None if ink is None else parse(ink)

    def contrast(self, item: Text, ink: Rgb) -> float:
        """The contrast of an ink with what lies under the text now."""
        return verify.text_contrast(self._easel.pixels, item.frame, ink)
