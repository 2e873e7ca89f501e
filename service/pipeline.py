"""The pipeline: text → chunks → reading → speech → frames → clip. Composition only."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain

from service.casting import all_voices, base_language, choose_voice, languages, voice_by_id
from service.edition import edition
from service.engines import lip_engines, speech_engines
from service.models import ModelFolder
from service.recording import Recording, RecordingShelf
from service.registry import AUTO, Registry
from service.traits import mode_of, weights_of
from tts.base import SpeechEngine, StreamingEngine, Voice
from voiceover import audio, chunks, detection, video
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.avatarstore import AvatarStore
from voiceover.errors import DrawingError, InvalidRequest, VoiceoverError
from voiceover.growing import draw, finish
from voiceover.idle import IdleMotion, idle_period, nods
from voiceover.lips import LipEngine
from voiceover.reading import read
from voiceover.types import FRAMES_PER_FRAGMENT, Avatar, Chunk, Frame, Samples, Speech, SpeechSoFar, Word
from voiceover.voices import VoiceStore

REMEMBERED_MOTIONS = 64  # avatars; one takes some megabytes


@dataclass(frozen=True, slots=True)
class ChunkRequest:
    """Everything a clip depends on: equal requests give the same clip."""

    text: str
    language: str = AUTO
    chunk_index: int = 0
    avatar: str = DEFAULT_AVATAR
    voice: str = AUTO
    lips: str = AUTO
    start_frame: int = 0
    """Place in the avatar's idle motion where the clip begins."""
    seed: int = 0
    follows: bool = False
    """The clip will be played right after another chunk."""
    continues: bool = False
    """Another chunk will be played right after the clip."""
    pause: float | None = None
    """Seconds of silence after it; None: as its last mark tells."""
    audio: video.SoundCodec = "aac"
    stream: bool = False
    """Where the voice can, the clip's first sound leaves before the chunk is spoken to its end."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is made while it is read."""

    frames: int | None
    """None while the voice is still speaking: nobody knows."""
    words: tuple[Word, ...]
    """None of them while the voice is still speaking."""
    voice: str
    """Id of the voice."""
    engine: str
    """Name of the engine that speaks with it."""
    lips: str
    weights: str
    """With which the lips are drawn; "" where that needs none."""
    timings: dict[str, float]
    """Seconds spent before the first frame, by stage."""
    data: Generator[bytes, None, None]
    """The MP4; closing it stops the work."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A chunk as a voice gives it, with the words as typed."""

    voice: Voice
    speech: Speech


@dataclass(frozen=True, slots=True)
class Growing:
    """A chunk while a voice is speaking it."""

    voice: Voice
    speech: Iterator[SpeechSoFar]


