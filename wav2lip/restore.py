"""Restoration: a network that knows faces redraws, at 512 pixels, what was drawn at 96. Optional, and slow.

GFPGAN (Wang et al., 2021) and CodeFormer (Zhou et al., 2022), as ONNX. Both see a face laid on the eyes, nose
and mouth corners of FFHQ (Karras et al., 2019). What they draw replaces only what was drawn, and only in
detail: colours stay, and so does the picture wherever nothing moved.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from voiceover.types import Avatar, Frame, Landmarks, Speech
from wav2lip.blend import Plane, likeness, lower_face_mask, missing_grain
from wav2lip.checkpoints import Networks
from wav2lip.detect import box_around

SIDE = 512  # pixels of the square face
LANDMARKS = (468, 473, 4, 61, 291)  # irises, tip of the nose, corners of the mouth
TEMPLATE = ((193.0, 239.9), (318.9, 240.2), (256.6, 314.0), (201.3, 371.4), (313.1, 371.2))
"""Where FFHQ's faces have them, x and y in the square face, as the networks' authors state it."""
LOWER = slice(SIDE // 2, SIDE)  # rows of the square face in which a mouth is drawn

# Pixels of the square face; it has about four for each that was drawn.
NEIGHBOURHOOD = 6.0  # standard deviation, in which movement is looked for
DETAIL = 16.0  # standard deviation: what is coarser stays as it was drawn
COARSE = 8  # what is coarse is looked at so many times smaller, for speed
UNMOVED = 9.0  # levels of difference at which half of what was restored is shown

FIDELITY = 0.7  # of CodeFormer: 0 invents a face, 1 keeps to what it sees
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")  # the first where onnxruntime-gpu is installed
DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}
TIMED_RUNS = 2


class Restorer:
    """A restoration network. Safe to share between threads."""

    def __init__(self, weights: Path) -> None:
        """Load the network and time it: some seconds.

        Args:
            weights: ONNX with an input float32 `(1, 3, 512, 512)`, RGB in [-1, 1], and an output alike;
                perhaps with an input `weight` in [0, 1]: how true it is to be to what it sees.

        Raises:
            EngineUnavailable: the file cannot be used; the message names it and says why.
        """
        self._session = _session(weights)
        picture, *others = self._session.get_inputs()
        self._picture = picture.name
        self._others = {other.name: np.array([FIDELITY], DTYPES[other.type]) for other in others}
        blank = np.full((SIDE, SIDE, 3), 128, np.uint8)
        self.seconds = min(self._time(blank) for _ in range(TIMED_RUNS))

    seconds: float
    """What one face takes here, measured."""

    def restore(self, face: Frame) -> Plane:
        """Redraw a face that lies on the template.

        Args:
            face: uint8 `(512, 512, 3)` BGR.

        Returns:
            float32 `(512, 512, 3)` BGR in [0, 255].
        """
        seen = np.ascontiguousarray(face[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 127.5 - 1
        drawn = self._session.run(None, {self._picture: seen, **self._others})[0][0]
        return np.asarray((drawn[::-1].transpose(1, 2, 0).clip(-1, 1) + 1) * 127.5, np.float32)

    def _time(self, face: Frame) -> float:
        begin = time.perf_counter()
        self.restore(face)
        return time.perf_counter() - begin


class RestoredLips:
    """A lip engine (`voiceover.lips.LipEngine`) and a restorer after it. Safe to share between threads."""

    def __init__(self, name: str, lips: LipEngine, rate: float, restorer: Restorer) -> None:
        """
        Args:
            name: of the two together.
            lips: what draws; a frame that it leaves as it is costs nothing here either.
            rate: frames that it draws in a second.
        """
        self.name = name
        self.rate = 1 / (1 / rate + restorer.seconds)
        self._lips = lips
        self._restorer = restorer

    rate: float
    """Frames drawn and restored in a second, measured."""

    @property
    def mode(self) -> str:
        """Device and precision of what draws."""
        return str(getattr(self._lips, "mode", ""))

    @property
    def networks(self) -> Networks | None:
        """Which networks what draws has; None if it draws without."""
        return getattr(self._lips, "networks", None)

    def prepare(self, avatar: Avatar) -> None:
        """See `voiceover.lips`.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        self._lips.prepare(avatar)

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures; see `voiceover.lips`.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        return self._restored(avatar, self._lips.frames(avatar, speech, start_frame), start_frame)

    def _restored(self, avatar: Avatar, frames: Iterator[Frame], start_frame: int) -> Iterator[Frame]:
        for number, frame in enumerate(frames, start_frame):
            index = number % len(avatar.frames)
            picture, face = avatar.frames[index], avatar.faces[index]
            if face is not None and not np.array_equal(frame, picture):
                restore_drawn(frame, picture, face, self._restorer)
            yield frame


