"""The life of a still portrait between and during its words: blinks, a swaying head, small nods.

All of it repeats after IDLE_FRAMES frames, so that a clip may begin at any frame of the loop and
joins the clip or the loop before it.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.eyelids import Eyelid, LidLayer
from voiceover.geometry import smoothstep
from voiceover.glasses import wears_glasses
from voiceover.sway import Pose, Sway
from voiceover.types import FPS, Avatar, Frame, Speech

IDLE_FRAMES = 400  # 16 s at 25 fps

# A pose wanders by sines that repeat a whole number of times in the loop, the slow ones wide.
CYCLES = (1, 2, 3, 5)
CYCLE_WEIGHTS = (0.5, 0.6, 0.35, 0.15)
# Radians and mm; where sines meet, the head goes half as far again.
SWAY = Pose(turn=0.026, bow=0.016, tilt=0.010, right=1.1, down=0.6)
NOD = Pose(turn=0.0, bow=0.030, tilt=0.0, right=0.0, down=1.2)  # at the loudest

BLINK_CLOSING = 0.09  # seconds
BLINK_CLOSED = 0.05
BLINK_OPENING = 0.17
BLINK_GAP = (1.8, 5.2)  # seconds between the beginnings of blinks
DOUBLE_BLINK = 0.18  # share of blinks that are followed by another at once
DOUBLE_DELAY = 0.36  # seconds
PARTIAL_BLINK = 0.15  # share of blinks that do not close the eye entirely
PARTIAL_DEPTH = 0.7
SHUTTER = 8  # moments over which a frame is exposed
CLOSURE_STEPS = 16  # closures for which lids are drawn in advance

ACCENT = 0.12  # seconds of a stressed word
PHRASE = 0.7  # seconds around it with which it is compared
NOD_EASE = 0.4  # seconds over which nods grow from nothing and die away
FULL_NOD = 0.15  # of the loudest frame: an accent below it gives less than a full nod


class IdleMotion:
    """The idle motion of one avatar. Immutable; `apply` is pure and safe in several threads.

    Only a photo with a face moves: an avatar of several frames has a life of its own.
    """

    def __init__(self, avatar: Avatar) -> None:
        self._sway: Sway | None = None
        self._lids: dict[int, list[LidLayer]] = {}
        face = avatar.faces[0]
        if len(avatar.frames) != 1 or face is None:
            return
        random = np.random.default_rng(int(avatar.digest[:16], 16))
        self._poses = _poses(random)
        self._closures = _closures(random)
        self._sway = Sway(avatar.frames[0], face)
        lids = [Eyelid(avatar.frames[0], face, eye) for eye in (0, 1)]
        if all(lid.can_close for lid in lids) and not wears_glasses(avatar.frames[0], face):
            self._lids = {
                step: [lid.layer(step / CLOSURE_STEPS) for lid in lids] for step in set(self._closures) - {0}
            }

    def apply(self, frame: Frame, index: int, nod: float = 0.0) -> Frame:
        """Return the avatar's picture as it is at a frame of the loop.

        Args:
            frame: the picture, its mouth already drawn; not changed.
            index: frame number, taken modulo IDLE_FRAMES.
            nod: how far the head bows on top, from 0 to 1.
        """
        if self._sway is None:
            return frame.copy()
        index %= IDLE_FRAMES
        lids = self._lids.get(int(self._closures[index]), ())
        if lids:
            frame = frame.copy()
        for lid in lids:
            lid.draw(frame)
        return self._sway.apply(frame, Pose(*(self._poses[index] + nod * np.array(NOD))))

    def closure(self, index: int) -> float:
        """How far the eyes are closed at a frame of the loop, from 0 to 1; always 0 where nobody blinks."""
        if not self._lids:
            return 0.0
        return float(self._closures[index % IDLE_FRAMES]) / CLOSURE_STEPS


def idle_period(avatar: Avatar) -> int:
    """Return after how many frames an avatar's idle motion repeats."""
    return IDLE_FRAMES if len(avatar.frames) == 1 else len(avatar.frames)


def nods(speech: Speech) -> NDArray[np.float32]:
    """How far the head bows at each frame of a speech: it dips on what is said louder than the words around.

    Returns:
        float32 `(speech.frames,)` in [0, 1], smooth, exactly 0 in the first and last frame, so that
        clips join without a jump.
    """
    frames = speech.frames
    edges = np.arange(frames + 1) * speech.sample_rate // FPS
    power = np.array(
        [np.mean(np.square(speech.samples[start:stop], dtype=np.float64)) for start, stop in pairwise(edges)]
    )
    if frames < 3 or not power.any():
        return np.zeros(frames, np.float32)
    loudness = np.sqrt(power)
    accent = _smooth(loudness, ACCENT) - _smooth(loudness, PHRASE)
    accent = _smooth(np.maximum(accent, 0), ACCENT)
    ease = max(1, min(round(NOD_EASE * FPS), frames // 2))
    rise = smoothstep(np.arange(frames, dtype=np.float64), 0, ease)
    bow = accent / max(accent.max(), FULL_NOD * loudness.max()) * rise * rise[::-1]
    return np.asarray(np.clip(bow, 0, 1), np.float32)


def _smooth(values: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Average over the neighbourhood, forwards and backwards in time."""
    row = values.reshape(1, -1)
    smooth = cv2.GaussianBlur(row, (0, 0), seconds * FPS, sigmaY=0.1, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth[0], np.float64)


def _poses(random: np.random.Generator) -> NDArray[np.float64]:
    """The pose at each frame of the loop: `(IDLE_FRAMES, 5)` in the order of Pose's fields."""
    amplitudes = np.array(SWAY)
    weights = np.array(CYCLE_WEIGHTS) / np.linalg.norm(CYCLE_WEIGHTS)
    phases = random.uniform(0, 2 * np.pi, (len(CYCLES), len(amplitudes)))
    loop = np.arange(IDLE_FRAMES) / IDLE_FRAMES
    angles = 2 * np.pi * np.array(CYCLES)[:, None, None] * loop[:, None] + phases[:, None]
    return np.asarray(np.tensordot(weights, np.sin(angles), axes=1) * amplitudes, np.float64)


def _closures(random: np.random.Generator) -> NDArray[np.int64]:
    """How far the eyes are closed at each frame of the loop, in steps of 1 / CLOSURE_STEPS."""
    loop = IDLE_FRAMES / FPS
    gaps = random.uniform(*BLINK_GAP, size=round(loop / np.mean(BLINK_GAP)))
    begins = random.uniform(0, loop) + np.cumsum(gaps) * loop / gaps.sum()
    moments = (np.arange(IDLE_FRAMES)[:, None] + np.arange(SHUTTER) / SHUTTER) / FPS
    closure = np.zeros(moments.shape)
    for begin in begins:
        depth = PARTIAL_DEPTH if random.random() < PARTIAL_BLINK else 1.0
        closure = np.maximum(closure, depth * _blink((moments - begin) % loop))
        if random.random() < DOUBLE_BLINK:
            closure = np.maximum(closure, depth * _blink((moments - begin - DOUBLE_DELAY) % loop))
    return np.asarray(np.rint(closure.mean(axis=1) * CLOSURE_STEPS), np.int64)


def _blink(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far an eye is closed after a blink began: it falls fast, rests, rises slowly."""
    reopening = BLINK_CLOSING + BLINK_CLOSED
    opening = smoothstep(seconds, reopening, reopening + BLINK_OPENING)
    return np.asarray(smoothstep(seconds, 0, BLINK_CLOSING) * (1 - opening), np.float64)