class Pipeline:
    """One for a server. Safe to share between threads; holds the engines and avatars."""

    def __init__(
        self,
        avatars: AvatarStore,
        models: ModelFolder,
        own_voices: VoiceStore,
        speech: Registry[SpeechEngine] | None = None,
        lips: Registry[LipEngine] | None = None,
    ) -> None:
        """
        Args:
            speech: engines that speak, where they are not to be all that there are.
            lips: engines that draw, where they are not to be all that there are.
        """
        self.avatars = avatars
        self.models = models
        self.own_voices = own_voices
        self.speech = speech or speech_engines(models)
        self.lips = lips or lip_engines(models)
        self._idle_loops = RecordingShelf()
        self._motions: OrderedDict[str, IdleMotion] = OrderedDict()
        self._lock = threading.Lock()

    def split(self, text: str, language: str, voice: str = AUTO) -> list[Chunk]:
        """Cut a text into chunks.

        Args:
            language: of the whole text; by `AUTO` each sentence is in the language that it seems to be in.
            voice: who is meant to speak: in doubt a sentence is in the language of that voice.

        Raises:
            NotFound: nobody speaks the language, or there is no such voice.
            InvalidRequest: there is no word in the text.
        """
        if not any(character.isalnum() for character in text):
            raise InvalidRequest("there is nothing to speak in this text", reason="nothing-to-speak")
        passages = _passages(self.voices(), text, language, voice)
        parts = [part for passage, spoken in passages for part in chunks.split(passage, spoken)]
        return [replace(part, index=index) for index, part in enumerate(parts)]

    def lack(self) -> VoiceoverError | None:
        """Return why nothing can be rendered now, whatever is asked for; None where nothing is in the way."""
        return None

    def voices(self) -> list[Voice]:
        """Return every voice there is here, the best first."""
        return all_voices(self.speech, self.own_voices.all())

    def render(self, request: ChunkRequest) -> Clip:
        """Speak a chunk; its frames are drawn and encoded as the clip is read.

        Raises:
            VoiceoverError: before the first byte, for whatever can be known by then.
        """
        clock = _Stopwatch()
        with clock.measure("prepare"):
            avatar = self.avatars.get(request.avatar)
            lips = self.choose_lips(request.lips)
            self.prepare(lips, avatar)
            weights = weights_of(lips, avatar)
        pause = _pause(request)
        with clock.measure("tts"):
            if growing := self.speak_on(request):
                pieces = _begun(finish(growing.speech, pause, request.follows, request.continues))
                moments = self._draw_on(avatar, lips, pieces, request.start_frame)
                data = video.encode_moments(moments, avatar.size, request.audio)
                return _clip(None, growing.voice, lips, weights, clock, data)
            spoken = self.speak(request)
            speech = audio.finish(spoken.speech, pause, request.follows, request.continues)
        data = self.film(avatar, lips, speech, request.start_frame, request.audio)
        return _clip(speech, spoken.voice, lips, weights, clock, data)

    def resolve(self, request: ChunkRequest) -> ChunkRequest:
        """Return a request for the same clip that leaves nothing to choose.

        Raises:
            NotFound, EngineUnavailable: what is asked for is not here.
        """
        voice = self._voice(request)
        return replace(
            request,
            language=voice.language,
            voice=voice.id,
            lips=self.choose_lips(request.lips).name,
            pause=_pause(request),
            stream=request.stream and self._streaming(voice) is not None,
        )

    def key(self, request: ChunkRequest) -> str:
        """Return hexadecimal digits that resolved requests share when they give the same clip here and now.

        Raises:
            NotFound, EngineUnavailable: what is asked for is not here.
        """
        avatar = self.avatars.get(request.avatar)
        start_frame = request.start_frame % idle_period(avatar)
        same = replace(request, chunk_index=0, avatar=avatar.digest, start_frame=start_frame)
        sample = voice_by_id(self.voices(), request.voice).sample
        made_with = (
            sample.digest if sample else None,
            mode_of(self.lips.get(request.lips), avatar),
            self.models.contents(),
            edition(),
        )
        return hashlib.sha256(repr((same, made_with)).encode()).hexdigest()

    def gives(self, key: str, request: ChunkRequest) -> bool:
        """Whether a resolved request still has a key: files may have changed, or an engine its ways."""
        try:
            return self.key(request) == key
        except VoiceoverError:  # a part of it is gone
            return False

    def check(self, request: ChunkRequest) -> None:
        """Find out whether such chunks can be spoken at all, before there is a text.

        Raises:
            NotFound, EngineUnavailable, FaceNotFound: what is asked for is not here.
        """
        self.prepare(self.choose_lips(request.lips), self.avatars.get(request.avatar))
        choose_voice(self.voices(), request.language, request.voice)

    def choose_lips(self, name: str) -> LipEngine:
        """Return the lip engine of that name, or by `AUTO` the best one here.

        Raises:
            NotFound, EngineUnavailable: there is none of that name, or it does not work here.
        """
        return self.lips.best() if name == AUTO else self.lips.get(name)

    def prepare(self, lips: LipEngine, avatar: Avatar) -> None:
        """Do once what every clip of an avatar needs; see `voiceover.lips`.

        Raises:
            FaceNotFound, DrawingError: the engine cannot draw on it.
        """
        with _translated(lips):
            lips.prepare(avatar)

    def speak(self, request: ChunkRequest) -> Spoken:
        """Read a chunk aloud.

        Raises:
            NotFound, SynthesisError: there is no such voice, or it cannot speak this.
        """
        voice = self._voice(request)
        reading = read(request.text, voice.language)
        spoken = self.speech.get(voice.engine).synthesize(reading.spoken, voice, request.seed)
        return Spoken(voice, replace(spoken, words=reading.typed(spoken.words)))

    def speak_on(self, request: ChunkRequest) -> "Growing | None":
        """Begin to read a chunk aloud; None where it is not to be streamed, or the voice cannot."""
        if not request.stream:
            return None
        voice = self._voice(request)
        engine = self._streaming(voice)
        if engine is None:
            return None
        return Growing(voice, engine.stream(read(request.text, voice.language).spoken, voice, request.seed))

    def _streaming(self, voice: Voice) -> StreamingEngine | None:
        """Return the voice's engine if it can be heard before a sentence is thought out."""
        engine = self.speech.get(voice.engine)
        return engine if isinstance(engine, StreamingEngine) and engine.streams(voice) else None

    def _voice(self, request: ChunkRequest) -> Voice:
        """Choose who speaks: a voice asked for by name, unless the text is in another language."""
        voices, language = self.voices(), request.language
        if language == AUTO:
            passages = _passages(voices, request.text, language, request.voice)
            _, language = max(passages, key=lambda passage: len(passage[0]), default=("", detection.DEFAULT))
        return choose_voice(voices, language, request.voice)

    def draw(self, avatar: Avatar, lips: LipEngine, speech: Speech, start_frame: int) -> Iterator[Frame]:
        """Yield the pictures of a finished speech: lips first, then the life of the head."""
        motion, nod = self._motion(avatar), nods(speech)
        with _translated(lips):
            for index, frame in enumerate(lips.frames(avatar, speech, start_frame)):
                yield motion.apply(frame, start_frame + index, float(nod[index]))

    def film(
        self, avatar: Avatar, lips: LipEngine, speech: Speech, start_frame: int, codec: video.SoundCodec
    ) -> Generator[bytes, None, None]:
        """Draw and encode a finished speech: equal arguments give equal bytes; see `video.encode`."""
        frames = self.draw(avatar, lips, speech, start_frame)
        return video.encode(frames, avatar.size, speech.samples, codec)

    def _draw_on(
        self, avatar: Avatar, lips: LipEngine, pieces: Iterator[SpeechSoFar], start_frame: int
    ) -> Iterator[tuple[Frame, Samples]]:
        """Draw a growing speech. The head does not nod to it: how deeply is known at the end alone."""
        motion = self._motion(avatar)
        with _translated(lips):
            for index, (frame, sound) in enumerate(draw(avatar, lips, pieces, start_frame), start_frame):
                yield motion.apply(frame, index, 0.0), sound

    def _motion(self, avatar: Avatar) -> IdleMotion:
        """Return an avatar's motion, by its pictures: somebody may delete it and bring it again and again."""
        with self._lock:
            motion = self._motions.get(avatar.digest)
        motion = motion or IdleMotion(avatar)  # unlocked: others go on speaking meanwhile
        with self._lock:
            self._motions[avatar.digest] = motion
            self._motions.move_to_end(avatar.digest)
            if len(self._motions) > REMEMBERED_MOTIONS:
                self._motions.popitem(last=False)
        return motion

    def idle_loop(self, avatar_id: str, codec: video.SoundCodec) -> Recording:
        """Return one period of the avatar's idle motion, made once and shared by all who watch.

        Raises:
            NotFound: there is no such avatar.
        """
        avatar = self.avatars.get(avatar_id)

        def make() -> Iterator[bytes]:
            motion = self._motion(avatar)
            period = idle_period(avatar)
            pictures = (avatar.frames[index % len(avatar.frames)] for index in range(period))
            frames = (motion.apply(picture, index) for index, picture in enumerate(pictures))
            silence = audio.silence(period)
            # A keyframe in every fragment: the loop may be entered and left at each of them.
            return video.encode(frames, avatar.size, silence.samples, codec, FRAMES_PER_FRAGMENT)

        return self._idle_loops.get(f"{avatar.digest}-{codec}", make)


