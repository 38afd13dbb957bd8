"""An arrangement as a picture: background, button, plates and inks, chosen on the pixels they will stand on.

Colours are decided while painting, because only pixels tell what lies under a text: an ink that lacks contrast is
replaced by black or white, and where neither will do, a scrim goes under the text, as large as there is room for.
Everything that is painted is recorded in the scene, which every kind of file shows. All by rule, so that equal
arrangements give equal pictures.
"""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.plates import has_label, is_badge, label_pad, pad_of
from streamforge.pipelines.banner.layout.roles import style_of
from streamforge.pipelines.banner.layout.stage import is_strip
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import is_dim
from streamforge.pipelines.banner.picture.box import unboxed
from streamforge.pipelines.banner.picture.inks import Inks
from streamforge.pipelines.banner.picture.tones import Tones
from streamforge.pipelines.banner.picture.underlay import ink_of_logo, plate, underlay
from streamforge.pipelines.banner.picture.veil import shares_of, veil
from streamforge.render import text, verify
from streamforge.render.artwork import Artwork, LogoArt, PhotoArt
from streamforge.render.colour import Pixels, Rgb, contrast, luminance_of
from streamforge.render.grounds import Ground, Mark, background, badge, extent_of, hull
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
_PLATE_REACH = 1.6
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
_ANYWHERE = Frame(0, 0, 1e6, 1e6)


