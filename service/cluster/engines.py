"""The cluster's engines, as a front has them: they are chosen here and work there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from service.cluster.offers import LipOffer, SpeechOffer
from service.cluster.renderers import Renderers
from service.engines import lip_engines, speech_engines
from service.models import ModelFolder
from service.registry import Registry
from service.traits import speaks_too_slowly, too_slow
from tts.base import SpeechEngine, Voice
from voiceover.lips import LipEngine
from voiceover.types import Avatar, Frame, Speech
from wav2lip.checkpoints import Networks


class RemoteSpeech:
    """A speech engine of the cluster (`tts.base.SpeechEngine`). Safe to share between threads.

    It does not stream: only a speech that is finished can be filmed again when a machine is lost.
    """

    def __init__(self, name: str, renderers: Renderers) -> None:
        self.name = name
        self._renderers = renderers

    def voices(self) -> Sequence[Voice]:
        return self._offer().voices

    def pace(self, voice: Voice) -> float | None:
        offer = self._offer()
        paces = dict(zip((known.id for known in offer.voices), offer.paces, strict=True))
        return paces.get(voice.id)

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        sample = voice.sample
        passed = self._renderers.passed(sample.digest, sample) if sample else None
        answer = self._renderers.ask("speak", self.name, text, replace(voice, sample=None), passed, seed)
        assert isinstance(answer, Speech)
        return answer

    def _offer(self) -> SpeechOffer:
        return self._renderers.offer().speech[self.name]


class RemoteImitator(RemoteSpeech):
    """One that can imitate anybody (`tts.base.CloningEngine`)."""

    def cloned_languages(self) -> Sequence[str]:
        return self._offer().imitates_in or ()


class RemoteLips:
    """A lip engine of the cluster (`voiceover.lips.LipEngine`). Safe to share between threads."""

    def __init__(self, name: str, renderers: Renderers) -> None:
        self.name = name
        self._renderers = renderers

    @property
    def rate(self) -> float | None:
        """Frames drawn in a second by one renderer, if that was measured."""
        return self._offer().rate

    @property
    def mode(self) -> str:
        """Device, precision and files of weights."""
        return self._offer().mode

    @property
    def networks(self) -> Networks | None:
        """Which networks the renderers have for it; None if it needs none."""
        return self._offer().networks

    def prepare(self, avatar: Avatar) -> None:
        self._renderers.ask("prepare", self.name, self._renderers.passed(avatar.digest, avatar))

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """See `voiceover.lips`. Pictures are large: clips are made by `ClusterPipeline.film`."""
        passed = self._renderers.passed(avatar.digest, avatar)
        return self._renderers.stream("frames", self.name, passed, speech, start_frame)

    def _offer(self) -> LipOffer:
        return self._renderers.offer().lips[self.name]


def remote_speech_engines(models: ModelFolder, renderers: Renderers) -> Registry[SpeechEngine]:
    """Return the cluster's speech engines, in the order of those of one machine."""

    def maker(name: str) -> Callable[[], SpeechEngine]:
        def make() -> SpeechEngine:
            offer = renderers.offer().speech[name]
            if offer.fault:
                raise offer.fault
            return (RemoteSpeech if offer.imitates_in is None else RemoteImitator)(name, renderers)

        return make

    names = speech_engines(models).names()
    return Registry("speech", {name: maker(name) for name in names}, speaks_too_slowly)


def remote_lip_engines(models: ModelFolder, renderers: Renderers) -> Registry[LipEngine]:
    """Return the cluster's lip engines, in the order of those of one machine."""

    def maker(name: str) -> Callable[[], LipEngine]:
        def make() -> LipEngine:
            offer = renderers.offer().lips[name]
            if offer.fault:
                raise offer.fault
            return RemoteLips(name, renderers)

        return make

    makers = {name: maker(name) for name in lip_engines(models).names()}
    return Registry("lips", makers, too_slow, lambda name: renderers.offer().lips[name].doubt)
