"""An arrangement as a picture: background, button, plates and inks, chosen on the pixels they will stand on.

Colours are decided while painting, because only pixels tell what lies under a text: an ink that lacks contrast is
replaced by black or white, and where neither will do, a scrim goes under the text. All by rule, so that equal
arrangements give equal pictures.
"""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.roles import style_of
from streamforge.render import text, verify
from streamforge.render.colour import BLACK, WHITE, Pixels, Rgb, contrast, luminance_of, parse
from streamforge.render.grounds import Ground, background
from streamforge.render.image import Logo
from streamforge.render.paint import Easel
from streamforge.render.scene import Frame, Picture, Rect, Scene, Shadow, Shape, Text

_BUTTON_VISIBLE = 1.8
"""The least contrast of a button with its ground; below it the button takes the ink's colour."""
_PLATE_PAD = 0.16
"""A plate's rim around the logo, as a share of its height."""
_SCRIM_OPACITY = 0.88
_ANYWHERE = Frame(0, 0, 1e6, 1e6)
_PREFERRED_INKS: dict[str, tuple[str, ...]] = {
    "kicker": ("accent", "ink"),
    "offer": ("accent", "ink"),
    "sub": ("ink",),
    "legal": ("muted", "ink"),
    "cta": ("on_accent",),
}


