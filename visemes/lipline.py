"""Where the lips end, to a fraction of a millimetre: face meshes are not that exact.

Closed lips are snapped to the dark line between them, or pixels of one lip would move with the
other. Open lips are told from teeth by colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes.mouthframe import MouthFrame, Points
from voiceover.types import Frame

Floats = NDArray[np.float64]

CLOSED_REACH = 3.5  # mm above and below the mesh's lip line that are searched
OPEN_REACH = 2.0  # mm; wider reaches are caught by highlights on the lower lip
ROW = 0.25  # mm between the rows of a straightened patch


@dataclass(frozen=True, slots=True, eq=False)
class LipContours:
    """Four contours, each `(11, 2)` mm from the left corner to the right one."""

    outer_upper: Points
    inner_upper: Points
    inner_lower: Points
    outer_lower: Points


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Two Gaussians in Lab space, each a mean and a standard deviation `(3,)`."""

    lip: Floats
    lip_spread: Floats
    inside: Floats
    inside_spread: Floats

    @property
    def shows_teeth(self) -> bool:
        """Whether what is between the lips is lighter than they are, not a dark gap."""
        return bool(self.inside[0] > self.lip[0] + 12)

    def inside_likelihood(self, lab: NDArray[np.float32]) -> NDArray[np.float32]:
        """Tell how much more Lab pixels look like mouth than lip, in squared sigmas."""
        as_lip = (((lab - self.lip) / self.lip_spread) ** 2).sum(axis=-1)
        as_inside = (((lab - self.inside) / self.inside_spread) ** 2).sum(axis=-1)
        return np.asarray(as_lip - as_inside, np.float32)


def trace_closed(picture: Frame, frame: MouthFrame, upper: Points, lower: Points) -> Points:
    """Return the line on which closed lips meet, `(11, 2)` mm: the darkest path near the mesh's."""
    column = 0.5  # mm
    xs = np.arange(upper[0, 0], upper[-1, 0], column)
    guess = np.interp(xs, upper[:, 0], (upper[:, 1] + lower[:, 1]) / 2)
    offsets = np.arange(-CLOSED_REACH, CLOSED_REACH + ROW / 2, ROW)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    grey = cv2.GaussianBlur(grey, (0, 0), max(0.5, 0.3 * frame.pixels_per_mm))
    patch = _straightened(grey, frame, xs, guess + offsets[:, None])
    brightness = (patch - patch.mean(axis=0)) / (patch.std() + 1e-3)
    path = _cheapest_path(brightness + 0.05 * offsets[:, None] ** 2, step_cost=0.25)
    line = _blurred(guess + offsets[path], 1.0 / column)
    middle = (upper + lower) / 2
    middle[1:-1, 1] = np.interp(middle[1:-1, 0], xs, line)
    return middle


def trace_open(picture: Frame, frame: MouthFrame, contours: LipContours) -> tuple[Points, Points, Palette]:
    """Return the inner edges of open lips, `(11, 2)` mm each, and the colours they were told apart by.

    The mesh's inner corners lie several mm inside a smile: the edges are stretched out to the outer
    corners first, then moved column by column to where lip turns into teeth or dark.
    """
    left, right = contours.outer_upper[0] + [0.8, 0], contours.outer_upper[-1] - [0.8, 0]
    xs = np.arange(left[0], right[0], 0.4)
    upper = _stretched(xs, contours.inner_upper, left, right)
    lower = _stretched(xs, contours.inner_lower, left, right)
    outer_upper = np.interp(xs, contours.outer_upper[:, 0], contours.outer_upper[:, 1])
    outer_lower = np.interp(xs, contours.outer_lower[:, 0], contours.outer_lower[:, 1])
    ys = np.arange(min(outer_upper.min(), upper.min()) - 2, max(outer_lower.max(), lower.max()) + 2, ROW)
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB)
    patch = _straightened(lab, frame, xs, np.repeat(ys[:, None], len(xs), axis=1))
    palette = _palette(patch, xs, ys, (outer_upper, upper, lower, outer_lower))
    evidence = _inside_evidence(patch, palette)
    upper, lower = _best_edges(evidence, ys, upper, lower)
    upper, lower = _settled(upper, lower)
    inner_upper = _resampled(contours.inner_upper, xs, upper, left, right)
    inner_lower = _resampled(contours.inner_lower, xs, lower, left, right)
    return inner_upper, inner_lower, palette


