# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""Words by which people speak to whoever makes a banner, in a dozen languages, as alternatives of patterns.

They are read together: a brief may be written in one language for an advertisement in another. What a shop might as well
say to its customers (``pub``, ``story``) is left out.
"""

WORK = (
    r"(?:algo|quelque chose|qualcosa|etwas|was|iets|något|noe|noget)(?= (?:para|pour|per|für|voor|för|til) (?:insta|facebook|fb|whatsapp|tiktok|linkedin|google))|promos?(?= (?:for|4) (?:my|our|the|a)\b)|trucs?|banderoles?|pancart[ae]|striscion[ei]|spandoek|banners?|ads?|adverts?|advertisements?|posters?|flyers?|flyer style image|leaflets?|graphics?|creatives?|visuals?|leaderboards?|thumbnails?|"
    r"(?:instagram|insta|facebook|fb|linkedin|social media|twitter|tiktok|whatsapp|google) (?:posts?|stor(?:y|ies)|ads?|covers?|headers?)|designs?|images?|pictures?|something|smth|sth|stor(?:y|ies)|posts?|imagem|imagen|campaign|petite pub|une pub|"
    r"werbebanner|anzeigen?|werbung|plakate?|werbegrafik|grafik|beitrag|bannières?|affiches?|visuel|publicité|encart|prospectus|"
    r"anuncios?|cartel(?:es)?|póster|folleto|publicidad|banery?|baner|plakat|reklam[aęy]|grafik[aęi]|ulotk[aęi]|locandin[ae]|volantin[oi]|grafica|manifesto|inserzione|"
    r"anúncios?|cartaz|panfleto|flyerek|advertenties?|affiche|poster|annons(?:er)?|affisch|annonce|bannere?|plakát|hirdetés|juliste|mainos|"
    r"баннер\w*|реклам\w*|плакат\w*|афиш\w*|постер\w*|банер\w*|оголошення|afiş|ilan|reklam|görsel|logotyp|"
    r"αφίσα|διαφήμιση|بانر|إعلان(?:اً|ا)?|ملصق|تصميم|بنر|پوستر|آگهی|באנר|מודעה|פלייר|बैनर|विज्ञापन|पोस्टर|แบนเนอร์|โปสเตอร์|バナー|ポスター|横幅|海报|广告|배너|포스터|광고|tấm áp phích|áp phích|spanduk|iklan"
)
"""What is asked for. ``pub`` and ``story`` alone are words of the trade, not of the request."""
ASKING = (
    r"(?:can|could|would|will) (?:you|u|someone|anyone|we|i)|bitte|per favore|por favor|s['’]il vous pla[iî]t|svp|please|pls|plz|kindly|i(?:['’]d| would)? ?(?:need|want|like|require)|we(?:['’]d| would)? ?(?:need|want|like|require)|(?:i['’]m |we['’]re |i am |we are )?looking for|need(?:ed|s)?|wanted|"
    r"(?:create|creating|design|make|making|generate|produce|build|draw|craft|do|give)(?: me| us)?|for (?:me|us)|"
    r"bräuchten?|brauche|(?:brauchen|bräuchten|benötigen) wir|(?:ich|wir) (?:bräuchten?|brauchen?|möchten?|suchen?|hätten? gern\w*|wünschen?)|(?:bitte )?(?:erstell\w*|gestalte\w*|entw[ei]rf\w*|mach\w*|designe\w*)|könn(?:t|en|test)\w* (?:ihr|sie|du)|gesucht|"
    r"pou(?:vez|rriez|rrais|x)[- ](?:vous|tu)|(?:tu p(?:eux|ourrais)|vous pou(?:vez|rriez)) (?:me|nous) (?:faire|créer|préparer)|je (?:voudrais|souhaite\w*|veux|cherche)|nous (?:voudrions|souhait\w+|voulons|cherchons)|il (?:faudrait|me faut|nous faut)|besoin d|(?:crée[zr]?|réalise[zr]?|concevez|faites|faire)|"
    r"necesit\w+|quiero|queremos|quisiera|me gustaría|pued\w+ hacer\w*|podéis hacer\w*|haz(?:me|nos)?|crea(?:r|d)?|diseñ\w+|hag\w+|busco|"
    r"on (?:cherche|voudrait|aimerait|a besoin)|(?:mi|ci) serv\w+|serve(?= un)|vorre\w+|ho bisogno|abbiamo bisogno|potre\w+|pote\w+|fa(?:te|i|mmi|teci)|crea(?:te|re)?|realizz\w+|"
    r"precis\w+|gostar\w+|quero|queremos|pod\w+ fazer|faç\w+|fazer|cri(?:e|ar|em)|"
    r"(?:ik|wij|we) (?:zoek\w*|wil\w*|heb\w* .{0,12}nodig)|maak|ontwerp|graag|nodig|potrzebuj\w+|proszę|chciał\w+|zrób\w*|przygotuj\w*|"
    r"behöver|vill ha|skapa|gör|trenger|ønsker|lag|lav|har brug for|нуж(?:ен|на|но|ны)|сделай\w*|создай\w*|хотим|хочу|потріб\w+|зробіть|lazım|istiyor\w*|hazırla\w*|yap(?:ar|ın)\w*|rica|"
    r"χρειάζ\w+|θέλ\w+|φτιάξ\w+|و?(?:أريد|نريد|أحتاج|نحتاج)|صمم\w*|اصنع|می‌?خواه\w+|لازم|צריכ?ה?|רוצים?|תכינו|תעצבו|चाहिए|बनाएं|बनाइए|बना|ต้องการ|ช่วยทำ|อยากได้|作って|欲しい|お願い|制作|需要|做一[张个]|设计|만들어|필요|cần|làm giúp|butuh|buatkan|szeretn\w+|kér\w+|készíts\w*|tarvits\w+|tee\b|nevoie|dorim|aș vrea"
)
STRICT = (
    r"banners?|ads?|adverts?|advertisements?|posters?|flyers?|leaflets?|werbebanner|anzeige|plakat|bannière|affiche|anuncio|cartel|locandina|volantino|anúncio|"
    r"cartaz|affisch|annons|annonce"
)
"""Words that mean nothing but what is asked for; a design or a picture may also be on sale."""
PLACES = r"(?:insta(?:gram)?|ig|fb|facebook|whatsapp(?: status)?|tiktok|x|twitter|linkedin|youtube|google|social(?: media)?|tonight|today|tomorrow|this week(?:end)?|pinterest|etsy|print|(?:our|my|the) (?:web ?site|homepage|web ?page|shop window|page|feed|instagram|facebook))"
DESIGN = (
    r"clich[ée]s?|stock ?fotos?|colou?rs?|colou?r scheme|palette|background|layout|font|fonts|typography|logo|logos|stock photos?|photos?|photograph|pictures?|images?|imagery|illustrations?|graphics?|icons?|mood|tone|tones|vibe|vibes|look and feel|feel|feeling|style|atmosphere|aesthetics?|"
    r"design|designs|theme|headline|tagline|slogan|text|wording|copy|typeface|contrast|white space|jargon|emojis?|call to action|cta|button|banner|ad|poster|flyer|pastel|sepia|minimalist|eye-catching|competitors|"
    r"farben?|farbtöne?|hintergrund|schrift(?:art)?|bilder|bild|fotos?|stil|stimmung|ton|gestaltung|optik|überschrift|"
    r"couleurs?|arrière-plan|police|ambiance|ton|tons|mise en page|accroche|colores|color|fondo|tipografía|estilo|tonos?|ambiente|diseño|imagen|foto|fotos|"
    r"colori|colore|sfondo|carattere|stile|toni|immagin[ei]|cores|cor|fundo|imagem|imagens|tom|kleuren|kleur|achtergrond|lettertype|stijl|sfeer|afbeelding|"
    r"kolory|kolor|kolorach|tło|czcionka|styl|zdjęci\w+|färger|bakgrund|typsnitt|stil|farger|farver|цвет\w*|фон\w*|шрифт\w*|стил\w*|фото\w*|картинк\w*|логотип\w*|renk\w*|arka plan|"
    r"ألوان|خلفية|شعار|صورة|رنگ|پس‌?زمینه|צבעים|רקע|לוגו|तस्वीर|रंग|โลโก้|สี|ロゴ|背景|色|颜色|标志|图片|로고|배경|색상"
)
DIRECT = (
    r"use|using|include|add|put|place|keep|make|ensure|avoid|incorporate|show|feature|display|depict|have|convey|write|insert|apply|set|choose|go for|ignore|disregard|leave out|render|print|crop|position|stick to|"
    r"verwend\w*|benutz\w*|nutz\w*|füg\w*|setz\w*|platzier\w*|zeig\w*|achte\w*|halt\w*|utilis\w*|mett(?:ez|re|s)|ajout\w*|évite\w*|place[zr]|montre[zr]|garde[zr]|prévo\w+|"
    r"us(?:a|ar|ad|e|en|ate|i|are|em)|utiliz\w*|pon(?:er|ga|ed|gan)?|inclu\w+|añad\w*|agreg\w*|evit\w*|muestr\w*|coloc\w*|metti|mettete|inseri\w*|aggiung\w*|mostra\w*|adicion\w*|coloque\w*|mostre\w*|"
    r"gebruik\w*|voeg|zet|plaats|toon|vermijd|użyj\w*|dodaj\w*|umieść\w*|unikaj\w*|pokaż\w*|använd\w*|lägg|undvik|bruk|legg|brug|tilføj|используй\w*|добавь\w*|поставь\w*|избегай\w*|kullan\w*|ekle\w*|استخدم\w*|أضف|ضع|استفاده|השתמש\w*|הוסיפו|इस्तेमाल|使って|入れて|使用|添加|사용"
)
KINDLY = r"(?:(?:(?:can|could|would) (?:you|u)|and|also|but|then|so|bitte|please|pls|plz|kindly|merci d(?:e |['’])|por favor,?|per favore,?|prego|proszę|graag|gärna|пожалуйста,?|lütfen|you can|you could|we (?:want|would like) (?:you )?to|i (?:want|would like) (?:you )?to|try to|remember to|make sure(?: that)?(?: you| to)?|don['’]t forget to),? )*"
NEGATIVE = r"(?:do not|don['’]?t|never|no|not|without|avoid|keine?[nr]?|nicht|pas de|sans|sin|no (?:uses?|pongas?|usar)|senza|non|sem|não|geen|bez|inga|ingen|без|не)"
SOLL = r"(?:should|must|needs? to|has to|have to|ought to|can be|could be|soll(?:te|ten|en)?|muss|darf|doit|devrait|devra|debe(?:ría|n)?|tiene que|deve|dovrebbe|devono|deve ser|moet|mag|powin\w+|ma być|ska|bör|skal|bør|должен|должна|должно|має)"
SAY = r"(?:mention(?:ing)?|highlight(?:ing)?|emphasi[sz]e|stress|underline|point out|promote|advertise|announce|showcase|focus on|push|spotlight|communicate|state|say|tell (?:people|them|every(?:one|body)|readers|(?:our )?(?:customers|guests|clients|visitors|patients|parents|students|members|neighbou?rs))|let (?:people|them|everyone|customers) know|make (?:it )?clear|add the (?:line|text|words?|sentence)|include the (?:line|words?|text|sentence|fact|information)|erwähn\w*|beton\w*|mentionne[zr]?|précise[zr]?|menciona\w*|destaca\w*|menzion\w*|evidenzi\w*|mencion\w*|destaque\w*|vermeld)"
PEOPLE = r"(?:the )?(?:customers?|viewers?|people|visitors?|users?|readers?|clients?|shoppers?|guests?|them|men|women|children|everyone|families|parents|students|cyclists|drivers|homeowners|fans|locals|tourists|audience|[a-z]+(?:s|ers))"