def restore_drawn(frame: Frame, picture: Frame, face: Landmarks, restorer: Restorer) -> None:
    """Restore what was drawn of a lower face, in place.

    Args:
        frame: uint8 `(height, width, 3)` BGR: the picture with another mouth.
        picture: as it was, equal in size.
        face: the picture's.
    """
    onto_template = alignment(face)
    seen = _aligned(frame, onto_template)
    drawn, original = (
        seen[LOWER].astype(np.float32),
        _aligned(picture, onto_template)[LOWER].astype(np.float32),
    )
    detail = _fine(restorer.restore(seen)[LOWER] - drawn)
    moved = 1 - likeness(drawn - original, UNMOVED, NEIGHBOURHOOD)
    change = np.zeros((SIDE, SIDE, 3), np.float32)
    change[LOWER] = moved[..., None] * (detail + missing_grain(drawn + detail, original, seed=0))

    box = box_around(face).padded_below(frame)
    back = onto_template @ np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1]])
    returned = cv2.warpAffine(change, back, box.size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    shown = frame[box.slices] + lower_face_mask(face, box)[..., None] * returned
    frame[box.slices] = np.clip(shown + np.float32(0.5), 0, 255)


def alignment(face: Landmarks) -> NDArray[np.float64]:
    """Return the similarity that best lays a face on the template, float64 `(2, 3)`."""
    x, y = np.asarray(face[LANDMARKS, :2], np.float64).T
    ones, zeros = np.ones_like(x), np.zeros_like(x)
    equations = np.concatenate((np.stack((x, -y, ones, zeros), 1), np.stack((y, x, zeros, ones), 1)))
    (a, b, across, down), *_ = np.linalg.lstsq(equations, np.ravel(TEMPLATE, order="F"), rcond=None)
    return np.array([[a, -b, across], [b, a, down]])


def _aligned(frame: Frame, onto_template: NDArray[np.float64]) -> Frame:
    return cast(
        Frame,
        cv2.warpAffine(
            frame, onto_template, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
    )


def _session(weights: Path) -> Any:  # onnxruntime has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    providers = [name for name in PROVIDERS if name in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(str(weights), options, providers)
    except Exception as exc:  # onnxruntime has no common base for what a bad file raises
        why = f"it is damaged, cut short or no network at all ({str(exc).splitlines()[0][:120]})"
        raise _refusal(weights, "checkpoint-unreadable", why) from exc
    if not _restores_faces(session):
        raise _refusal(weights, "checkpoint-foreign", "it is another network's: it does not restore faces")
    return session


def _restores_faces(session: Any) -> bool:
    """Whether a network takes a face, and perhaps a weight, and gives a face."""
    picture, *others = session.get_inputs()
    result = session.get_outputs()[0]
    weights = [other.name == "weight" and other.type in DTYPES for other in others]
    return _is_face(picture) and _is_face(result) and all(weights) and len(weights) < 2


def _is_face(tensor: Any) -> bool:
    """Whether a network's input or output is a face; sizes that its export left open have names."""
    sizes = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    wanted = (1, 3, SIDE, SIDE)
    return (
        tensor.type == "tensor(float)"
        and len(sizes) == len(wanted)
        and all(size in (None, want) for size, want in zip(sizes, wanted, strict=True))
    )


def _refusal(weights: Path, reason: str, why: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"{weights.name} cannot be used: {why}",
        engine=weights.stem,
        reason=reason,
        path=weights.name,
        model=weights.stem,
    )


def _fine(difference: Plane) -> Plane:
    """Return a difference without what is coarser than `DETAIL`."""
    small = cv2.resize(difference, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(cv2.GaussianBlur(small, (0, 0), DETAIL / COARSE), difference.shape[1::-1])
    return difference - cast(Plane, coarse)
