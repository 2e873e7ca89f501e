"""Thin-plate spline interpolation (Bookstein 1989), as one matrix: control shifts in, shifts anywhere out."""

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 0.5  # how far the spline may miss its control points for the sake of smoothness
BLOCK = 4096  # queries worked on at once, to bound memory


def thin_plate_matrix(control: NDArray[np.float64], queries: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the matrix that takes shifts of control points to shifts of query points.

    The spline is linear in the shifts, so it can be solved once for all poses.

    Args:
        control: `(n, 2)`
        queries: `(m, 2)`

    Returns:
        float32 `(m, n)`
    """
    count = len(control)
    affine = np.concatenate([np.ones((count, 1)), control], axis=1)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(control, control) + SMOOTHING * np.eye(count)
    system[:count, count:] = affine
    system[count:, :count] = affine.T
    solution = np.linalg.inv(system)[:, :count]
    matrix = np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK]
        basis = np.concatenate([_kernel(block, control), np.ones((len(block), 1)), block], axis=1)
        matrix[start : start + BLOCK] = basis @ solution
    return matrix


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """r² log r between every pair."""
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
    return np.asarray(0.5 * squared * np.log(squared + 1e-6))
