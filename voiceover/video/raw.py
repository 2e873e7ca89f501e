"""Pictures and sound as ffmpeg gets them, and how pictures become video."""

import ffmpeg

from voiceover.types import FPS, SAMPLE_RATE

TIMESCALE = 12_800  # ticks a second of the video track: 512 a frame


def inputs(size: tuple[int, int], sound: str) -> tuple["ffmpeg.nodes.FilterableStream", ...]:
    width, height = size
    # The format is told, so nothing is probed: probing would keep the first frames back.
    raw = {"format": "rawvideo", "pix_fmt": "bgr24", "s": f"{width}x{height}", "r": FPS, "probesize": 32}
    picture = ffmpeg.input("pipe:0", **raw)
    return picture, ffmpeg.input(sound, format="f32le", ar=SAMPLE_RATE, ac=1, probesize=32).audio


def as_video(picture: "ffmpeg.nodes.FilterableStream") -> "ffmpeg.nodes.FilterableStream":
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    return picture.filter("setparams", color_primaries="bt709", color_trc="bt709")
