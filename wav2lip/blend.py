"""Putting a drawn lower face back into its picture so that nobody sees where, or that it was ever 96 pixels.

The picture keeps everything outside a soft mask along the face's contour. Inside, what was drawn is brought
to the colours of the skin around it, and gets back what 96 pixels cannot hold: the picture's own detail where
nothing moved, a sharpening that fits this picture where something did, and the picture's grain.
"""

from collections.abc import Iterable, Iterator
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from voiceover.types import Frame, Landmarks
from wav2lip.face import Box
from wav2lip.model import FACE_SIDE, PUBLISHED, Stroke
from wav2lip.static import FIRST_ROW

Plane = NDArray[np.float32]

CONTOUR = (
    454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234,
)  # fmt: skip
"""MediaPipe's landmarks along the jaw, from ear to ear."""
NOSE_BASE = 2

CHIN_ROOM = 0.08  # of the box's height: how far below its place at rest an open jaw still shows
ABOVE_NOSE_BASE = 0.03  # of the box's height: where the mask begins
FEATHER = 0.05  # of the box's height, over which the mask rises from 0 to 1
SURROUNDINGS = 6.0  # drawn pixels, standard deviation, over which colours are carried inwards
MISMATCH = 16.0  # levels of difference at the edge at which it is as likely movement as colour
UNMOVED = 9.0  # levels of difference at which half of the picture's own detail is kept
FAR = 0.1  # weight of the whole edge against the nearby one
NEIGHBOURHOOD = 1.5  # drawn pixels, standard deviation, in which movement is looked for
STRONGEST_SHARPENING = 2.5


