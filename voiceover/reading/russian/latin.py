"""Latin words in Russian text, in the letters that a Russian voice can say."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.letters import spell

_KNOWN_CAPITALS = {"IT": "ай-ти", "US": "ю-эс", "AM": "эй-эм", "PM": "пи-эм"}


def _pairs(table: str) -> dict[str, str]:
    return dict(entry.split("=") for entry in table.split())


_KNOWN = _pairs(
    """
    ctrl=контрол alt=альт shift=шифт enter=энтер tab=таб esc=эскейп del=делит
    a=э the=зэ and=энд of=оф in=ин on=он to=ту for=фор is=из it=ит my=май you=ю your=ё we=ви new=нью
    one=уан two=ту hello=хелло world=ворлд love=лав good=гуд best=бест big=биг data=дата code=код
    game=гейм time=тайм life=лайф home=хоум house=хаус work=ворк school=скул music=мьюзик news=ньюс
    live=лайв home=хоум file=файл user=юзер online=онлайн offline=офлайн email=имейл mail=мейл site=сайт
    web=веб blog=блог chat=чат bot=бот app=апп apps=аппс google=гугл youtube=ютуб facebook=фейсбук
    instagram=инстаграм twitter=твиттер telegram=телеграм whatsapp=вотсап viber=вайбер skype=скайп
    zoom=зум tiktok=тикток discord=дискорд linkedin=линкедин netflix=нетфликс amazon=амазон apple=эппл
    iphone=айфон ipad=айпад imac=аймак macbook=макбук mac=мак ios=ай-оу-эс macos=мак-оу-эс android=андроид
    windows=виндоус microsoft=майкрософт office=офис excel=эксель word=ворд powerpoint=пауэрпоинт
    outlook=аутлук linux=линукс ubuntu=убунту debian=дебиан chrome=хром firefox=файрфокс safari=сафари
    opera=опера edge=эдж python=пайтон java=джава javascript=джаваскрипт typescript=тайпскрипт rust=раст
    ruby=руби swift=свифт go=гоу docker=докер kubernetes=кубернетес github=гитхаб gitlab=гитлаб git=гит
    flask=фласк django=джанго pytorch=пайторч numpy=нампай react=реакт vue=вью node=ноуд json=джейсон
    html=эйч-ти-эм-эль sql=эс-кью-эль api=эй-пи-ай intel=интел nvidia=энвидиа amd=эй-эм-ди samsung=самсунг
    xiaomi=сяоми huawei=хуавей sony=сони lg=эл-джи ibm=ай-би-эм tesla=тесла bmw=бэ-эм-вэ audi=ауди
    toyota=тойота ford=форд mercedes=мерседес volkswagen=фольксваген volvo=вольво porsche=порше
    ferrari=феррари honda=хонда kia=киа hyundai=хёндай nissan=ниссан mazda=мазда lexus=лексус wifi=вай-фай
    wi=вай fi=фай bluetooth=блютус usb=ю-эс-би covid=ковид vip=вип ok=окей okay=окей pdf=пэ-дэ-эф
    openai=оупен-эй-ай chatgpt=чат-джи-пи-ти gpt=джи-пи-ти ai=эй-ай wikipedia=википедия yandex=яндекс
    ozon=озон visa=виза mastercard=мастеркард paypal=пейпал spotify=спотифай photoshop=фотошоп adobe=адоби
    steam=стим coca=кока cola=кола pepsi=пепси mcdonalds=макдоналдс starbucks=старбакс nike=найк
    adidas=адидас ikea=икеа ru=ру com=ком org=орг net=нет info=инфо www=вэ-вэ-вэ http=эйч-ти-ти-пи
    https=эйч-ти-ти-пи-эс gmail=джимейл example=экзампл piper=пайпер avatar=аватар voice=войс video=видео
    nasa=наса nato=нато unesco=юнеско unicef=юнисеф laser=лазер radar=радар led=лед sim=сим cd=си-ди
    dvd=ди-ви-ди max=макс pro=про plus=плюс mini=мини ultra=ультра
    """
)

_SOUNDS = _pairs(
    """
    tion=шн sion=жн ture=чер ough=о augh=о eigh=эй igh=ай tch=ч sch=ш sh=ш ch=ч th=т ph=ф wh=в ck=к qu=кв
    ght=т oo=у ee=и ea=и ai=эй ay=эй oi=ой oy=ой ou=ау ow=оу au=о aw=о ew=ью oa=оу eu=ю ie=и ei=эй ey=и
    ya=я yu=ю yo=ё ye=е ju=джу jo=джо ja=джа j=дж x=кс w=в v=в b=б d=д f=ф g=г h=х k=к l=л m=м n=н p=п q=к
    r=р s=с t=т z=з a=а e=е i=и o=о u=у y=и
    """
)
"""What letters mostly stand for in English; the longest group of letters counts."""
_SOUNDS_AT_START = {"kn": "н", "wr": "р", "ps": "пс", "e": "э", "x": "з", "xb": "иксб"}
_SOUNDS_AT_END = {
    "le": "л",
    "re": "р",
    "ge": "дж",
    "dge": "дж",
    "ce": "с",
    "se": "з",
    "ue": "ю",
    "es": "с",
    "er": "ер",
}
_SILENT_E = re.compile(r"(?<=[^aeiouy])e$")
_LONG_VOWEL = re.compile(r"[aiou](?=[bcdfgklmnprstvz]e(?:s|d|r)?$)")
_LONG = {"a": "эй", "i": "ай", "o": "оу", "u": "ью"}
_SOFT_C = re.compile("c(?=[eiy])")
_DOUBLED = re.compile(r"([bcdfghjklmnpqrstvwxz])\1")
_GROUP = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))

_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž]+(?:['’][a-z]{1,2}(?![a-z]))?")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_VOWELS = frozenset("aeiouy")
_SAYABLE = re.compile("[^aeiouy]{0,2}(?:[aeiouy]{1,2}[^aeiouy]{1,2})*[aeiouy]{0,2}[^aeiouy]?")


def read(draft: Draft) -> Draft:
    """Write Latin words in Cyrillic letters: known ones as they are said, abbreviations letter by letter."""
    return draft.sub(_WORD, lambda match: _word(match[0]))


def _word(word: str) -> str:
    known = _KNOWN_CAPITALS.get(word) or _KNOWN.get(word.lower())
    if known:
        return known
    word = _plain(word)
    parts = _CAMEL.findall(word)
    if len(parts) > 1:
        return "-".join(_word(part) for part in parts)
    if _is_abbreviation(word):
        return spell(word)
    return _transliterate(word.lower())


def _plain(word: str) -> str:
    """Take accents and apostrophes off: "Café" → "Cafe"."""
    import unicodedata

    letters = unicodedata.normalize("NFD", word.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def _is_abbreviation(word: str) -> bool:
    if len(word) == 1 or not _VOWELS & set(word.lower()):
        return True
    return word.isupper() and (len(word) <= 3 or not _SAYABLE.fullmatch(word.lower()))


def _transliterate(word: str) -> str:
    word = _DOUBLED.sub(r"\1", word)
    start = end = ""
    for letters in sorted(_SOUNDS_AT_START, key=len, reverse=True):
        if word.startswith(letters) and not (letters == "e" and word[1:2] in _VOWELS):
            start, word = _SOUNDS_AT_START[letters], word[len(letters) :]
            break
    word = _LONG_VOWEL.sub(lambda vowel: _LONG[vowel[0]], word)
    for letters in sorted(_SOUNDS_AT_END, key=len, reverse=True):
        if len(word) > len(letters) + 1 and word.endswith(letters):
            end, word = _SOUNDS_AT_END[letters], word[: -len(letters)]
            break
    word = _SOFT_C.sub("s", _SILENT_E.sub("", word)).replace("c", "k")
    return start + _GROUP.sub(lambda letters: _SOUNDS[letters[0]], word) + end