def _straightened(
    picture: cv2.typing.MatLike, frame: MouthFrame, xs: Floats, ys: Floats
) -> NDArray[np.float32]:
    """Sample a picture at columns xs (mm, `(n,)`) and rows ys (mm, `(m, n)`)."""
    mm = np.stack([np.broadcast_to(xs, ys.shape), ys], axis=-1)
    pixels = frame.to_pixels(mm.reshape(-1, 2)).astype(np.float32).reshape(*ys.shape, 2)
    x, y = pixels[..., 0], pixels[..., 1]
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def _cheapest_path(cost: Floats, step_cost: float) -> NDArray[np.intp]:
    """Return the row of the cheapest left-to-right path in each column; it may change by one row a column."""
    rows, columns = cost.shape
    total = cost[:, 0]
    choices = np.zeros((columns, rows), np.intp)
    steps = np.array([-1, 0, 1])
    for column in range(1, columns):
        fenced = np.pad(total, 1, constant_values=np.inf)
        candidates = np.stack([fenced[1 + step : 1 + step + rows] + step_cost * abs(step) for step in steps])
        best = candidates.argmin(axis=0)
        choices[column] = steps[best]
        total = cost[:, column] + candidates.min(axis=0)
    path = np.empty(columns, np.intp)
    path[-1] = total.argmin()
    for column in range(columns - 1, 0, -1):
        path[column - 1] = path[column] + choices[column, path[column]]
    return path


def _stretched(xs: Floats, contour: Points, left: Points, right: Points) -> Floats:
    """Return a mesh contour at columns xs, drawn out to the given corners."""
    x = np.concatenate([left[:1], contour[1:-1, 0], right[:1]])
    y = np.concatenate([left[1:], contour[1:-1, 1], right[1:]])
    return np.asarray(np.interp(xs, x, y))


def _palette(patch: NDArray[np.float32], xs: Floats, ys: Floats, edges: tuple[Floats, ...]) -> Palette:
    """Learn the colours of lip and inside from where both are sure to be."""
    outer_upper, upper, lower, outer_lower = edges
    row = ys[:, None]
    gap = lower - upper
    half = (xs[-1] - xs[0]) / 2
    inside = (row > upper + 0.3 * gap) & (row < lower - 0.3 * gap) & (np.abs(xs) < 0.75 * half)
    upper_lip = (row > outer_upper + 0.3 * (upper - outer_upper)) & (
        row < upper - 0.25 * (upper - outer_upper)
    )
    lower_lip = (row > lower + 0.3 * (outer_lower - lower)) & (
        row < outer_lower - 0.25 * (outer_lower - lower)
    )
    lip = patch[upper_lip | lower_lip].astype(np.float64)
    within = patch[inside].astype(np.float64)
    return Palette(lip.mean(axis=0), lip.std(axis=0) + 4, within.mean(axis=0), within.std(axis=0) + 4)


def _inside_evidence(patch: NDArray[np.float32], palette: Palette) -> Floats:
    """Return what speaks for each pixel being inside, -4 to 4; so are dark corridors beside the teeth."""
    likeness = np.clip(palette.inside_likelihood(patch), -6, 6)
    darkness = np.clip((0.62 * palette.lip[0] - patch[..., 0]) / (0.12 * palette.lip[0]), -1, 4)
    evidence = np.clip(np.maximum(likeness, 3 * darkness), -4, 4).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(evidence, (0, 0), 1.2), np.float64)


def _best_edges(evidence: Floats, ys: Floats, upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Move both edges, column by column, to where they enclose the most evidence, staying near the mesh's."""
    enclosed = np.cumsum(evidence, axis=0) * ROW
    middle = (upper + lower) / 2
    best_upper, best_lower = np.empty_like(upper), np.empty_like(lower)
    for column in range(len(upper)):
        above = (ys > upper[column] - OPEN_REACH) & (ys < min(upper[column] + OPEN_REACH, middle[column] + 1))
        below = (ys > max(lower[column] - OPEN_REACH, middle[column] - 1)) & (ys < lower[column] + OPEN_REACH)
        upper_score = -enclosed[above, column] - 0.25 * (ys[above] - upper[column]) ** 2
        lower_score = enclosed[below, column] - 0.25 * (ys[below] - lower[column]) ** 2
        best_upper[column] = ys[above][upper_score.argmax()]
        best_lower[column] = ys[below][lower_score.argmax()]
    return best_upper, best_lower


def _settled(upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Smooth both edges, keep them from crossing, and let them recede a little into the lips."""
    from scipy.ndimage import median_filter

    upper = _blurred(median_filter(upper, 9), 3.0)
    lower = _blurred(median_filter(lower, 9), 3.0)
    middle = (upper + lower) / 2
    crossed = lower < upper
    upper, lower = np.where(crossed, middle, upper), np.where(crossed, middle, lower)
    openness = np.clip((lower - upper) / 3, 0, 1)
    return upper - 0.45 * openness, lower + 0.25 * openness


def _resampled(contour: Points, xs: Floats, ys: Floats, left: Points, right: Points) -> Points:
    """Return 11 points of an edge at the mesh's own fractions of its length."""
    fraction = (contour[:, 0] - contour[0, 0]) / (contour[-1, 0] - contour[0, 0])
    x = left[0] + fraction * (right[0] - left[0])
    y = np.interp(x, xs, ys)
    y[0], y[-1] = left[1], right[1]
    return np.stack([x, y], axis=1)


def _blurred(line: Floats, sigma: float) -> Floats:
    """Smooth a line; sigma in samples."""
    return np.asarray(cv2.GaussianBlur(line.reshape(1, -1), (0, 0), sigma)[0])
