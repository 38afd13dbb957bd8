# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Whom a clause speaks to, by points: words of the craft, orders, places and counts against prices, dates and the reader.

One sum over a table of features, in every language of the tables at once. No feature decides alone but a count of
words: ``logo`` beside a place is for the designer, beside a price it is for sale.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from streamforge.pipelines.banner.words.dates import DATE
from streamforge.pipelines.banner.words.describing import without_style
from streamforge.pipelines.banner.words.facts import CODE, contact_spans, offer_spans
from streamforge.pipelines.banner.words.requesting import asked_somehow, request
from streamforge.pipelines.banner.words.sentences import clauses
from streamforge.pipelines.banner.words.vocabulary import DIRECT, KINDLY, NEGATIVE

DECISIVE, DOUBTFUL = 4, 3
"""From so many points a clause is for the designer: in any brief; in one that asks for a banner."""


def _words(words: str, dense: str = "") -> re.Pattern[str]:
    """Whole words of scripts with spaces, and parts of a text in scripts without."""
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)" + (f"|{dense}" if dense else ""), re.IGNORECASE)


_CRAFT = _words(
    r"logos?|cta|call[- ]to[- ]action|headlines?|sub-?heading|typefaces?|typography|fonts?|lay-?out|backgrounds?|bg|stock[- ]?(?:photos?|images?|pictures?|art)|clip ?-?arts?|comic sans|banners?|skyscraper|leaderboard|hashtags?|emojis?|"
    r"colou?r (?:scheme|palette)|brand colou?rs?|white ?space|exclamation marks?|all caps|bullet points?|gradients?|lorem ipsum|mock-?ups?|artwork|wording|text size|image of|picture of|photo of|"
    r"schrift(?:art|en|größe)?|hintergrund(?:farbe|bild)?|überschrift|schlagzeile|farbschema|hausfarben?|stockfotos?|\w+töne|werbebanner|ausrufezeichen|großbuchstaben|"
    r"logotipo|titular|tipografía|maquetación|botón|mayúsculas|color de fondo|arrière-plan|mise en page|bannière|bouton|majuscules|police de caractères|couleur de fond|sfondo|pulsante|maiuscol[eo]|"
    r"logomarca|botão|maiúsculas|cor de fundo|lettertype|achtergrond(?:kleur)?|knop|stockfoto['’]?s|hoofdletters|uitroeptekens?|czcionk\w+|tł[oae]|baner\w*|nagłówek|typsnitt|bakgrund\w*|logga\w*|logotyp\w*|bakgrunn\w*|baggrund\w*|"
    r"логотип\w*|шрифт\w*|фон(?:а|е|ом)?|баннер\w*|заголов\w+|кнопк\w*|arka ?plan\w*|yazı tipi\w*|logo\w{1,4}|(?:و?ال)?شعار|(?:ال)?خلفية|לוגו|רקע|लोगो|पृष्ठभूमि|बैकग्राउंड",
    r"โลโก้|พื้นหลัง|ฟอนต์|แบนเนอร์|ロゴ|背景|文字[はを]|フォント|バナー|字体|横幅|로고|배경|글꼴|폰트|배너",
)
_LOOK = _words(
    r"photos?|photograph(?:s|y)|pictures?|images?|imagery|illustrations?|graphics?|icons?|colou?rs?|tones?|mood|vibes?|style|text|copy|words?|letters|buttons?|design|theme|slogan|tagline|poster|ad|"
    r"fotos?|bilder?|farben?|stil|stimmung|schrift|texte?|wörter|grafik(?:en)?|knopf|imágenes|imagen|colou?res|color|estilo|tono|texto|palabras|fondo|cartel|couleurs?|ton|mots|texte|fond|affiche|immagin[ei]|color[ei]|stile|testo|parole|"
    r"imagens|imagem|cores|cor|fundo|palavras|foto['’]s|afbeelding(?:en)?|kleur(?:en)?|stijl|tekst|woorden|zdjęci\w*|kolor\w*|färger|bilder|farger|farver|цвет\w*|фото\w*|картинк\w*|стил\w*|текст\w*|renk\w*|fotoğraf\w*|"
    r"(?:ال|با)?لون|(?:ال)?ألوان|(?:ال)?صور(?:ة)?|צבע(?:ים)?|תמונ\w+|रंग|फोटो|तस्वीर",
    r"สี|รูปภาพ|色|写真|画像|文字|图片|颜色|照片|색상|사진|글씨",
)
_COLOUR = _words(
    r"red|blue|green|yellow|orange|purple|violet|pink|black|white|gr[ea]y|brown|gold(?:en)?|silver|turquoise|teal|navy|beige|pastels?|neon|dark(?:er)?|bright(?:er)?|warm|bold|minimal(?:ist)?|grungy|"
    r"\w*(?:rot|blau|grün|gelb|schwarz|weiß|grau|braun|lila|rosa|orange|türkis)(?:e[nrms]?)?|dunkel\w*|hell(?:e[nrms]?)?|roj[oa]s?|azul(?:es)?|verdes?|amarill[oa]s?|negr[oa]s?|blanc[oa]s?|gris(?:es)?|rouges?|bleu[es]*|vert[es]*|jaunes?|noir[es]*|blanc(?:he)?s?|"
    r"ross[oaie]|blu|verd[ei]|giall[oaie]|ner[oaie]|bianc(?:o|a|hi|he)|vermelh[oa]s?|amarel[oa]s?|pret[oa]s?|branc[oa]s?|rood|rode|blauwe?|groene?|gele?|zwarte?|witte?|czerwon\w+|niebiesk\w+|zielon\w+|czarn\w+|biał\w+|красн\w+|син\w+|зел[её]н\w+|ч[её]рн\w+|бел(?:ый|ого|ом|ая)|"
    r"kırmızı\w*|mavi\w*|yeşil\w*|siyah\w*|beyaz\w*|(?:ال)?أحمر|(?:ال)?أزرق|(?:ال)?أخضر|(?:ال)?أسود|(?:ال)?أبيض|אדום|כחול|שחור|लाल|नीला|काला",
    r"สีแดง|สีดำ|สีขาว|สีน้ำเงิน|赤|青|黒|白|緑|红色|蓝色|黑色|绿色|白色|빨간|파란|검은|흰색|초록",
)
_PLACE = _words(
    r"(?:top|bottom|upper|lower)[- ]?(?:left|right|cent(?:er|re)|corner|middle)(?: corner)?|(?:in|at|on|to) (?:the )?(?:top|bottom|left|right|corner|middle|background|foreground|upper|lower)(?: (?:left|right|corner))?|left[- ]aligned|cent(?:er|re)d|"
    r"(?:oben|unten)(?: (?:links|rechts|mittig))?|(?:links|rechts) (?:oben|unten)|in d(?:er|ie) (?:mitte|ecke)|en (?:haut|bas)(?: à (?:gauche|droite))?|au (?:centre|milieu)|en arrière-plan|(?:arriba|abajo)(?: (?:a|en) la (?:izquierda|derecha))?|en (?:la|una) esquina|en el centro|"
    r"in (?:alto|basso)(?: a (?:sinistra|destra))?|al centro|no (?:canto|topo|rodapé)(?: (?:superior|inferior))?(?: (?:esquerdo|direito))?|(?:links|rechts)(?:boven|onder)|(?:boven|onder)(?:aan|in)|linksboven|w (?:lewym|prawym) \w+ rogu|på toppen|i hjørnet|uppe till \w+|слева|справа|сверху|снизу|вверху|внизу|в углу|sol üst\w*|sağ üst\w*|sol alt\w*|sağ alt\w*|"
    r"في (?:ال)?(?:أعلى|أسفل|اليمين|اليسار|الزاوية|الوسط)\w*|למעלה|למטה|בפינה|ऊपर|नीचे",
    r"มุม(?:บน|ล่าง)\S*|ด้านบน|左上|右上|左下|右下|左边|右边|상단|하단|왼쪽|오른쪽",
)
_COUNT = re.compile(
    r"(?<!\w)(?:max(?:imum|imal)?\.?|(?:no|not) more than|at most|up to|under|fewer than|less than|keep (?:it )?to|nicht mehr als|höchstens|maximal|weniger als|pas plus de|au plus|moins de|no más de|máximo|menos de|non più di|massimo|al massimo|no máximo|não mais (?:de|que)|niet meer dan|hooguit|maximaal|maks\w*|не более|не больше|макс\w*|en fazla|最多|不超过)"
    r" ?(?:of )?(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty) ?(?:words?|characters?|letters?|lines?|sentences?|fonts?|colou?rs?|wörtern?|worten?|zeichen|zeilen|farben|mots|caractères|lignes|palabras|caracteres|líneas|parole|caratteri|righe|palavras|linhas|woorden|tekens|regels|słów|znaków|ord|слов\w*|символ\w*|kelime\w*|字|文字|단어|자)(?!\w)|"
    r"(?<!\w)\d+ (?:words?|characters?|wörter|worte|mots|palabras|parole|palavras|woorden) (?:max|or less|or fewer|at most|only|maximal|maximum|máximo|massimo)\b|\d+ ?(?:文字|字)(?:以内|まで)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    rf"^\W*{KINDLY}(?:{NEGATIVE} )?(?:{DIRECT})(?!\w)|^\W*{KINDLY}(?:makes?|mach(?:t|en sie)?|fai|faites?|haz|ponle|deixe?|сделай\w*|поставь\w*|размест\w+)(?!\w)|"
    r"(?<!\w)(?:verwenden|benutzen|platzieren|setzen|einbauen|weglassen|halten|nehmen|gestalten|kullanın|kullanmayın|koyun|yapın|olsun|olmasın|gebruiken|plaatsen)\W*\Z|"
    r"(?:置い|使っ|使わない|使わず|入れ|載せ|大きく|書い)\w*(?:ください|下さい|ほしい|お願い)|で(?:お願い|ください)|(?:해|넣어|사용해|써|놓아) ?주세요|(?:用|放在|写上)|ใช้|วาง",
    re.IGNORECASE,
)
_IT = re.compile(
    rf"^\W*{KINDLY}(?:make|keep|have) (?:it|this|everything|the whole thing)\b(?! (?:an?|your?|yours|happen|count|to|easy|from|in)\b)|^\W*(?:mach\w*|macht) (?:mal |bitte |doch )*(?:was|etwas|es|das)\b|^\W*fa(?:is|ites)(?: |-)(?:moi |le |nous )?(?:quelque chose|un truc)|^\W*hazlo\b|^\W*(?:not|nicht|pas|no|niet) (?:too|zu|trop|demasiado|te) \w+|^\W*(?:and |but |just )*nothing (?:too|fancy)\b",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"^\W*(?:and |but |also |so )*(?:i|we|they|he|she)(?:['’]d| would)?(?: \w+ly| also)? (?:like|love|want|prefer|need|don['’]?t want|do not want|hope)\b|^\W*(?:let['’]?s|lets) (?:push|promote|focus|highlight|mention|keep|make|use|show|go)\b|\bso let['’]?s (?:push|promote|focus|highlight|mention)\b|"
    r"^\W*(?:ich|wir) (?:möchten?|wollen|will|hätten?|brauchen?|bräuchten?|wünschen?)\b|^\W*(?:je|nous|on) (?:veux|voudrais|voulons|voudrions|souhait\w+|aimer\w+)\b|^\W*(?:queremos|quiero|nos gustaría|me gustaría|vogliamo|vorrei|vorremmo|queremos|gostaríamos|we willen|ik wil|wij willen|хотим|хочу)\b",
    re.IGNORECASE,
)
_PLEASE = _words(
    r"please|pls|plz|bitte|por favor|per favore|s['’]il (?:vous|te) pla[iî]t|svp|stp|merci d(?:e|['’])|graag|alsjeblieft|alstublieft|aub|proszę|snälla|vennligst|пожалуйста|lütfen|من فضلك|רجاءً|בבקשה|कृपया",
    r"กรุณา|ください|下さい|お願い|请|주세요",
)
_NOT = _words(
    r"no|not|without|avoid|don['’]?t|do not|never|keine?[nrms]?|ohne|nicht|pas|sans|sin|nada de|no (?:us\w+|pon\w+)|niente|senza|nessun\w*|non|sem|não|nada|geen|zonder|niet|bez|nie|inga|ingen|utan|без|никаких|не|لا|بدون|בלי|ללא|ไม่|\w+m[ae]y[ıi]n",
    r"不要|别|勿|なし|ない|使わ|없이|말아|마세요",
)
_BIG = _words(
    r"big(?:ger)?|larger?|huge|bold|prominent(?:ly)?|stands? out|pop|readable|legible|eye[- ]catching|groß|gross|größer|fett|gut lesbar|auffällig|en gros|gros|en gras|bien visibles?|bien en évidence|en grande|grandes?|destacad[oa]|in grande|in grassetto|ben visibil[ei]|em destaque|groot|vet|opvallend|крупн\w+|ярк\w+",
    r"大きく|크게",
)
_READER = _words(
    r"your?|yours|yourself|deine?[nrms]?|dich|dir|ihre?[nrms]?|euch|eure?[nrms]?|votre|vos|vous|ton|ta|tes|toi|tus?|tuyo|vuestr[oa]s?|usted(?:es)?|tuo|tua|tuoi|tue|vostr[oaie]|seus?|suas?|você|uw|jouw|je|jij|twoj\w+|din|dina|ditt|ваш\w*|тво\w+"
)
_THANKS = re.compile(
    r"^\W*(?:(?:many )?thanks|thank you|danke|vielen dank|merci|gracias|grazie|obrigad[oa]|bedankt)(?: (?:so much|again|a lot))? (?:for|für|pour|por|per|pela|voor) (?:the|your|our|a|die|das|den|dein\w*|votre|le|la|el|il|o|het|de)\b|^\W*(?:i |we )?hope (?:you|all|this|everything|u)\b|^\W*(?:as|like) (?:discussed|agreed|promised|mentioned|per our)\b|^\W*(?:ich )?hoffe,? (?:es|du|ihr|sie)\b|^\W*wie (?:besprochen|vereinbart|gewünscht)\b|^\W*(?:j['’])?espère que\b|^\W*espero que\b|^\W*spero che\b|^\W*comme convenu\b|^\W*come (?:d['’]accordo|concordato)\b|^\W*(?:fyi|btw|ps|p\.s\.)\b|"
    r"\b(?:the|our|die|der|das) (?:old|last|previous|alte|letzte) (?:banner|ad|poster|flyer|version)\b|^\W*(?:it |this |everything )?(?:must|should|has to|needs to|ought to) (?:look|feel|seem|be (?:clean|modern|simple|elegant|bold|fun|bright|dark))\b|^\W*same as (?:last|before|the)\b|^\W*(?:let me know|get back to me|call me|talk soon|speak soon|any questions|looking forward)\b|^\W*(?:actually|oh|wait|hmm+|sorry|ok|okay|well)(?:,? (?:no|wait|so|actually|sorry))*\W*$|^\W*(?:how about|what about|maybe) (?:something|a|an|the|some|like)\b|\bsomething (?:like|along the lines)\b|\b(?:they|he|she) (?:asked|told) (?:us|me)\b|\basked us (?:not )?to\b",
    re.IGNORECASE,
)
"""Talk between people who know each other; an advertisement begins no such way."""
_ABOUT_THEM = re.compile(
    r"^\W*(?:our|my|the) (?:customers?|clients?|audience|readers|followers|guests|members) (?:are|is|tend|mostly|usually)\b|^\W*(?:people|customers|clients|they) (?:often|always|usually|mostly|keep|tend)\b|^\W*(?:unsere|meine) (?:kunden|zielgruppe|gäste) (?:sind|ist)\b|^\W*nos clients sont\b|^\W*nuestros clientes son\b|^\W*i nostri clienti sono\b|\blet['’]?s (?:push|promote|focus on|highlight|mention|advertise)\b",
    re.IGNORECASE,
)
"""Whom the advertiser has, told to the designer."""
_ENSURE = re.compile(
    r"^\W*(?:please |pls |and |also )*(?:make sure|ensure|be sure|see to it|achte\w*|sorg\w*|assure[rz]|asegúr\w+|assicur\w+|zorg)\b",
    re.IGNORECASE,
)
_TABLE: tuple[tuple[re.Pattern[str], int], ...] = (
    (_COUNT, 6), (_CRAFT, 3), (_IT, 3), (_THANKS, 4), (_ABOUT_THEM, 3), (_ENSURE, 2), (_LOOK, 2), (_PLACE, 2), (_ORDERED, 2), (_WANTED, 2), (_COLOUR, 1), (_PLEASE, 1), (_BIG, 1),
    (CODE, -3),
)  # fmt: skip
"""What each feature is worth; ``_NOT`` counts beside a word of the craft or the look alone."""
_DENIAL, _FACT, _CONTACT, _TO_READER = 2, -2, -3, -2