@contextmanager
def _translated(lips: LipEngine) -> Iterator[None]:
    """Translate what a lip engine raises that is not ours."""
    try:
        yield
    except VoiceoverError:
        raise
    except Exception as exc:
        raise DrawingError(f"{lips.name} failed ({type(exc).__name__})", engine=lips.name) from exc


def _clip(
    speech: Speech | None,
    voice: Voice,
    lips: LipEngine,
    weights: str,
    clock: "_Stopwatch",
    data: Generator[bytes, None, None],
) -> Clip:
    frames, words = (speech.frames, speech.words) if speech else (None, ())
    return Clip(frames, words, voice.id, voice.engine, lips.name, weights, clock.seconds, data)


def _begun(pieces: Iterator[SpeechSoFar]) -> Iterator[SpeechSoFar]:
    """Wait for the first piece, so that what goes wrong before it is raised now."""
    first = next(pieces)
    return chain([first], pieces)


def _passages(voices: list[Voice], text: str, language: str, wanted: str) -> list[tuple[str, str]]:
    """Return the text in pieces, each with its language."""
    if language == AUTO:
        expected = "" if wanted == AUTO else base_language(voice_by_id(voices, wanted).language)
        return list(detection.passages(text, languages(voices), expected))
    choose_voice(voices, language)
    return [(text, language)]


def _pause(request: ChunkRequest) -> float:
    return chunks.pause_after(request.text) if request.pause is None else request.pause


@dataclass
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - begin
