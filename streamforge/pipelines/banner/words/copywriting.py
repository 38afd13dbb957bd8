"""Copy from a brief, by rule: headline, line below it, offer, button and contact.

The rules take words out of the brief and set them as a copywriter would; they add none that state a fact. A
brief in another language keeps its own words and gets a button in that language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words import languages, wording
from streamforge.pipelines.banner.words.atoms import plain_text
from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.facts import PRICE_PAIR, Facts, extract, offer_spans
from streamforge.pipelines.banner.words.foreign import Thoughts, stated_button
from streamforge.pipelines.banner.words.headlines import (
    REPEATS,
    SHORT_LETTERS,
    SHORT_WORDS,
    headline_of,
    is_errand,
    short_headline,
)
from streamforge.pipelines.banner.words.notes import small_print
from streamforge.pipelines.banner.words.persuasion import call_to_action, purpose_line, short_call
from streamforge.pipelines.banner.words.reading import Reading, read
from streamforge.pipelines.banner.words.stated import lost, stated

SUB_WORDS = 14
SUB_LETTERS = 88
SHORT_SUB_LETTERS = 44
_SHORT_SUB_WORDS = 8
_ADDRESS_LETTERS = 60
_KEEPS = 0.6
"""The share of its meaning a line keeps at least when it is cut for a small canvas."""
_KICKER_LETTERS = 30
_KICKER_WORDS = 5
_KICKER_REPEATS = 0.5
_AMOUNT = r"[$€£¥₹] ?[\d.,]+|[\d.,]+ ?[$€£]"
"""An amount alone may be a price, a gift or a wage: only the sentence around it can tell."""


class Copy(Struct, frozen=True, kw_only=True):
    """The words of a banner; the ``_short`` forms are for small canvases.

    All but the headline may be empty, and it too where the brief has neither letter nor digit.
    """

    headline: str
    headline_short: str
    kicker: str = ""
    sub: str = ""
    sub_short: str = ""
    offer: str = ""
    cta: str = ""
    cta_short: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    date: str = ""
    code: str = ""
    legal: str = ""


def write_copy(spec: BannerSpec) -> Copy:
    """The banner's words. Deterministic; every digit in them stands in the brief."""
    legal, prompt = small_print(plain_text(spec.prompt))
    bare = replace(spec, prompt=prompt, purpose=plain_text(spec.purpose))
    facts = extract(prompt)
    language = languages.detect(prompt)
    best = _most_faithful(bare, facts, language)
    return replace(best, legal=legal, offer="" if best.offer.casefold() in legal.casefold() else best.offer)


def _most_faithful(spec: BannerSpec, facts: Facts, language: str) -> Copy:
    """The freest copy that keeps every fact: rewritten, else the brief's clauses whole, else those without a fault."""
    written: list[Copy] = []
    for write in (_rewritten, _whole_clauses):
        copy = write(spec, facts, language)
        written.append(copy)
        if not stated(copy, spec) and not lost(copy, spec) and _speaks(copy, spec):
            return copy
    return _without_faults(min(reversed(written), key=lambda copy: _blemishes(copy, spec)), spec)


def _blemishes(copy: Copy, spec: BannerSpec) -> tuple[int, bool, int]:
    return len(stated(copy, spec)), not _speaks(copy, spec), len(lost(copy, spec))


def _rewritten(spec: BannerSpec, facts: Facts, language: str) -> Copy:
    return _without_repeats(_draft(spec, facts, language), ("Learn More", "Discover More") if language == "en" else ())


def _draft(spec: BannerSpec, facts: Facts, language: str) -> Copy:
    if language != "en":
        return _foreign(spec, facts, language)
    return _english(spec, facts, read(spec.prompt, spec.brand_name))


def _speaks(copy: Copy, spec: BannerSpec) -> bool:
    """Whether the headlines stand alone; in a brief of a word or two there is nothing better."""
    return (
        all(wording.is_phrase(line) for line in (copy.headline, copy.headline_short)) or len(spec.prompt.split()) <= 1
    )


