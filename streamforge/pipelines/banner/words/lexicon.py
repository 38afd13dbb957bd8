# ruff: noqa: E501, RUF001 - word lists read better whole; other scripts have letters that look like ours
"""What copy needs of each language besides the brief's own words: buttons by intent, and how offers are put.

A button promises nothing: it names what the reader is asked to do.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Intent = Literal[
    "buy", "order", "book", "register", "apply", "donate", "call", "visit", "try", "download", "subscribe", "tickets", "learn"
]  # fmt: skip
INTENTS: tuple[Intent, ...] = (
    "donate", "apply", "register", "tickets", "book", "call", "download", "subscribe", "try", "order", "buy", "visit", "learn",
)  # fmt: skip
"""In the order in which they are looked for: the particular before the common."""


class Lexicon(Struct, frozen=True):
    """A language: its buttons in the order of ``INTENTS``, the words that show an intent, and words around an offer.

    ``offer`` is a pattern of discounts and gifts; ``leads`` are words that may stand between an offer and what it is
    on, and mean nothing alone.
    """

    buttons: tuple[str, ...]
    shows: dict[Intent, str]
    offer: str = ""
    leads: str = ""

    def button(self, intent: Intent) -> str:
        """The button's words."""
        return self.buttons[INTENTS.index(intent)]

    def intent(self, text: str) -> Intent | None:
        """What the text asks the reader to do, in this language."""
        return next((i for i in INTENTS if i in self.shows and re.search(self.shows[i], text, re.IGNORECASE)), None)


_N = r"(?:[\d٠-٩]+(?:[.,][\d٠-٩]+)?)"
_P = rf"{_N} ?[%٪%]"