class Composition:
    """A banner being painted.

    Once ``paint`` has run, ``bare`` holds its pixels without text, ``texts`` what was set where, and ``logo_finding``
    how well the logo shows on what lies behind it.
    """

    def __init__(self, design: Design, arrangement: Arrangement, logo: Logo | None) -> None:
        self.design = design
        self.arrangement = arrangement
        self.logo = logo
        self.colours = {name: parse(getattr(design.palette, name)) for name in design.palette.__struct_fields__}
        self.easel = Easel(arrangement.size.width, arrangement.size.height)
        self.texts: list[Text] = []
        self.logo_finding: verify.Finding | None = None
        self.bare: Pixels = self.easel.pixels

    def paint(self) -> Pixels:
        """Paint everything; returns the finished (height, width, 4) RGBA pixels."""
        self._ground()
        for placement in self.arrangement.placements:
            if placement.role == "deco":
                self.easel.shapes([Rect(frame_of(placement), self.colours["accent"], 1.0, placement.height / 2)])
            elif placement.role == "logo":
                self._logo(placement)
            elif placement.role == "cta":
                self._button(placement)
        self.texts = [self.set_text(p) for p in self.arrangement.placements if p.lines]
        self.bare = self.easel.pixels.copy()
        for item in self.texts:
            self.easel.text(item)
        return self.easel.pixels

    def _ground(self) -> None:
        size, colours = self.arrangement.size, self.colours
        look = Ground(
            width=size.width,
            height=size.height,
            boxes=tuple(frame_of(p) for p in self.arrangement.placements),
            ground=colours["ground"],
            ground_2=colours["ground_2"],
            accent=colours["accent"],
            decor=colours["decor"],
            seed=self.design.seed,
        )
        shapes = background(self.design.background, look)
        self.easel.ground(Scene(width=size.width, height=size.height, ground=colours["ground"], shapes=shapes))

    def _logo(self, placement: Placement) -> None:
        if self.logo is None:
            return
        frame = frame_of(placement)
        pixels = self.logo.rasterise(placement.width, placement.height)
        plate = self._plate(pixels, frame)
        if plate is not None:
            self.easel.shapes(plate)
        picture = Picture(placement.id, frame)
        self.logo_finding = verify.check_logo(pixels, self.easel.pixels, picture)
        self.easel.picture(picture, pixels)

    def _plate(self, logo: Pixels, frame: Frame) -> list[Shape] | None:
        """A rounded ground for a logo that would not show, in the first colour on which it does."""
        if verify.logo_contrast(logo, self.easel.pixels, frame) >= verify.LOGO_CONTRAST:
            return None
        options = [WHITE, self.colours["ground"], self.colours["ink"], BLACK]
        shown = {colour: verify.logo_contrast(logo, _flat(logo, colour), _ANYWHERE) for colour in options}
        passing = (colour for colour in options if shown[colour] >= verify.LOGO_CONTRAST)
        fill = next(passing, max(options, key=lambda colour: shown[colour]))
        pad = min(_PLATE_PAD * frame.height, self.arrangement.margin * 0.6)
        plate = frame.grown(max(2.0, pad))
        return [
            Shadow(plate, pad, pad * 0.6, pad * 0.2, 0.16),
            Rect(plate, fill, 1.0, max(3.0, pad)),
        ]

    def _button(self, placement: Placement) -> None:
        frame = frame_of(placement)
        fill = self.button_fill(frame)
        size = placement.px
        radius = min(frame.height / 2, size * 1.3) if self.design.seed % 2 else size * 0.5
        self.easel.shapes(
            [
                Shadow(frame, radius, size * 0.35, size * 0.16, 0.22),
                Rect(frame, fill, 1.0, radius),
            ]
        )

    def button_fill(self, frame: Frame) -> Rgb:
        """The accent, or the first colour that stands out from what lies under the button."""
        options = (self.colours["accent"], self.colours["ink"], BLACK, WHITE)
        shown = {c: verify.text_contrast(self.easel.pixels, frame.grown(4), c) for c in options}
        return next((c for c in options if shown[c] >= _BUTTON_VISIBLE), max(options, key=lambda c: shown[c]))

    def set_text(self, placement: Placement) -> Text:
        """The placement's text in an ink that can be read on what is painted so far; paints a scrim if none can."""
        element = next(e for e in self.design.elements if e.id == placement.id)
        style = style_of(element, self.design.typography)
        block = text.block_of(tuple(placement.lines), style)
        item = Text(
            id=placement.id,
            frame=frame_of(placement),
            lines=block.lines,
            px=placement.px,
            rise=block.rise,
            style=style,
            colour=self.colours["ink"],
            align=placement.align,
        )
        if placement.role == "cta":
            item = _in_button(item, block)
        return self._inked(item, placement.role)

    def _inked(self, item: Text, role: str) -> Text:
        """The text in the first ink with the contrast it needs: its role's, black or white, on a scrim if need be."""
        names = _PREFERRED_INKS.get(role, ("ink",))
        inks = [self.colours[name] for name in names]
        chosen = self._best(item, inks)
        if chosen is not None:
            return replace(item, colour=chosen)
        ground = self.colours["ground"]
        fill = ground if contrast(luminance_of(ground), luminance_of(inks[-1])) >= verify.AA_NORMAL else WHITE
        pad = item.px * 0.35
        self.easel.shapes([Rect(item.frame.grown(pad), fill, _SCRIM_OPACITY, pad)])
        return replace(item, colour=self._best(item, inks) or self._highest(item, [*inks, BLACK, WHITE]))

    def _best(self, item: Text, inks: list[Rgb]) -> Rgb | None:
        needed = verify.needed_contrast(item)
        spare = sorted((BLACK, WHITE), key=lambda ink: -self._contrast(item, ink))
        return next((ink for ink in [*inks, *spare] if self._contrast(item, ink) >= needed), None)

    def _highest(self, item: Text, inks: list[Rgb]) -> Rgb:
        return max(inks, key=lambda ink: self._contrast(item, ink))

    def _contrast(self, item: Text, ink: Rgb) -> float:
        return verify.text_contrast(self.easel.pixels, item.frame, ink)


def frame_of(placement: Placement) -> Frame:
    """The placement's box."""
    return Frame(placement.x, placement.y, placement.width, placement.height)


def _in_button(item: Text, block: text.Block) -> Text:
    """The label in the middle of its button: capitals centred, for that is what the eye takes as its height."""
    frame = item.frame
    below = item.style.leading * (len(block.lines) - 1)
    top = frame.y + (frame.height - (block.rise + below) * item.px) / 2
    width = block.width * item.px
    left = frame.x + (frame.width - width) / 2
    return replace(item, frame=Frame(left, top, width, block.height * item.px), align="center")


def _flat(logo: Pixels, colour: Rgb) -> Pixels:
    flat = logo.copy()
    flat[..., :3] = colour
    return flat
