"""Pictures to be judged, made of what scikit-image brings: nobody's private photo is needed."""

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from voiceover.avatars import astronaut
from voiceover.landmarks import LandmarkFinder
from voiceover.types import Frame, Landmarks

FACE_OVAL = (127, 93, 58, 172, 150, 176, 152, 400, 379, 397, 288, 323, 356, 195)


def jpeg(picture: Frame, orientation: int = 1) -> bytes:
    """Return a JPEG; its EXIF says how the camera was held."""
    import io

    from PIL import Image

    image = Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def encoded(picture: Frame, ending: str) -> bytes:
    return bytes(cv2.imencode(ending, picture)[1])


def landmarks(picture: Frame) -> Landmarks:
    with LandmarkFinder() as finder:
        return finder.find(picture)[0]


def masked(picture: Frame) -> Frame:
    """Put a surgical mask with folds over mouth and nose."""
    face = landmarks(picture)
    low, high = face[:, 1].min(), face[:, 1].max()
    folds = (205 + 12 * np.sin(np.arange(picture.shape[0]) / (high - low) * 60)).astype(np.uint8)
    cloth = np.repeat(folds[:, None, None], picture.shape[1], axis=1) * np.array([1, 0.92, 0.8])
    area = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(area, cv2.convexHull(np.rint(face[list(FACE_OVAL), :2]).astype(np.int32)), 1)
    return _covered(picture, area, cloth)


def hand_before_mouth(picture: Frame) -> Frame:
    """Put something of the cheek's colour before the mouth."""
    face = landmarks(picture)
    centre = face[[13, 14], :2].mean(axis=0)
    width = float(np.ptp(face[:, 0]))
    area = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(
        area,
        np.rint(centre).astype(int).tolist(),
        (round(width * 0.32), round(width * 0.17)),
        10,
        0,
        360,
        1,
        -1,
    )
    x, y = face[50, :2].astype(int)
    return _covered(picture, area, np.full(picture.shape, picture[y, x], np.float64))


def two_people() -> Frame:
    """Return the astronaut large, and small beside herself."""
    large = astronaut()
    small = cv2.resize(large, (320, 320))
    page = np.full((512, 832, 3), 128, np.uint8)
    page[:, :512] = large
    page[100:420, 512:] = small
    return page


def far_away() -> Frame:
    """Return a face of 55 pixels in a large picture."""
    page = np.full((900, 1400, 3), 150, np.uint8)
    page[300:436, 700:836] = cv2.resize(astronaut(), (136, 136), interpolation=cv2.INTER_AREA)
    return page


def profile() -> Frame:
    """Return the cameraman's head from the side, large."""
    grey = skimage.data.camera()[20:220, 120:340]
    return np.asarray(cv2.cvtColor(cv2.resize(grey, (880, 800)), cv2.COLOR_GRAY2BGR), np.uint8)


def nobody() -> Frame:
    return np.asarray(cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2BGR), np.uint8)


def _covered(picture: Frame, area: NDArray[np.uint8], by: NDArray[np.float64]) -> Frame:
    share = cv2.GaussianBlur(area.astype(np.float64), (0, 0), 1.5)[:, :, None]
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    return np.asarray(np.clip(picture * (1 - share) + (by + noise) * share, 0, 255), np.uint8)
