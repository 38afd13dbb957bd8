"""The colours that painting may choose from: the palette's own, and a light and a dark that no brand forbids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streamforge.pipelines.banner.design.colour import normalise
from streamforge.pipelines.banner.design.forbidden import cleared, forbidding
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.render.colour import BLACK, WHITE, Rgb, contrast, luminance_of, parse, to_hex
from streamforge.render.verify import AA_NORMAL

_PITCH: Rgb = (0, 0, 0)
_UNDER_TEXT = ("ground_2", "ink", "ground", "on_accent")
"""What may be the ground of a single text, the most fitting first."""


class Tones:
    """A palette as pixels, and ``neutrals``: black and white, or what comes nearest to them and is not forbidden."""

    def __init__(self, palette: Palette, forbidden: Sequence[str] = ()) -> None:
        self.named = {name: parse(getattr(palette, name)) for name in palette.__struct_fields__}
        self._forbidden = [normalise(colour) for colour in forbidden]
        self.neutrals = self._cleared((BLACK, WHITE))

    def __getitem__(self, name: str) -> Rgb:
        """The palette's colour of that role."""
        return self.named[name]

    def under(self, ink: Rgb) -> Rgb:
        """The first colour that any text could be read on in that ink; where none will do, the one it shows best on."""
        options = [*(self.named[name] for name in _UNDER_TEXT), *reversed(self.neutrals), *self._cleared([_PITCH])]
        seen = {colour: contrast(luminance_of(colour), luminance_of(ink)) for colour in options}
        return next((c for c in options if seen[c] >= AA_NORMAL), max(options, key=lambda c: seen[c]))

    def shut_out(self) -> list[str]:
        """The forbidden colours that keep white or black, which can be read on anything, off the banner."""
        found = [code for tone in (WHITE, BLACK) for code in forbidding(to_hex(tone), self._forbidden)]
        return list(dict.fromkeys(found))

    def _cleared(self, tones: Iterable[Rgb]) -> list[Rgb]:
        found = (cleared(to_hex(tone), self._forbidden) for tone in tones)
        return [parse(colour) for colour in found if colour]
