"""What gives Wav2Lip away, measured on mouths whose truth is known: edge, colour, blur, stillness.

Each figure is taken beside that of the reference's paste, which overwrites the whole box.
"""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.wav2lip import mouths
from tests.wav2lip.mouths import Subject, lips, sharpness
from voiceover.types import Frame
from wav2lip import face
from wav2lip.blend import LowerFace, lower_face_mask

OTHER_COLOURS = {"gain": 0.93, "cast": (10.0, 2.0, -8.0)}  # a network that sees skin too cold


@pytest.fixture(scope="module")
def who() -> Subject:
    return mouths.subject()


@pytest.fixture(scope="module")
def lower(who: Subject) -> LowerFace:
    return LowerFace(who.picture, who.face, who.box)


@pytest.fixture(scope="module")
def mask(who: Subject) -> NDArray[np.float32]:
    return mask_of(who)


def mask_of(who: Subject) -> NDArray[np.float32]:
    """The mask in its place in the picture."""
    whole = np.zeros(who.picture.shape[:2], np.float32)
    whole[who.box.slices] = lower_face_mask(who.face, who.box)
    return whole


def ours(who: Subject, lower: LowerFace, drawn: NDArray[np.float32], gate: float = 1.0) -> Frame:
    frame = who.picture.copy()
    lower.paste(frame, drawn, gate)
    return frame


def reference(who: Subject, drawn: NDArray[np.float32]) -> Frame:
    return face.paste(who.picture, mouths.whole(drawn, who.picture, who.box), who.box)


def test_mask_covers_mouth_and_chin_but_neither_nose_nor_background(
    who: Subject, mask: NDArray[np.float32]
) -> None:
    def at(landmark: int, down: float = 0) -> float:
        x, y = who.face[landmark, :2]
        return float(mask[round(float(y) + down), round(float(x))])

    assert all(at(landmark) == 1 for landmark in (0, 13, 14, 17, 61, 291, 199))
    assert at(152) > 0.5  # the chin, which moves
    assert at(4) == at(468) == at(473) == 0  # tip of the nose, irises
    edges = lower_face_mask(who.face, who.box)
    assert not edges[0].any() and not edges[-1].any() and not edges[:, 0].any() and not edges[:, -1].any()


def test_mask_has_no_edge(mask: NDArray[np.float32]) -> None:
    steps = max(np.abs(np.diff(mask, axis=0)).max(), np.abs(np.diff(mask, axis=1)).max())
    assert steps < 0.2


def test_where_nothing_moved_the_photo_comes_back(who: Subject, lower: LowerFace) -> None:
    resting = mouths.drawn(who.picture, who.box)
    difference = np.abs(ours(who, lower, resting).astype(int) - who.picture)
    overwritten = np.abs(reference(who, resting).astype(int) - who.picture)
    assert difference[who.box.slices].mean() < 0.25 * overwritten[who.box.slices].mean()


def test_no_step_shows_at_the_edge_in_other_colours(who: Subject, lower: LowerFace) -> None:
    """Along the box and the mask alike, neighbours differ as they do in the photo."""

    def step(picture: Frame) -> float:
        change = picture.astype(np.float32) - who.picture
        across = np.abs(np.diff(change, axis=1)).mean(axis=2)
        down = np.abs(np.diff(change, axis=0)).mean(axis=2)
        rows, columns = who.box.slices
        sides = (
            across[rows, columns.start - 1],
            across[rows, columns.stop - 1],
            down[rows.stop - 1, columns],
        )
        return max(float(side.mean()) for side in sides)

    drawn = mouths.drawn(mouths.speaking(who, 12), who.box, **OTHER_COLOURS)
    assert step(reference(who, drawn)) > 4
    assert step(ours(who, lower, drawn)) < 0.1


