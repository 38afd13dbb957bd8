# ruff: noqa: E501 - the fields' docstring reads better whole
"""A brief as what it tells the reader of the banner, before anything is chosen from it."""

from __future__ import annotations

from msgspec import Struct

UNINFLECTED = frozenset(["en", "de", "fr", "es", "it", "pt", "nl", "sv", "no", "da"])
"""Languages in which what stands behind ``for my`` can stand alone."""
_LEGAL_LETTERS = 200
"""A longer note is left out: cut, it would say something else."""


class Told(Struct, kw_only=True):
    """The brief's parts in its own words and order; empty what it does not say.

    ``titles`` are to be the headline. ``subject`` is what a request was for, weaker than any statement; ``trades`` are what the advertiser says that he is. ``statements``
    speak to the reader; ``topics`` of them are what a request was for, ``wanted`` were wished for by the client, ``wishes`` are what the reader shall do.
    ``dates``, ``places``, ``offers``, ``labelled``, ``subs`` come from labels. ``silent`` was for the designer alone,
    ``forbidden`` names what must not be said.
    """

    language: str = "en"
    text: str = ""
    titles: list[str] = []
    subs: list[str] = []
    slogans: list[str] = []
    button: str = ""
    brand: str = ""
    subject: str = ""
    trades: list[str] = []
    statements: list[str] = []
    topics: list[str] = []
    wanted: list[str] = []
    wishes: list[str] = []
    dates: list[str] = []
    places: list[str] = []
    offers: list[str] = []
    labelled: list[str] = []
    notes: list[str] = []
    silent: list[str] = []
    forbidden: list[str] = []
    urls: list[str] = []
    phones: list[str] = []
    codes: list[str] = []
    asked: bool = False
    chatted: bool = False
    filled: bool = False
    """Whether the brief asks for a banner; whether it is talk between people; whether it is filled in as a form."""
    asks: list[str] = []
    """Labels that ask the reader for something: ``Sign up``, ``Book``."""

    @property
    def legal(self) -> str:
        """The small print in one line, if it is short enough to be said whole."""
        line = " ".join(note if note[-1:] in ".!?" else f"{note}." for note in self.notes)
        return line if len(line) <= _LEGAL_LETTERS else ""
