"""Reading pictures that people send: nothing in them is trusted."""

import io
import warnings

import cv2
import numpy as np

from voiceover.errors import InvalidRequest
from voiceover.types import Frame

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 64_000_000  # of a file: what the largest cameras of telephones make, and no bomb
LONGEST_SIDE = 4096  # pixels kept: an avatar shows at most a quarter of it
BACKGROUND = (238, 238, 238)  # RGB behind what is transparent


def is_picture(head: bytes) -> bool:
    """Tell by the first 12 bytes of a file whether it is of a kind that `read_picture` takes."""
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_picture(data: bytes) -> Frame:
    """Return a picture the right way up (EXIF), at most 4096 pixels long.

    Raises:
        InvalidRequest: no JPEG, PNG or WebP, a damaged one, or one of too many pixels.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise _too_large(image.width, image.height)
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is not even unpacked in full
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):  # grey of 16 bits, which `convert` would cut off at white
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        if upright.has_transparency_data:
            layer = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", layer.size, BACKGROUND), layer)
        return np.asarray(cv2.cvtColor(np.asarray(upright.convert("RGB")), cv2.COLOR_RGB2BGR), np.uint8)
    except Image.DecompressionBombError as exc:
        raise InvalidRequest(str(exc), reason="picture-too-large", limit=MOST_PIXELS // 10**6) from exc
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as exc:  # what Pillow's readers raise
        raise InvalidRequest(f"the picture cannot be read: {exc}", reason="picture-unreadable") from exc


def _too_large(width: int, height: int) -> InvalidRequest:
    return InvalidRequest(
        f"the picture has {width}×{height} pixels", reason="picture-too-large", limit=MOST_PIXELS // 10**6
    )
