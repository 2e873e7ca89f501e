"""`flask train`, from the voices to the network that draws."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from app import create_app
from service.engines import lip_engines
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.practice.tracks import TRACKS, shapes
from service.practice.voices import HELD_OUT, TEXTS, VARIANTS, lessons, throats
from service.registry import AUTO
from service.settings import Settings
from service.training import School, Syllabus
from tts.espeak import EspeakEngine
from voiceover.audio import finish
from voiceover.avatarstore import AvatarStore
from voiceover.errors import Busy, EngineUnavailable
from voiceover.lock import locked
from voiceover.types import Avatar
from voiceover.voices import VoiceStore
from wav2lip.training.corpus import Lesson

WIDTH = 1 / 16
TINY = Syllabus(speeches=6, natural_speeches=0, copies=1, examined=2, pictures=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def models(folder: Path) -> ModelFolder:
    return ModelFolder(folder / "checkpoints")


@pytest.fixture(scope="module")
def pipeline(folder: Path, models: ModelFolder) -> Pipeline:
    return Pipeline(AvatarStore(folder / "data"), models, VoiceStore(folder / "voices", 1))


@pytest.fixture(scope="module")
def learned(folder: Path, models: ModelFolder, pipeline: Pipeline) -> Avatar:
    """An avatar that was learned, though badly."""
    desk = folder / "training"
    (desk / "hand-somebody-0-1").mkdir(parents=True)  # what a course of another avatar left
    avatar = pipeline.avatars.get("astronaut")
    School(pipeline, models, desk, WIDTH, syllabus=TINY).learn_to_draw(avatar, 3)
    return avatar


def test_a_trained_network_is_found_and_draws_its_avatar(
    learned: Avatar, models: ModelFolder, pipeline: Pipeline
) -> None:
    lips = lip_engines(models).get("wav2lip")
    engine = EspeakEngine()
    speech = finish(engine.synthesize("Papa.", throats(engine, ("",))[0]), 0.2)
    frames = list(lips.frames(learned, speech))
    assert len(frames) == speech.frames
    assert any(not np.array_equal(frame, learned.frames[0]) for frame in frames)
    with pytest.raises(EngineUnavailable, match="flask train --avatar"):
        lips.prepare(replace(learned, id="somebody-else"))
    assert pipeline.choose_lips(AUTO).name == "visemes"
    assert pipeline.choose_lips("wav2lip").name == "wav2lip"


@pytest.mark.usefixtures("learned")
def test_nothing_is_left_of_a_course_but_its_strip(folder: Path) -> None:
    assert [path.name for path in (folder / "training").iterdir()] == ["astronaut.png"]


@pytest.mark.usefixtures("learned")
def test_an_ear_is_kept_for_other_avatars_of_that_width(
    folder: Path, models: ModelFolder, pipeline: Pipeline
) -> None:
    assert School(pipeline, models, folder, WIDTH).has_ear()
    assert not School(pipeline, models, folder, 2 * WIDTH).has_ear()


def test_one_course_goes_on_at_a_time(folder: Path, models: ModelFolder, pipeline: Pipeline) -> None:
    school = School(pipeline, models, folder, WIDTH, syllabus=TINY)
    with locked(folder), pytest.raises(Busy, match="let it end, or stop it"):
        school.learn_to_hear(1)
    assert not list(folder.glob("ear-*"))


def test_lessons_are_the_same_for_the_same_seed_and_adjoin_other_speech() -> None:
    engine = EspeakEngine()
    voices = throats(engine, ("", "m1"))
    assert {voice.language for voice in voices} == set(TEXTS)
    one, same, other = (list(lessons(engine, voices, 3, 2, seed)) for seed in (1, 1, 2))
    assert len(one) == 6

    def texts(some: list[Lesson]) -> list[str]:
        return [" ".join(word.text for word in lesson.speech.words) for lesson in some]

    assert texts(one) == texts(same) != texts(other)
    for a, b in zip(one, same, strict=True):  # espeak's sound may differ by some samples
        assert abs(a.speech.duration - b.speech.duration) < 0.3
    first, second = one[0].speech, one[1].speech
    assert first.words[-1].stop != second.words[-1].stop  # copies are of different pace
    assert all(lesson.speech.follows and lesson.speech.continues for lesson in one)
    assert all(len(lesson.shapes) == lesson.speech.frames for lesson in one)


def test_what_is_examined_is_never_practised() -> None:
    engine = EspeakEngine()
    voices = throats(engine, ("",))
    practised = {word.text for lesson in lessons(engine, voices, 200, 1, 0) for word in lesson.speech.words}
    examined = [
        " ".join(word.text for word in lesson.speech.words)
        for lesson in lessons(engine, voices, 8, 1, 0, examined=True)
    ]
    assert all(any(word not in practised for word in text.split()) for text in examined)
    assert not set(HELD_OUT) & set(VARIANTS)


def test_tracks_are_about_nought_and_about_one_apart() -> None:
    engine = EspeakEngine()
    voices = throats(engine, VARIANTS[:4])
    rows = np.concatenate([lesson.shapes for lesson in lessons(engine, voices, 40, 1, 0)])
    assert rows.shape[1] == len(TRACKS) and rows.dtype == np.float32
    assert np.all(np.abs(rows.mean(axis=0)) < 0.5)
    assert np.all((rows.std(axis=0) > 0.5) & (rows.std(axis=0) < 2))
    speech = next(iter(lessons(engine, voices, 1, 1, 0))).speech
    assert shapes(speech).shape == (speech.frames, len(TRACKS))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(data=tmp_path / "data", checkpoints=tmp_path))


def test_the_command_says_what_is_wrong_with_it(app: Flask) -> None:
    runner = app.test_cli_runner()
    asked_for_nothing = runner.invoke(args=["train"])
    assert asked_for_nothing.exit_code == 2 and "--avatar" in asked_for_nothing.output
    nobody = runner.invoke(args=["train", "--avatar", "nobody"])
    assert nobody.exit_code == 1 and "nobody" in nobody.output
    assert runner.invoke(args=["train", "--avatar", "astronaut", "--width", "3"]).exit_code == 2
