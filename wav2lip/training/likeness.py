"""How like a drawn face is to what it should be: where mouths move, above all."""

from torch import Tensor
from torch.nn.functional import avg_pool2d

MOUTH = 25.0  # weight of the pixel that moves most, against one that never moves
RISE = 1000  # steps in which that weight rises from 1
EDGES = 1.0  # weight of the differences between neighbours, which blur takes away


def movement(drawn: Tensor) -> Tensor:
    """Return how much each pixel of pictures `(n, 3, rows, columns)` moves, `(rows, columns)`: 1 at most."""
    spread = drawn.float().std(dim=0).mean(dim=0)
    blurred = avg_pool2d(spread[None, None], 3, 1, 1, count_include_pad=False)[0, 0]
    return blurred / blurred.max()


def loss(drawn: Tensor, wanted: Tensor, moves: Tensor, step: int) -> Tensor:
    """Return the distance of pictures, `(n, 3, rows, columns)` in [0, 1]; see `movement`."""
    weights = 1 + (MOUTH - 1) * min(step / RISE, 1.0) * moves
    off = (drawn - wanted).abs() * weights
    across = (drawn.diff(dim=3) - wanted.diff(dim=3)).abs() * weights[:, 1:]
    down = (drawn.diff(dim=2) - wanted.diff(dim=2)).abs() * weights[1:]
    return (off.mean() + EDGES * (across.mean() + down.mean())) / weights.mean()
