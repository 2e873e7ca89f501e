"""What runs on the cluster: an actor that holds a pipeline with its models and makes clips."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import ray

from service.cluster.offers import Offer, offer
from service.edition import edition
from service.engines import lip_engines, speech_engines
from service.models import ModelFolder
from service.pipeline import ChunkRequest, Pipeline
from service.warmup import FIRST_WORDS
from tts.base import Voice, VoiceSample
from voiceover import audio, video
from voiceover.avatarstore import AvatarStore
from voiceover.boxes import boxes
from voiceover.types import Avatar, Frame, Speech
from voiceover.voices import VoiceStore

if TYPE_CHECKING:
    from ray import ObjectRef

HELD = 64  # avatars, and recordings of voices, that a renderer remembers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Passed(Generic[T]):
    """A value in the object store: each renderer fetches it once, and then knows it by its digest."""

    digest: str
    reference: "ObjectRef[Any]"


class Renderer:
    """An actor with threads: models are loaded once and shared by all clips that it makes at a time."""

    def __init__(self, checkpoints: Path, data: Path, patience: float) -> None:
        """Load the engines and speak a word, so that no viewer pays for that: some seconds.

        Args:
            checkpoints: the folder of weights, as it is called on the renderer's machine.
            data: the folder where what is found out about the default avatar is remembered.
            patience: seconds after which a speech engine is taken to hang.
        """
        self._models = ModelFolder(checkpoints)
        self._pipeline = Pipeline(
            AvatarStore(data),
            self._models,
            VoiceStore(data / "voices", 0),
            speech_engines(self._models, patience),
            lip_engines(self._models, data / "boxes"),
        )
        self._avatars = _Fetched[Avatar]()
        self._samples = _Fetched[VoiceSample]()
        audio.load()
        for language, words in FIRST_WORDS.items():
            for _ in self._pipeline.render(ChunkRequest(words, language)).data:
                pass

    def offer(self) -> Offer:
        """Tell what there is here."""
        machine = ray.get_runtime_context().get_node_id()
        return offer(machine, self._pipeline.speech, self._pipeline.lips, self._models, edition())

    def speak(
        self, engine: str, text: str, voice: Voice, sample: Passed[VoiceSample] | None, seed: int
    ) -> Speech:
        """Speak as `SpeechEngine.synthesize` does; the recording that a voice imitates comes beside it."""
        if sample:
            voice = replace(voice, sample=self._samples.get(sample))
        return self._pipeline.speech.get(engine).synthesize(text, voice, seed)

    def prepare(self, lips: str, avatar: Passed[Avatar]) -> None:
        """Prepare an avatar as `LipEngine.prepare` does."""
        self._pipeline.lips.get(lips).prepare(self._avatars.get(avatar))

    def frames(
        self, lips: str, avatar: Passed[Avatar], speech: Speech, start_frame: int, after: int
    ) -> Iterator[Frame]:
        """Draw as `LipEngine.frames` does, without the frames that the asker has already."""
        frames = self._pipeline.lips.get(lips).frames(self._avatars.get(avatar), speech, start_frame)
        yield from _rest(frames, after)

    def film(
        self,
        lips: str,
        avatar: Passed[Avatar],
        speech: Speech,
        start_frame: int,
        codec: video.SoundCodec,
        after: int,
    ) -> Iterator[bytes]:
        """Draw and encode a finished speech; yield the clip's boxes.

        Args:
            after: boxes that the asker has already, from another renderer: equal arguments give equal boxes.
        """
        engine, seen = self._pipeline.lips.get(lips), self._avatars.get(avatar)
        with closing(self._pipeline.film(seen, engine, speech, start_frame, codec)) as data:
            yield from _rest(boxes(data), after)


def _rest(pieces: Iterable[T], after: int) -> Iterator[T]:
    """Yield what comes after so many pieces, for as long as anybody waits for it."""
    context = ray.get_runtime_context()
    for number, piece in enumerate(pieces):
        if context.is_canceled():
            return
        if number >= after:
            yield piece


class _Fetched(Generic[T]):
    """The latest values that were passed, by digest. Safe to share between threads."""

    def __init__(self, fetch: Callable[[Any], Any] = ray.get) -> None:
        self._fetch = fetch
        self._values: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, passed: Passed[T]) -> T:
        with self._lock:
            if passed.digest not in self._values:
                self._values[passed.digest] = self._fetch(passed.reference)
                if len(self._values) > HELD:
                    self._values.popitem(last=False)
            self._values.move_to_end(passed.digest)
            return self._values[passed.digest]
