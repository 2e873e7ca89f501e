"""A whole text as one film: the pipeline's speech and frames, one sound, one encode."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from service.gate import Gate
from service.pipeline import ChunkRequest, Pipeline, Spoken
from service.registry import AUTO
from voiceover import audio, video
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.captions import captions, srt, webvtt
from voiceover.errors import StorageError
from voiceover.karaoke import ass
from voiceover.types import SAMPLES_PER_FRAME, Chunk, Frame, Speech, Word

SPEECH_SHARE = 0.1  # of the whole work, about: the rest is drawing
POSTER_QUALITY = 90  # per cent, JPEG


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """Everything a film depends on."""

    text: str
    language: str = AUTO
    avatar: str = DEFAULT_AVATAR
    voice: str = AUTO
    lips: str = AUTO
    seed: int = 0
    burn_captions: bool = False
    """Draw the words into the picture; they are beside it as a track in any case."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a film is."""

    stage: str
    """"speech" or "picture"."""
    chunk: int
    """The chunk that is being made, from 1."""
    chunks: int
    done: float
    """Share of the stage, from 0 to 1."""

    @property
    def share(self) -> float:
        """Share of the whole work, from 0 to 1."""
        if self.stage == "speech":
            return SPEECH_SHARE * self.done
        return SPEECH_SHARE + (1 - SPEECH_SHARE) * self.done


@dataclass(frozen=True, slots=True)
class FilmFiles:
    """Where the parts of a film are, in one folder."""

    folder: Path

    @property
    def film(self) -> Path:
        return self.folder / "film.mp4"

    @property
    def webvtt(self) -> Path:
        return self.folder / "captions.vtt"

    @property
    def srt(self) -> Path:
        return self.folder / "captions.srt"

    @property
    def poster(self) -> Path:
        return self.folder / "poster.jpg"


def shoot(
    pipeline: Pipeline, request: FilmRequest, folder: Path, report: Callable[[Step], None]
) -> FilmFiles:
    """Make a film.

    Args:
        folder: where its files go; `film.mp4` is there when all is done, and not before.
        report: called with each step; what it raises ends the work and is raised here.

    Raises:
        VoiceoverError: it cannot be made.
    """
    try:
        return _shot(pipeline, request, folder, report)
    except OSError as exc:
        raise StorageError(f"a film cannot be written: {exc}") from exc


def _shot(
    pipeline: Pipeline, request: FilmRequest, folder: Path, report: Callable[[Step], None]
) -> FilmFiles:
    files = FilmFiles(folder)
    avatar = pipeline.avatars.get(request.avatar)
    lips = pipeline.choose_lips(request.lips)
    pipeline.prepare(lips, avatar)
    chunks = pipeline.split(request.text, request.language, request.voice)
    speeches = _evened(_spoken(pipeline, request, chunks, report), chunks)
    sound = np.concatenate([speech.samples for speech in speeches])
    shown = captions(_words(speeches))
    files.webvtt.write_text(webvtt(shown), encoding="utf-8")
    files.srt.write_text(srt(shown), encoding="utf-8")
    poster = cv2.imencode(".jpg", avatar.frames[0], [cv2.IMWRITE_JPEG_QUALITY, POSTER_QUALITY])[1]
    files.poster.write_bytes(poster.tobytes())
    subtitles = video.Captions(srt(shown), ass(shown, avatar.size) if request.burn_captions else None)

    def frames() -> Iterator[Frame]:
        total, number = len(sound) // SAMPLES_PER_FRAME, 0
        for index, speech in enumerate(speeches, 1):
            for frame in pipeline.draw(avatar, lips, speech, number):
                report(Step("picture", index, len(chunks), number / total))
                yield frame
                number += 1

    unfinished = folder / "unfinished.mp4"
    video.write(frames(), avatar.size, sound, subtitles, unfinished)
    unfinished.replace(files.film)
    return files


def shoot_in_turns(
    pipeline: Pipeline, gate: Gate, request: FilmRequest, folder: Path, report: Callable[[Step], None]
) -> FilmFiles:
    """Make a film as `shoot` does, but step aside wherever live speech waits."""
    with gate.film() as step_aside:

        def report_in_turn(step: Step) -> None:
            report(step)
            step_aside()

        return shoot(pipeline, request, folder, report_in_turn)


def _spoken(
    pipeline: Pipeline, request: FilmRequest, chunks: list[Chunk], report: Callable[[Step], None]
) -> list[Spoken]:
    spoken = []
    for chunk in chunks:
        report(Step("speech", chunk.index + 1, len(chunks), chunk.index / len(chunks)))
        wanted = ChunkRequest(chunk.text, chunk.language, voice=request.voice, seed=request.seed)
        spoken.append(pipeline.speak(wanted))
    return spoken


def _evened(spoken: list[Spoken], chunks: list[Chunk]) -> list[Speech]:
    """Give every voice one loudness over the whole film: what it says softly stays softer."""
    bare = [audio.bare(one.speech) for one in spoken]
    said = defaultdict(list)
    for one, speech in zip(spoken, bare, strict=True):
        said[one.voice.id].append(speech.samples)
    gains = {voice: audio.gain(np.concatenate(sounds)) for voice, sounds in said.items()}
    louder = [
        replace(speech, samples=speech.samples * gains[one.voice.id])
        for one, speech in zip(spoken, bare, strict=True)
    ]
    last = len(chunks) - 1
    return [
        audio.framed(speech, chunk.pause, follows=chunk.index > 0, continues=chunk.index < last)
        for speech, chunk in zip(louder, chunks, strict=True)
    ]


def _words(speeches: list[Speech]) -> list[Word]:
    """Return all words, placed in the whole film."""
    words, begin = [], 0
    for speech in speeches:
        words += [Word(word.text, word.start + begin, word.stop + begin) for word in speech.words]
        begin += len(speech.samples)
    return words