def _whole_clauses(spec: BannerSpec, facts: Facts, language: str) -> Copy:
    """The brief's own clauses, none rewritten and no offer taken out of any."""
    thoughts = Thoughts(spec.prompt, facts, language, lifts=False)
    clauses = [clause for clause in thoughts.clauses if wording.is_readable(clause)]
    phrases = [clause for clause in clauses if wording.is_phrase(clause)]
    news = [clause for clause in phrases if len(clause) <= SUB_LETTERS and not DATE.fullmatch(clause)]
    options = (
        facts.quoted("headline"),
        *news[:1],
        *phrases[:1],
        *facts.offers[:1],
        spec.brand_name,
        _whole(spec.prompt),
    )
    headline = next((line for line in options if line), "") or next(iter(clauses), "")
    others = [c for c in clauses if c != headline and len(c) <= SUB_LETTERS + SHORT_LETTERS and wording.is_phrase(c)]
    dated = next((c for c in others if len(c) <= SHORT_SUB_LETTERS and DATE.search(c)), "")
    sub = next((c for c in others if c != dated and not is_errand(c)), "")
    free = _draft(spec, facts, language)
    said = f"{headline} {sub} {dated}".casefold()
    badges = (free.offer, *(offer for offer in facts.offers[:1] if re.search(r"\d", offer)))
    copy = replace(
        free,
        headline=wording.sentence_case(headline),
        headline_short=wording.sentence_case(headline),
        kicker="",
        sub=wording.sentence_case(sub),
        sub_short=wording.sentence_case(sub) if len(sub) <= SHORT_SUB_LETTERS else "",
        offer=next((badge for badge in badges if badge and badge.casefold() not in said), ""),
        date=wording.sentence_case(dated),
    )
    return _without_repeats(copy, ("Learn More", "Discover More") if language == "en" else ())


def _without_faults(copy: Copy, spec: BannerSpec) -> Copy:
    """The copy without the lines that state what the brief does not; a headline has to stay."""
    faults = stated(copy, spec)

    def kept(line: str) -> str:
        return "" if any(fault in line for fault in faults) else line

    short = kept(copy.headline_short) or copy.headline
    texts = {"kicker": kept(copy.kicker), "sub": kept(copy.sub), "sub_short": kept(copy.sub_short)}
    return replace(copy, headline_short=short, offer=kept(copy.offer), date=kept(copy.date), **texts)


def _without_repeats(copy: Copy, other_calls: tuple[str, ...]) -> Copy:
    """No text twice: what repeats the headline is left out, and the button says another call, if there is one."""
    said = {copy.headline.casefold(), copy.headline_short.casefold()}
    call = next((call for call in (copy.cta, *other_calls) if call.casefold() not in said), "")
    short = copy.cta_short if call == copy.cta and copy.cta_short.casefold() not in said else call
    address = "" if copy.address and copy.address in copy.headline else copy.address
    kicker, sub, sub_short, offer, date = (
        "" if line.casefold() in said else line
        for line in (copy.kicker, copy.sub, copy.sub_short, copy.offer, copy.date)
    )
    if offer.casefold() in sub.casefold() and len(sub.split()) > len(offer.split()) + 1:
        offer = ""
    if sub and offer and wording.content_words(sub) <= wording.content_words(offer):
        sub = sub_short = ""
    texts = {"kicker": kicker, "sub": sub, "sub_short": sub_short, "offer": offer, "date": date}
    return replace(copy, **texts, address=address, cta=call, cta_short=short)


def _english(spec: BannerSpec, facts: Facts, reading: Reading) -> Copy:
    wish = purpose_line(spec.purpose)
    headline = headline_of(reading, facts, wish, spec.purpose)
    headline = headline or wording.first_letters(spec.prompt, letters=SHORT_LETTERS)
    button = facts.quoted("cta") or _button(spec, facts, reading, headline)
    sub = _sub(reading, wish, (headline, button))
    offer = _offer(facts, reading, (headline, sub, button))
    return Copy(
        headline=headline,
        headline_short=short_headline(headline, reading, spec.purpose),
        kicker=_kicker(reading, (headline, sub, offer)),
        sub=sub,
        sub_short=_short_sub(sub),
        offer=offer,
        cta=button,
        cta_short=short_call(button),
        address=_address(facts),
        phones=facts.phones,
        date=_date(facts, headline, sub),
        code=facts.codes[0] if facts.codes else "",
    )


def _button(spec: BannerSpec, facts: Facts, reading: Reading, headline: str) -> str:
    is_sale = bool(re.search(r"\b(?:sale|deals)\b", f"{reading.product} {headline}", re.IGNORECASE))
    asks = spec.prompt if facts.urls or facts.phones else ""
    spoken = ". ".join((reading.product, *reading.slogans, *reading.details, *facts.dates, asks))
    call = call_to_action(spec.purpose, spoken, event=reading.event, is_sale=is_sale)
    return call if call != "Discover More" else _reached(facts) or call


