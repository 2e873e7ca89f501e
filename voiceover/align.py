"""When what was said: the times of a reference rendering carried over to another sound of the same words.

The reference (a voice that tells its times) gives a row of phones; the sound is cut into as many spans,
so that each sounds like its phone and lasts about as long. That is dynamic time warping by whole phones
instead of single frames, which keeps durations natural. Before each word the sound may pause. The best
of all cuts is found by dynamic programming; what it teaches about how the two voices differ makes the
second cut better than the first.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voiceover.cepstra import Matrix, cepstra, loudness, mel_spectrum
from voiceover.types import Phone, Samples, Speech, Word

log = logging.getLogger(__name__)

Times = tuple[tuple[Phone, ...], tuple[Word, ...]]
Span = tuple[int, int]

FRAME = 0.01  # seconds
PARTS = 3  # a phone's beginning, middle and end are compared one by one
LOOKS = 2  # frames averaged to know one part of a reference phone
QUIET = -50.0  # dB below the loud frames
PAUSE, PAUSE_FRAME, PAUSE_DECIBEL = 2.0, 0.4, 0.03  # cost of a pause, of each frame of it, of loudness in it
STRETCH = 4.0  # cost of a phone e times longer or shorter than expected
SHORTEST, LONGEST = 0.3, 3.0  # durations tried, in expected durations
REACH = 300  # frames around a phone's expected place where it is looked for; more in long sounds
CAUTION = 100.0  # frames that must agree before the voices are taken to differ
LETTERS_A_SECOND = 15
NEUTRAL = "ə"  # a digit stands for sounds that its sign does not tell
IMPLAUSIBLE = 0.95  # mean cost of a frame where two sounds do not say the same; noise costs more


def align(samples: Samples, sample_rate: int, reference: Speech, whole: bool = True) -> Times:
    """Return the phones and words of a sound that says what `reference` says, in its own sample positions.

    Where the sound is not `whole`, it says what `reference` says up to some phone: the best fitting one.
    What comes after that is left out.

    Pauses are phones without a symbol; nothing to say gives no phones. Where the two do not seem to say
    the same, the reference is stretched over the sound, and the log says so. Thread-safe.
    """
    voiced = _voiced(reference)
    if not voiced or not np.any(samples):
        return _nothing(reference)
    sound = _heard(samples, sample_rate)
    cut = _best_cut(sound, _row(reference, voiced), whole)
    if cut is None or cut.cost > IMPLAUSIBLE:
        log.warning("a sound does not resemble what it should say: its times are a guess")
        return stretch(samples, sample_rate, reference, whole)
    edges = np.minimum(np.round(np.array(cut.spans) * FRAME * sample_rate).astype(int), len(samples))
    said = voiced[: len(cut.spans)]
    if len(said) < len(voiced):
        reference = _beginning(reference, said[-1].stop)
    return _carried_over(reference, said, edges.tolist(), len(samples))


def stretch(samples: Samples, sample_rate: int, reference: Speech, whole: bool = True) -> Times:
    """Spread the times of a reference evenly over a sound, from its first loud frame to its last one.

    Over a sound that is not `whole` as much of the reference as lasts as long.
    """
    if not whole:
        reference = _beginning(reference, len(samples) * reference.sample_rate // sample_rate)
    voiced = _voiced(reference)
    if not voiced or not np.any(samples):
        return _nothing(reference)
    first, last = np.flatnonzero(_heard(samples, sample_rate).voiced)[[0, -1]] * FRAME * sample_rate
    begin, end = voiced[0].start, voiced[-1].stop
    edges = np.array([(phone.start, phone.stop) for phone in voiced])
    places = [first, min(last + FRAME * sample_rate, len(samples))]
    stretched = np.round(np.interp(edges, [begin, end], places)).astype(int)
    return _carried_over(reference, voiced, stretched.tolist(), len(samples))


def spelled(text: str) -> Speech:
    """Return a soundless reference for `stretch` in which every letter of a text lasts equally long."""
    phones: list[Phone] = []
    words = []
    for piece in text.split():
        start = len(phones)
        for character in filter(str.isalnum, piece):
            symbol = character.lower() if character.isalpha() else NEUTRAL
            phones.append(Phone(symbol, len(phones), len(phones) + 1))
        words.append(Word(piece, start, len(phones)))
    return Speech(np.zeros(len(phones), np.float32), LETTERS_A_SECOND, tuple(phones), tuple(words))


@dataclass(frozen=True, slots=True)
class _Sound:
    """What is to be cut; a frame is `FRAME` seconds."""

    features: Matrix
    loudness: NDArray[np.float32]

    @property
    def voiced(self) -> NDArray[np.bool_]:
        return np.asarray(self.loudness > QUIET)


@dataclass(frozen=True, slots=True)
class _Row:
    """The phones that it is to be cut into."""

    parts: Matrix
    """float32 `(phones, PARTS, features)`."""
    durations: NDArray[np.float64]
    """In seconds of the reference."""
    may_pause: Sequence[bool]
    """Whether there may be a pause before each."""

    def first(self, count: int) -> "_Row":
        return _Row(self.parts[:count], self.durations[:count], self.may_pause[:count])

    def lasting(self, frames: int) -> NDArray[np.float64]:
        """Return how many frames each phone lasts where all together last so many."""
        return np.asarray(np.maximum(self.durations * frames / self.durations.sum(), 1.0))


@dataclass(frozen=True, slots=True)
class _Cut:
    spans: list[Span]
    """First frame of each phone and the frame after its last one."""
    cost: float
    """Of a frame, on average; about 0.75 where two voices say the same."""


def _heard(samples: Samples, sample_rate: int) -> _Sound:
    frames = max(round(len(samples) / sample_rate / FRAME), 1)
    spectrum = mel_spectrum(samples, sample_rate, (np.arange(frames) + 0.5) * FRAME)
    level = loudness(spectrum)
    return _Sound(cepstra(spectrum, level > QUIET), level)


def _row(reference: Speech, voiced: Sequence[Phone]) -> _Row:
    edges = np.array([(phone.start, phone.stop) for phone in voiced]) / reference.sample_rate
    looks = (np.arange(PARTS * LOOKS) + 0.5) / (PARTS * LOOKS)
    times = edges @ np.array([1 - looks, looks])
    spectrum = mel_spectrum(reference.samples, reference.sample_rate, times.ravel())
    features = cepstra(spectrum, np.ones(times.size, bool))
    parts = features.reshape(len(voiced), PARTS, LOOKS, -1).mean(axis=2)
    beginnings = {word.start for word in reference.words if word.stop > word.start}
    stops = [-1, *(phone.stop for phone in voiced)]
    may_pause = [p.start in beginnings or p.start > stop for p, stop in zip(voiced, stops, strict=False)]
    return _Row(parts, np.diff(edges).ravel(), may_pause)


def _best_cut(sound: _Sound, row: _Row, whole: bool) -> _Cut | None:
    """Cut twice; None where the sound is too short or too long for so many phones."""
    expected = row.lasting(int(sound.voiced.sum())) if whole else row.durations / FRAME
    first = _cut(sound, row.parts, expected, row.may_pause, whole)
    if first is None:
        return None
    said = row.first(len(first.spans))
    parts = _in_the_voice_of(sound, said.parts, first)
    return _cut(sound, parts, said.lasting(sum(b - a for a, b in first.spans)), said.may_pause)


def _cut(
    sound: _Sound,
    row: Matrix,
    durations: NDArray[np.float64],
    may_pause: Sequence[bool],
    whole: bool = True,
) -> _Cut | None:
    """Cut a sound into a row of phones that should last `durations` frames; None where they do not fit.

    Where the sound is not `whole`, into as many phones of the row as fit best.
    """
    frames = len(sound.features)
    reach = REACH + frames // 20
    hush = np.maximum(PAUSE_FRAME + PAUSE_DECIBEL * (sound.loudness - QUIET), PAUSE_FRAME / 2)
    silence = np.concatenate([[0.0], np.cumsum(hush)])
    reached = np.full(frames + 1, np.inf)  # cost of the best cut so far, by the frame where it stops
    reached[0] = 0
    steps: list[tuple[int, NDArray[np.int_], NDArray[np.int_]]] = []
    ends: list[tuple[float, int, int]] = []  # cost, phones and stop where the speech ends with that phone
    places = np.cumsum(durations) * (frames / durations.sum() if whole else 1)
    for parts, duration, pauses, place in zip(row, durations, may_pause, places, strict=True):
        if place - reach > frames:
            break
        before, stopped = _paused(reached, silence) if pauses else (reached, np.arange(frames + 1))
        stops = np.arange(max(0, int(place) - reach), min(frames, int(place) + reach) + 1)
        costs, starts = _phone(sound.features, parts, before, stops, duration)
        steps.append((int(stops[0]), starts, stopped[starts]))
        reached = np.full(frames + 1, np.inf)
        reached[stops] = costs
        if not whole or len(steps) == len(row):
            costs_at_end, stopped = _paused(reached, silence)
            ends.append((float(costs_at_end[-1]), len(steps), int(stopped[-1])))
    cost, count, stop = min(ends)
    if not np.isfinite(cost):
        return None
    spans = []
    for first, phone_starts, stops_before in reversed(steps[:count]):
        spans.append((int(phone_starts[stop - first]), stop))
        stop = int(stops_before[stop - first])
    return _Cut(spans[::-1], cost / frames)


def _phone(
    sound: Matrix, parts: Matrix, before: NDArray[np.float64], stops: NDArray[np.int_], expected: float
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Let a phone stop at each of `stops`: the least cost up to there, and where it starts."""
    lengths = np.arange(max(1, int(expected * SHORTEST)), int(expected * LONGEST) + 4)
    starts = np.maximum(stops[:, None] - lengths, 0)
    costs = before[starts] + STRETCH * np.log(lengths / expected) ** 2
    costs[lengths > stops[:, None]] = np.inf
    distances = np.sqrt(np.mean((sound[:, None] - parts) ** 2, axis=2))
    sums = np.concatenate([np.zeros((1, PARTS)), np.cumsum(distances, axis=0)])
    edges = (np.arange(PARTS + 1)[:, None] * lengths + PARTS // 2) // PARTS
    for part in range(PARTS):
        end, begin = (np.minimum(starts + edges[edge], len(sound)) for edge in (part + 1, part))
        costs += sums[end, part] - sums[begin, part]
    best = np.arange(len(stops)), costs.argmin(axis=1)
    return costs[best], starts[best]


def _paused(
    reached: NDArray[np.float64], silence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Let there be a pause wherever it pays: costs with it, and where the speech before it stops."""
    frames = np.arange(len(reached))
    begun = reached + PAUSE - silence
    cheapest = np.minimum.accumulate(begun)
    since = np.maximum.accumulate(np.where(begun == cheapest, frames, 0))
    pays = cheapest + silence < reached
    return np.where(pays, cheapest + silence, reached), np.where(pays, since, frames)


def _in_the_voice_of(sound: _Sound, parts: Matrix, cut: _Cut) -> Matrix:
    """Return the row's parts as the sound's voice would say them: a linear map learned from a first cut."""
    said, heard = [], []
    for phone, (start, stop) in zip(parts, cut.spans, strict=True):
        said.append(phone[np.arange(stop - start) * PARTS // (stop - start)])
        heard.append(sound.features[start:stop])
    source, target = np.concatenate(said), np.concatenate(heard)
    centre, there = source.mean(axis=0), target.mean(axis=0)
    source, target = source - centre, target - there
    trust = CAUTION * np.eye(source.shape[1])
    change = np.linalg.solve(source.T @ source + trust, source.T @ target + trust)
    return np.asarray((parts - centre) @ change + there, np.float32)


def _voiced(speech: Speech) -> list[Phone]:
    return [phone for phone in speech.phones if phone.symbol]


def _beginning(reference: Speech, stop: int) -> Speech:
    """Return what of a speech has begun before a sample."""
    phones = tuple(phone for phone in reference.phones if phone.start < stop)
    return replace(reference, phones=phones, words=tuple(w for w in reference.words if w.start < stop))


def _nothing(reference: Speech) -> Times:
    return (), tuple(Word(word.text, 0, 0) for word in reference.words)


def _carried_over(reference: Speech, voiced: Sequence[Phone], edges: Sequence[Span], end: int) -> Times:
    placed = [Phone(p.symbol, start, stop) for p, (start, stop) in zip(voiced, edges, strict=True)]
    return tuple(_with_pauses(placed, end)), tuple(_words(reference.words, voiced, placed))


def _with_pauses(phones: Sequence[Phone], end: int) -> Iterator[Phone]:
    position = 0
    for phone in (*phones, Phone("", end, end)):
        if phone.start > position:
            yield Phone("", position, phone.start)
        if phone.stop > phone.start:
            yield phone
        position = phone.stop


def _words(words: Sequence[Word], voiced: Sequence[Phone], placed: Sequence[Phone]) -> Iterator[Word]:
    """A word lasts from its first phone to its last; a mark that is not spoken has no length."""
    stop = 0
    for word in words:
        own = [new for old, new in zip(voiced, placed, strict=True) if word.start <= old.start < word.stop]
        start, stop = (own[0].start, own[-1].stop) if own else (stop, stop)
        yield Word(word.text, start, stop)
