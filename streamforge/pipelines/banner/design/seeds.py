"""Where variety comes from: a brief's own digest, so that two briefs differ and one brief always looks the same."""

from __future__ import annotations

import hashlib
import random

from streamforge.pipelines.banner.spec import BannerSpec


def seed_of(spec: BannerSpec) -> int:
    """The brief's own seed, else a digest of what it says; the canvas does not count, so that sizes match."""
    if spec.seed is not None:
        return spec.seed
    said = "\x1f".join((spec.prompt, spec.brand_name, *spec.brand_colors, spec.audience, spec.purpose))
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF


def chance(spec: BannerSpec, what: str) -> random.Random:
    """The brief's own dice for one decision: another decision's throws do not change it."""
    return random.Random(f"{seed_of(spec)}:{what}")  # noqa: S311 - a choice of looks, not a secret