LEXICONS: dict[str, Lexicon] = {
    "de": Lexicon(
        ("Jetzt spenden", "Jetzt bewerben", "Jetzt anmelden", "Tickets sichern", "Jetzt buchen", "Jetzt anrufen",
         "Herunterladen", "Jetzt abonnieren", "Jetzt testen", "Jetzt bestellen", "Jetzt kaufen", "Jetzt besuchen", "Mehr erfahren"),
        {"donate": r"\bspende", "apply": r"\bbewerb|\bwir suchen\b|\(m/w/d\)", "register": r"\banmeld|\bregistr", "tickets": r"\b(?:tickets?|karten)\b",
         "book": r"\bbuch(?:en|t|ung)|\breserv|\btermin", "call": r"\banruf|\bruf(?:en|t)? (?:sie )?(?:uns )?an\b", "download": r"\bherunterlad|\bdownload",
         "subscribe": r"\babonn|\babo\b", "try": r"\bprobe|\btest(?:en|et)?\b", "order": r"\bbestell", "buy": r"\bkauf|\brabatt|\bshop", "visit": r"\bbesuch|\bkomm\w* vorbei|\bausstellung"},
        rf"(?:bis zu )?(?<![\w.,]){_P} (?:rabatt|nachlass|günstiger|reduziert)\b|\bgratis(?! \w+ \w+ \w+)(?: \w+)?|\bkostenlose\w? \w+",
        r"auf|bei|für|zum|zur",
    ),
    "fr": Lexicon(
        ("Faire un don", "Postuler", "S’inscrire", "Réserver ma place", "Réserver", "Nous appeler", "Télécharger", "S’abonner",
         "Essayer", "Commander", "Acheter", "Venir nous voir", "En savoir plus"),
        {"donate": r"\bdons?\b|\bdonner\b", "apply": r"\bpostul|\brecrut|\bcandidat", "register": r"\binscri", "tickets": r"\bbillets?\b", "book": r"\bréserv",
         "call": r"\bappel(?:ez|er)\b", "download": r"\btélécharg", "subscribe": r"\babonn", "try": r"\bessa[iy]", "order": r"\bcommand(?:e|ez|er)\b",
         "buy": r"\bachet|\bsoldes\b|\bremise", "visit": r"\bvisit|\bvenez\b|\bfaire venir|\bouvr|\bouverture|\bexposition"},
        rf"(?:jusqu['’]à )?-? ?{_P}(?: de (?:remise|réduction))?|\b\w+ (?:gratuite?|offerte?)s?\b",
        r"sur|de|des|pour",
    ),
    "es": Lexicon(
        ("Donar ahora", "Solicitar", "Inscribirse", "Comprar entradas", "Reservar", "Llamar ahora", "Descargar", "Suscribirse",
         "Probar", "Pedir ahora", "Comprar", "Visítanos", "Más información"),
        {"donate": r"\bdon(?:a|ar|ación|aciones)\b", "apply": r"\bbuscamos\b|\bsolicit|\bempleo|\bpostul", "register": r"\binscri|\bregístr|\bapúnt", "tickets": r"\bentradas\b",
         "book": r"\breserv", "call": r"\bllam(?:a|e|en|ar)\b", "download": r"\bdescarg", "subscribe": r"\bsuscri", "try": r"\bprueb(?!as? de)|\bprobar",
         "order": r"\bpide\b|\bpedir\b|\bencarg", "buy": r"\bcompr|\bdescuento|\brebajas", "visit": r"\bvisit|\bven(?: a)?\b|\bapertura|\bexposición"},
        rf"(?:hasta (?:un )?)?-? ?{_P}(?: de descuento| dto\.?)?|\b[\w-]+(?: [\w-]+)? gratis\b",
        r"en|sobre|de|para",
    ),
    "it": Lexicon(
        ("Dona ora", "Candidati", "Iscriviti", "Acquista i biglietti", "Prenota ora", "Chiamaci", "Scarica", "Abbonati", "Prova ora",
         "Ordina ora", "Acquista", "Vieni a trovarci", "Scopri di più"),
        {"donate": r"\bdona(?:re|zion|\b)", "apply": r"\bcandid|\bassum|\bcerchiamo\b", "register": r"\biscri|\bregistr", "tickets": r"\bbigliett", "book": r"\bprenot",
         "call": r"\bchiam", "download": r"\bscaric", "subscribe": r"\babbon", "try": r"\bprova", "order": r"\bordin", "buy": r"\bacquist|\bcompr|\bsconto|\bsaldi",
         "visit": r"\bvisit|\bvieni\b|\bapertura|\bmostra\b|\binvitare"},
        rf"(?:fino al |sconto del )?-? ?{_P}(?: di sconto)?|\bun[ao']? ?\w+ gratis\b|\b\w+ gratuit[oaie]\b",
        r"su|sui|sulle|su tutt[ie]|per|di",
    ),
    "pt": Lexicon(
        ("Doar agora", "Candidatar-se", "Inscrever-se", "Comprar bilhetes", "Reservar", "Ligue já", "Descarregar", "Assinar", "Experimentar",
         "Encomendar", "Comprar", "Visite-nos", "Saiba mais"),
        {"donate": r"\bdo(?:e|ar|ação|ações)\b", "apply": r"\bcandidat|\bvagas?\b|\bcontratamos", "register": r"\binscr|\binscrições", "tickets": r"\bbilhetes|\bingressos", "book": r"\breserv|\bmarque|\bagende",
         "call": r"\bligu?e\b", "download": r"\bdescarreg|\bbaix(?:e|ar)\b", "subscribe": r"\bassin", "try": r"\bexperiment", "order": r"\bencomend|\bpeça\b",
         "buy": r"\bcompr|\bdesconto|\bsaldos|\bpromoção", "visit": r"\bvisit|\bvenha\b|\bexposição|\binauguração"},
        rf"(?:até )?-? ?{_P}(?: de desconto)?|\b\w+ (?:grátis|gratuit[oa]s?)\b",
        r"em|sobre|de|para",
    ),
    "nl": Lexicon(
        ("Doneer nu", "Solliciteer nu", "Schrijf je in", "Koop tickets", "Reserveer nu", "Bel ons", "Download nu", "Abonneer je", "Probeer het uit",
         "Bestel nu", "Koop nu", "Kom langs", "Meer weten"),
        {"donate": r"\bdone|\bgeef\b", "apply": r"\bsollicit|\bvacature|\bwij zoeken", "register": r"\binschrijv|\bschrijf je in|\baanmeld", "tickets": r"\btickets?\b|\bkaartjes", "book": r"\breserv|\bboek\b|\bboeken\b|\bafspraak",
         "call": r"\bbel\b", "download": r"\bdownload", "subscribe": r"\babonn", "try": r"\bproef|\bprobe", "order": r"\bbestel", "buy": r"\bkoop|\bkorting|\bkopen",
         "visit": r"\bkom langs|\bbezoek|\bnaar de winkel|\bopening|\btentoonstelling"},
        rf"(?:tot )?{_P} korting\b|\bgratis \w+",
        r"op|bij|voor",
    ),
    "pl": Lexicon(
        ("Wesprzyj", "Aplikuj", "Zapisz się", "Kup bilety", "Zarezerwuj", "Zadzwoń", "Pobierz", "Subskrybuj", "Wypróbuj", "Zamów", "Kup teraz", "Odwiedź nas", "Dowiedz się więcej"),
        {"donate": r"\bwesprzyj|\bwpłać|\bdarowizn", "apply": r"\baplikuj|\bpraca\b|\bszukamy", "register": r"\bzapis|\brejestr", "tickets": r"\bbilet", "book": r"\brezerw|\bumów", "call": r"\bzadzwoń",
         "download": r"\bpobierz", "subscribe": r"\bsubskryb", "try": r"\bwypróbuj", "order": r"\bzamów", "buy": r"\bkup|\bzakup|\brabat|\bzniżk", "visit": r"\bodwied|\bwystaw"},
        rf"(?:do )?-? ?{_P} (?:zniżki|rabatu)\b|\b\w+ gratis\b",
        r"na|do|dla",
    ),
    "sv": Lexicon(
        ("Skänk nu", "Ansök nu", "Anmäl dig", "Köp biljetter", "Boka nu", "Ring oss", "Ladda ner", "Prenumerera", "Prova nu", "Beställ nu", "Köp nu", "Besök oss", "Läs mer"),
        {"donate": r"\bskänk|\bgåva", "apply": r"\bansök|\bvi söker", "register": r"\banmäl", "tickets": r"\bbiljett", "book": r"\bboka", "call": r"\bring\b", "download": r"\bladda ner",
         "subscribe": r"\bprenumer", "try": r"\bprova", "order": r"\bbeställ", "buy": r"\bköp|\brabatt|\brea\b|\bhandla", "visit": r"\bbesök|\butställning"},
        rf"(?:upp till )?{_P} rabatt\b|\bgratis \w+|\bfri \w+", r"på|för",
    ),
    "no": Lexicon(
        ("Gi nå", "Søk nå", "Meld deg på", "Kjøp billetter", "Bestill time", "Ring oss", "Last ned", "Abonner", "Prøv nå", "Bestill nå", "Kjøp nå", "Besøk oss", "Les mer"),
        {"donate": r"\bgave\b|\bstøtt", "apply": r"\bsøk\b|\bvi søker", "register": r"\bmeld deg|\bpåmeld", "tickets": r"\bbillett", "book": r"\btime\b|\bbook", "call": r"\bring\b", "download": r"\blast ned",
         "subscribe": r"\babonn", "try": r"\bprøv", "order": r"\bbestill", "buy": r"\bkjøp|\brabatt|\bsalg\b|\bhandle", "visit": r"\bbesøk|\butstilling"},
        rf"(?:opptil )?{_P} rabatt\b|\bgratis \w+", r"på|for",
    ),
    "da": Lexicon(
        ("Støt nu", "Søg nu", "Tilmeld dig", "Køb billetter", "Book nu", "Ring til os", "Hent nu", "Abonner", "Prøv nu", "Bestil nu", "Køb nu", "Besøg os", "Læs mere"),
        {"donate": r"\bstøt", "apply": r"\bsøg\b|\bansøg|\bvi søger", "register": r"\btilmeld", "tickets": r"\bbillet", "book": r"\bbook", "call": r"\bring\b", "download": r"\bhent\b", "subscribe": r"\babonn",
         "try": r"\bprøv", "order": r"\bbestil", "buy": r"\bkøb|\brabat|\budsalg", "visit": r"\bbesøg|\budstilling"},
        rf"(?:op til )?{_P} rabat\b|\bgratis \w+", r"på|for",
    ),
    "ro": Lexicon(
        ("Donează acum", "Aplică acum", "Înscrie-te", "Cumpără bilete", "Rezervă acum", "Sună-ne", "Descarcă", "Abonează-te", "Încearcă acum", "Comandă acum", "Cumpără acum", "Vizitează-ne", "Află mai multe"),
        {"donate": r"\bdone", "apply": r"\baplic|\bangajăm", "register": r"\bînscri", "tickets": r"\bbilete", "book": r"\brezerv", "call": r"\bsun[ăa]", "download": r"\bdescarc", "subscribe": r"\babon",
         "try": r"\bîncearc", "order": r"\bcomand", "buy": r"\bcump[ăa]r|\breducer|\bofert", "visit": r"\bvizit|\bexpoziți"},
        rf"(?:până la )?-? ?{_P} reducere\b|\breducere (?:de )?(?:până la )?{_P}", r"la|pe|pentru",
    ),
    "cs": Lexicon(
        ("Darovat", "Přihlásit se", "Registrovat", "Koupit vstupenky", "Rezervovat", "Zavolejte nám", "Stáhnout", "Odebírat", "Vyzkoušet", "Objednat", "Koupit", "Navštivte nás", "Zjistit více"),
        {"donate": r"\bdaruj|\bpřispě", "apply": r"\bhledáme\b|\bpráce\b", "register": r"\bregistr|\bpřihl", "tickets": r"\bvstupenk", "book": r"\brezerv|\bobjednejte se", "call": r"\bzavol|\bvolejte", "download": r"\bstáhn",
         "try": r"\bvyzkou", "order": r"\bobjedn", "buy": r"\bkup|\bnákup|\bslev|\bvýprodej", "visit": r"\bnavštiv|\bvýstav"},
        rf"(?:až )?-? ?{_P} sleva\b|\bsleva (?:až )?{_P}|\bzdarma\b", r"na|pro",
    ),
    "tr": Lexicon(
        ("Bağış yap", "Başvur", "Kayıt ol", "Bilet al", "Yer ayır", "Bizi ara", "İndir", "Abone ol", "Hemen dene", "Sipariş ver", "Satın al", "Bizi ziyaret et", "Daha fazla bilgi"),
        {"donate": r"bağış", "apply": r"başvur", "register": r"kayıt|kaydol", "tickets": r"bilet", "book": r"rezerv|randevu", "call": r"\bara(?:yın)?\b", "download": r"indir(?:in)?\b", "subscribe": r"abone",
         "try": r"dene", "order": r"sipariş", "buy": r"satın|indirim", "visit": r"ziyaret|sergi"},
        rf"%{_N}(?:['’]\w+)?(?: varan)? indirim\b|\bücretsiz \w+",
    ),
    "cyrillic": Lexicon(
        ("Помочь", "Откликнуться", "Записаться", "Купить билеты", "Забронировать", "Позвонить", "Скачать", "Подписаться", "Попробовать", "Заказать", "Купить", "Посетить", "Подробнее"),
        {"donate": r"пожертв|помог", "apply": r"ваканси|ищем|отклик", "register": r"регистр|запис", "tickets": r"билет", "book": r"брони", "call": r"звони", "download": r"скача", "subscribe": r"подпис",
         "try": r"попроб", "order": r"закаж|заказ", "buy": r"купи|скидк|покупател|распродаж", "visit": r"посет|приход|выставк"},
        rf"скидк[аи] (?:до )?{_P}|{_P} скидк[аи]|бесплатн\w+ \w+",
        r"на|в|для",
    ),
    "ukrainian": Lexicon(
        ("Підтримати", "Відгукнутися", "Записатися", "Купити квитки", "Забронювати", "Зателефонувати", "Завантажити", "Підписатися", "Спробувати", "Замовити", "Купити", "Завітати", "Дізнатися більше"),
        {"donate": r"пожертв|підтрим", "apply": r"ваканс|шукаємо", "register": r"реєстр|запис|курс", "tickets": r"квит", "book": r"брон", "call": r"телефонуй|дзвон", "download": r"завантаж", "subscribe": r"підпис",
         "try": r"спроб", "order": r"замов", "buy": r"купу|купи|знижк|розпродаж", "visit": r"завіта|виставк|відвід"},
        rf"знижк[аи] (?:до )?{_P}|{_P} знижк[аи]",
        r"на|в|для|у",
    ),
    "persian": Lexicon(
        ("کمک کنید", "درخواست دهید", "ثبت‌نام کنید", "خرید بلیت", "رزرو کنید", "تماس بگیرید", "دانلود کنید", "عضو شوید", "امتحان کنید", "سفارش دهید", "خرید کنید", "از ما دیدن کنید", "بیشتر بدانید"),
        {"donate": r"کمک به|اهدا", "apply": r"استخدام", "register": r"ثبت ?‌?نام", "tickets": r"بلیت|بلیط", "book": r"رزرو|نوبت", "call": r"تماس", "download": r"دانلود", "subscribe": r"اشتراک",
         "order": r"سفارش", "buy": r"خرید|فروش|تخفیف|حراج", "visit": r"نمایشگاه|افتتاح|بازدید"},
        r"[\d۰-۹]+ ?[%٪] تخفیف",
    ),
    "hu": Lexicon(
        ("Támogatom", "Jelentkezem", "Regisztrálok", "Jegyvásárlás", "Foglalás", "Hívjon minket", "Letöltés", "Feliratkozás", "Kipróbálom", "Megrendelem", "Vásárlás", "Látogasson el", "Tudjon meg többet"),
        {"donate": r"\badomány|\btámogat", "apply": r"\bállás|\bkeresünk", "register": r"\bregisztr|\bjelentkez", "tickets": r"\bjegy", "book": r"\bfoglal|\bwellness|\bszállás", "call": r"\bhívj", "download": r"\bletölt",
         "subscribe": r"\bfeliratk|\belőfizet", "try": r"\bpróbál", "order": r"\brendel", "buy": r"\bvásárol|\bkedvezmény|\bakció", "visit": r"\blátogas|\bkiállít|\bnyitás"},
        rf"{_P}(?:-os)? kedvezmény",
    ),
    "fi": Lexicon(
        ("Lahjoita", "Hae nyt", "Ilmoittaudu", "Osta liput", "Varaa nyt", "Soita meille", "Lataa", "Tilaa", "Kokeile", "Tilaa nyt", "Osta nyt", "Tule käymään", "Lue lisää"),
        {"donate": r"\blahjoit", "apply": r"\bhae\b|\betsimme", "register": r"\bilmoittau", "tickets": r"\blip[pu]", "book": r"\bvaraa|\bvaraus", "call": r"\bsoita", "download": r"\blataa",
         "try": r"\bkokeil", "order": r"\btilaa", "buy": r"\bosta|\balennu|\btarjous|\bale\b", "visit": r"\btule\b|\bnäyttely|\bavajais"},
        rf"{_P} alennus|-{_P}",
    ),
    "vi": Lexicon(
        ("Quyên góp ngay", "Ứng tuyển ngay", "Đăng ký ngay", "Mua vé", "Đặt ngay", "Gọi ngay", "Tải về", "Đăng ký", "Dùng thử", "Đặt hàng", "Mua ngay", "Ghé thăm", "Tìm hiểu thêm"),
        {"donate": r"quyên góp", "apply": r"tuyển dụng|ứng tuyển", "register": r"đăng ký|ghi danh", "tickets": r"\bvé\b", "book": r"đặt (?:bàn|chỗ|phòng|lịch)", "call": r"\bgọi\b", "download": r"tải (?:về|ứng)",
         "try": r"dùng thử", "order": r"đặt (?:hàng|món)", "buy": r"\bmua\b|giảm|khuyến mãi", "visit": r"ghé|khai trương|triển lãm"},
    ),
    "id": Lexicon(
        ("Donasi sekarang", "Lamar sekarang", "Daftar sekarang", "Beli tiket", "Pesan sekarang", "Hubungi kami", "Unduh", "Berlangganan", "Coba sekarang", "Pesan sekarang", "Beli sekarang", "Kunjungi kami", "Selengkapnya"),
        {"donate": r"\bdonasi", "apply": r"\blowongan|\blamar", "register": r"\bdaftar", "tickets": r"\btiket", "book": r"\breservasi|\bbooking", "call": r"\bhubungi|\btelepon", "download": r"\bunduh",
         "try": r"\bcoba\b", "order": r"\bpesan", "buy": r"\bbeli\b|\bdiskon|\bpromo", "visit": r"\bkunjungi|\bpameran|\bpembukaan"},
        rf"diskon (?:hingga )?{_P}|gratis \w+", r"untuk|di",
    ),
    "greek": Lexicon(
        ("Κάντε δωρεά", "Κάντε αίτηση", "Εγγραφείτε", "Εισιτήρια", "Κάντε κράτηση", "Καλέστε μας", "Κατεβάστε", "Συνδρομή", "Δοκιμάστε", "Παραγγείλτε", "Αγοράστε", "Επισκεφθείτε μας", "Μάθετε περισσότερα"),
        {"donate": r"δωρεά", "apply": r"αίτηση|ζητούμε", "register": r"εγγραφ", "tickets": r"εισιτήρ", "book": r"κράτηση|κλείστε", "call": r"καλέστε|τηλεφ", "download": r"κατεβ", "try": r"δοκιμ", "order": r"παραγγ",
         "buy": r"αγορ|έκπτωση|εκπτώσεις", "visit": r"επισκ|ελάτε|έκθεση"},
        rf"(?:έως )?-?{_P} έκπτωση|έκπτωση (?:έως )?{_P}|δωρεάν \w+",
    ),
    "arabic": Lexicon(
        ("تبرع الآن", "قدّم الآن", "سجّل الآن", "احجز تذكرتك", "احجز الآن", "اتصل بنا", "حمّل الآن", "اشترك الآن", "جرّب الآن", "اطلب الآن", "تسوق الآن", "زورونا", "اعرف المزيد"),
        {"donate": r"تبرع", "apply": r"وظائف|وظيفة|قد[ّ]?م الآن", "register": r"سج[ّ]?ل|تسجيل", "tickets": r"تذاكر|تذكرة", "book": r"احجز|حجز|موعد", "call": r"اتصل", "download": r"حم[ّ]?ل", "subscribe": r"اشترك|اشتراك",
         "try": r"جر[ّ]?ب", "order": r"اطلب", "buy": r"تسوق|اشتر|شراء|خصم|تخفيض", "visit": r"زورونا|زيارة|معرض|افتتاح"},
        rf"خصم (?:يصل إلى )?{_P}|تخفيضات (?:تصل إلى )?{_P}|{_P} خصم|فحص\w* مجاني\w*|\w+ مجاني(?:ة)?",
        r"على|من|في|لـ",
    ),
    "hebrew": Lexicon(
        ("לתרומה", "להגשת מועמדות", "להרשמה", "לרכישת כרטיסים", "להזמנת מקום", "להתקשר", "להורדה", "להצטרפות", "לניסיון", "להזמנה", "לרכישה", "בואו לבקר", "לפרטים נוספים"),
        {"donate": r"תרומ|לתרום", "apply": r"דרוש|משרה|קורות חיים", "register": r"הרשמ|הירשמ", "tickets": r"כרטיס", "book": r"(?:להזמין|הזמינו) (?:מקום|שולחן|חדר|תור)|תור\b", "call": r"התקשר|חייגו", "download": r"הורד", "try": r"נסו|ניסיון", "order": r"הזמינו",
         "buy": r"רכיש|קנ[וי]|הנחה|מבצע|לקנות", "visit": r"בואו|לבוא|בקר|פסטיבל|תערוכה|פתיחה"},
        rf"(?:עד )?{_P} הנחה|הנחה של (?:עד )?{_P}|כניסה (?:חופשית|חינם)|\w+ חינם",
        r"על|של|ב",
    ),
    "hindi": Lexicon(
        ("दान करें", "आवेदन करें", "पंजीकरण करें", "टिकट लें", "बुक करें", "कॉल करें", "डाउनलोड करें", "सदस्य बनें", "आज़माएँ", "ऑर्डर करें", "अभी खरीदें", "हमसे मिलें", "और जानें"),
        {"donate": r"दान", "apply": r"आवेदन|भर्ती|नौकरी", "register": r"पंजीकर|नामांकन", "tickets": r"टिकट", "book": r"बुक|आरक्ष", "call": r"कॉल|फ़?ोन करें", "download": r"डाउनलोड", "try": r"आज़मा", "order": r"ऑर्डर",
         "visit": r"आएँ|आएं|पधार|शोरूम|मेला|प्रदर्शनी", "buy": r"खरीद|छूट|सेल"},
        rf"{_P} (?:की |तक की )?छूट|(?:मुफ़?्त|निःशुल्क) \S+",
        r"पर|में|के लिए|की",
    ),
    "thai": Lexicon(
        ("บริจาค", "สมัครเลย", "ลงทะเบียน", "ซื้อบัตร", "จองเลย", "โทรเลย", "ดาวน์โหลด", "สมัครสมาชิก", "ทดลองใช้", "สั่งเลย", "ช้อปเลย", "แวะมาเลย", "ดูเพิ่มเติม"),
        {"donate": r"บริจาค", "apply": r"รับสมัครงาน|สมัครงาน", "register": r"ลงทะเบียน", "tickets": r"บัตรเข้า|ซื้อบัตร", "book": r"จอง", "call": r"โทร", "download": r"ดาวน์โหลด", "try": r"ทดลอง", "order": r"สั่ง", "buy": r"ซื้อ|ช้อป|ลด", "visit": r"แวะ|เยี่ยมชม|นิทรรศการ"},
        rf"ลด(?:สูงสุด)? ?{_P}|ส่วนลด ?{_P}|ฟรี\S*",
    ),
    "kana": Lexicon(
        ("寄付する", "応募する", "申し込む", "チケットを見る", "予約する", "電話する", "ダウンロード", "登録する", "試してみる", "注文する", "購入する", "訪れる", "詳しくはこちら"),
        {"donate": r"寄付|募金", "apply": r"求人|採用|応募", "register": r"申し?込|参加", "tickets": r"チケット", "book": r"予約", "call": r"お?電話", "download": r"ダウンロード", "try": r"体験|お試し", "order": r"注文", "buy": r"購入|セール|オフ|割引|販売", "visit": r"来店|開催|展覧会|オープン"},
        rf"(?:最大)?{_P}(?:オフ|OFF|割引|引き)|\d+割引き?|送料無料",
    ),
    "cjk": Lexicon(
        ("立即捐赠", "立即申请", "立即报名", "立即购票", "立即预订", "立即致电", "立即下载", "立即订阅", "立即试用", "立即订购", "立即选购", "欢迎光临", "了解更多"),
        {"donate": r"捐", "apply": r"招聘|应聘", "register": r"报名|注册", "tickets": r"门票|购票", "book": r"预[订约定]", "call": r"致电|拨打", "download": r"下载", "subscribe": r"订阅", "try": r"试用|体验", "order": r"订购|下单", "buy": r"购|折|优惠|特价", "visit": r"光临|展览|开业"},
        rf"(?:低至)?[\d一二三四五六七八九十.]+折|(?:立减|优惠|最高减) ?{_P}|免费\w{{0,4}}|包邮",
    ),
    "hangul": Lexicon(
        ("기부하기", "지원하기", "신청하기", "예매하기", "예약하기", "전화하기", "다운로드", "구독하기", "체험하기", "주문하기", "구매하기", "방문하기", "자세히 보기"),
        {"donate": r"기부|후원", "apply": r"채용|지원", "register": r"신청|등록|참가", "tickets": r"예매|입장권", "book": r"예약", "call": r"전화", "download": r"다운로드", "subscribe": r"구독", "try": r"체험", "order": r"주문", "buy": r"구매|할인|특가|세일|쇼핑", "visit": r"방문|오픈|전시"},
        rf"(?:최대 )?{_P} ?할인|무료 ?\S+",
    ),
}  # fmt: skip
_ENGLISH: dict[Intent, str] = {
    "donate": r"\bdonat", "apply": r"\bappl(?:y|ication)|\bhir(?:e|ing)\b|\bcandidates?\b", "register": r"\bregist|\benrol|\bsign up", "tickets": r"\btickets?\b", "book": r"\bbook(?:ing)?\b|\breserv|\bappointment",
    "call": r"\bcall\b|\bphone\b", "download": r"\bdownload", "subscribe": r"\bsubscri", "try": r"\btry\b|\btest\b", "order": r"\border", "buy": r"\bbuy|\bpurchas|\bshop\b|\bsales?\b",
    "visit": r"\bvisit|\bcome\b|\battend", "learn": r"\blearn|\binform|\baware",
}  # fmt: skip


def button_for(language: str, purpose: str, prompt: str) -> str:
    """The button for what purpose or brief ask of the reader; empty in a language there is no lexicon of."""
    lexicon = LEXICONS.get(language)
    if lexicon is None:
        return ""
    english: Intent | None = next(
        (i for i in INTENTS if i in _ENGLISH and re.search(_ENGLISH[i], purpose, re.IGNORECASE)), None
    )
    intent: Intent = lexicon.intent(purpose) or english or lexicon.intent(prompt) or "learn"
    return lexicon.button(intent)