def _reached(facts: Facts) -> str:
    """Where nothing is asked: what the one way to reach the advertiser, or a price beside an older one, asks."""
    if any(re.match(rf"{PRICE_PAIR}|free delivery|free shipping", offer, re.IGNORECASE) for offer in facts.offers):
        return "Shop Now"
    if facts.phones and not facts.urls:
        return "Call Us"
    return "Email Us" if facts.emails and not facts.urls else ""


def _sub(reading: Reading, wish: str, said: tuple[str, str]) -> str:
    headline, button = said
    for line in _subs(reading, wish, headline):
        rest = _after_headline(_after_button(line, button), headline)
        cut = wording.shorten(rest, words=SUB_WORDS, letters=SUB_LETTERS)
        is_new = wording.overlap(cut, headline) < REPEATS and not _only_repeats(cut, button)
        if len(cut.split()) > 1 and is_new and wording.is_phrase(cut):
            return wording.sentence_case(cut)
    return ""


def _subs(reading: Reading, wish: str, headline: str) -> Iterator[str]:
    """Lines that could stand below the headline, the best first; a wish that only says what the button says is last."""
    is_idle = bool(_IDLE_WISH.match(wish))
    is_news = not is_idle and len(wording.content_words(wish)) >= _NEWS_WORDS and not _BUTTON_WISH.match(wish)
    yield from [wish] * is_news
    yield from (_rest_of(reading.product, headline),)
    yield from (
        _beside_offer(line) for line in reading.details if not is_errand(line) or len(line.split()) > _BARE_ERRAND
    )
    yield from reading.claims
    if not re.search(r"\bsale\b", reading.product, re.IGNORECASE):
        yield reading.product
    yield from reading.qualities
    yield from [wish] * (not is_news and not is_idle)


_NEWS_WORDS = 4
_LEAST_REST = 3
_BARE_ERRAND = 5
_BUTTON_WISH = re.compile(
    r"^(?:book|open|play|request|register|sign up|take part|buy|shop (?:an? |our |the )|visit|come|apply|subscribe|"
    r"download|enrol|donate|call|try|get|order|see|vote|reserve|pre-?order)\b",
    re.IGNORECASE,
)
"""What the button says already."""
_IDLE_WISH = re.compile(
    r"^(?:bring|attract|get|drive|increase|boost|the \w+$|come\b|make them|shop an? )", re.IGNORECASE
)
"""What is said to whoever makes the banner."""
_JOINED = re.compile(
    r"^(?:when|where|while|for|in|with|without|by|at|on|from|before|after|until|that|which)\b", re.IGNORECASE
)


def _rest_of(product: str, headline: str) -> str:
    """What the headline had no room for: ``when your flight is cancelled``."""
    if not product.casefold().startswith(headline.casefold()) or len(product) == len(headline):
        return ""
    rest = wording.tidy(product[len(headline) :])
    return rest if len(rest.split()) >= _LEAST_REST and _JOINED.match(rest) else ""


def _after_button(line: str, button: str) -> str:
    """Under ``Join the Discussion``, ``Join the discussion and share your thoughts`` is ``share your thoughts``."""
    return re.sub(rf"^{re.escape(button)} and ", "", line, flags=re.IGNORECASE)


def _after_headline(line: str, headline: str) -> str:
    """Under ``3-Month Membership``, ``3-month membership for the price of 2`` is only ``For the price of 2``."""
    rest = re.sub(rf"^(?:an? |the )?{re.escape(headline)}\b *", "", line, flags=re.IGNORECASE)
    return line if rest == line else re.sub(r"^(?:that|which|who) ", "", rest, flags=re.IGNORECASE)


def _only_repeats(line: str, button: str) -> bool:
    asked, told = wording.content_words(button), wording.content_words(line)
    return bool(asked & told) and len(told - asked) <= 1


def _beside_offer(line: str) -> str:
    """``30% off all cold brews`` beside the badge that says 30% off: ``On all cold brews``."""
    spans = offer_spans(line)
    if not spans:
        return line
    start, end = spans[0][0], spans[-1][1]
    before, after = wording.tidy(line[:start]), wording.tidy(line[end:])
    if before and after:
        is_item = re.search(r",\s*$", line[:start]) and re.match(r"\s*,", line[end:])
        parts = re.search(r"[$€£]", line[start:end]) and re.match(r"with\b", after, re.IGNORECASE)
        return f"{before}, {after}" if is_item else f"{before} {after}" if parts else line
    if not after:
        return before or line
    if re.match(r"\s*,", line[end:]):
        return after
    if re.match(r"^(?:on|for|with|when|until|this|in|at|of)\b", after, re.IGNORECASE):
        return after
    return f"on {after}" if "%" in line[start:end] else line


