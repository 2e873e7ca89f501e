"""Scripts that are written without spaces between words."""

import re

# Thai, Lao, Tibetan; Burmese; Khmer; kana; Han and its extensions.
UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""For use inside the brackets of a regular expression."""

UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
