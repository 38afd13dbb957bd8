"""An arrangement as a picture: background, button, plates and inks, chosen on the pixels they will stand on.

Colours are decided while painting, because only pixels tell what lies under a text: an ink that lacks contrast is
replaced by black or white, and where neither will do, a scrim goes under the text, as large as there is room for.
Everything that is painted is recorded in the scene, which every kind of file shows. All by rule, so that equal
arrangements give equal pictures.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.measure import has_label, is_badge, label_pad
from streamforge.pipelines.banner.layout.roles import style_of
from streamforge.pipelines.banner.layout.stage import is_strip
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import is_dim
from streamforge.pipelines.banner.picture.box import unboxed
from streamforge.pipelines.banner.picture.tones import Tones
from streamforge.pipelines.banner.picture.underlay import tab, underlay
from streamforge.pipelines.banner.picture.veil import shares_of, veil
from streamforge.render import text, verify
from streamforge.render.artwork import Artwork, LogoArt, PhotoArt
from streamforge.render.colour import Pixels, Rgb, contrast, luminance_of, parse, to_hex
from streamforge.render.grounds import Ground, Mark, background, hull
from streamforge.render.logo import Logo
from streamforge.render.paint import Easel
from streamforge.render.photo import Photo
from streamforge.render.raster import bytes_of
from streamforge.render.scene import (
    Crop,
    Frame,
    Group,
    Item,
    Picture,
    Rect,
    Scene,
    Shadow,
    Shape,
    Text,
    in_reading_order,
)

GROUND_ID = "banner-ground"
"""Element ids have no hyphen, so that groups of no element cannot be taken for one."""
_BUTTON_VISIBLE = 1.8
"""The least contrast of a button with its ground; below it the button takes the ink's colour."""
_PLATE_PAD = 0.16
"""The least rim of a plate around the logo, as a share of its height."""
_TAB_REACH = 1.6
"""In margins: a plate no farther from an edge of the canvas ends there."""
_BUTTON_SHADE = 0.12
_SCRIM_OPACITY = 0.88
_PANEL_SHARE = 0.9
"""A filled rectangle of the background that covers less of the canvas is a panel, not the ground."""
_ROUNDED = 0.05
"""The corners of a photograph inside the canvas, as a share of its short side."""
_VEILS = (0.35, 0.5, 0.65, 0.8, 0.92)
"""Opacities of a veil, the lightest that will do is taken."""
_ON_PHOTO = 1.25
"""How much more than the least contrast a text asks for on a photograph: its edges distract as well."""
_NEARLY = 0.9
_ON_DECOR = 1.08
_OFFER_CONTRAST = 3.6
"""What the accent needs to carry an offer, which is to be seen first: large text may have less, and looks dim."""
_ANYWHERE = Frame(0, 0, 1e6, 1e6)
_PREFERRED_INKS: dict[str, tuple[str, ...]] = {
    "kicker": ("accent", "ink"),
    "offer": ("accent", "ink", "on_accent"),
    "sub": ("ink",),
    "legal": ("muted", "ink"),
    "cta": ("on_accent",),
}


