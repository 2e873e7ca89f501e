"""Training, on something small: a mouth that is a dark bar, and a sound that tells how open it is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from voiceover.errors import EngineUnavailable
from wav2lip.mel import SILENCE
from wav2lip.model import FACE_SIDE, Wav2Lip
from wav2lip.static import FIRST_ROW
from wav2lip.training import corpus, graft, strips
from wav2lip.training.corpus import ROWS, Pictures, Sounds
from wav2lip.training.course import Course, Progress, follow
from wav2lip.training.disguise import disguised
from wav2lip.training.ear import Ear, agreement, ear_course
from wav2lip.training.hand import Hand, beside, guessed, hand_course

WIDTH = 1 / 16
TRACKS = 2
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Faces whose mouth is a bar: as high as the first track says, as wide as the second."""
    random = torch.Generator().manual_seed(1)
    shapes = torch.rand(64, TRACKS, generator=random) * 3 - 1.5
    drawn = torch.full((64, 3, ROWS, FACE_SIDE), 170, dtype=torch.uint8)
    for picture, (height, width) in zip(drawn, shapes.tolist(), strict=True):
        half, side = round(4 + 2 * height), round(15 + 6 * width)
        picture[:, 20 - half : 20 + half, 48 - side : 48 + side] = 40
    faces = torch.rand(2, 6, FACE_SIDE, FACE_SIDE, generator=random)
    return Pictures(drawn, shapes, torch.arange(64) % 2, faces)


@pytest.fixture(scope="module")
def sounds() -> Sounds:
    """Sounds of which the low bands tell the first track and the high bands the second."""
    random = torch.Generator().manual_seed(2)
    shapes = torch.randn(400, TRACKS, generator=random)
    levels = shapes.clamp(-2, 2).repeat_interleave(16, 0).repeat_interleave(40, 1)
    return Sounds(levels.half(), torch.arange(400) * 16, shapes)


def hearing(sounds: Sounds, seed: int = 0) -> tuple[Ear, Course]:
    return ear_course(sounds, (1.0, 1.0), (1.0, 1.0), WIDTH, seed, CPU)


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([tensor.double().flatten() for tensor in module.state_dict().values()])


def test_loss_falls_while_an_ear_and_a_hand_learn(pictures: Pictures, sounds: Sounds, tmp_path: Path) -> None:
    for number, make in enumerate(courses(pictures, sounds)):
        losses: list[float] = []
        learned = follow(
            replace(make(), rate=1e-2),
            50,
            tmp_path / f"{number}.pt",
            lambda progress, seen=losses: seen.append(progress.loss),  # type: ignore[misc]
        )
        assert learned.step == len(losses) == 50
        assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def test_an_ear_that_has_learned_agrees_with_the_truth(sounds: Sounds, tmp_path: Path) -> None:
    ear, course = hearing(sounds)
    follow(replace(course, rate=1e-2), 50, tmp_path / "state.pt")
    assert min(agreement(ear, sounds)) > 0.5


def courses(pictures: Pictures, sounds: Sounds) -> list[Callable[[], Course]]:
    return [lambda: hearing(sounds)[1], lambda: hand_course(pictures, WIDTH, 0, CPU)[1]]


