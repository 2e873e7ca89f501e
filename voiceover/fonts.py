"""The font in which captions are drawn into pictures."""

from importlib.resources import files
from pathlib import Path

FONT = "DejaVu Sans"
"""Latin, Cyrillic, Greek, Arabic, Hebrew. Other scripts are drawn in fonts of the system, if it has any."""


def fonts_folder() -> Path:
    """Return a folder that has `FONT`: machines without a screen often have no fonts at all."""
    return Path(str(files("matplotlib") / "mpl-data" / "fonts" / "ttf"))
