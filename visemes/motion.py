"""Phones → how the mouth moves, one pose per video frame.

Targets are blended by dominance functions (Cohen & Massaro 1993); contacts of the lips are gates
that must be met whatever the neighbours want. Pure numpy, no state.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visemes.table import SILENCE, MouthTarget, Seal, articulations, is_modifier
from voiceover.geometry import smoothstep
from voiceover.types import FPS, Phone, Samples, Speech

Track = NDArray[np.float64]

STEP = 1 / 200  # s between the points at which motion is computed
LEAD = 0.045  # s by which the mouth is ahead of the sound: seen speech leads heard speech
MARGIN = 0.4  # s of silence computed before and after the speech

SHORT_SILENCE = 0.07  # s: shorter ones are part of a stop consonant, not a pause
LONG_SILENCE = 0.9  # s: in longer ones the face goes back to the photo between words
SHORTEST_CONTACT = 0.026  # s
EASE_IN = 0.20  # s from the photo to the speaking posture
EASE_OUT = 0.32  # s back
LONGEST_EDGE = 0.035  # s within a long sound or silence in which it already gives way to its neighbour
SMOOTHING = 0.016  # s, standard deviation of the low-pass over all targets


class MouthPose(NamedTuple):
    """The state of the mouth in one picture. All zero is the photo itself."""

    jaw: float = 0.0
    """mm that the lower teeth have dropped"""
    lower_lip: float = 0.0
    """mm that the lower lip is down beyond the jaw"""
    upper_lip: float = 0.0
    """mm that the upper lip is up"""
    width: float = 0.0
    """mm that each corner is out"""
    rounding: float = 0.0
    """0 to 1"""
    tongue: float = 0.0
    """0 to 1"""
    roll: float = 0.0
    """0 to 1, red of the lips rolled in"""
    closure: float = 0.0
    """0 to 1, 1: the lips touch"""
    labiodental: float = 0.0
    """0 to 1, 1: the lower lip touches the upper teeth"""
    speaking: float = 0.0
    """0 to 1, 0: the expression of the photo, 1: the relaxed lips from which all the above is measured"""

    @property
    def at_rest(self) -> bool:
        """Whether this is the photo untouched."""
        return self == MouthPose()

    @property
    def opening(self) -> float:
        """Intended free way between the lips, or between lip and teeth, mm; 0 at any contact."""
        return (self.jaw + self.lower_lip + self.upper_lip) * (1 - self.closure) * (1 - self.labiodental)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of time, in seconds, with one target."""

    target: MouthTarget
    start: float
    stop: float
    palatalised: bool = False
    labialised: bool = False

    @property
    def length(self) -> float:
        return self.stop - self.start

    @property
    def silent(self) -> bool:
        return self.target is SILENCE


def mouth_poses(speech: Speech) -> list[MouthPose]:
    """Return `speech.frames` poses, the mouth of each video frame; the first and the last are at rest,
    or in the bare speaking posture where other speech adjoins.

    The mouth leads the sound by `LEAD`. A pure function of its argument.
    """
    count = speech.frames
    segments = _segments(speech.phones, speech.sample_rate)
    if count == 0 or all(segment.silent for segment in segments):
        return [MouthPose()] * count
    times = np.arange(-MARGIN, speech.duration + MARGIN, STEP)
    shutter = np.arange(count) / FPS + LEAD
    spoken = _with_silence_around(segments, times)
    loudness = _Loudness(speech.samples, speech.sample_rate)

    posture = np.interp(shutter, times, _speaking(spoken, times, speech))
    ends = _ends(count)
    posture *= _ends(count, float(speech.follows), float(speech.continues))
    closure = _gate(spoken, Seal.LIPS, times, shutter) * ends
    labiodental = _gate(spoken, Seal.TEETH, times, shutter) * ends * (1 - closure)
    speaking = np.maximum(posture, np.maximum(closure, labiodental))
    blended = _smooth(_blend(spoken, times, loudness))
    free = [np.interp(shutter, times, track) * np.minimum(1.0, 2 * speaking) * ends for track in blended.T]
    rows = np.stack([*free, closure, labiodental, speaking], axis=1)
    return [MouthPose(*map(float, row)) for row in rows]


