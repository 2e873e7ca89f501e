"""Where a clip may be cut."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from voiceover import audio, video
from voiceover.avatars import DEFAULT_AVATAR, astronaut, portrait
from voiceover.boxes import boxes
from voiceover.types import FRAMES_PER_FRAGMENT


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 300), max_size=8))
def test_boxes_do_not_depend_on_how_bytes_come(contents: list[bytes], cuts: list[int]) -> None:
    made = [struct.pack(">I4s", 8 + len(content), b"free") + content for content in contents]
    data, places = b"".join(made), sorted(cuts)
    pieces = [data[start:stop] for start, stop in zip([0, *places], [*places, None], strict=True)]
    assert list(boxes(pieces)) == made


def test_a_clip_is_made_of_whole_fragments() -> None:
    avatar = portrait(DEFAULT_AVATAR, "", astronaut())
    silence = audio.silence(3 * FRAMES_PER_FRAGMENT)
    frames = [avatar.frames[0]] * silence.frames
    clip = b"".join(video.encode(frames, avatar.size, silence.samples))
    kinds = [box[4:8] for box in boxes([clip])]
    assert kinds[0] == b"ftyp" and kinds[1] == b"moov"
    assert kinds.count(b"moof") == kinds.count(b"mdat") == 3
