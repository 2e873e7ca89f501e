"""The lip rig: control points on a face, and where a pose of the mouth moves them.

Upper and lower face are two layers, cut apart along the lips, so each has its own control points;
beyond the mouth's corners both have the same. All in millimetres of the mouth frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visemes import facemesh
from visemes.motion import MouthPose
from visemes.mouthframe import Points
from visemes.portrait import Portrait
from voiceover.geometry import smoothstep

Floats = NDArray[np.float64]

UNDERLAP = 0.35  # mm that the lower lip reaches under the upper one, or a hairline shows between them
UPPER_SHARE = 0.42  # of an open photo's gap is closed by the upper lip, the rest by the lower one
# Who smiles, speaks with parted lips: this much of an open photo's gap stays but for contacts.
PARTED = 0.13
BITE_LIFT = 2.0  # mm that the upper lip bares the teeth for f and v
NEUTRAL_ELEVATION = 2.0  # mm that the corners of a relaxed mouth may stand above its middle
CHIN_PER_JAW = 0.78  # real talkers' chins move 0.45–0.7 mm per mm of lip opening
UNDER_LIP_REACH = 5.0  # mm below the lip over which the skin changes from following it to following the jaw
BESIDE_CORNER = np.array([5.0, 12.0, 21.0])  # mm outward of a corner: control points that follow it
BESIDE_FOLLOW = np.array([0.72, 0.38, 0.12])  # and how much


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """Where a pose moves things, mm."""

    upper: Points
    """Shift of each of the rig's `upper_points`"""
    lower: Points
    inner_upper: Points
    """Where the upper lip's inner edge ends up, `(11, 2)`"""
    inner_lower: Points

    @property
    def aperture(self) -> float:
        """mm between the lips in the middle."""
        middle = len(self.inner_upper) // 2
        return max(0.0, float(self.inner_lower[middle, 1] - self.inner_upper[middle, 1]))


@dataclass(frozen=True, slots=True)
class _Drive:
    """A pose resolved against one face: what all control points are moved by."""

    jaw: float
    width: float
    """mm that the corners go outward"""
    corner_drop: float
    """mm that they go down"""
    relax: float
    """the part of it that comes from relaxing a smile"""
    upper: float
    """mm that the middle of the upper lip goes down"""
    lower: float
    """mm that the middle of the lower lip goes down"""
    settling: float
    """share of the way that the lips have gone from the photo to where they meet"""
    closing: float
    """mm of the photo's own gap that is closed, at its widest"""
    aperture_width: float
    """share of the mouth's width that opens: less when rounded"""