def _segments(phones: tuple[Phone, ...], rate: int) -> list[_Segment]:
    """Split diphthongs, join silences, and give lone diacritics to the phone before them."""
    segments: list[_Segment] = []
    for phone in phones:
        start, stop = phone.start / rate, max(phone.start, phone.stop) / rate
        if is_modifier(phone.symbol):
            if segments:
                palatal = segments[-1].palatalised or "ʲ" in phone.symbol
                segments[-1] = replace(segments[-1], stop=stop, palatalised=palatal)
            continue
        parts = articulations(phone.symbol)
        edges = np.linspace(start, stop, len(parts) + 1)
        for part, begin, end in zip(parts, edges[:-1], edges[1:], strict=True):
            if part.target is SILENCE and segments and segments[-1].silent:
                segments[-1] = replace(segments[-1], stop=float(end))
            else:
                segments.append(
                    _Segment(part.target, float(begin), float(end), part.palatalised, part.labialised)
                )
    return segments


def _with_silence_around(segments: list[_Segment], times: Track) -> list[_Segment]:
    """Fill every gap with silence.

    Without silence on both sides the far tail of the first sound would win the blend where nothing
    else is said, and the mouth would hang open.
    """
    first, last = float(times[0]), float(times[-1])
    filled: list[_Segment] = [_Segment(SILENCE, first - 1, max(segments[0].start, first))]
    for segment in segments:
        gap = segment.start - filled[-1].stop
        if gap > SHORT_SILENCE and not segment.silent and not filled[-1].silent:
            filled.append(_Segment(SILENCE, filled[-1].stop, segment.start))
        if segment.silent and filled[-1].silent:
            filled[-1] = replace(filled[-1], stop=segment.stop)
        elif not segment.silent or segment.length >= SHORT_SILENCE:
            filled.append(segment)
    end = max(last, filled[-1].stop) + 1
    if filled[-1].silent:
        return [*filled[:-1], replace(filled[-1], stop=end)]
    return [*filled, _Segment(SILENCE, filled[-1].stop, end)]


class _Loudness:
    """How loud a stretch of sound is beside the loud parts of the same speech."""

    WINDOW = 0.04  # s
    AUDIBLE = 0.01  # of full scale

    def __init__(self, samples: Samples, rate: int) -> None:
        self._energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
        self._rate = rate
        edges = np.arange(0, len(samples) + 1, max(1, int(self.WINDOW * rate)))
        levels = np.sqrt(np.diff(self._energy[edges]) / self.WINDOW / rate) if len(edges) > 1 else np.zeros(0)
        audible = levels[levels > self.AUDIBLE]
        self._reference = float(np.percentile(audible, 80)) if len(audible) else None

    def factor(self, segment: _Segment) -> float:
        """Return by how much the mouth opens wider or less wide, 0.72 to 1.15."""
        if self._reference is None:
            return 1.0
        last = len(self._energy) - 1
        start = min(max(int(segment.start * self._rate), 0), last - 1)
        stop = min(max(int(segment.stop * self._rate), start + 1), last)
        level = np.sqrt((self._energy[stop] - self._energy[start]) / (stop - start))
        return float(np.clip(0.70 + 0.38 * level / self._reference, 0.72, 1.15))


def _blend(segments: list[_Segment], times: Track, loudness: _Loudness) -> Track:
    """Return the blend of the first seven fields of `MouthPose`, `(len(times), 7)`."""
    weighted = np.zeros((len(times), 7))
    total = np.full((len(times), 7), 1e-6)
    for index, segment in enumerate(segments):
        dominance = _dominance(segment, times)
        after_palatal = index > 0 and segments[index - 1].palatalised
        weighted += dominance * _aim(segment, loudness, after_palatal)
        total += dominance
    blend: Track = weighted / total
    return blend