class Composition:
    """A banner being painted.

    Once ``paint`` has run, ``scene`` holds what was painted, ``pixels`` the finished picture (premultiplied RGBA),
    ``bare`` the same without text, ``texts`` what was set where, ``plates`` the boxes of what lies under texts and
    logo, ``underlays`` those that are a single element's own, by its id, ``logo_ink`` the box of what is seen of a logo
    on a plate, and ``logo_finding`` how well the logo shows on what lies behind it.
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
        self.logo_finding: verify.Finding | None = None
        self.logo_ink: Frame | None = None
        self.pixels: Pixels = self.easel.pixels
        self.bare: Pixels = self.easel.pixels
        self.inks = Inks(design, self.colours, self.easel)
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
        self._write([replace(item, colour=self.inks.chosen(item)) for item in texts.values()])
        return self.easel.pixels

    @property
    def notes(self) -> list[str]:
        """Which colours are not the palette's, and why."""
        return self.inks.notes

    @property
    def padded(self) -> dict[str, Frame | None]:
        """The texts on a solid ground of their own, with its box: a label's or button's, None for a badge."""
        found: dict[str, Frame | None] = {}
        for placement in self.arrangement.placements:
            if is_badge(self._elements[placement.id], self.design):
                found[placement.id] = None
            elif placement.role == "cta" or self._has_label(placement):
                found[placement.id] = frame_of(placement)
        return found

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
            marks=tuple(self._mark(placement) for placement in self.arrangement.placements),
        )
        shapes = background(self.design.background, look)
        self.easel.clear(self.scene.ground)
        self._put(GROUND_ID, "background", *shapes)
        self.plates += [panel for shape in shapes if (panel := self._panel(shape))]
        self.underlays |= {
            placement.id: box
            for placement in self.arrangement.placements
            if is_badge(self._elements[placement.id], self.design) and (box := extent_of(badge(look)))
        }

    def _mark(self, placement: Placement) -> Mark:
        frame, is_right = frame_of(placement), placement.align == "right"
        return Mark(placement.role, frame, placement.px, is_right, self._pad(placement))

    def _pad(self, placement: Placement) -> tuple[int, int]:
        """How far the placement's box reaches beyond its text."""
        return pad_of(self._elements[placement.id], self.design, placement.px, self.arrangement.size)

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
        ink = next(self.inks.options(item))
        on_ground = contrast(luminance_of(self.colours["ground"]), luminance_of(ink))
        return self.inks.contrast(item, ink) >= min(_ON_PHOTO * verify.needed_contrast(item), on_ground * _NEARLY)

    def _rule(self, placement: Placement) -> None:
        colour = self.inks.override(placement.id) or self.colours["accent"]
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
        pad = max(2.0, min(max(_PLATE_PAD, self.order.clear_space) * placement.height, self.arrangement.margin * 0.6))
        whole, ends = self._logo_plate(placement, logo, pad)
        self.plates.append(whole)
        self.underlays[placement.id] = whole
        if ends:
            return [Rect(whole, fill)]
        return [Shadow(whole, pad, pad * 0.6, pad * 0.2, 0.16), Rect(whole, fill, 1.0, max(3.0, pad))]

    def _logo_plate(self, placement: Placement, logo: Pixels, pad: float) -> tuple[Frame, bool]:
        """The plate's box, and whether it ends at an edge of the canvas; within a frame it never does."""
        size, frame = self.arrangement.size, frame_of(placement)
        reach = size.height / 2 if is_strip(size) else _PLATE_REACH * self.arrangement.margin
        reach = -1.0 if self.design.background == "frame" else reach
        canvas = Frame(0, 0, size.width, size.height)
        self.logo_ink = ink_of_logo(logo, frame)
        whole = plate(frame, self.logo_ink, pad, self._others(placement), canvas, reach)
        return whole, min(whole.x, whole.y, canvas.right - whole.right, canvas.bottom - whole.bottom) <= 0

    def _others(self, placement: Placement) -> list[Frame]:
        return [self._kept_free(p) for p in self.arrangement.placements if p.id != placement.id and p.role != "hero"]

    def _underlay(self, placement: Placement, pad: float) -> Frame:
        """The box of what lies under that element alone: ``pad`` px around it, or what its neighbours leave of that."""
        size = self.arrangement.size
        frame = underlay(frame_of(placement), pad, self._others(placement), Frame(0, 0, size.width, size.height))
        self.plates.append(frame)
        self.underlays[placement.id] = frame
        return frame

    def _button(self, placement: Placement) -> None:
        frame = frame_of(placement)
        fill = self.button_fill(frame, self.inks.override(placement.id))
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
            return _centred(item, block)
        across, down = self._pad(placement)
        if is_badge(self._elements[placement.id], self.design):
            return _centred(item, block)
        frame = item.frame
        inset = Frame(frame.x + across, frame.y + down, frame.width - 2 * across, frame.height - 2 * down)
        return replace(item, frame=inset)

    def _write(self, items: list[Text]) -> None:
        """Paint the texts, those that have a group already (the button's) before the others."""
        known = {group.id for group in self.scene.groups}
        self.texts = sorted(in_reading_order(items), key=lambda item: item.id not in known)
        for item in self.texts:
            self._put(item.id, self._elements[item.id].role, item)

    def _scrim(self, placement: Placement, item: Text) -> None:
        """A ground of its own for a text that nothing can be read on, or to which the layout gave room for one."""
        has_label = self._has_label(placement)
        if not has_label and self.inks.readable(item) is not None:
            return
        pad = label_pad(item.px)
        frame = self._underlay(placement, 0.0 if has_label else pad)
        fill = self.colours.under(next(self.inks.options(item)))
        self._put(f"{item.id}-scrim", "scrim", Rect(frame, fill, 1.0 if has_label else _SCRIM_OPACITY, pad))

    def _has_label(self, placement: Placement) -> bool:
        return has_label(self._elements[placement.id], self.design)


def frame_of(placement: Placement) -> Frame:
    """The placement's box."""
    return Frame(placement.x, placement.y, placement.width, placement.height)


def _stands_on(box: Frame, ground: Frame) -> bool:
    """Whether most of a box is over the ground."""
    return ground.overlap(box) > box.width * box.height / 2


def _centred(item: Text, block: text.Block) -> Text:
    """The text in the middle of its plate: capitals centred, for that is what the eye takes as its height."""
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
