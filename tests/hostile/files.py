"""Files that are meant to hurt whoever opens them; small, made here."""

import struct
import subprocess
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests import pictures, recordings, videos
from tests.clips import FFMPEG
from voiceover.avatars import astronaut

SECRET = "secret"
PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{url}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="x">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
    "<BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
    "pls": "[playlist]\nNumberOfEntries=1\nFile1={url}\n",
    "asx": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
    "smil": '<smil><body><video src="{url}"/></body></smil>',
    "rtsp": "rtsptext\n{url}\n",
    "imf": '<?xml version="1.0"?><CompositionPlaylist><Id>urn:uuid:1</Id>{url}</CompositionPlaylist>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>',
    "xxe": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]><svg>&e;</svg>',
    "mvg": "push graphic-context\nimage over 0,0 0,0 '{url}'\npop graphic-context\n",
    "eps": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({url}) (r) file\n",
    "avisynth": 'FFVideoSource("{url}")\n',
    "subtitle": "1\n00:00:00,000 --> 00:00:09,000\n{url}\n",
}


def png(width: int, height: int, *chunks: tuple[bytes, bytes], data: bytes = b"") -> bytes:
    """A PNG of one bit a pixel; without data its pixels are missing."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data or zlib.compress(bytes(64))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_png_chunk, parts))


def _png_chunk(part: tuple[bytes, bytes]) -> bytes:
    kind, content = part
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def jpeg(width: int, height: int) -> bytes:
    """The astronaut, in a JPEG that says it has another size."""
    data = bytearray(photo())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    """A WebP animation on a canvas of that size, with nothing in it but one small frame."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    small = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    small[0].save(file, "WEBP", save_all=True, append_images=small[1:])
    data = bytearray(file.getvalue())
    place = data.index(b"VP8X") + 12
    data[place : place + 6] = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return bytes(data)


def exif(directory: bytes) -> bytes:
    """The astronaut, with such EXIF."""
    told = b"Exif\0\0" + directory
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(told) + 2) + told + photo()[2:]


def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """TIFF directory whose entries are (tag, type, count, value)."""
    body = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + body + struct.pack(">I", following)


BOMBS = {
    "png of 10^10 pixels": lambda: png(100_000, 100_000),
    "png of 2^62 pixels": lambda: png(2**31 - 1, 2**31 - 1),
    "png of no pixels": lambda: png(0, 0),
    "png line": lambda: png(2**31 - 1, 1),
    "png text of 100 MB": lambda: png(64, 64, (b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000_000), 9))),
    "png profile of 100 MB": lambda: png(64, 64, (b"iCCP", b"a\0\0" + zlib.compress(bytes(100_000_000), 9))),
    "png data of 100 MB": lambda: png(64, 64, data=zlib.compress(bytes(100_000_000), 9)),
    "png of 20,000 chunks": lambda: png(64, 64, *[(b"tEXt", b"a\0b")] * 20_000),
    "jpeg of 4 * 10^9 pixels": lambda: jpeg(65_535, 65_535),
    "jpeg of no pixels": lambda: jpeg(0, 0),
    "webp of 3 * 10^8 pixels": lambda: webp(16_384, 16_384),
    "webp of 2^48 pixels": lambda: webp(2**24, 2**24),
}
"""Small files that would be large."""

EXIFS = {
    "loop": directory((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), following=8),
    "count": directory((0x0112, 3, 2**32 - 1, 8), (0x010F, 2, 2**31, 4)),
    "orientation": directory((0x0112, 3, 1, 99 << 16)),
    "nowhere": directory((0x8769, 4, 1, 2**32 - 1), following=2**31),
    "garbage": bytes(range(256)) * 200,
    "empty": b"",
}
"""What photos may say of how they were taken."""


@cache
def photo() -> bytes:
    return pictures.encoded(astronaut(), ".jpg")


@cache
def seeds() -> dict[str, bytes]:
    """Small good files of the kinds that are taken, by ending."""
    small = astronaut()[::4, ::4].copy()
    made = {ending: pictures.encoded(small, f".{ending}") for ending in ("jpg", "png", "webp")}
    with TemporaryDirectory() as folder:
        frames = videos.swaying(0.5)
        for ending, *options in (
            ("mp4", "-c:v", "libx264"),
            ("webm", "-c:v", "libvpx"),
            ("avi", "-c:v", "mpeg4"),
        ):
            path = Path(folder) / f"video.{ending}"
            made[ending] = videos.write([f[::4, ::4].copy() for f in frames], path, *options).read_bytes()
    tone = (0.3 * np.sin(np.arange(24_000) * 0.05)).astype(np.float32)
    for ending in ("wav", "flac", "mp3", "m4a", "ogg"):
        made[ending] = recordings.file(tone, ending)
    return made


def damaged(data: bytes, number: int, seed: int) -> Iterator[bytes]:
    """Cut a file off, and change bits, bytes and lengths in it: so many times."""
    dice = np.random.default_rng(seed)
    for kind in range(number):
        place = int(dice.integers(1, len(data)))
        broken = bytearray(data)
        if kind % 3 == 0:
            yield data[:place]
            continue
        if kind % 3 == 1:  # most of what matters is near the beginning
            place = int(place * dice.random() ** 3)
            broken[place : place + 4] = dice.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        else:
            for bit in dice.integers(0, len(data) * 8, 12):
                broken[bit // 8] ^= 1 << (bit % 8)
        yield bytes(broken)


def polyglots() -> dict[str, bytes]:
    """Photos that are something else as well."""
    script = b"<?php system('id'); ?><script>alert(1)</script>"
    archive = b"PK\x03\x04" + bytes(26) + SECRET.encode() + b"PK\x05\x06" + bytes(18)
    return {
        "jpeg and archive": photo() + archive,
        "jpeg and page": photo()[:2]
        + b"\xff\xfe"
        + struct.pack(">H", len(script) + 2)
        + script
        + photo()[2:],
        "jpeg and playlist": photo() + b"\n#EXTM3U\nfile:///etc/passwd\n",
        "png and page": pictures.encoded(astronaut(), ".png") + script,
    }


def slow_film() -> bytes:
    """Two pictures, an hour apart."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "slow.mkv"
        source = "color=black:s=64x64:r=1/3600:d=7200"
        command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mpeg4", path]
        subprocess.run(command, check=True, timeout=60)
        return path.read_bytes()


def large_film(side: int = 8_192) -> bytes:
    """One black picture of 67 million pixels in some kilobytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "large.mp4"
        source = f"color=black:s={side}x{side}:r=1:d=1"
        command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg", "-threads", "1", path]
        subprocess.run(command, check=True, timeout=120)
        return path.read_bytes()


def borrowing_film(clip: bytes, lender: Path) -> bytes:
    """An MP4 whose pictures are in another file, at the same places (ISO/IEC 14496-12, `dref`)."""
    entry = b"\0\0\0\x0curl \0\0\0\x01"  # "in this file"
    place = clip.index(entry)
    url = b"file://" + str(lender).encode() + b"\0"
    longer = struct.pack(">I", 12 + len(url)) + b"url \0\0\0\0" + url
    data = bytearray(clip[:place] + longer + clip[place + len(entry) :])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = data.rindex(kind, 0, place) - 4
        data[at : at + 4] = struct.pack(
            ">I", struct.unpack_from(">I", data, at)[0] + len(longer) - len(entry)
        )
    at = data.index(b"mdat") - 4  # comes first, so that all places are still right
    size = struct.unpack_from(">I", data, at)[0]
    data[at + 8 : at + size] = bytes(size - 8)
    return bytes(data)