def test_skin_keeps_its_colour(who: Subject, lower: LowerFace, mask: NDArray[np.float32]) -> None:
    truth = mouths.speaking(who, 12)
    drawn = mouths.drawn(truth, who.box, **OTHER_COLOURS)

    def distance(picture: Frame) -> float:
        """CIE76 between mean colours of the replaced skin."""
        replaced = mask > 0.9
        replaced[lips(who)] = False
        means = [
            cv2.cvtColor(side.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[replaced].mean(axis=0)
            for side in (picture, truth)
        ]
        return float(np.linalg.norm(means[0] - means[1]))

    assert distance(reference(who, drawn)) > 5
    assert distance(ours(who, lower, drawn)) < 1.5  # below what can be seen side by side


@pytest.mark.parametrize("opening", [6, 12, 20])
def test_a_moving_mouth_is_sharper_and_nearer_to_the_truth(
    who: Subject, lower: LowerFace, mask: NDArray[np.float32], opening: int
) -> None:
    truth = mouths.speaking(who, opening)
    drawn = mouths.drawn(truth, who.box)
    made, overwritten = ours(who, lower, drawn), reference(who, drawn)
    place = lips(who)
    wanted = sharpness(truth, place)
    assert sharpness(made, place) > 2.5 * sharpness(overwritten, place)
    assert sharpness(made, place) < 1.2 * wanted  # but no sharper than truth
    replaced = mask > 0.9
    errors = [np.abs(side.astype(float) - truth)[replaced].mean() for side in (made, overwritten)]
    assert errors[0] < 0.85 * errors[1]


def test_gate_fades_between_photo_and_mouth(who: Subject, lower: LowerFace) -> None:
    drawn = mouths.drawn(mouths.speaking(who, 12), who.box)
    assert np.array_equal(ours(who, lower, drawn, 0.0), who.picture)
    half, full = (ours(who, lower, drawn, gate).astype(int) for gate in (0.5, 1.0))
    assert np.abs(half * 2 - full - who.picture).max() <= 3


def test_noise_of_the_network_does_not_flicker_on_still_skin(who: Subject, lower: LowerFace) -> None:
    """Frames that differ by a little noise alone differ by no more once pasted."""
    drawn = mouths.drawn(mouths.speaking(who, 12), who.box)
    random = np.random.default_rng(0)
    noisy = [
        np.clip(drawn + random.normal(0, 1 / 255, drawn.shape), 0, 1).astype(np.float32) for _ in range(6)
    ]
    made = np.stack([ours(who, lower, frame) for frame in noisy]).astype(float)
    place = lips(who)
    assert made.std(axis=0)[place].mean() < 1.5


def test_a_grainy_photo_keeps_its_grain(who: Subject) -> None:
    grain = np.random.default_rng(1).normal(0, 6, who.picture.shape[:2])[..., None]
    grainy = np.clip(who.picture + grain, 0, 255).astype(np.uint8)
    lower = LowerFace(grainy, who.face, who.box)
    made = grainy.copy()
    lower.paste(made, mouths.drawn(mouths.speaking(who, 20), who.box))
    rows, columns = lips(who)
    moved_skin = slice(rows.stop - 4, rows.stop + 10), columns
    ratio = sharpness(made, moved_skin) / sharpness(grainy, moved_skin)
    assert 0.5 < ratio < 1.6


def test_a_tilted_head_gets_a_tilted_mask(who: Subject) -> None:
    height, width = who.picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 15, 1)
    picture = cv2.warpAffine(who.picture, turn, (width, height))
    turned = who.face.copy()
    turned[:, :2] = who.face[:, :2] @ turn[:, :2].T + turn[:, 2]
    tilted = Subject(mouths.avatar_of(picture, turned))
    mask = mask_of(tilted)
    expected = cv2.warpAffine(mask_of(who), turn, (width, height))
    both = np.minimum(mask, expected).sum() / np.maximum(mask, expected).sum()
    assert both > 0.75
    assert all(
        mask[tuple(np.round(turned[landmark, 1::-1]).astype(int))] > 0.9 for landmark in (13, 14, 61, 291)
    )
