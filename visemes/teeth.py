"""Two rows of drawn teeth, for photos that show none. Millimetres of the mouth frame.

Widths are mean crown widths as seen from the front, narrowing sideways as the dental arch turns away.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ARCH_HALF_WIDTH = 24.0  # mm at which the arch has turned out of sight


@dataclass(frozen=True, slots=True)
class ToothRow:
    """One side of a row, from the middle outward."""

    widths: tuple[float, ...]
    """mm"""
    lengths: tuple[float, ...]
    """mm that each tooth is longer than its row's edge"""
    edge_arch: float
    """mm by which the row's edge has risen towards the gums 20 mm from the middle"""
    corner: float
    """mm by which the corners of each tooth are rounded off"""

    def draw(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Draw the row with its biting edge at y = 0 in the middle and its gums at negative y.

        Returns:
            coverage 0 to 1, and lightness beside the lightest tooth, about 0.3 to 1; both of x's shape.
        """
        borders = np.concatenate([[0.0], np.cumsum(self.widths)])
        distance = np.abs(x)
        index = np.clip(np.searchsorted(borders, distance.ravel(), side="right") - 1, 0, len(self.widths) - 1)
        index = index.reshape(x.shape)
        along = np.clip((distance - borders[index]) / np.asarray(self.widths)[index], 0, 1)
        off_centre = np.abs(2 * along - 1)  # 0 in the middle of a tooth, 1 where it meets the next
        edge = (
            np.asarray(self.lengths)[index]
            - self.edge_arch * (distance / 20) ** 2
            - self.corner * off_centre**4
        )
        coverage = _step(edge - y, -0.25, 0.25) * _step(borders[-1] - distance, 0, 3)
        return coverage.astype(np.float32), self._lightness(y - edge, along, off_centre, distance).astype(
            np.float32
        )

    def _lightness(
        self, height: NDArray[np.float64], along: Floats, off_centre: Floats, distance: Floats
    ) -> NDArray[np.float64]:
        round_body = 1 - 0.10 * off_centre**2 - 0.16 * _step(off_centre, 0.86, 1.0)
        neck = 1 - 0.16 * _step(-height, 4.0, 9.0)
        edge = 1 - 0.10 * _step(height, -1.3, 0.0)  # thin enamel lets the dark behind through
        shine = 0.06 * np.exp(-(((height + 3.6) / 1.8) ** 2) - ((along - 0.42) / 0.22) ** 2)
        arch = 1 - 0.72 * np.clip(distance / ARCH_HALF_WIDTH, 0, 1) ** 1.7
        return np.asarray((round_body * neck * edge + shine) * arch)


def _step(x: NDArray[np.floating], low: float, high: float) -> NDArray[np.float64]:
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


UPPER = ToothRow(
    (8.6, 6.6, 6.4, 5.0, 4.0, 3.0), (0.1, -0.45, 0.05, -0.3, -0.4, -0.5), edge_arch=2.8, corner=0.7
)
LOWER = ToothRow(
    (5.3, 5.6, 6.0, 5.2, 4.4, 3.4), (0.0, 0.05, 0.2, -0.2, -0.3, -0.4), edge_arch=-1.6, corner=0.5
)