_ONLY_WORK = re.compile(
    r"^\W*(?:an? |the |new |eine?n? |une? |una? )?(?:[\w-]+ ){0,2}(?:ads?|adverts?|advertisement|banners?|posters?|flyers?|leaflets?|anzeige|stellenanzeige|werbebanner|plakat|bannière|affiche|annonce|anuncio|cartel|locandina|volantino|annuncio|anúncio|cartaz|advertentie|annons)\W*$",
    re.IGNORECASE,
)
"""``Job ad``: what is to be made, and nothing else."""
_QUOTED = re.compile(r"(?<!\w)[\"“„«‘'](?=\S)[^\"”“»’\n]{2,90}[\"”“»’'](?!\w)")


@lru_cache(maxsize=512)
def points(text: str) -> int:
    """How much a clause sounds as if said to the designer, its quotations aside; below zero it is the reader's."""
    text = _QUOTED.sub(" ", without_style(text))
    total = sum(worth for pattern, worth in _TABLE if pattern.search(text))
    total += _TO_READER * bool(_READER.search(_PLEASE.sub(" ", text)))
    is_look = bool(_CRAFT.search(text) or _LOOK.search(text) or (_COLOUR.search(text) and _ORDERED.search(text)))
    total += DECISIVE * bool(_ONLY_WORK.match(text))
    total += _DENIAL if is_look and _NOT.search(text) else 0
    total += _FACT * (bool(offer_spans(text)) + bool(DATE.search(text)))
    return total + (_CONTACT if contact_spans(text) else 0)