class LowerFace:
    """The lower face of one picture, ready to be replaced. Safe to share between threads."""

    def __init__(
        self, frame: Frame, face: Landmarks, box: Box, seed: int = 0, stroke: Stroke = PUBLISHED
    ) -> None:
        """
        Args:
            frame: the picture; it is not kept.
            box: what the network saw of it.
            seed: of the grain.
            stroke: of the network.
        """
        mask = lower_face_mask(face, box)
        inside = _bounds(mask)
        self._mask = mask[inside][..., None]
        self._place = _moved(inside, box.top, box.left)
        self._from_drawn = _placement(box, inside)
        self._original = frame[self._place].astype(np.float32)
        self._reference, self._edge = _as_drawn(frame[box.slices]), _edge(_as_drawn(mask))
        self._detail = self._original - self._enlarged(self._reference)
        self._blur = stroke.finest * box.size[1] / FACE_SIDE  # picture pixels
        soft = self._enlarged(cast(Plane, cv2.GaussianBlur(self._reference, (0, 0), stroke.softness)))
        self._sharpening = self._fitting_sharpening(soft)
        self._grain = missing_grain(self._sharpened(soft), self._original, seed)

    def pasted(self, frames: Iterable[Frame], drawn: Tensor, gates: NDArray[np.float64]) -> Iterator[Frame]:
        """Replace the lower face in pictures, in place, and yield each as soon as it is ready; see `paste`.

        Args:
            drawn: float32 `(n, 3, 41, 96)`.
            gates: `(n,)`.
        """
        for frame, mouth, gate in zip(frames, drawn.cpu().numpy(), gates, strict=True):
            self.paste(frame, mouth, gate)
            yield frame

    def paste(self, frame: Frame, drawn: NDArray[np.float32], gate: float = 1.0) -> None:
        """Replace the lower face in a picture, in place.

        Args:
            frame: uint8 `(height, width, 3)` BGR, equal to the picture this was made from.
            drawn: float32 `(3, 41, 96)` in [0, 1], BGR: rows 55 to 95 of the network's picture.
            gate: 0 leaves the picture as it is, 1 shows what was drawn.
        """
        if gate <= 0:
            return
        face = self._recoloured(drawn.transpose(1, 2, 0) * np.float32(255))
        unmoved = self._enlarged(likeness(face - self._reference, UNMOVED, NEIGHBOURHOOD))[..., None]
        enlarged = self._enlarged(face)
        moved = self._sharpened(enlarged) + self._grain
        result = np.clip(moved + unmoved * (enlarged + self._detail - moved), 0, 255)
        blended = self._original + self._mask * np.float32(gate) * (result - self._original)
        frame[self._place] = (blended + np.float32(0.5)).astype(np.uint8)

    def _recoloured(self, face: Plane) -> Plane:
        """Bring a drawn face to the picture's colours by what differs at the mask's edge."""
        difference = self._reference - face
        trust = self._edge * likeness(difference, MISMATCH, NEIGHBOURHOOD)
        trusted = cv2.merge([*cv2.split(difference * trust[..., None]), trust])
        # Far from the edge, the whole edge's difference takes the place of the nearby one.
        whole = np.array(cv2.mean(trusted), np.float32)
        weighed = cv2.GaussianBlur(trusted, (0, 0), SURROUNDINGS) + np.float32(FAR) * whole
        return np.asarray(face + weighed[..., :3] / (weighed[..., 3:] + 1e-6), np.float32)

    def _enlarged(self, face: Plane) -> Plane:
        """Bring something of the drawn face's size to its place in the picture."""
        enlarged = cv2.warpAffine(
            face,
            self._from_drawn,
            self._mask.shape[1::-1],
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return cast(Plane, enlarged)

    def _band(self, picture: Plane) -> Plane:
        """Return the finest detail that a drawn face can have."""
        return picture - cast(Plane, cv2.GaussianBlur(picture, (0, 0), self._blur))

    def _sharpened(self, picture: Plane) -> Plane:
        return picture + self._sharpening * self._band(picture)

    def _fitting_sharpening(self, soft: Plane) -> float:
        """Return the sharpening with which the picture, had it been drawn, would be as sharp as it is.

        Sharpness is the energy of the finest band; after sharpening it is a quadratic in the factor.
        """
        wanted, had = self._band(self._original), self._band(soft)
        gained = self._band(had)

        def energy(one: Plane, other: Plane) -> float:
            return float((one * other * self._mask).sum())

        a, b, c = energy(gained, gained), 2 * energy(had, gained), energy(had, had) - energy(wanted, wanted)
        if a <= 0 or c >= 0:
            return 0.0
        return min(float(-b + np.sqrt(b * b - 4 * a * c)) / (2 * a), STRONGEST_SHARPENING)


def lower_face_mask(face: Landmarks, box: Box) -> Plane:
    """Return how much of each of the box's pixels may be replaced, `(height, width)` in [0, 1].

    It rises softly from 0 at the face's contour (at the chin a little below it), the base of the nose and the
    edge of what was drawn.
    """
    width, height = box.size
    across = face[CONTOUR[0], :2] - face[CONTOUR[-1], :2]
    across = across / np.linalg.norm(across)
    down = np.array([-across[1], across[0]])
    corner = np.array([box.left, box.top])
    jaw = face[CONTOUR, :2] - corner
    inside = np.zeros((height, width), np.uint8)
    for room in (0, CHIN_ROOM / 2, CHIN_ROOM):
        cv2.fillPoly(inside, [np.round(jaw + room * height * down).astype(np.int32)], 1)
    start = face[NOSE_BASE, :2] - corner - ABOVE_NOSE_BASE * height * down
    y, x = np.ogrid[:height, :width]
    inside[(x - start[0]) * down[0] + (y - start[1]) * down[1] < 0] = 0
    inside[: round(FIRST_ROW / FACE_SIDE * height) + 1] = 0
    inside[-1] = inside[:, 0] = inside[:, -1] = 0
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rise = np.clip(depth / (FEATHER * height), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def _bounds(mask: Plane) -> tuple[slice, slice]:
    left, top, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _moved(place: tuple[slice, slice], down: int, across: int) -> tuple[slice, slice]:
    rows, columns = place
    return (
        slice(rows.start + down, rows.stop + down),
        slice(columns.start + across, columns.stop + across),
    )


def _placement(box: Box, inside: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return the affine map from pixels of a place in the box to drawn ones, centres as in `cv2.resize`."""
    (width, height), (rows, columns) = box.size, inside
    across, down = FACE_SIDE / width, FACE_SIDE / height
    x = (columns.start + 0.5) * across - 0.5
    y = (rows.start + 0.5) * down - 0.5 - FIRST_ROW
    return np.array([[across, 0, x], [0, down, y]])


def _as_drawn(boxed: Frame | Plane) -> Plane:
    """Return the rows that the network draws of what is in the box, in their size."""
    crop = cv2.resize(boxed, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA)
    return crop[FIRST_ROW:].astype(np.float32)


def _edge(mask: Plane) -> Plane:
    """Return where the drawn face should have the picture's colours: about the mask's edge."""
    around = cv2.GaussianBlur(mask, (0, 0), FEATHER / 2 * FACE_SIDE)
    return cast(Plane, around * (1 - mask))


def likeness(difference: Plane, scale: float, neighbourhood: float) -> Plane:
    """Return how surely each pixel shows what the picture shows: 1, or 1/2 where it differs by the scale.

    Args:
        difference: `(height, width, 3)`, levels.
        scale: levels.
        neighbourhood: pixels, standard deviation, over which differences are looked at together.
    """
    squares = np.einsum("yxc,yxc->yx", difference, difference)
    energy = cv2.GaussianBlur(squares, (0, 0), neighbourhood)
    return np.asarray(np.exp2(-energy / (3 * scale**2)), np.float32)


def missing_grain(drawn: Plane, original: Plane, seed: int) -> Plane:
    """Return noise, the same for all colours, that makes what is drawn as grainy as the picture."""
    missing = np.sqrt(max(_noise(original) ** 2 - _noise(drawn) ** 2, 0))
    grain = np.random.default_rng(seed).normal(0, missing, drawn.shape[:2])
    return grain.astype(np.float32)[..., None]


def _noise(picture: Plane) -> float:
    """Return the noise's standard deviation, in levels (Immerkær, "Fast Noise Variance Estimation", 1996)."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    # The median, unlike the mean, is not fooled by the lines of a face.
    return float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel)))) / 0.6745 / 6