class LipRig:
    """Control points of one portrait. Immutable: safe to share between threads."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait
        fixed = _fixed_points(portrait)
        self._fixed_count = len(fixed)
        shared = [
            *(portrait.at(ids) for ids in (facemesh.JAW_LINE, facemesh.MIDFACE, facemesh.CHEEKS)),
            *_beside_corners(portrait),
            fixed,
        ]
        corners_inside = np.stack([portrait.inner_upper[0], portrait.inner_upper[-1]])
        upper = [portrait.at(facemesh.OUTER_UPPER), portrait.inner_upper[1:-1], corners_inside]
        lower = [portrait.at(facemesh.OUTER_LOWER), portrait.inner_lower[1:-1], corners_inside]
        self.upper_points: Points = np.concatenate([*upper, portrait.at((facemesh.PHILTRUM,)), *shared])
        self.lower_points: Points = np.concatenate([*lower, portrait.at(facemesh.CHIN_PAD), *shared])
        self._hinges = _Hinges(portrait)
        self._meeting = _MeetingLine(portrait)
        self._inner_upper = _Edge(portrait, portrait.inner_upper, self._meeting.upper)
        self._inner_lower = _Edge(portrait, portrait.inner_lower, self._meeting.lower)
        self._outer_upper = _Edge(portrait, portrait.at(facemesh.OUTER_UPPER), self._inner_upper)
        self._outer_lower = _Edge(portrait, portrait.at(facemesh.OUTER_LOWER), self._inner_lower)
        self._lip_height_upper = _distance(portrait, facemesh.UPPER_LIP, facemesh.UPPER_LIP_EDGE)
        self._lip_height_lower = _distance(portrait, facemesh.LOWER_LIP, facemesh.LOWER_LIP_EDGE)

    def shifts(self, pose: MouthPose) -> Shifts:
        """Return where a pose moves the control points and the lips' inner edges."""
        drive = self._drive(pose)
        inner_upper = self._shift_inner(self._inner_upper, drive.upper, pose, drive)
        inner_lower = self._shift_inner(self._inner_lower, drive.lower, pose, drive)
        outer_upper, outer_lower = self._shift_outer_upper(pose, drive), self._shift_outer_lower(pose, drive)
        corners_inside = np.stack([inner_upper[0], inner_upper[-1]])
        shared = [
            *(self._jaw_line(drive), self._midface(pose), self._cheeks(pose, drive)),
            *self._beside_corners(drive),
            np.zeros((self._fixed_count, 2)),
        ]
        upper = [outer_upper, inner_upper[1:-1], corners_inside, self._philtrum(pose, drive)]
        lower = [outer_lower, inner_lower[1:-1], corners_inside, self._chin(drive, outer_lower)]
        return Shifts(
            np.concatenate(upper + shared),
            np.concatenate(lower + shared),
            self.portrait.inner_upper + inner_upper,
            self.portrait.inner_lower + inner_lower,
        )

    def _drive(self, pose: MouthPose) -> _Drive:
        portrait = self.portrait
        jaw = pose.jaw * (1 - 0.55 * pose.closure)
        free = (1 - pose.closure) * (1 - pose.labiodental)
        biting = pose.labiodental * (1 - pose.closure)
        meeting = 0.22 * jaw * pose.closure  # lips that meet over a dropped jaw meet lower
        settling = pose.speaking * (1 - PARTED * free)
        smile = min(portrait.smile, 8.0)
        # A broad mouth must open further to look round, but little for the tightest vowels.
        arching = 0.36 * smile * pose.rounding * (1.5 - 0.95 * pose.rounding)
        underlap = UNDERLAP * min(1.0, jaw + pose.lower_lip)  # what the lower lip's layer hides of a gap
        relax = self._meeting.excess * (0.38 * pose.speaking + 0.40 * pose.rounding)
        return _Drive(
            jaw=jaw,
            width=self._corner_width(pose, jaw),
            corner_drop=0.24 * jaw * (1 - 0.4 * pose.closure) + relax,
            relax=relax,
            upper=-(pose.upper_lip + 0.65 * arching) * free - BITE_LIFT * biting + meeting,
            lower=(jaw + pose.lower_lip + underlap + 0.35 * arching) * free
            + (0.5 + 0.12 * jaw) * biting
            + meeting,
            settling=settling,
            closing=settling * float(portrait.gap.max()),
            aperture_width=1 - 0.25 * pose.rounding - 0.012 * smile * pose.speaking,
        )

    def _corner_width(self, pose: MouthPose, jaw: float) -> float:
        """Return how far the corners go outward, mm; a broad smile gives way to what is said."""
        portrait = self.portrait
        width = pose.width * min(portrait.half_width / 24, 1.15)
        width -= (0.46 * pose.speaking + 0.12 * pose.rounding) * portrait.smile + 0.07 * jaw
        return _soft_floor(width, -min(0.34 * portrait.half_width, 10.0))

    def _shift_inner(self, edge: "_Edge", travel: float, pose: MouthPose, drive: _Drive) -> Points:
        """Move an inner lip edge: onto the line where lips meet, then apart."""
        opened = edge.opened(drive.aperture_width, 1.06 - 0.48 * pose.rounding)
        return edge.shift(drive, drive.settling * edge.to_meeting + travel * opened)

    def _shift_outer_upper(self, pose: MouthPose, drive: _Drive) -> Points:
        edge = self._outer_upper
        travel = (0.86 if drive.upper < 0 else 0.8) * drive.upper
        thinning = 1.4 * 0.22 * self._lip_height_upper * pose.roll
        dy = 0.62 * drive.settling * edge.to_meeting - 1.3 * pose.rounding * edge.pucker
        return edge.shift(drive, dy + (travel + thinning) * edge.opened(drive.aperture_width, 0.8))

    def _shift_outer_lower(self, pose: MouthPose, drive: _Drive) -> Points:
        edge = self._outer_lower
        free = (1 - pose.closure) * (1 - pose.labiodental)
        jaw = drive.jaw * (free + 0.75 * pose.closure + 0.45 * pose.labiodental)
        thinning = 0.22 * self._lip_height_lower * (1.5 * pose.roll + 1.2 * pose.labiodental)
        travel = jaw + 0.75 * pose.lower_lip * free - thinning
        dy = 0.62 * drive.settling * edge.to_meeting + 1.9 * pose.rounding * edge.pucker
        return edge.shift(drive, dy + travel * edge.opened(drive.aperture_width, 0.8))

    def _philtrum(self, pose: MouthPose, drive: _Drive) -> Points:
        travel = (0.35 if drive.upper < 0 else 0.2) * drive.upper
        return np.array([[0.0, travel + 0.2 * UPPER_SHARE * drive.closing - 0.4 * pose.rounding]])

    def _chin(self, drive: _Drive, outer_lower: Points) -> Points:
        """Return the shift of the chin: it follows the jaw, and right under the lip it follows the lip."""
        dy = self._hinges.chin * self._chin_drop(drive)
        lip = self.portrait.at(facemesh.OUTER_LOWER)
        for point in facemesh.UNDER_LIP:
            index = facemesh.CHIN_PAD.index(point)
            x, y = self.portrait.points[point]
            below = max(0.0, y - float(np.interp(x, *lip.T)))
            lip_dy = float(np.interp(x, lip[:, 0], outer_lower[:, 1]))
            dy[index] += (lip_dy - dy[index]) * np.exp(-below / UNDER_LIP_REACH)
        return np.stack([np.zeros_like(dy), dy], axis=1)

    def _jaw_line(self, drive: _Drive) -> Points:
        inward = -0.05 * drive.jaw * np.sign(self.portrait.at(facemesh.JAW_LINE)[:, 0])
        return (
            np.stack([inward, np.full_like(inward, self._chin_drop(drive))], axis=1)
            * self._hinges.jaw[:, None]
        )

    def _midface(self, pose: MouthPose) -> Points:
        shift = np.zeros((len(facemesh.MIDFACE), 2))
        lifted = [facemesh.MIDFACE.index(wing) for wing in facemesh.NOSE_WINGS]
        shift[lifted, 1] = -0.10 * pose.upper_lip * (1 - pose.closure) * (1 - pose.labiodental)
        return shift

    def _cheeks(self, pose: MouthPose, drive: _Drive) -> Points:
        cheeks = self.portrait.at(facemesh.CHEEKS)
        near = np.exp(-(((cheeks[:, 1] - drive.corner_drop) / 22) ** 2))
        outward = (0.22 * drive.width - 0.6 * pose.rounding - 0.03 * drive.jaw) * near
        down = self._chin_drop(drive) * self._hinges.cheek + 0.30 * drive.relax * near
        return np.stack([np.sign(cheeks[:, 0]) * outward, down], axis=1)

    def _beside_corners(self, drive: _Drive) -> tuple[Points, Points]:
        portrait = self.portrait
        left = np.array([-drive.width * portrait.half_left / portrait.half_width, drive.corner_drop])
        right = np.array([drive.width * portrait.half_right / portrait.half_width, drive.corner_drop])
        follow = BESIDE_FOLLOW[:, None]
        return left * follow, right * follow

    def _chin_drop(self, drive: _Drive) -> float:
        return CHIN_PER_JAW * drive.jaw - 0.22 * drive.closing


