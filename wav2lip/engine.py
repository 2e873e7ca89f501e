"""Wav2Lip as a lip engine: from speech to frames, with whatever can be known beforehand known beforehand."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voiceover.errors import EngineUnavailable, FaceNotFound
from voiceover.types import FPS, Avatar, Frame, Samples, Speech
from wav2lip import mel, silence, weights
from wav2lip.batching import Batcher
from wav2lip.blend import LowerFace
from wav2lip.blend_device import DeviceLowerFace
from wav2lip.detect import FaceFramer
from wav2lip.device import Renderer, fastest
from wav2lip.face import Box, crop
from wav2lip.static import PictureTerms

FIRST_PIECE = 2  # frames: the first picture leaves early
REMEMBERED_AVATARS = 64
REMEMBERED_FACES = 128  # lower faces kept; one takes about 2 MB
REMEMBERED_TERMS = 64  # still pictures kept; one takes 3 to 6 MB
MOST_AHEAD = 64  # requests whose next piece is drawn, or waits for it, while one is pasted

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _FrameFace:
    """One frame of an avatar and where its face is."""

    avatar: Avatar
    index: int
    box: Box

    @property
    def key(self) -> tuple[str, int]:
        return self.avatar.digest, self.index

    @property
    def picture(self) -> Frame:
        return self.avatar.frames[self.index]

    def lower_face(self, device: torch.device) -> LowerFace:
        landmarks = self.avatar.faces[self.index]
        assert landmarks is not None
        if device.type == "cuda":
            return DeviceLowerFace(self.picture, landmarks, self.box, self.index, device=device)
        return LowerFace(self.picture, landmarks, self.box, self.index)


class Wav2LipEngine:
    """Draws mouths with a trained network (`voiceover.lips.LipEngine`). Safe to share between threads.

    Requests share the device's batches, so that each begins to show soon (`wav2lip.batching`). A request's
    next piece is drawn while the one before it is pasted.
    """

    name = "wav2lip"

    def __init__(self, checkpoint: Path, trusted: Collection[str] = (), cache: Path | None = None) -> None:
        """Load the checkpoint and find the fastest way to run it: some seconds.

        Args:
            checkpoint: the network's weights; S3FD's may lie beside them.
            trusted: see `wav2lip.weights.load`.
            cache: see `wav2lip.detect.FaceFramer`.

        Raises:
            EngineUnavailable: the checkpoint cannot be used, or the GPU has no room for it.
        """
        network = weights.load(checkpoint, trusted)
        try:
            self._renderer: Renderer = fastest(network)
        except torch.OutOfMemoryError as exc:
            message = "the GPU has too little memory left for Wav2Lip"
            raise EngineUnavailable(message, engine=self.name) from exc
        mel.mel_spectrogram(
            np.zeros(mel.WINDOW, np.float32)
        )  # librosa is imported before anybody waits for it
        self._framer = FaceFramer(checkpoint.parent, cache)
        self._batcher = Batcher(self._renderer.network, self._renderer.batches)
        self._ahead = ThreadPoolExecutor(MOST_AHEAD, "wav2lip-ahead")
        self._boxes = _Memory[list[Box | None]](REMEMBERED_AVATARS)
        self._faces = _Memory[LowerFace](REMEMBERED_FACES)
        self._terms = _Memory[PictureTerms](REMEMBERED_TERMS)

    @property
    def rate(self) -> float:
        """Frames drawn in a second, measured when the engine was made."""
        return self._renderer.rate

    @property
    def mode(self) -> str:
        """Device and precision that were found to be the fastest."""
        return self._renderer.mode

    def prepare(self, avatar: Avatar) -> None:
        """Frame the avatar's faces, and let the network look at the first: under a second for a photo, once.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        faces = (self._frame_face(avatar, index) for index in range(len(avatar.frames)))
        face = next((face for face in faces if face is not None), None)
        if face is None:
            raise FaceNotFound(f"avatar {avatar.id!r} has no face to speak with", avatar=avatar.id)
        self._lower_face(face)
        self._look([face])

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures; see `voiceover.lips`. A frame without a face stays as it is.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        self.prepare(avatar)
        return self._drawn(avatar, speech, start_frame)

    def _drawn(self, avatar: Avatar, speech: Speech, start_frame: int) -> Iterator[Frame]:
        windows, gate = hear(speech)
        indices = [(start_frame + number) % len(avatar.frames) for number in range(speech.frames)]
        faces = [
            self._frame_face(avatar, index) if shown > 0 else None
            for index, shown in zip(indices, gate, strict=True)
        ]

        def visible(start: int, stop: int) -> list[int]:
            return [number for number in range(start, stop) if faces[number] is not None]

        def draw(start: int, stop: int) -> Tensor:
            seen = [face for face in faces[start:stop] if face is not None]
            return self._draw(windows[visible(start, stop)], seen, start == 0)

        cuts = list(pieces(speech.frames, self._batcher.largest))
        with closing(one_ahead((partial(draw, *cut) for cut in cuts), self._ahead)) as drawn:
            for (start, stop), mouths in zip(cuts, drawn, strict=True):
                gates = gate[visible(start, stop)]
                yield from self._pasted(avatar, indices[start:stop], faces[start:stop], mouths, gates)

    def _draw(self, windows: NDArray[np.float32], faces: list[_FrameFace], first: bool) -> Tensor:
        """Draw a mouth for each face, `(faces, 3, 41, 96)`."""
        if not faces:
            return torch.empty(0)
        return self._batcher.draw(torch.from_numpy(windows), self._look(faces), first)

    def _pasted(
        self,
        avatar: Avatar,
        indices: list[int],
        shown: list[_FrameFace | None],
        mouths: Tensor,
        gates: NDArray[np.float64],
    ) -> Iterator[Frame]:
        """Yield copies of the avatar's frames, with mouths on those whose face is shown."""
        for face, run in groupby(zip(indices, shown, strict=True), key=itemgetter(1)):
            frames = [avatar.frames[index] for index, _ in run]
            copies = (frame.copy() for frame in frames)
            if face is None:
                yield from copies
                continue
            count = len(frames)
            yield from self._lower_face(face).pasted(copies, mouths[:count], gates[:count])
            mouths, gates = mouths[count:], gates[count:]

    def _look(self, faces: list[_FrameFace]) -> PictureTerms:
        """Return what the network sees in pictures; in one only, when all are the same: it is kept."""
        if len({face.index for face in faces}) > 1:
            return self._look_at(faces)
        return self._terms.get(faces[0].key, lambda: self._look_at(faces[:1]))

    def _look_at(self, faces: list[_FrameFace]) -> PictureTerms:
        crops = np.stack([crop(face.picture, face.box) for face in faces])
        return self._batcher.look(torch.from_numpy(crops))

    def _lower_face(self, face: _FrameFace) -> LowerFace:
        return self._faces.get(face.key, lambda: face.lower_face(self._renderer.network.device))

    def _frame_face(self, avatar: Avatar, index: int) -> _FrameFace | None:
        box = self._boxes.get(avatar.digest, lambda: self._framer.steadied(avatar))[index]
        return None if box is None else _FrameFace(avatar, index, box)


