"""Videos to be judged: a drawn camera looks at the default portrait."""

import subprocess
from pathlib import Path

import cv2
import numpy as np

from tests.clips import FFMPEG
from visemes.face import TalkingFace
from visemes.motion import MouthPose
from voiceover.avatars import astronaut, portrait
from voiceover.types import Frame

FPS = 30
SILENT = MouthPose()
OPEN = MouthPose(jaw=8, lower_lip=2, upper_lip=1, speaking=1)


def swaying(seconds: float, talking: bool = False, away: range = range(0)) -> list[Frame]:
    """Return pictures of somebody who sways, speaks, and is out of sight for some frames."""
    avatar = portrait("astronaut", "", astronaut())
    landmarks = avatar.faces[0]
    assert landmarks is not None
    face = TalkingFace(avatar.frames[0], landmarks)
    closed = face.draw(MouthPose(speaking=1))
    opened = face.draw(OPEN)
    frames = []
    for number in range(round(seconds * FPS)):
        picture = opened if talking and number % 8 < 4 else closed
        angle = 4 * np.sin(number / FPS * 2)
        view = cv2.getRotationMatrix2D((256, 256), angle, 1.0)
        view[0, 2] += 15 * np.sin(number / FPS * 3)
        frame = cv2.warpAffine(picture, view, (512, 512), borderMode=cv2.BORDER_REFLECT)
        frames.append(np.full_like(frame, 120) if number in away else np.asarray(frame, np.uint8))
    return frames


def write(frames: list[Frame], path: Path, *options: str) -> Path:
    """Encode pictures, 30 a second; the file's ending tells its kind."""
    height, width = frames[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(FPS), "-i", "-"]
    command = [FFMPEG, "-v", "error", "-y", *raw, *options, "-pix_fmt", "yuv420p", path]
    subprocess.run(command, input=b"".join(map(bytes, frames)), check=True, timeout=120)
    return path