def _aim(segment: _Segment, loudness: _Loudness, after_palatal: bool) -> Track:
    """Return what a segment really aims at: short, soft vowels undershoot, palatalised sounds spread."""
    target = segment.target
    openings = np.array([target.jaw, target.lower_lip, target.upper_lip])
    width = target.width
    rounding = target.rounding
    if target.vowel:
        haste = np.clip(np.sqrt(segment.length / 0.085), 0.82, 1.12)
        openings *= haste * loudness.factor(segment)
        width += 0.5 * after_palatal
    if segment.palatalised:
        width = 0.6 if target.seal else max(width, 0.8)
    if segment.labialised:
        width, rounding = min(width, -3.0), max(rounding, 0.5)
    return np.array([*openings, width, rounding, target.tongue, target.roll])


def _dominance(segment: _Segment, times: Track) -> Track:
    """Return the dominance of a segment over each of the seven tracks."""
    weights = segment.target.weights
    spread = max(weights.width, 0.3) if segment.palatalised or segment.labialised else weights.width
    pucker = max(weights.rounding, 0.5) if segment.labialised else weights.rounding
    firmness = np.array([weights.jaw, weights.lips, weights.lips, spread, pucker, weights.lips, 1.0])
    before, after = (0.05, 0.05) if segment.silent else (0.055, 0.048)
    dominance = np.repeat(_skirts(segment, times, before, after)[:, None], 7, axis=1)
    if segment.target.vowel or segment.target.weights.rounding > 1:
        dominance[:, 3:5] = _skirts(segment, times, 0.100, 0.075)[:, None]  # lips round well ahead
    if segment.silent:
        firmness = firmness * min(1.0, segment.length / 0.15)
    weighted: Track = dominance * firmness
    return weighted


def _skirts(segment: _Segment, times: Track, before: float, after: float) -> Track:
    """Return 1 within a segment but for its edges, falling with time constants (s) on its two sides."""
    middle = (segment.start + segment.stop) / 2
    edge = min(0.18 * segment.length, LONGEST_EDGE)
    outside = np.maximum(np.abs(times - middle) - (segment.length / 2 - edge), 0)
    skirts: Track = np.exp(-((outside / np.where(times < middle, before, after)) ** 1.25))
    return skirts


def _smooth(tracks: Track) -> Track:
    reach = int(4 * SMOOTHING / STEP)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / SMOOTHING) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(tracks, [(reach, reach), (0, 0)], mode="edge")
    return np.stack([np.convolve(track, kernel, "valid") for track in padded.T], axis=1)


@dataclass(frozen=True, slots=True)
class _GateTiming:
    """How fast a contact is made and released: a share of the neighbour's length within limits, s."""

    attack: float
    attack_limits: tuple[float, float]
    release: float
    release_limits: tuple[float, float]
    left_by_vowel: float
    """what may be left of the contact in the middle of a vowel, however short"""


_TIMINGS = {
    Seal.LIPS: _GateTiming(0.55, (0.030, 0.065), 0.60, (0.030, 0.070), 0.3),
    # Nothing pops open after f and v: the lip slides off the teeth, so it takes two frames at least.
    Seal.TEETH: _GateTiming(0.75, (0.060, 0.100), 0.90, (0.065, 0.130), 0.5),
}


