"""Which letters a document takes from which face."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from streamforge.render import fonts, scripts
from streamforge.render.fonts import Face
from streamforge.render.scene import Text
from streamforge.render.text import faces

_STYLES = frozenset([scripts.TEXT_STYLE, scripts.EMOJI_STYLE, "\u20e3"])


def family_name(face: Face) -> str:
    """The family as its maker calls it, and as an installed copy is found: ``Playfair Display``."""
    return str(fonts.typeface(face.family, face.weight).getFamilyName())


def faces_of(text: Text) -> dict[Face, str]:
    """The characters (sorted) of a text by the face that shows them, the text's own face first."""
    found: dict[Face, set[str]] = {}
    for line in text.lines:
        chain = faces(line, text.style)
        found.setdefault(chain[0], set())
        for cluster in scripts.clusters(line):
            found.setdefault(_face_of(cluster, chain), set()).update(cluster)
    return {face: "".join(sorted(characters)) for face, characters in found.items()}


def fonts_of(texts: Iterable[Text]) -> dict[Face, str]:
    """The same for all texts of a document, in the order of the faces' names.

    A space is always among them: Chromium sets a font without one letter by letter in the wrong places.
    """
    found: dict[Face, set[str]] = {}
    for text in texts:
        for face, characters in faces_of(text).items():
            found.setdefault(face, set()).update(characters)
    return {
        face: "".join(sorted(found[face] | {" "}))
        for face in sorted(found, key=lambda face: (face.family, face.weight))
    }


def _face_of(cluster: str, chain: tuple[Face, ...]) -> Face:
    """The first face with the whole cluster, emoji from the emoji face; a cluster that none has goes to the first."""
    if chain[-1].family == fonts.EMOJI_ID and scripts.EMOJI.match(cluster):
        return chain[-1]
    return next((face for face in chain if _covers(face, cluster)), chain[0])


def _covers(face: Face, cluster: str) -> bool:
    return all(fonts.covers(face.family, c) or unicodedata.category(c) == "Cf" or c in _STYLES for c in cluster)