def is_for_maker(text: str, *, asked: bool) -> bool:
    """Whether a clause is said to whoever makes the banner; ``asked`` where the brief asks for one."""
    return points(text) >= (DOUBTFUL if asked else DECISIVE)


def is_look(text: str) -> bool:
    """Whether a few words say nothing but how something is to look: ``precio muy grande``."""
    return bool(_BIG.search(text) or _COLOUR.search(text)) and len(text.split()) <= _FEW and not re.search(r"\d", text)


_FEW = 4
_SHOWING = (
    r"(?:mention|put|show|say|include|print|write|add|use|feature|display|list|talk about|advertise|publish|reveal)"
)
_FORBIDS = re.compile(
    rf"(?<!\w)(?:(?:do not|don['’]?t|dont|never|no need to|not to|shouldn['’]?t|should not|must ?n['’]?o?t|rather not|without) (?:\w+ly |ever |even |actually )?{_SHOWING}(?:ing)?|leave out|keep quiet about|skip)(?!\w)|(?:nicht|nirgends) (?:erwähn|nenn|zeig|druck|schreib|verwend|abbild|drauf)\w*|(?<!\w)(?:erwähn|nenn|zeig|schreib|verwend|benutz)\w*\b[^.!?]{{0,40}}\b(?:nicht|keine?[nrs]?)\b|(?<!\w)keine?[nrs]? [^.!?,]{{2,40}} (?:verwenden|benutzen|zeigen|erwähnen|nennen)\b|"
    r"(?<!\w)n(?:e |['’])(?:\w+ )?(?:mentionn|mett|montr|écri|affich|indiqu|utilis|parl)\w* (?:\w+ )?(?:pas|jamais)\b|\bne (?:surtout )?pas (?:mentionner|mettre|montrer|écrire|afficher|indiquer|utiliser|parler)|(?:sans|inutile de) (?:mentionner|préciser|indiquer)|"
    r"(?<!\w)no (?:mencion|pong|pon|inclu|mostr|muestr|escrib|us|utili|añad|habl)\w{1,6}\b|sin mencionar|no hace falta (?:mencionar|poner|decir)|(?<!\w)non (?:menzion|mett|inclu|mostr|scriv|us|indic|nomin|parl)\w{1,6}\b|senza (?:menzionare|scrivere)|(?<!\w)não (?:mencion|coloqu|inclu|mostr|escrev|us|cit|ponh|fal)\w{1,5}\b|sem mencionar|"
    r"(?<!\w)(?:vermeld|noem|toon|gebruik|zet|schrijf)\w*\b[^.!?]{0,40}\b(?:niet|geen)\b|niet (?:vermelden|noemen|tonen|gebruiken)|nie (?:wspomin|używ|umieszcz|pisz|pokaz)\w*|(?<!\w)не (?:упомина|указыва|пиш|использ|показыва|добавля|став)\w*|(?:belirt|yaz|kullan|koy|göster|bahset)m[ae]y[ıi]n|لا (?:تذكر|تستخدم|تضع|تكتب|تعرض|تظهر)\w*|אל ת\w+|"
    r"(?:書か|使わ|載せ|入れ|触れ|出さ)ない(?:で|よう)|(?:不要|别|请勿|不用)(?:提|写|用|放|出现|使用)|(?:언급|사용|쓰|넣|표시)\S{0,3} ?(?:마세요|말아|말)|(?:please|pls|bitte|so) don['’]?t\W*\Z|(?:bitte|lieber) nicht\W*\Z",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"^\W*(?:about )?(?:that|it|this|them|those|so|das|dies|es|davon|ça|cela|eso|esto|isso|isto|ciò|questo|dat|это|этого|bunu|ذلك|هذا)\b",
    re.IGNORECASE,
)