class _Edge:
    """A lip contour: how much of each movement its points take."""

    def __init__(self, portrait: Portrait, points: Points, to_meeting: "Floats | _Edge") -> None:
        self.x = points[:, 0]
        across = np.clip(portrait.across(self.x), 0, 1)
        self._out = across**2.2
        self._outward = np.sign(self.x) * portrait.side_scale(self.x) * across**0.9
        self._dip = across**2
        self.pucker: Floats = (1 - across**3) ** 0.6
        """how much pushed-out lips swell: nearly alike all along, or they would be pointed"""
        if isinstance(to_meeting, _Edge):
            to_meeting = np.asarray(np.interp(self.x, to_meeting.x, to_meeting.to_meeting))
        self.to_meeting: Floats = to_meeting
        """mm down to where the lips meet"""

    def opened(self, aperture_width: float, power: float) -> Floats:
        """Return how much of the opening there is at each point: 1 in the middle, 0 at the corners."""
        return np.asarray(np.clip(1 - self._out / aperture_width**2.2, 0, 1) ** power)

    def shift(self, drive: _Drive, dy: Floats) -> Points:
        """Return the shift of each point: dy, and what it takes of the corners' way."""
        return np.stack([self._outward * drive.width, dy + self._dip * drive.corner_drop], axis=1)


