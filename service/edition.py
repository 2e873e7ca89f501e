"""Which program this is: what was made by one edition is not taken for the work of another."""

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("service", "tts", "visemes", "voiceover", "wav2lip")


@lru_cache(maxsize=1)
def edition() -> str:
    """Return a digest of the sources and of the packages asked for; read once, in some milliseconds."""
    sources = (source for room in ROOMS for source in sorted((ROOT / room).rglob("*.py")))
    digest = hashlib.sha256()
    for source in (ROOT / "requirements.txt", *sources):
        content = source.read_bytes()
        digest.update(f"{source.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
