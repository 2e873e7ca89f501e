"""`flask train`: a network of an avatar's own, from nothing but what visemes and the voices here make."""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from service.models import ModelFolder
from service.pipeline import Pipeline
from service.practice.tracks import TRACKS
from service.practice.voices import HELD_OUT, VARIANTS, lessons, natural, throats
from tts.base import SpeechEngine, Voice
from voiceover.errors import Busy, VoiceoverError
from voiceover.lock import locked
from voiceover.types import Avatar
from wav2lip import checkpoints

if TYPE_CHECKING:
    from wav2lip.training.corpus import Drawing, Lesson, Pictures, Sounds
    from wav2lip.training.course import Learned, Progress

log = logging.getLogger(__name__)

MINUTES = 30.0
WIDTH = 0.25
STRIP_EVERY = 200  # steps
NATURAL_VOICES = 4  # at most

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Syllabus:
    """How much there is to learn from, and with it how much of the disk is taken: some 600 MB by default."""

    speeches: int = 3000
    """By espeak: two hours and a half."""
    natural_speeches: int = 2400
    """By each engine with natural voices, at `copies` paces: six hours more."""
    copies: int = 3
    examined: int = 60
    """Speeches of each engine that are not learned from, but tell what was learned."""
    pictures: int = 10_000


class School:
    """Where a network learns: to hear, which serves all avatars, and to draw one of them."""

    def __init__(
        self,
        pipeline: Pipeline,
        models: ModelFolder,
        folder: Path,
        width: float = WIDTH,
        seed: int = 0,
        syllabus: Syllabus | None = None,
    ) -> None:
        """
        Args:
            models: where the networks go.
            folder: for what is learned from, and what has been learned so far.
            width: of the network, see `wav2lip.model.Wav2Lip`.
        """
        self._pipeline = pipeline
        self._own = models.folder / checkpoints.OWN
        self._folder = folder
        self._width = width
        self._seed = seed
        self._syllabus = syllabus or Syllabus()

    def has_ear(self) -> bool:
        """Whether there is an ear of this width that hears what ours do."""
        from wav2lip.training.graft import told

        return told(self._ear_file).items() >= self._hearing().items()

    def learn_to_hear(self, length: int | float) -> None:
        """Train an ear and keep it.

        Args:
            length: of the course, see `wav2lip.training.course.follow`.

        Raises:
            Busy: another course goes on.
        """
        with self._alone():
            self._learn_to_hear(length)

    def learn_to_draw(self, avatar: Avatar, length: int | float) -> None:
        """Train a hand for an avatar, an ear where there is none, and install a network of the two.

        Args:
            length: of the course, see `wav2lip.training.course.follow`.

        Raises:
            Busy: another course goes on.
            EngineUnavailable: the ear cannot be used.
            FaceNotFound: the avatar has no face that can be learned.
        """
        with self._alone():
            self._learn_to_draw(avatar, length)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out: a course throws away what another has left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._folder))
            except BlockingIOError as exc:
                raise Busy(f"another course goes on in {self._folder}: let it end, or stop it") from exc
            except OSError:
                log.warning("%s cannot be locked: do not train anything else there meanwhile", self._folder)
            yield

    def _learn_to_hear(self, length: int | float) -> None:
        from wav2lip.device import best_device
        from wav2lip.training import corpus, course, graft
        from wav2lip.training.ear import agreement, ear_course, embolden

        folder = self._desk("ear")
        sounds = corpus.kept(folder / "sounds.pt", corpus.Sounds, self._sounds)
        importance, missed = [track.importance for track in TRACKS], [track.missed for track in TRACKS]
        ear, learning = ear_course(sounds, importance, missed, self._width, self._seed, best_device())
        with _Bar("ear") as bar:
            learned = course.follow(learning, length, folder / "state.pt", bar.show)
        embolden(ear, sounds)
        for name, speeches in self._examinations():
            agrees = zip(TRACKS, agreement(ear, corpus.sounds_of(speeches)), strict=True)
            click.echo(f"{name}, unheard: " + ", ".join(f"{track.name} r {r:.2f}" for track, r in agrees))
        graft.write(ear, self._ear_file, self._told(learned))
        shutil.rmtree(folder)

    def _learn_to_draw(self, avatar: Avatar, length: int | float) -> None:
        from wav2lip.device import best_device
        from wav2lip.model import Wav2Lip
        from wav2lip.training import corpus, course, graft, strips
        from wav2lip.training.ear import Ear
        from wav2lip.training.hand import STROKE, beside, hand_course

        folder, strip = self._desk(f"hand-{avatar.id}"), self._folder / f"{avatar.id}.png"
        pictures = corpus.kept(folder / "pictures.pt", corpus.Pictures, lambda: self._pictures(avatar))
        hand, learning = hand_course(pictures, self._width, self._seed, best_device())
        click.echo(f"Teacher above, student below: {strip}")
        with _Bar(avatar.id, lambda: strips.write(strip, *beside(hand, pictures))) as bar:
            learned = course.follow(learning, length, folder / "state.pt", bar.show)
        strips.write(strip, *beside(hand, pictures))
        if not self.has_ear():
            self._learn_to_hear(length)
        ear = graft.read_ear(self._ear_file, Ear(Wav2Lip(self._width), len(TRACKS)))
        network = graft.graft(ear, hand.cpu(), Wav2Lip(self._width))
        path = self._own / f"{avatar.id}.safetensors"
        stroke = {name: str(blur) for name, blur in STROKE._asdict().items()}
        told = self._told(learned) | stroke | {"avatar": avatar.id}
        graft.write(network, path, told)
        shutil.rmtree(folder)
        click.echo(f"{path} is ready; a running server finds it by itself.")

    @property
    def _ear_file(self) -> Path:
        return self._own / checkpoints.EAR

    def _told(self, learned: "Learned") -> dict[str, str]:
        curve = " ".join(f"{step}:{loss:.4g}" for step, loss in learned.curve)
        facts = {"seed": self._seed, "steps": learned.step, "curve": curve}
        return self._hearing() | {name: str(fact) for name, fact in facts.items()}

    def _hearing(self) -> dict[str, str]:
        from wav2lip.training.corpus import BEFORE

        return {"width": str(self._width), "before": str(BEFORE)}

    def _desk(self, name: str) -> Path:
        """Return a folder to learn in; what another course of the kind left is thrown away."""
        wanted = self._folder / f"{name}-{self._seed}-{self._width:g}"
        for other in self._folder.glob(f"{name.partition('-')[0]}-*"):
            if other != wanted:
                shutil.rmtree(other)
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted

    def _sounds(self) -> "Sounds":
        from wav2lip.training.corpus import sounds_of

        return sounds_of(_shown(self._lessons()))

    def _lessons(self) -> "Iterator[Lesson]":
        engine, voices, _ = self._espeak()
        yield from lessons(engine, voices, self._syllabus.speeches, 1, self._seed)
        for engine, voices in self._natural():
            yield from lessons(
                engine, voices, self._syllabus.natural_speeches, self._syllabus.copies, self._seed
            )

    def _examinations(self) -> "Iterator[tuple[str, Iterator[Lesson]]]":
        espeak, _, held_out = self._espeak()
        for engine, voices in ((espeak, held_out), *self._natural()):
            speeches = lessons(engine, voices, self._syllabus.examined, 1, self._seed, examined=True)
            yield engine.name, speeches

    def _espeak(self) -> tuple[SpeechEngine, list[Voice], list[Voice]]:
        """Return the engine, what it practises with, and what it is examined with."""
        espeak = self._pipeline.speech.get("espeak")
        return espeak, throats(espeak, VARIANTS), throats(espeak, HELD_OUT)

    def _natural(self) -> Iterator[tuple[SpeechEngine, list[Voice]]]:
        """Yield engines with natural voices that tell exactly what they say when, and those voices."""
        if self._pipeline.speech.missing("piper") is None:
            piper = self._pipeline.speech.get("piper")
            yield piper, natural(piper)[:NATURAL_VOICES]

    def _pictures(self, avatar: Avatar) -> "Pictures":
        from wav2lip.detect import FaceFramer
        from wav2lip.training.corpus import pictures_of

        count = self._syllabus.pictures
        drawings = islice(self._drawings(avatar), count)
        boxes = FaceFramer(self._own).steadied(avatar)  # by landmarks, as the engine does for these networks
        return pictures_of(_shown(drawings, count), avatar.frames, boxes)

    def _drawings(self, avatar: Avatar) -> "Iterator[Drawing]":
        from wav2lip.training.corpus import Drawing

        teacher = self._pipeline.lips.get("visemes")
        engine, voices, _ = self._espeak()
        start = 0
        for lesson in lessons(engine, voices, self._syllabus.pictures, 1, self._seed):
            pictures = teacher.frames(avatar, lesson.speech, start)
            for number, (shape, picture) in enumerate(zip(lesson.shapes, pictures, strict=True), start):
                yield Drawing(shape, picture, number % len(avatar.frames))
            start += lesson.speech.frames