def test_a_course_that_was_interrupted_ends_as_one_that_was_not(
    pictures: Pictures, sounds: Sounds, tmp_path: Path
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    for number, make in enumerate(courses(pictures, sounds)):
        whole, broken = make(), make()
        follow(whole, 12, tmp_path / f"whole{number}.pt")
        state = tmp_path / f"broken{number}.pt"
        with pytest.raises(KeyboardInterrupt):
            follow(broken, 12, state, interrupt)
        resumed = make()
        steps: list[int] = []
        follow(resumed, 12, state, lambda progress, seen=steps: seen.append(progress.step))  # type: ignore[misc]
        assert steps == list(range(6, 13))
        assert torch.equal(weights(whole.module), weights(resumed.module))
        assert not list(tmp_path.glob("*.part"))


def test_the_seed_decides_what_is_learned(sounds: Sounds, tmp_path: Path) -> None:
    learned = []
    for number, seed in enumerate((3, 3, 4)):
        ear, course = hearing(sounds, seed)
        follow(course, 5, tmp_path / f"{number}.pt")
        learned.append(weights(ear))
    assert torch.equal(learned[0], learned[1]) and not torch.equal(learned[0], learned[2])


def test_minutes_become_steps_that_a_resumed_course_keeps_to(sounds: Sounds, tmp_path: Path) -> None:
    planned: list[int | None] = []

    def watch(progress: Progress) -> None:
        planned.append(progress.steps)
        if progress.step == 31:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(hearing(sounds)[1], 60.0, tmp_path / "state.pt", watch)
    assert planned[0] is None and planned[-1] is not None and planned[-1] > 31
    assert torch.load(tmp_path / "state.pt", weights_only=True)["learned"]["steps"] == planned[-1]


def test_a_network_hears_as_its_ear_and_draws_as_its_hand(
    pictures: Pictures, sounds: Sounds, tmp_path: Path
) -> None:
    ear, hearing_course = hearing(sounds)
    hand, drawing_course = hand_course(pictures, WIDTH, 0, CPU)
    follow(hearing_course, 20, tmp_path / "ear.pt")
    follow(drawing_course, 20, tmp_path / "hand.pt")
    network = graft.graft(ear, hand, Wav2Lip(WIDTH))
    windows, looks = sounds.windows(torch.arange(6)), torch.tensor([0, 1, 0, 1, 0, 1])
    with torch.no_grad():
        wanted = hand(ear(windows), pictures.faces, looks)
        drawn = network(windows, pictures.faces[looks])[:, :, FIRST_ROW:]
    assert torch.allclose(drawn, wanted, atol=1e-4)
    assert wanted.std() > 0.01


def test_a_file_keeps_a_network_and_what_is_told_of_it(sounds: Sounds, tmp_path: Path) -> None:
    ear, _ = hearing(sounds)
    path = tmp_path / "own" / "ear.safetensors"
    graft.write(ear, path, {"width": str(WIDTH)})
    assert graft.told(path) == {"width": str(WIDTH)} and graft.told(tmp_path / "none") == {}
    other = graft.read_ear(path, Ear(Wav2Lip(WIDTH), TRACKS))
    assert torch.allclose(weights(other), weights(ear), atol=1e-3)
    with pytest.raises(EngineUnavailable, match="flask train --ear"):
        graft.read_ear(path, Ear(Wav2Lip(2 * WIDTH), TRACKS))
    path.write_bytes(b"<html>")
    with pytest.raises(EngineUnavailable):
        graft.read_ear(path, Ear(Wav2Lip(WIDTH), TRACKS))
    assert graft.told(path) == {}


def test_disguise_leaves_silence_silent_and_sound_in_range(sounds: Sounds) -> None:
    windows = sounds.windows(torch.arange(50)).clone()
    windows[:, :, :, :5] = SILENCE
    heard = disguised(windows, torch.Generator().manual_seed(0))
    assert torch.all(heard[:, :, :, :5] == SILENCE)
    assert heard.min() >= SILENCE and heard.max() <= -SILENCE
    assert 0.05 < (heard - windows)[:, :, :, 5:].abs().mean() < 2
    assert torch.equal(heard, disguised(windows, torch.Generator().manual_seed(0)))


def test_what_was_made_once_is_not_made_again(sounds: Sounds, tmp_path: Path) -> None:
    corpus.kept(tmp_path / "sounds.pt", Sounds, lambda: sounds)

    def never() -> Sounds:
        raise AssertionError

    again = corpus.kept(tmp_path / "sounds.pt", Sounds, never)
    assert torch.equal(again.windows(torch.arange(3)), sounds.windows(torch.arange(3)))


def test_a_hand_is_told_guesses_beyond_what_a_mouth_can_do_and_only_there() -> None:
    shapes = torch.tensor([[0.0, -1.0], [0.5, 0.0], [1.0, 1.0]]).repeat(500, 1)
    told = guessed(shapes, shapes.amin(0), shapes.amax(0), torch.Generator().manual_seed(0))
    lowest, middle, highest = ((told - shapes)[number::3].mean() for number in range(3))
    assert lowest < -0.2 and abs(middle) < 0.05 and highest > 0.2


def test_an_ear_that_must_not_miss_tells_more(sounds: Sounds, tmp_path: Path) -> None:
    told = []
    for missed in (1.0, 9.0):
        ear, course = ear_course(sounds, (1.0, 1.0), (missed, 1.0), WIDTH, 0, CPU)
        follow(course, 60, tmp_path / f"{missed}.pt")
        with torch.no_grad():
            told.append(ear(sounds.windows(torch.arange(100)))[:, 0].mean())
    assert told[1] > told[0]


def test_a_strip_shows_the_teacher_above_the_student(pictures: Pictures, tmp_path: Path) -> None:
    hand, _ = hand_course(pictures, WIDTH, 0, CPU)
    wanted, drawn = beside(hand, pictures)
    strips.write(tmp_path / "strip.png", wanted, drawn)
    picture = cv2.imread(str(tmp_path / "strip.png"))
    assert picture is not None and picture.shape[0] == 2 * strips.ENLARGED * ROWS
    upper, _ = np.split(picture, 2)
    assert abs(float(upper.mean()) / 255 - float(wanted.mean())) < 0.02


def test_a_hand_keeps_its_calibrated_norms_while_it_learns(pictures: Pictures, tmp_path: Path) -> None:
    hand, course = hand_course(pictures, WIDTH, 0, CPU)
    norms = [m for m in hand.face_encoder_blocks.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms if norm.running_mean is not None]
    follow(course, 3, tmp_path / "state.pt")
    after = [norm.running_mean for norm in norms]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True) if b is not None)
    assert isinstance(hand, Hand) and any(float(mean.abs().max()) > 0 for mean in before)
