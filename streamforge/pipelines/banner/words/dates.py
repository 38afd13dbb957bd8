# ruff: noqa: E501, RUF001 - long patterns read better whole; other languages' letters
"""Dates and times as people write them, with the preposition that makes a day a deadline.

``bis Samstag, 14. Juni``, ``Sat. 12 Sept. at 7.30 p.m.``, ``do 31. 8.``, ``jusqu'au 31 juillet`` and ``31.12.2026`` are one
date each: a day without its month, or a deadline without its ``by``, is another fact.
"""

from __future__ import annotations

import re

MONTH = (
    r"(?:jan(?:uary|uar|vier|uari)?|jänner|ene(?:ro)?|gennaio|janeiro|januari|stycznia|ledna|ocak|"
    r"feb(?:ruary|ruar|braio|rero|ruari)?|févr(?:ier)?|fevereiro|lutego|února|şubat|"
    r"mar(?:ch|zo|ço|s|t|ca|et)?|märz|maart|marca|března|mart|"
    r"apr(?:il|ile|ilie)?|avr(?:il)?|abr(?:il)?|kwietnia|dubna|nisan|"
    r"may(?:o|ıs)?|mai|maj(?:a)?|maggio|maio|mei|května|"
    r"june?|juni|juin|junio|giugno|junho|czerwca|června|haziran|iunie|"
    r"july?|juli|juillet|julio|luglio|julho|lipca|července|temmuz|iulie|"
    r"aug(?:ust|usti|ustus)?|août|ago(?:sto)?|sierpnia|srpna|ağustos|"
    r"sept?(?:ember|embre|iembre|embrie)?|set(?:tembre|embro)?|września|září|eylül|"
    r"o[ck]t(?:ober|obre|ubre|obra|ombrie)?|ottobre|outubro|października|října|ekim|"
    r"nov(?:ember|embre|iembre|embro|embrie)?|listopada|listopadu|kasım|"
    r"de[cz](?:ember|embrie|iembre)?|déc(?:embre)?|dic(?:embre|iembre)?|dezembro|grudnia|prosince|aralık|"
    r"gener|febrer|març|maig|juny|juliol|agost|setembre|octubre|novembre|desembre|januára|februára|marca|apríla|mája|júna|júla|augusta|septembra|októbra|novembra|decembra|"
    r"siječnja|veljače|ožujka|travnja|svibnja|lipnja|srpnja|kolovoza|rujna|listopada|studenoga?|prosinca|január|február|március|április|május|június|július|augusztus|szeptember|október|"
    r"tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|elokuuta|syyskuuta|lokakuuta|marraskuuta|joulukuuta|"
    r"січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня|януари|февруари|март|април|май|юни|юли|август|септември|октомври|ноември|декември|јануара|фебруара|марта|априла|маја|јуна|јула|августа|септембра|октобра|новембра|децембра|"
    r"ιανουαρίου|φεβρουαρίου|μαρτίου|απριλίου|μαΐου|ιουνίου|ιουλίου|αυγούστου|σεπτεμβρίου|οκτωβρίου|νοεμβρίου|δεκεμβρίου|"
    r"يناير|فبراير|مارس|أبريل|ابريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر|ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר|"
    r"जनवरी|फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर|มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม|"
    r"farvardin|آذر|دی|بهمن|اسفند|فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|مارچ|اپریل|جون|جولائی|اگست|ستمبر|اکتوبر|نومبر|دسمبر|جنوری|فروری|"
    r"januari|februari|agustus|desember|maret|"
    r"января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)\b(?-i:(?<!\w{5})(?<!un[ei])(?<!ul[iy])\.(?=,| ?[a-zß-ÿ0-9]))?"
)
"""A full stop belongs to an abbreviation, and to that only before what goes on."""
_WEEKDAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\.?(?=,? \d)|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|(?:mo|di|mi|do|fr|sa|so)\.,?(?= \d)|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|(?:segunda|terça|quarta|quinta|sexta)-feira|"
    r"(?:maan|dins|woens|donder|vrij|zater|zon)dag|(?:mån|tis|ons|tors|fre|lör|sön|man|tirs|lør|søn)dag|"
    r"понедельник|вторник|сред[ау]|четверг|пятниц[ау]|суббот[ау]|воскресенье|يوم (?:السبت|الأحد|الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة)|(?:रवि|सोम|मंगल|बुध|गुरु|शुक्र|शनि)वार)"
)
_BEFORE = (
    r"(?:until|till|through|no later than|not later than|by|before|after|since|between|from|every|ends|ending|starting|starts|on|"
    r"(?:nur )?(?:bis(?: einschließlich)?(?: zum)?|ab(?: dem)?|am|vom|vor dem|seit(?: dem)?|noch bis)|"
    r"jusqu['’]au|avant le|à partir du|dès le|du|le|au|hasta el|antes del?|desde el|a partir del?|del|el|al|"
    r"fino al|entro il|dal|il|até(?: a| ao)?|de|tot(?: en met)?|t/m|vanaf|op|do|od|przed|v|till|från|til|fra|den|до|с|по|от)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|º|ª|°|\.)?"
_NUMERIC = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|(?<![\d.,$€£¥₹])(?:0?[1-9]|[12]\d|3[01])\. ?(?:0?[1-9]|1[0-2])\.(?: ?\d{4})?)(?!\d)"
_DOTTED = r"(?:\d{1,2}\. ?\d{1,2}\.(?: ?\d{4})?)"
_AND = r"(?:—| ?(?:-|–|&|to|and|bis(?: zum)?|und|au|al|à|a|y|et|e|tot|do|по) ?)"
_NAMED = (
    rf"(?:(?:{_DAY}, ?)*{_DAY}(?: ?{MONTH})?{_AND})?{_DAY} ?(?:of |de |d['’])?{MONTH}(?:(?: de)? \d{{4}}\b)?"
    rf"|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:{_AND}(?:{MONTH} )?\d{{1,2}}(?:st|nd|rd|th)?)?\b(?! ?[%€$£])(?:,? \d{{4}}\b)?"
)
_CLOCK = r"(?:kl\.? \d{1,2}(?:[:.]\d{2})?(?: ?[-–] ?\d{1,2}(?:[:.]\d{2})?)?|\d{1,2}(?:[:.]\d{2})? ?(?:[ap]m\b|[ap]\.m\.)|\d{1,2}(?:[:.]\d{2})? ?(?:uhr|uur|h(?: ?\d{2})?)\b|\d{1,2}:\d{2}(?: (?:CES?T|UTC|GMT|[EP][SD]T|BST)\b)?)"
_HOURS = (
    rf"(?:\d{{1,2}}(?:[:.]\d{{2}})?(?: ?[ap]m| ?h| ?uhr| ?uur)?{_AND})?{_CLOCK}(?: (?:CES?T|UTC|GMT|[EP][SD]?T|BST)\b)?"
)
TIME = re.compile(rf"(?<![\w.,]){_HOURS}", re.IGNORECASE)
"""An hour or a span of hours: ``3-5 pm``, ``20 Uhr``, ``7.30 p.m.``."""
_BARE_HOURS = r"\d{1,2}(?:[:.]\d\d)? ?(?:[-–]|to|till?|bis|tot) ?\d{1,2}(?:[:.]\d\d)?(?![\d%]| ?[€$£%]|[.,:]\d| ?(?:years|people|jahre|ans|%))"
"""After a day: hours without a unit."""
_AT = r"(?:,? (?:at|from|um|ab|von|van|à|de|dès|a las|de las|alle|dalle|ore|alle ore|às|das|om|van|kl\.)|,)? "
_ENGLISH_DAY = (
    r"(?<!cyber )(?<!black )(?<!good )(?<!easter )(?<!your )(?<!our )(?<!my )(?:mon|tues|wednes|thurs|fri|satur|sun)day\b(?! (?:sale|deals|evenings|mornings|nights|afternoons|roasts?|lunch|brunch|papers?))|"
    r"(?:(?:this|next|every (?:second|other|third)|every) )(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|weekend\b|week\b|month\b)"
)
_TO_MONTH = rf"(?:(?:until|till|through|throughout|by|bis|hasta|jusqu['’](?:en|à)|tot|fino a)(?: the)?(?: end of| late| mid| ende| finales de| la fin| eind)?|do (?:końca|konce)) {MONTH}(?! \d{{1,4}}(?! ?[%€]))"
"""A deadline by the month: ``through December``."""
_TO_DAY = rf"(?:nur )?(?:noch )?(?:bis(?: zum| kommenden)?|hasta(?: el)?|jusqu['’](?:à|au)|fino a|até|tot(?: en met)?|senast|until|till?|til) (?:le |el |den )?{_WEEKDAY}(?!\w)"
"""A deadline by the day of the week: ``bis Samstag``."""
_WEEKLY = rf"(?:tous les|chaque|jeden|immer|todos los|cada|ogni|todas? as|aos?|nas?|às|elke|varje|hver|каждый|каждую|jeweils)(?: [\w]{{2,8}})? {_WEEKDAY}s?(?!\w)"
"""A day of every week: ``tous les mardis``."""
_ASKED = r"(?:(?:rsvp|order|book|apply|register|reply|enter|sign up|pre-?order|submit) )?"
DATE = re.compile(
    rf"(?<![\w.,/]){_ASKED}(?:{_BEFORE} ){{0,2}}(?:(?:{_WEEKDAY},? (?:(?:den|le|el|il|the) )?)?(?:(?:{_DOTTED}{_AND})?{_NUMERIC}|{_NAMED})|{_TO_MONTH}|{_TO_DAY}|{_WEEKLY}|{_ENGLISH_DAY})(?:{_AT}(?:{_HOURS}|{_BARE_HOURS}))?(?: only\b)?",
    re.IGNORECASE,
)
"""A day with whatever belongs to it: what comes before it, weekday, year, hours."""