_ELLIPTIC = re.compile(r"(?:don['’]?t|nicht)\W*\Z", re.IGNORECASE)
"""``The conductor dislikes his photo, so please don't``."""


def forbids(text: str) -> bool:
    """Whether a clause says what the banner must not say or show; an advertisement that warns its reader does not."""
    match = _FORBIDS.search(text)
    return match is not None and not _READER.search(text)


def forbids_all(sentence: str) -> bool:
    """Whether it forbids what the words before it said: ``… but don't put that on it``."""
    match = _FORBIDS.search(sentence)
    if match is None or _READER.search(sentence[match.start() :]):
        return False
    return bool(_PRONOUN.match(sentence[match.end() :]) or _ELLIPTIC.search(match.group()))


def _is_direction(text: str, *, asked: bool) -> bool:
    """A request is none: what it asks for goes on."""
    return is_for_maker(text, asked=asked) and request(text) is None and asked_somehow(text) is None


_REASON = re.compile(
    r"^(?:it|they|he|she|that|this|because|since|as|es|er|sie|das|weil|denn|il|elle|ils|c['’]est|car|parce|porque|es que|está|è|perché|não|want|omdat|het|bo|он|она|это|потому)\b",
    re.IGNORECASE,
)
"""Why something must not be said is not said either."""


