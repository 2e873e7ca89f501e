"""Which of MediaPipe's 478 face-mesh points are what. Left and right are the picture's.

Source: the canonical face model of MediaPipe Face Mesh. Lips run from the left corner to the right.
"""

from typing import Final

Ids = tuple[int, ...]

OUTER_UPPER: Final[Ids] = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER: Final[Ids] = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
INNER_UPPER: Final[Ids] = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER: Final[Ids] = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LEFT_CORNER: Final = 61
RIGHT_CORNER: Final = 291
UPPER_LIP: Final = 13
LOWER_LIP: Final = 14
UPPER_LIP_EDGE: Final = 0
LOWER_LIP_EDGE: Final = 17
PHILTRUM: Final = 164
NOSE_BASE: Final = 2
CHIN: Final = 152
FOREHEAD: Final = 10

EARS: Final[Ids] = (93, 323)
JAW_LINE: Final[Ids] = (
    93,
    132,
    58,
    172,
    136,
    150,
    149,
    176,
    148,
    152,
    377,
    400,
    378,
    379,
    365,
    397,
    288,
    361,
    323,
)
# Bone under the skin: nose base, nose wings, upper cheeks. They do not follow the jaw.
MIDFACE: Final[Ids] = (98, 97, 2, 326, 327, 129, 358, 50, 280, 101, 330, 36, 266)
NOSE_WINGS: Final[Ids] = (129, 358)
CHEEKS: Final[Ids] = (205, 425, 187, 411, 207, 427, 214, 434, 192, 416)
CHIN_PAD: Final[Ids] = (18, 200, 199, 83, 313, 175, 171, 396, 194, 418, 204, 424, 211, 431, 170, 395)
UNDER_LIP: Final[Ids] = (18, 83, 313)
SKIN_SAMPLES: Final[Ids] = (50, 280, 205, 425)
LIP_SAMPLES: Final[Ids] = (84, 314, 85, 315, 16, 15, 180, 404)