def _short_sub(sub: str) -> str:
    cut = wording.shorten(sub, words=_SHORT_SUB_WORDS, letters=SHORT_SUB_LETTERS)
    kept, all_words = wording.content_words(cut), wording.content_words(sub)
    is_whole = len(kept) >= _KEEPS * len(all_words)
    return cut if is_whole and len(cut.split()) > 1 else ""


def _offer(facts: Facts, reading: Reading, said: tuple[str, str, str]) -> str:
    """The first offer, with what it is on when nothing else says so: ``50% off seafood``."""
    if not facts.offers or any(facts.offers[0].lower() in line.lower() for line in (said[0], said[2])):
        return ""
    if re.fullmatch(_AMOUNT, facts.offers[0]):
        return ""
    offer, product = facts.offers[0], reading.product
    is_short = wording.fits(product, words=2, letters=16)
    is_unsaid = not wording.content_words(product) & wording.content_words(" ".join(said))
    names_product = reading.business and offer.endswith(" off") and is_short and is_unsaid
    return f"{offer} {product}" if names_product else offer


def _kicker(reading: Reading, said: tuple[str, str, str]) -> str:
    headline, sub, offer = said
    options = [(reading.occasion, _KICKER_WORDS), (reading.event, 2), (reading.product, 3), (reading.business, 3)]
    for line, words in options:
        is_short = wording.fits(line, words=words, letters=_KICKER_LETTERS)
        is_new = wording.overlap(line, headline) < _KICKER_REPEATS and wording.overlap(line, f"{sub} {offer}") < REPEATS
        if is_short and is_new:
            return wording.title_case(line)
    return ""


def _date(facts: Facts, headline: str, sub: str) -> str:
    said = f"{headline} {sub}".lower()
    unsaid = (re.sub(r"^on (?=\w)", "", date) for date in facts.dates if not _is_said(date, said))
    return next((wording.sentence_case(date) for date in unsaid), "")


def _is_said(date: str, said: str) -> bool:
    figures = re.findall(r"\d+", date)
    return date.lower() in said or (bool(figures) and all(re.search(rf"\b{each}\b", said) for each in figures))


def _address(facts: Facts) -> str:
    return next((place for place in (*facts.urls, *facts.emails) if len(place) <= _ADDRESS_LETTERS), "")


def _foreign(spec: BannerSpec, facts: Facts, language: str) -> Copy:
    """A brief in another language: its own clauses, in its own order, with nothing translated."""
    thoughts = Thoughts(spec.prompt, facts, language)
    quoted = facts.quoted("headline")
    headline = quoted or thoughts.headline() or spec.brand_name or _whole(spec.prompt)
    thoughts.clauses = [clause for clause in thoughts.clauses if clause != headline]
    button = facts.quoted("cta") or stated_button(thoughts, spec.purpose, spec.prompt)
    offer, sub = thoughts.offer(), thoughts.sub()
    date = thoughts.date()
    if button and sub.casefold().startswith(button.casefold()):
        sub = thoughts.sub()
    return Copy(
        headline=wording.sentence_case(headline),
        headline_short=_foreign_short(headline, dense=thoughts.dense),
        sub=wording.sentence_case(sub),
        sub_short=wording.sentence_case(sub) if len(sub) <= SHORT_SUB_LETTERS else "",
        offer=wording.sentence_case(offer),
        cta=button,
        cta_short=button,
        address=_address(facts),
        phones=facts.phones,
        date=wording.sentence_case(date),
        code=facts.codes[0] if facts.codes else "",
    )


def _foreign_short(headline: str, *, dense: bool) -> str:
    """The headline up to a comma or a preposition, where that is a phrase of its own."""
    letters = SHORT_LETTERS // 2 if dense else SHORT_LETTERS
    cut = wording.shorten(headline, words=SHORT_WORDS + 1, letters=letters)
    return wording.sentence_case(cut if len(cut.split()) > 1 else headline)


def _whole(prompt: str) -> str:
    """A brief of one long clause; scripts without spaces are cut between characters that are no digits."""
    words = wording.first_words(prompt, words=SUB_WORDS, letters=SUB_LETTERS)
    return words if wording.is_readable(words) else wording.first_letters(prompt, letters=SUB_LETTERS)