def hear(speech: Speech) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return each frame's window of sound, `(frames, 1, 80, 16)`, and how much it shows, `(frames,)`."""
    spectrogram, heard = listen(speech)
    return mel.frame_windows(spectrogram, speech.frames, FPS), silence.rest_gate(speech, heard)


def listen(speech: Speech) -> tuple[mel.Mel, list[silence.Span]]:
    """Return a speech's mel spectrogram, silent where nothing is said, and when something is."""
    samples = _at_16_khz(speech)
    heard = silence.heard_spans(samples, mel.SAMPLE_RATE)
    return silence.hush(mel.mel_spectrogram(samples), heard), heard


def _at_16_khz(speech: Speech) -> Samples:
    import soxr

    return np.asarray(soxr.resample(speech.samples, speech.sample_rate, mel.SAMPLE_RATE), np.float32)


def pieces(frames: int, largest: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of what is drawn at once: `FIRST_PIECE` frames, then twice as many each time."""
    start, size = 0, min(FIRST_PIECE, largest)
    while start < frames:
        stop = min(start + size, frames)
        yield start, stop
        start, size = stop, min(2 * size, largest)


def one_ahead(calls: Iterable[Callable[[], V]], threads: Executor) -> Generator[V, None, None]:
    """Yield what calls return, in their order; each runs while the result before it is in use.

    What a call raises is raised in its place. Who stops reading leaves one result unused at most.
    """
    begun = (threads.submit(call) for call in calls)  # each when it is asked for
    coming = next(begun, None)
    try:
        while coming:
            ready = coming.result()
            coming = next(begun, None)
            yield ready
    finally:
        if coming:
            coming.cancel()


class _Memory(Generic[V]):
    """The latest values made, by key. Safe to share between threads; one value is made at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]