class Composition:
    """A banner being painted.

    Once ``paint`` has run, ``scene`` holds what was painted, ``pixels`` the finished picture (premultiplied RGBA),
    ``bare`` the same without text, ``texts`` what was set where, ``plates`` the boxes of what lies under texts and
    logo, ``underlays`` those that are a single element's own, by its id, ``logo_finding`` how well the logo shows
    on what lies behind it, and ``notes`` which colours are not the palette's, and why.
    """

    def __init__(
        self,
        design: Design,
        arrangement: Arrangement,
        order: Order,
        logo: Logo | None = None,
        hero: Photo | None = None,
    ) -> None:
        self.design = design
        self.arrangement = arrangement
        self.order = order
        self.logo = logo
        self.hero = hero
        self.colours = Tones(design.palette, order.forbidden)
        self.easel = Easel(arrangement.size.width, arrangement.size.height)
        self.scene = Scene(width=arrangement.size.width, height=arrangement.size.height, ground=self.colours["ground"])
        self.artworks: dict[str, Artwork] = {}
        self.texts: list[Text] = []
        self.plates: list[Frame] = []
        self.underlays: dict[str, Frame] = {}
        self.notes: list[str] = []
        self.logo_finding: verify.Finding | None = None
        self.pixels: Pixels = self.easel.pixels
        self.bare: Pixels = self.easel.pixels
        self._elements = {element.id: element for element in design.elements}

    def paint(self) -> Pixels:
        """Paint everything; returns the finished (height, width, 4) RGBA pixels.

        What bears text comes first and texts last, so that no plate can cover a letter.
        """
        placements = self.arrangement.placements
        self._ground()
        texts = {placement.id: self._set(placement) for placement in placements if placement.lines}
        loose = [placement for placement in placements if placement.lines and placement.role != "cta"]
        bare = [texts[placement.id] for placement in loose if not self._has_label(placement)]
        for placement in placements:
            if placement.role == "hero" and self.hero is not None:
                self._hero(placement, self.hero, bare)
        for placement in loose:
            self._scrim(placement, texts[placement.id])
        for placement in placements:
            if placement.role == "deco":
                self._rule(placement)
            elif placement.role == "logo" and self.logo is not None:
                self._logo(placement, self.logo)
            elif placement.role == "cta":
                self._button(placement)
        self.bare = self.easel.pixels.copy()
        self._write([replace(item, colour=self._ink(item)) for item in texts.values()])
        return self.easel.pixels

    def _put(self, name: str, role: str, *items: Item) -> None:
        """Paint on top, and record it in the group of that name."""
        self.easel.paint(items, self.artworks)
        self._record(name, role, *items)

    def _record(self, name: str, role: str, *items: Item) -> None:
        for index, group in enumerate(self.scene.groups):
            if group.id == name:
                self.scene.groups[index] = Group(name, role, group.items + items)
                return
        self.scene.groups.append(Group(name, role, items))

    def _ground(self) -> None:
        size, colours = self.arrangement.size, self.colours
        look = Ground(
            width=size.width,
            height=size.height,
            boxes=tuple(self._kept_free(p) for p in self.arrangement.placements),
            ground=colours["ground"],
            ground_2=colours["ground_2"],
            accent=colours["accent"],
            decor=colours["decor"],
            seed=self.design.seed,
            archetype=self.design.archetype,
            marks=tuple(Mark(p.role, frame_of(p), p.px, p.align == "right") for p in self.arrangement.placements),
        )
        shapes = background(self.design.background, look)
        self.easel.clear(self.scene.ground)
        self._put(GROUND_ID, "background", *shapes)
        self.plates += [panel for shape in shapes if (panel := self._panel(shape))]

    def _kept_free(self, placement: Placement) -> Frame:
        """The placement's box, with the logo's clear space."""
        frame = frame_of(placement)
        return frame.grown(self.order.clear_space * frame.height) if placement.role == "logo" else frame

    def _panel(self, shape: Shape) -> Frame | None:
        """The box of a shape of the background that a text or the logo stands on, if it is one."""
        if not isinstance(shape, Rect) or shape.stroke:
            return None
        size, frame = self.arrangement.size, shape.frame
        boxes = (frame_of(p) for p in self.arrangement.placements if p.lines or p.role == "logo")
        is_part = frame.width * frame.height < _PANEL_SHARE * size.width * size.height
        return frame if is_part and any(_stands_on(box, frame) for box in boxes) else None

    def _hero(self, placement: Placement, hero: Photo, texts: list[Text]) -> None:
        """The photograph where the layout wants it: to the edge with square corners, inside with rounded ones."""
        frame, size = frame_of(placement), self.arrangement.size
        inside = min(frame.x, frame.y, size.width - frame.right, size.height - frame.bottom) > 0
        radius = _ROUNDED * min(frame.width, frame.height) if inside else 0.0
        self.artworks[placement.id] = PhotoArt(hero, bytes_of(self.order.hero or "", "hero"))
        others = (frame_of(other) for other in self.arrangement.placements if other.id != placement.id)
        covered = shares_of([box for box in others if _stands_on(box, frame)], frame)
        picture = Picture(placement.id, frame, hero.crop_for(frame.width / frame.height, covered), radius)
        self._put(placement.id, "hero", picture)
        self._veil(picture, [item for item in texts if _stands_on(item.frame, frame)], hero.subject)

    def _veil(self, picture: Picture, texts: list[Text], subject: Crop) -> None:
        """Over a photograph as much of the ground's colour as the texts on it need to be read in their first ink."""
        if all(map(self._is_readable, texts)):
            return
        before, content = self.easel.pixels.copy(), hull(tuple(item.frame for item in texts))
        ground = self.colours["ground"]
        shades = [veil(picture, content, ground, opacity, subject) for opacity in _VEILS]
        for shade in shades:
            self.easel.pixels[...] = before
            self.easel.paint([shade])
            if shade is shades[-1] or all(map(self._is_readable, texts)):
                self._record(f"{picture.id}-veil", "veil", shade)
                return

    def _is_readable(self, item: Text) -> bool:
        """Whether its first ink shows well on a photograph, or as well as it ever does on the ground's colour."""
        ink = next(self._inks(item))
        on_ground = contrast(luminance_of(self.colours["ground"]), luminance_of(ink))
        return self._contrast(item, ink) >= min(_ON_PHOTO * verify.needed_contrast(item), on_ground * _NEARLY)

    def _rule(self, placement: Placement) -> None:
        colour = self._override(placement.id) or self.colours["accent"]
        self._put(placement.id, "deco", Rect(frame_of(placement), colour, 1.0, placement.height / 2))

    def _logo(self, placement: Placement, logo: Logo) -> None:
        frame = frame_of(placement)
        art = LogoArt(logo)
        pixels = art.pixels(placement.width, placement.height)
        self.artworks[placement.id] = art
        seen = unboxed(pixels, self.easel.pixels, frame)
        is_lost = verify.logo_contrast(seen, self.easel.pixels, frame) < verify.LOGO_CONTRAST
        if is_lost or (seen is pixels and is_dim(logo, self.easel.pixels, frame)):
            self._put(placement.id, "logo", *self._plate(placement, pixels))
            seen = pixels
        picture = Picture(placement.id, frame)
        self.logo_finding = verify.check_logo(seen, self.easel.pixels, picture)
        self._put(placement.id, "logo", picture)

    def _plate(self, placement: Placement, logo: Pixels) -> list[Shape]:
        """A ground for a logo that would not show, in the first colour on which it does; it ends at the near edges."""
        *dark, light = self.colours.neutrals or [self.colours["ground"]]
        options = [light, self.colours["ground"], self.colours["ink"], *dark]
        shown = {colour: verify.logo_contrast(logo, _flat(logo, colour), _ANYWHERE) for colour in options}
        passing = (colour for colour in options if shown[colour] >= verify.LOGO_CONTRAST)
        fill = next(passing, max(options, key=lambda colour: shown[colour]))
        margin = self.arrangement.margin
        pad = max(2.0, min(max(_PLATE_PAD, self.order.clear_space) * placement.height, margin * 0.6))
        plate = self._underlay(placement, pad)
        whole = self._tab(placement, plate)
        if whole == plate:
            return [Shadow(plate, pad, pad * 0.6, pad * 0.2, 0.16), Rect(plate, fill, 1.0, max(3.0, pad))]
        self.plates[-1] = self.underlays[placement.id] = whole
        return [Rect(whole, fill)]

    def _tab(self, placement: Placement, plate: Frame) -> Frame:
        """The plate carried on to the edges nearby; on strips, over the whole height; within a frame, nowhere."""
        size = self.arrangement.size
        if self.design.background == "frame":
            return plate
        others = [self._kept_free(p) for p in self.arrangement.placements if p.id != placement.id and p.role != "hero"]
        reach = size.height / 2 if is_strip(size) else _TAB_REACH * self.arrangement.margin
        return tab(plate, others, Frame(0, 0, size.width, size.height), reach)

    def _underlay(self, placement: Placement, pad: float) -> Frame:
        """The box of what lies under that element alone: ``pad`` px around it, or what its neighbours leave of that."""
        others = [self._kept_free(p) for p in self.arrangement.placements if p.id != placement.id and p.role != "hero"]
        size = self.arrangement.size
        frame = underlay(frame_of(placement), pad, others, Frame(0, 0, size.width, size.height))
        self.plates.append(frame)
        self.underlays[placement.id] = frame
        return frame

    def _button(self, placement: Placement) -> None:
        frame = frame_of(placement)
        fill = self.button_fill(frame, self._override(placement.id))
        size = placement.px
        radius = min(frame.height / 2, size * 1.3) if self.design.seed % 2 else size * 0.5
        self.plates.append(frame)
        shade = Shadow(frame, radius, size * 0.35, size * 0.16, _BUTTON_SHADE)
        self._put(placement.id, "cta", shade, Rect(frame, fill, 1.0, radius))

    def button_fill(self, frame: Frame, label: Rgb | None = None) -> Rgb:
        """The accent, or the first colour that stands out from what lies under the button.

        Where somebody has settled the label's colour, only grounds that it can be read on will do.
        """
        options = [self.colours["accent"], self.colours["ink"], *self.colours.neutrals]
        if label is not None:
            seen = {colour: contrast(luminance_of(colour), luminance_of(label)) for colour in options}
            options = [c for c in options if seen[c] >= verify.AA_NORMAL] or [max(options, key=lambda c: seen[c])]
        shown = {c: verify.text_contrast(self.easel.pixels, frame.grown(4), c) for c in options}
        return next((c for c in options if shown[c] >= _BUTTON_VISIBLE), max(options, key=lambda c: shown[c]))

    def _set(self, placement: Placement) -> Text:
        """The placement's text, its ink still the palette's."""
        style = style_of(self._elements[placement.id], self.design.typography)
        block = text.block_of(tuple(placement.lines), style)
        item = Text(
            id=placement.id,
            frame=frame_of(placement),
            lines=block.lines,
            px=placement.px,
            rise=block.rise,
            style=block.style,
            colour=self.colours["ink"],
            align=placement.align,
        )
        if placement.role == "cta":
            return _in_button(item, block)
        pad = label_pad(placement.px) if self._has_label(placement) else 0
        return replace(item, frame=item.frame.grown(-pad))

    def _write(self, items: list[Text]) -> None:
        """Paint the texts, those that have a group already (the button's) before the others."""
        known = {group.id for group in self.scene.groups}
        self.texts = sorted(in_reading_order(items), key=lambda item: item.id not in known)
        for item in self.texts:
            self._put(item.id, self._elements[item.id].role, item)

    def _scrim(self, placement: Placement, item: Text) -> None:
        """A ground of its own for a text that nothing can be read on, or to which the layout gave room for one."""
        has_label = self._has_label(placement)
        if not has_label and self._readable(item) is not None:
            return
        pad = label_pad(item.px)
        frame = self._underlay(placement, 0.0 if has_label else pad)
        fill = self.colours.under(next(self._inks(item)))
        self._put(f"{item.id}-scrim", "scrim", Rect(frame, fill, 1.0 if has_label else _SCRIM_OPACITY, pad))

    def _has_label(self, placement: Placement) -> bool:
        return has_label(self._elements[placement.id], self.design)

    def _ink(self, item: Text) -> Rgb:
        """The first of the text's inks with the contrast it needs, or else the one with most.

        One that is no colour of the palette is told, with what the palette's own has there.
        """
        ink = self._readable(item) or max(self._inks(item), key=lambda ink: self._contrast(item, ink))
        wanted = next(self._inks(item))
        if ink != wanted and ink not in self.colours.named.values():
            seen, least = self._contrast(item, wanted), verify.needed_contrast(item)
            told = f"the palette's {to_hex(wanted)} has a contrast of {seen:.1f} there, and {least:g} is needed"
            self.notes.append(f"{item.id} is set in {to_hex(ink)}: {told}")
        return ink

    def _readable(self, item: Text) -> Rgb | None:
        """The first ink that any text could be read in; for large text also one that only large text can.

        An offer stays in the accent as long as that can be read: it is what makes it an offer.
        """
        needed = verify.needed_contrast(item)
        bold = max(_OFFER_CONTRAST, _ON_DECOR * needed) if self._elements[item.id].role == "offer" else verify.AA_NORMAL
        shown: list[tuple[Rgb, float]] = []
        for ink in self._inks(item):  # mostly the first will do, and each costs a sampling
            seen = self._contrast(item, ink)
            if seen >= (verify.AA_NORMAL if shown else bold):
                return ink
            shown.append((ink, seen))
        return next((ink for ink, seen in shown if seen >= needed), None)

    def _inks(self, item: Text) -> Iterator[Rgb]:
        """What a person has settled on; or the role's colours, then whichever of black and white shows better."""
        override = self._override(item.id)
        if override is not None:
            yield override
            return
        element = self._elements[item.id]
        names = ("on_accent",) if is_badge(element, self.design) else _PREFERRED_INKS.get(element.role, ("ink",))
        yield from (self.colours[name] for name in dict.fromkeys((*names, "ink", "on_accent", "ground")))
        yield from sorted(self.colours.neutrals, key=lambda ink: -self._contrast(item, ink))

    def _override(self, name: str) -> Rgb | None:
        ink = self._elements[name].ink
        return None if ink is None else parse(ink)

    def _contrast(self, item: Text, ink: Rgb) -> float:
        return verify.text_contrast(self.easel.pixels, item.frame, ink)


def frame_of(placement: Placement) -> Frame:
    """The placement's box."""
    return Frame(placement.x, placement.y, placement.width, placement.height)


def _stands_on(box: Frame, ground: Frame) -> bool:
    """Whether most of a box is over the ground."""
    return ground.overlap(box) > box.width * box.height / 2


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