class _Bar:
    """A course's progress in the terminal."""

    def __init__(self, name: str, now_and_then: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            now_and_then: done every `STRIP_EVERY` steps.
        """
        from tqdm import tqdm

        self._bar = tqdm(desc=name, unit="step")
        self._loss: float | None = None
        self._now_and_then = now_and_then

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: "Progress") -> None:
        before = progress.loss if self._loss is None else self._loss
        self._loss = before + 0.02 * (progress.loss - before)
        self._bar.total = progress.steps
        self._bar.set_postfix(loss=f"{self._loss:.4f}", refresh=False)
        self._bar.update(progress.step - self._bar.n)
        if progress.step % STRIP_EVERY == 0:
            self._now_and_then()


def _shown(things: Iterable[T], total: int | None = None) -> Iterator[T]:
    from tqdm import tqdm

    return iter(tqdm(things, "rendering", total, leave=False))


def train_command(pipeline: Pipeline, models: ModelFolder, folder: Path) -> click.Command:
    """Return the command.

    Args:
        folder: for what is learned from, while learning goes on.
    """

    @click.command()
    @click.option("--avatar", help="Whose face is to be learned.")
    @click.option("--ear", is_flag=True, help="Learn to hear anew: one ear serves all avatars.")
    @click.option("--minutes", default=MINUTES, show_default=True, type=click.FloatRange(min=0.1))
    @click.option("--steps", type=click.IntRange(min=1), help="Instead of minutes: repeats a run to the bit.")
    @click.option("--width", default=WIDTH, show_default=True, type=click.FloatRange(1 / 16, 1))
    @click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
    def train(
        avatar: str | None, ear: bool, minutes: float, steps: int | None, width: float, seed: int
    ) -> None:
        """Train the Wav2Lip engine for an avatar. Started again, it goes on where it was stopped."""
        if not (avatar or ear):
            raise click.UsageError("Say --avatar ID, or --ear.")
        school = School(pipeline, models, folder, width, seed)
        try:
            if ear:
                school.learn_to_hear(steps or minutes)
            if avatar:
                school.learn_to_draw(pipeline.avatars.get(avatar), steps or minutes)
        except VoiceoverError as exc:
            raise click.ClickException(str(exc)) from exc

    return train
