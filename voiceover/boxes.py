"""MP4 boxes: the places where a clip may be cut (ISO/IEC 14496-12, 4.2)."""

import struct
from collections.abc import Iterable, Iterator

HEAD = struct.Struct(">I4s")  # length with this head, type


def boxes(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Regroup a clip's bytes, which come in pieces of any length, into its outermost boxes.

    Equal clips give equal boxes, however they come. Boxes of 4 GB and more, and those without a length,
    are not read: `voiceover.video` makes none.
    """
    pending = bytearray()
    for piece in pieces:
        pending += piece
        while len(pending) >= HEAD.size and len(pending) >= (length := HEAD.unpack_from(pending)[0]):
            yield bytes(pending[:length])
            del pending[:length]
    assert not pending, "a clip ends with a box"
