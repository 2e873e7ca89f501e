"""English abbreviations that are written with dots or strokes."""

import re

from voiceover.reading.draft import Draft

_ANYWHERE = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "etc": "et cetera",
    "vs.": "versus", "vs": "versus",
    "approx.": "approximately", "a.k.a.": "also known as", "w/o": "without", "w/": "with", "b/c": "because",
    "et al.": "et al", "dept.": "department", "est.": "established", "govt.": "government",
    "min.": "minimum", "max.": "maximum", "misc.": "miscellaneous", "tel.": "telephone",
    "ext.": "extension", "incl.": "including", "Ph.D.": "PhD", "M.D.": "MD", "B.A.": "BA", "M.A.": "MA",
    "B.Sc.": "BSc", "M.Sc.": "MSc", "P.S.": "PS", "U.S.A.": "USA", "U.S.": "US", "U.K.": "UK", "U.N.": "UN",
    "E.U.": "EU", "D.C.": "DC", "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation",
    "Co.": "Company", "Bros.": "Brothers", "Jr.": "Junior", "Sr.": "Senior", "Esq.": "Esquire",
    "Mt.": "Mount", "Ft.": "Fort", "Mr.": "Mister", "Mr": "Mister", "Mrs.": "Missis", "Mrs": "Missis",
    "Ms.": "Miz", "Messrs.": "Messers", "Prof.": "Professor", "Gen.": "General", "Col.": "Colonel",
    "Capt.": "Captain", "Cpt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Maj.": "Major",
    "Sen.": "Senator", "Rep.": "Representative", "Gov.": "Governor", "Pres.": "President",
    "Rev.": "Reverend", "Hon.": "Honorable", "Supt.": "Superintendent", "Ave.": "Avenue",
    "Blvd.": "Boulevard", "Rd.": "Road", "Ln.": "Lane", "Hwy.": "Highway", "Pkwy.": "Parkway",
    "Apt.": "Apartment", "Ste.": "Suite", "Dept.": "Department", "Fri.": "Friday", "Mon.": "Monday",
    "Tue.": "Tuesday", "Tues.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday", "Thurs.": "Thursday",
    "IQ": "I Q",
}  # fmt: skip
_BEFORE_NUMBER = {
    "No.": "number", "Nos.": "numbers", "#": "number", "№": "number", "p.": "page", "pp.": "pages",
    "vol.": "volume", "ch.": "chapter", "chap.": "chapter", "sec.": "section", "fig.": "figure",
    "figs.": "figures", "eq.": "equation", "art.": "article", "§": "section", "c.": "circa", "ca.": "circa",
    "rm.": "room", "op.": "opus", "ed.": "edition", "pt.": "part", "ver.": "version",
}  # fmt: skip


def _any(names: dict[str, str]) -> str:
    """A pattern of these names, the longest first; inside them a blank may follow a dot."""
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.sub(r"(\\\.)(?=\w)", r"\1 ?", re.escape(name)) for name in ordered)


_PHRASE = re.compile(rf"(?<![\w.'’-])(?:{_any(_ANYWHERE)})(?![\w'’-])(?!\.\w)")
_SPOKEN_BEFORE_NUMBER = {name.lower(): spoken for name, spoken in _BEFORE_NUMBER.items()}
_NUMBERED = re.compile(rf"(?<![\w.])(?P<name>{_any(_BEFORE_NUMBER)}) ?(?=\d)", re.IGNORECASE)
_DOCTOR = re.compile(r"(?<!\w)(?P<name>(?P<word>Dr|St)(?:\.|(?!\w)))(?= (?P<next>[A-Z][a-z])|)")
_AFTER_STREET = re.compile(r"(?:[A-Z][a-z]+|\d+(?:st|nd|rd|th)) $")
_HOUSE_NUMBER = re.compile(r"\d+ (?:[NSEW]\.? )?(?:[A-Z][a-z]+|\d+(?:st|nd|rd|th)) $")


def read(draft: Draft) -> Draft:
    """Write abbreviations out."""
    draft = draft.sub(_NUMBERED, _numbered, "name")
    draft = draft.sub(_DOCTOR, _doctor, "name")
    return draft.sub(_PHRASE, _phrase)


def _numbered(match: re.Match[str]) -> str | None:
    return _SPOKEN_BEFORE_NUMBER.get(match["name"].lower())


def _doctor(match: re.Match[str]) -> str:
    """ "Dr. Smith lives on Park Dr.", "St. Mary" and "Main St."."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    road = _HOUSE_NUMBER.search(before) or (_AFTER_STREET.search(before) and not match["next"])
    ends = match["name"].endswith(".") and match.end("name") >= len(match.string.rstrip())
    return {"Dr": ("Doctor", "Drive"), "St": ("Saint", "Street")}[match["word"]][bool(road)] + "." * ends


def _phrase(match: re.Match[str]) -> str:
    spoken = _ANYWHERE[re.sub(r"\. (?=\w)", ".", match[0])]
    # The dot of an abbreviation is heard only where it ends the text as well.
    ends = match[0].endswith(".") and match.end() >= len(match.string.rstrip())
    return spoken + "." * ends