def _gate(segments: list[_Segment], seal: Seal, times: Track, shutter: Track) -> Track:
    """Return how much of a contact there is in each frame, 0 to 1.

    Averaged over the exposure of a frame, so that nothing pops. The frame nearest to the middle
    of each contact is shut and that of each vowel is open, so that none falls between two frames.
    """
    gate = np.zeros(len(times))
    centres: list[float] = []
    timing = _TIMINGS[seal]
    for before, segment, after in zip(segments, segments[1:], segments[2:], strict=False):
        if segment.target.seal is not seal:
            continue
        start, stop = _hold(segment)
        attack = float(np.clip(timing.attack * before.length, *timing.attack_limits))
        release = float(np.clip(timing.release * after.length, *timing.release_limits))
        ramps = np.clip(1 - np.maximum(start - times, 0) / attack, 0, 1)
        ramps *= np.clip(1 - np.maximum(times - stop, 0) / release, 0, 1)
        gate = np.maximum(gate, 0.5 - 0.5 * np.cos(np.pi * ramps))
        centres.append((segment.start + segment.stop) / 2)
    exposure = np.linspace(-0.45, 0.45, 7) / FPS
    frames: Track = np.mean([np.interp(shutter + offset, times, gate) for offset in exposure], axis=0)
    vowels = [(segment.start + segment.stop) / 2 for segment in segments if segment.target.vowel]
    open_frames, shut_frames = _nearest(vowels, len(frames)), _nearest(centres, len(frames))
    frames[open_frames] = np.minimum(frames[open_frames], timing.left_by_vowel)
    frames[shut_frames] = 1.0
    return frames


def _nearest(moments: list[float], count: int) -> list[int]:
    """Return the frames nearest to some moments of the sound, s."""
    frames = (round((moment - LEAD) * FPS) for moment in moments)
    return [frame for frame in frames if 0 <= frame < count]


def _hold(segment: _Segment) -> tuple[float, float]:
    """Return from when to when a contact is held; a short one long enough to be seen."""
    start, stop = segment.start + 0.10 * segment.length, segment.stop - 0.18 * segment.length
    if stop - start >= SHORTEST_CONTACT:
        return start, stop
    centre = (segment.start + segment.stop) / 2 - 0.004
    return centre - SHORTEST_CONTACT / 2, centre + SHORTEST_CONTACT / 2


def _speaking(segments: list[_Segment], times: Track, speech: Speech) -> Track:
    """Return the speaking posture over time, 0 to 1.

    It is held through short pauses, or a smile would flash between words, and is left at both ends
    of the speech, unless other speech adjoins there: clips join at 0 or at 1.
    """
    posture = np.zeros(len(times))
    last_frame = speech.duration - 1 / FPS + LEAD
    contacts = [_hold(segment)[0] for segment in segments if segment.target.seal]
    utterances = _utterances(segments)
    for number, (start, stop) in enumerate(utterances):
        rise_start = max(LEAD, start - 0.16)
        first_contact = min((contact for contact in contacts if contact >= start), default=stop)
        ease_in = min(EASE_IN, max(first_contact - rise_start, 1 / FPS))
        fall_start = min(stop, last_frame - 0.10)
        fall_stop = min(fall_start + EASE_OUT, last_frame)
        first, last = number == 0, number == len(utterances) - 1
        rise = 1.0 if first and speech.follows else smoothstep((times - rise_start) / ease_in, 0, 1)
        fall = (
            1.0
            if last and speech.continues
            else smoothstep((fall_stop - times) / max(fall_stop - fall_start, STEP), 0, 1)
        )
        posture = np.maximum(posture, np.minimum(rise, fall))
    return posture


def _utterances(segments: list[_Segment]) -> list[tuple[float, float]]:
    """Return the stretches (start, stop in s) between long silences."""
    stretches: list[tuple[float, float]] = []
    for segment in segments:
        if segment.silent:
            continue
        if stretches and segment.start - stretches[-1][1] < LONG_SILENCE:
            stretches[-1] = (stretches[-1][0], segment.stop)
        else:
            stretches.append((segment.start, segment.stop))
    return stretches


def _ends(count: int, first: float = 0.0, last: float = 0.0) -> Track:
    """Return 1 for every frame but the first and the last: clips are joined there."""
    inner = np.ones(count)
    inner[-1] = last
    inner[0] = first
    return inner
