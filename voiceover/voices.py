"""Voices of one's own: recordings that people left with their consent, so that engines may imitate them."""

import hashlib
import io
import json
import logging
import shutil
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from voiceover.errors import InvalidRequest, NotFound, StorageError
from voiceover.names import one_line
from voiceover.takes import TAKE_RATE, Take
from voiceover.types import Samples

log = logging.getLogger(__name__)

_SCRATCH = ".scratch-"  # what is being written or deleted; never read
_ABANDONED = 3600.0  # seconds after which nobody is writing it any more
_SOUND, _ABOUT = "sample.wav", "voice.json"
_FULL_SCALE = 32_767  # of 16 bits


@dataclass(frozen=True, slots=True, eq=False)
class OwnVoice:
    """Somebody who has agreed to be imitated."""

    id: str
    """Hexadecimal digits that follow from the recording: the same recording is the same voice."""
    name: str
    """What people see: one line, without control characters."""
    digest: str
    """Hash of the samples."""
    samples: Samples
    """Speech alone, at `TAKE_RATE` and an even loudness."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / TAKE_RATE


class VoiceStore:
    """Voices below a folder: a folder each, which is there whole or not at all.

    Safe to share between threads, and between processes that share the folder. What a killed server left
    half done is removed after an hour.
    """

    def __init__(self, folder: Path, most: int) -> None:
        """
        Args:
            folder: read when something in it changed, made when first written to.
            most: how many voices may be kept; all are held in memory, at most 3 MB each.
        """
        self._folder = folder
        self._most = most
        self._known: dict[str, OwnVoice] = {}
        self._seen: list[tuple[str, int, int]] = []  # what `_places` gave when they were read
        self._lock = threading.Lock()

    def all(self) -> list[OwnVoice]:
        """Return all voices in the order of their names."""
        with self._lock:
            return sorted(self._voices().values(), key=lambda voice: (voice.name.casefold(), voice.id))

    def get(self, voice_id: str) -> OwnVoice:
        """
        Raises:
            NotFound: there is no voice of that id.
        """
        with self._lock:
            return self._find(voice_id)

    def add(self, take: Take, name: str) -> OwnVoice:
        """Keep a recording whose owner has agreed to be imitated; a known one gets the new name.

        Raises:
            InvalidRequest: there is nothing to see in the name, or it is too long.
            StorageError: there are as many voices as may be, or it cannot be written. Nothing of it is left.
        """
        name = one_line(name)
        sound = _wav(take.samples)
        digest = hashlib.sha256(sound).hexdigest()
        with self._lock:
            voice = OwnVoice(digest[:16], name, digest, _samples(sound))
            if voice.id not in self._voices() and len(self._voices()) >= self._most:
                raise StorageError(
                    f"there are {self._most} voices", reason="too-many-voices", most=self._most
                )
            with self._scratch() as scratch:
                (scratch / _SOUND).write_bytes(sound)
                (scratch / _ABOUT).write_text(_about(voice), encoding="utf-8")
                self._discard(voice.id)
                scratch.rename(self._folder / voice.id)
            return voice

    def delete(self, voice_id: str) -> None:
        """Forget a voice and its recording.

        Raises:
            NotFound: there is no voice of that id.
            StorageError: it cannot be removed.
        """
        with self._lock:
            self._discard(self._find(voice_id).id)

    def sound(self, voice_id: str) -> bytes:
        """Return a voice's recording as a WAV file: 24 kHz, 16 bits, mono.

        Raises:
            NotFound: there is no voice of that id.
        """
        return _wav(self.get(voice_id).samples)

    def _find(self, voice_id: str) -> OwnVoice:
        voices = self._voices()
        if voice_id not in voices:
            raise NotFound(f"no voice {voice_id!r}", kind="voice", name=voice_id, choices=[*voices])
        return voices[voice_id]

    def _voices(self) -> dict[str, OwnVoice]:
        if (places := _places(self._folder)) != self._seen:
            self._known = {voice.id: voice for voice in _load(self._folder)}
            self._seen = places
        return self._known

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder that is gone afterwards unless it was given a name."""
        scratch = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self._folder))
            yield scratch
        except OSError as exc:
            raise StorageError(f"{self._folder} cannot be written to: {exc}") from exc
        finally:
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)

    def _discard(self, voice_id: str) -> None:
        """Take a voice out of the folder in one step, then remove what it was."""
        place = self._folder / voice_id
        if place.exists():
            with self._scratch() as scratch:
                place.rename(scratch / voice_id)


def _places(folder: Path) -> list[tuple[str, int, int]]:
    """Return what changes when a voice comes, goes or gets another name: names, inodes, times of change."""
    try:
        states = [(place.name, place.stat()) for place in folder.iterdir()]
    except OSError:  # nothing has been kept yet, or something goes while we look
        return []
    return sorted((name, state.st_ino, state.st_mtime_ns) for name, state in states)


def _load(folder: Path) -> Iterator[OwnVoice]:
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if place.name.startswith(_SCRATCH):
            _clear(place)
            continue
        try:
            sound = (place / _SOUND).read_bytes()
            name = one_line(json.loads((place / _ABOUT).read_text(encoding="utf-8"))["name"])
            yield OwnVoice(place.name, name, hashlib.sha256(sound).hexdigest(), _samples(sound))
        except (OSError, ValueError, KeyError, TypeError, EOFError, wave.Error, InvalidRequest) as exc:
            log.warning("the voice in %s is passed over: %s", place, exc)


def _clear(scratch: Path) -> None:
    """Remove what nobody is at work on any more."""
    with suppress(OSError):
        if time.time() - scratch.stat().st_mtime > _ABANDONED:
            shutil.rmtree(scratch, ignore_errors=True)


def _about(voice: OwnVoice) -> str:
    agreed = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"name": voice.name, "agreed": agreed}, ensure_ascii=False, indent=2)


def _wav(samples: Samples) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(TAKE_RATE)
        sound.writeframes(np.round(samples * _FULL_SCALE).astype("<i2").tobytes())
    return file.getvalue()


def _samples(wav: bytes) -> Samples:
    with wave.open(io.BytesIO(wav)) as sound:
        if (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) != (1, 2, TAKE_RATE):
            raise wave.Error("it is not what the store writes")
        frames = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    return frames.astype(np.float32) / np.float32(_FULL_SCALE)
