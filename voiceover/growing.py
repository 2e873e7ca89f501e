"""Speech that grows while it is spoken: finished and drawn before its end is known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from voiceover import audio
from voiceover.errors import InvalidRequest
from voiceover.lips import LipEngine
from voiceover.types import (
    FRAMES_PER_FRAGMENT,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    Avatar,
    Frame,
    Samples,
    Speech,
    SpeechSoFar,
)

UNSETTLED = 0.02  # seconds at the end of unfinished sound that resampling may still change
HEADROOM = 1.4  # how much louder than the loudest of its beginning a sentence may become
CONTEXT = 10  # frames before those that are drawn, so that mouths move on from where they were
LOOK_AHEAD = 5  # frames of speech that must be known beyond a frame before it is drawn


def finish(
    growing: Iterable[SpeechSoFar], pause: float, follows: bool = False, continues: bool = False
) -> Iterator[SpeechSoFar]:
    """Make a growing speech ready to be a clip, as `voiceover.audio.finish` does with a whole one.

    What has been given once does not change: each speech begins with the samples of the one before it.
    Its loudness is judged by its beginning. Until it is complete it is a whole number of frames long,
    then a whole number of fragments.

    Raises:
        InvalidRequest: there is nothing to hear; raised instead of the first speech.
    """
    finishing = _Finishing(pause, follows, continues)
    for so_far in growing:
        if finishing.has_begun(so_far.speech):
            yield SpeechSoFar(finishing.take(so_far), so_far.complete)
    if finishing.begin is None:
        raise InvalidRequest("there is nothing to speak in this text", reason="nothing-to-speak")


def draw(
    avatar: Avatar, lips: LipEngine, growing: Iterable[SpeechSoFar], start_frame: int
) -> Iterator[tuple[Frame, Samples]]:
    """Yield each frame of a finished growing speech with its sound, as soon as what follows it is known."""
    drawn = 0
    for so_far in growing:
        speech = so_far.speech
        stop = speech.frames - (0 if so_far.complete else LOOK_AHEAD)
        begin = max(drawn - CONTEXT, 0)
        frames = lips.frames(avatar, _from_frame(so_far, begin), start_frame + begin)
        for index, frame in zip(range(begin, stop), frames, strict=False):
            if index >= drawn:
                yield frame, speech.samples[index * SAMPLES_PER_FRAME : (index + 1) * SAMPLES_PER_FRAME]
        drawn = max(drawn, stop)


@dataclass
class _Finishing:
    pause: float
    follows: bool
    continues: bool
    begin: int | None = None
    """First sample of the voice's sound that is heard."""
    gain: float = 1.0
    sound: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    """48 kHz, as loud as it will be heard; only added to."""

    def has_begun(self, speech: Speech) -> bool:
        if self.begin is None and np.any(speech.samples):
            first = next((phone for phone in speech.phones if phone.symbol), None)
            if first is not None:
                self.begin = max(first.start - round(audio.ATTACK * speech.sample_rate), 0)
        return self.begin is not None

    def take(self, so_far: SpeechSoFar) -> Speech:
        speech, begin = so_far.speech, self.begin or 0
        self._add(
            audio.resample(speech.samples[begin : self._stop(so_far)], speech.sample_rate), so_far.complete
        )
        before = round(audio.LEAD_IN * SAMPLE_RATE)
        samples = np.zeros(self._length(before, so_far.complete), np.float32)
        kept = self.sound[: len(samples) - before]
        samples[before : before + len(kept)] = kept
        scale = SAMPLE_RATE / speech.sample_rate
        moved = audio.moved(speech, scale, before - round(begin * scale), len(samples))
        return replace(
            moved,
            samples=samples,
            sample_rate=SAMPLE_RATE,
            follows=self.follows,
            continues=self.continues or not so_far.complete,
        )

    def _stop(self, so_far: SpeechSoFar) -> int:
        speech = so_far.speech
        if not so_far.complete:
            return len(speech.samples)
        last = max(phone.stop for phone in speech.phones if phone.symbol)
        return min(last + round(audio.RELEASE * speech.sample_rate), len(speech.samples))

    def _add(self, resampled: Samples, complete: bool) -> None:
        settled = resampled if complete else resampled[: -round(UNSETTLED * SAMPLE_RATE)]
        if not len(self.sound) and len(settled):
            self.gain = float(audio.gain(settled, HEADROOM))
        new = np.clip(settled[len(self.sound) :] * np.float32(self.gain), -audio.PEAK, audio.PEAK)
        new = audio.faded(new, into=not len(self.sound), out=complete)
        self.sound = np.concatenate([self.sound, new])

    def _length(self, before: int, complete: bool) -> int:
        if not complete:
            return (before + len(self.sound)) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME
        fragment = FRAMES_PER_FRAGMENT * SAMPLES_PER_FRAME
        return -(-(before + len(self.sound) + round(self.pause * SAMPLE_RATE)) // fragment) * fragment


def _from_frame(so_far: SpeechSoFar, begin: int) -> Speech:
    """Return what a speech says from a frame on, as a part of it: other speech adjoins where it goes on."""
    speech, start = so_far.speech, begin * SAMPLES_PER_FRAME
    rest = replace(speech, samples=speech.samples[start:], follows=speech.follows or begin > 0)
    return audio.moved(rest, 1.0, -start, len(rest.samples))