_BARE_NOT = re.compile(
    r"^\W*(?:and |but |und |et |y |e )?(?:no|not|nothing|never|nichts?|keine?[nrms]?|pas|rien|nada|ningun\w*|niente|senza|nessun\w*|sem|nenhum\w*|geen)(?: [^\W\d]+){1,4}\W*$",
    re.IGNORECASE,
)
"""After a direction: ``no blood``. Alone it may be a promise, as ``no contract`` is."""


def _goes_on(before: str, clause: str) -> bool:
    """Whether a clause goes on from one that was said to the designer."""
    return bool(_BARE_NOT.match(clause)) or (forbids(before) and bool(_REASON.match(clause)))


def for_reader(sentence: str, *, asked: bool) -> tuple[str, tuple[str, ...]]:
    """The sentence without its clauses to the designer, and these; whole where all or none are."""
    found = clauses(sentence)
    silent = [each for each in found if forbids(each.text) or _is_direction(each.text, asked=asked)]
    if not silent or len(silent) == len(found):
        return sentence, ()
    kept, end = [""], 0
    for before, clause in pairwise((found[0], *found)):
        if before in silent and before is not clause and _goes_on(before.text, clause.text):
            silent.append(clause)
        if clause in silent:
            kept.append("")
        else:
            kept[-1] += (sentence[end : clause.start] if kept[-1] else "") + clause.text
        end = clause.end
    return ". ".join(line for line in kept if line), tuple(each.text for each in silent)