class _MeetingLine:
    """The line on which the lips of an open photo would meet: smooth, through both corners."""

    def __init__(self, portrait: Portrait) -> None:
        upper, lower = portrait.inner_upper, portrait.inner_lower
        x = np.unique(np.concatenate([upper[:, 0], lower[:, 0]]))
        upper_y, lower_y = np.interp(x, *upper.T), np.interp(x, *lower.T)
        base = np.interp(x, [upper[0, 0], upper[-1, 0]], [upper[0, 1], upper[-1, 1]])
        across = np.clip(portrait.across(x), 0, 1)
        arches = np.stack([1 - across**2, 1 - across**4], axis=1)
        depth, *_ = np.linalg.lstsq(arches, upper_y + UPPER_SHARE * (lower_y - upper_y) - base, rcond=None)
        line = base + arches @ depth
        self.upper: Floats = np.interp(upper[:, 0], x, line) - upper[:, 1]
        """mm down from the upper lip's inner edge, `(11,)`; 0 for a closed photo"""
        self.lower: Floats = np.interp(lower[:, 0], x, line) - lower[:, 1]
        if not portrait.open:
            self.upper, self.lower = np.zeros_like(self.upper), np.zeros_like(self.lower)
        self.excess = max(0.0, float(depth.sum()) - NEUTRAL_ELEVATION)
        """mm by which a smile holds the corners higher than a relaxed mouth would"""


class _Hinges:
    """How much of the jaw's drop each point takes: 1 at the chin, 0 at the ear, 0 above the mouth."""

    def __init__(self, portrait: Portrait) -> None:
        ear = portrait.depth[list(facemesh.EARS)].mean()
        lip = portrait.depth[facemesh.LOWER_LIP_EDGE]

        def hinge(ids: facemesh.Ids) -> Floats:
            return np.asarray(np.clip((portrait.depth[list(ids)] - ear) / (lip - ear), 0, 1.05))

        self.jaw = hinge(facemesh.JAW_LINE) * smoothstep(portrait.at(facemesh.JAW_LINE)[:, 1], -15, 18)
        self.cheek = 0.55 * hinge(facemesh.CHEEKS) * smoothstep(portrait.at(facemesh.CHEEKS)[:, 1], -22, 26)
        self.chin = np.minimum(1, hinge(facemesh.CHIN_PAD) + 0.05)


def meeting_height(portrait: Portrait) -> float:
    """Return the y, mm, at which the lips meet in the middle."""
    middle = len(portrait.inner_upper) // 2
    return float(portrait.inner_upper[middle, 1] + UPPER_SHARE * portrait.gap[middle])


def _soft_floor(value: float, floor: float) -> float:
    """Return the value, eased above a (negative) floor: skin dragged further would crease."""
    knee = 0.6 * floor
    return value if value > knee else knee + 0.4 * floor * float(np.tanh((value - knee) / (0.4 * floor)))


def _fixed_points(portrait: Portrait) -> Points:
    """Return points that never move: a frame around the lower face and two rows on the neck."""
    chin = portrait.points[facemesh.CHIN, 1]
    neck = [[x, chin + below] for below in (16, 30) for x in np.linspace(-55, 55, 9)]
    sides = [[x, y] for x in (-80, 80) for y in np.linspace(-40, 70, 8)]
    top = [[x, -42] for x in np.linspace(-70, 70, 9)]
    return np.array(neck + sides + top)


def _beside_corners(portrait: Portrait) -> tuple[Points, Points]:
    left, right = portrait.at((facemesh.LEFT_CORNER, facemesh.RIGHT_CORNER))
    outward = np.stack([BESIDE_CORNER, -0.10 * BESIDE_CORNER], axis=1)
    left_scale, right_scale = (
        portrait.half_left / portrait.half_width,
        portrait.half_right / portrait.half_width,
    )
    return left + outward * [-left_scale, 1], right + outward * [right_scale, 1]


def _distance(portrait: Portrait, one: int, other: int) -> float:
    return float(abs(portrait.points[one, 1] - portrait.points[other, 1]))
