"""A restoration network changes what was drawn, and nothing else; real ONNX networks, made here, are run."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.wav2lip import mouths, restorers
from tests.wav2lip.mouths import Subject, lips, sharpness
from tests.wav2lip.test_blend import mask_of
from voiceover.errors import EngineUnavailable
from voiceover.types import SAMPLES_PER_FRAME, Avatar, Frame, Speech
from wav2lip.blend import LowerFace
from wav2lip.restore import (
    FIDELITY,
    LANDMARKS,
    SIDE,
    TEMPLATE,
    RestoredLips,
    Restorer,
    alignment,
    restore_drawn,
)


@pytest.fixture(scope="module")
def who() -> Subject:
    return mouths.subject()


@pytest.fixture(scope="module")
def sharpening(tmp_path_factory: pytest.TempPathFactory) -> Restorer:
    return Restorer(restorers.save(tmp_path_factory.mktemp("weights") / "gfpgan_1.4.onnx"))


@pytest.fixture
def spoken(who: Subject) -> Frame:
    """The portrait with an open mouth, drawn in 96 pixels and pasted."""
    frame = who.picture.copy()
    LowerFace(who.picture, who.face, who.box).paste(frame, mouths.drawn(mouths.speaking(who, 12), who.box))
    return frame


def restored(frame: Frame, who: Subject, restorer: Restorer) -> Frame:
    made = frame.copy()
    restore_drawn(made, who.picture, who.face, restorer)
    return made


def noise(seed: int = 0) -> Frame:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def test_the_network_sees_rgb_and_its_answer_is_bgr(tmp_path: Path) -> None:
    same = Restorer(restorers.save(tmp_path / "same.onnx", restorers.IDENTITY))
    np.testing.assert_allclose(same.restore(noise()), noise(), atol=0.01)
    redder = Restorer(restorers.save(tmp_path / "redder.onnx", restorers.IDENTITY, cast=(0.2, 0, 0)))
    added = redder.restore(np.full((SIDE, SIDE, 3), 100, np.uint8)) - 100
    np.testing.assert_allclose(added[0, 0], [0, 0, 0.1 * 255], atol=0.01)
    assert redder.seconds > 0


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_codeformer_is_told_how_true_to_stay(tmp_path: Path, kind: type[np.floating]) -> None:
    network = Restorer(restorers.save(tmp_path / "codeformer.onnx", restorers.IDENTITY, weight=kind))
    scaled = (noise() / 127.5 - 1) * FIDELITY
    np.testing.assert_allclose(network.restore(noise()), (scaled + 1) * 127.5, atol=0.01)


@pytest.mark.parametrize("degrees", [-20, 0, 20])
def test_faces_are_laid_on_the_template(who: Subject, degrees: float) -> None:
    turn = np.array(cv2.getRotationMatrix2D((256, 256), degrees, 0.6))
    face = who.face.copy()
    face[:, :2] = face[:, :2] @ turn[:, :2].T + turn[:, 2]
    onto = alignment(face)
    laid = face[LANDMARKS, :2] @ onto[:, :2].T + onto[:, 2]
    assert np.abs(laid - TEMPLATE).max() < 0.05 * SIDE
    np.testing.assert_allclose(onto[0], [onto[1, 1], -onto[1, 0], onto[0, 2]])  # turned and scaled alone


def test_what_was_drawn_becomes_sharper(who: Subject, sharpening: Restorer, spoken: Frame) -> None:
    made = restored(spoken, who, sharpening)
    assert sharpness(made, lips(who)) > 1.5 * sharpness(spoken, lips(who))


def test_nothing_changes_outside_the_mask_nor_where_nothing_moved(
    who: Subject, sharpening: Restorer, spoken: Frame
) -> None:
    made = restored(spoken, who, sharpening)
    outside = mask_of(who) == 0
    assert np.array_equal(made[outside], spoken[outside])
    resting = who.picture.copy()
    LowerFace(who.picture, who.face, who.box).paste(resting, mouths.drawn(who.picture, who.box))
    still = restored(resting, who, sharpening)
    assert (
        np.abs(still.astype(int) - who.picture).mean()
        < 1.2 * np.abs(resting.astype(int) - who.picture).mean()
    )


def test_a_network_that_changes_nothing_leaves_the_frame(tmp_path: Path, who: Subject, spoken: Frame) -> None:
    same = Restorer(restorers.save(tmp_path / "same.onnx", restorers.IDENTITY))
    assert np.abs(restored(spoken, who, same).astype(int) - spoken).mean() < 0.1


def test_colours_of_the_network_do_not_come_through(tmp_path: Path, who: Subject, spoken: Frame) -> None:
    colder = Restorer(restorers.save(tmp_path / "colder.onnx", restorers.IDENTITY, cast=(-0.1, 0, 0.1)))
    made = restored(spoken, who, colder)
    assert np.abs(made.astype(float) - spoken).mean(axis=(0, 1)).max() < 0.1


class Mouthing:
    """Lips that draw each second frame and leave the others."""

    name = "mouthing"

    def __init__(self, spoken: Frame) -> None:
        self._spoken = spoken

    def prepare(self, avatar: Avatar) -> None:
        pass

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        for number in range(speech.frames):
            yield (self._spoken if number % 2 else avatar.frames[0]).copy()


def test_frames_without_a_drawn_mouth_pass_through(who: Subject, sharpening: Restorer, spoken: Frame) -> None:
    engine = RestoredLips("wav2lip-gfpgan", Mouthing(spoken), 50.0, sharpening)
    silence = Speech(np.zeros(4 * SAMPLES_PER_FRAME, np.float32), 25 * SAMPLES_PER_FRAME, (), ())
    frames = list(engine.frames(who.avatar, silence))
    assert len(frames) == 4
    assert all(np.array_equal(frame, who.picture) for frame in frames[::2])
    expected = restored(spoken, who, sharpening)
    assert all(np.array_equal(frame, expected) for frame in frames[1::2])


def test_its_cost_is_part_of_the_rate(who: Subject, sharpening: Restorer, spoken: Frame) -> None:
    engine = RestoredLips("wav2lip-gfpgan", Mouthing(spoken), 50.0, sharpening)
    assert engine.rate == pytest.approx(1 / (1 / 50 + sharpening.seconds))


def refusal(path: Path) -> EngineUnavailable:
    with pytest.raises(EngineUnavailable, match=path.name) as caught:
        Restorer(path)
    return caught.value


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"\x00" * 4096])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gfpgan_1.4.onnx").write_bytes(content)
    assert refusal(tmp_path / "gfpgan_1.4.onnx").details["reason"] == "checkpoint-unreadable"


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = restorers.save(tmp_path / "gfpgan_1.4.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    assert refusal(path).details["reason"] == "checkpoint-unreadable"


def test_a_network_for_something_else_is_refused(tmp_path: Path) -> None:
    smaller = restorers.save(tmp_path / "other.onnx", shape=[1, 3, 256, 256])
    assert refusal(smaller).details["reason"] == "checkpoint-foreign"
