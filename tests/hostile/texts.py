"""Texts that are meant to be taken for something else than texts."""

from hypothesis import strategies as st

HOSTILE = {
    "nul": "один\0два three\0four",
    "controls": "раз\x01\x07\x08\x1b[31m два\x7f\x85три\x9b",
    "bidi": "\u202eтри\u202c \u2066два\u2069 \u202aone\u202dtwo \u200f\u200eраз",
    "invisible": "со\u200bеди\u2060ни\ufeffть zero\u200dwidth\u200cmarks \u00adмягкий \U000e0041",
    "marks": "z\u0335\u0321\u0327\u0328" + "а" + "\u0301" * 40 + " слово",
    "unpaired": "𝕿𝖊𝖝𝖙 \U0010ffff\ufffe noncharacters \ufdd0 слово",
    "lines": "раз\u2028два\u2029три\x0bчетыре\x0cпять\r\nшесть\rседьмь",
    "ssml": '<speak><break time="3600s"/><prosody rate="x-slow">раз</prosody><mark name="x"/></speak> два',
    "espeak": "[[h@'loU]] раз [[ || ]] \\p{x} &#0; &lt;voice name='x'&gt; два",
    "shell": "раз; rm -rf / && $(reboot) `id` | tee > /dev/null & два \\\"' !! ~ *",
    "paths": "../../../../etc/passwd file:///etc/passwd C:\\..\\con \\\\host\\share /dev/zero раз",
    "formats": "%s%n%x{0}{self.__class__}${PATH}#{1+1}{{7*7}} раз %(name)s",
    "ffmpeg": "раз':text=1[out];[0:v]drawtext=textfile=/etc/passwd,ass=x.ass\\:fontsdir=/ concat:a|b два",
    "protocols": "ffconcat version 1.0 file http://127.0.0.1:1/x subfile,,start,0,end,9,,:/etc/passwd раз",
    "ass": "{\\an8\\fs200\\p1\\c&H0000FF&}раз{\\r} m 0 0 l 100 100 {\\p0} \\N два \\h три {незакрыто",
    "srt": "раз 99 00:00:00,000 --> 00:59:00,000 <font size=99>два</font> <b>три {\\an8}",
    "vtt": "раз WEBVTT NOTE STYLE --> 00:00.000 <c.red>два</c> <00:00:00.000> &amp; <v Х>три",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)> раз \"'><svg/onload=alert(1)>",
    "sql": "раз'; DROP TABLE voices;-- \" OR 1=1",
    "log": "раз\r\n2026-01-01 INFO [x] service: forged\n\x1b]0;title\x07",
    "digits": "9" * 40 + " 1e309 -0x7f 10^99 ½ Ⅻ ١٢٣ 1/0",
    "long": "слово" * 40,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇷🇺👍🏿 ❤️ раз ©®™",
    "scripts": "你好。こんにちは。สวัสดี שלום नमस्ते ᚠᚢ раз",
}

_LETTERS = st.characters(codec="utf-8")
_PIECES = st.one_of(
    st.sampled_from([piece for text in HOSTILE.values() for piece in text.split(" ")]),
    st.text(_LETTERS, min_size=1, max_size=8),
    st.sampled_from(["раз", "два", "Dr.", "т.е.", "3.14", "«Да!»", "…", "?!", "\n", "\0", "—"]),
)


def hostile(most: int = 12) -> st.SearchStrategy[str]:
    """Texts of so many pieces of hostile and other texts, with or without blanks between them."""
    return st.builds(str.join, st.sampled_from(["", " ", "\n"]), st.lists(_PIECES, min_size=1, max_size=most))
