"""Wav2Lip as a lip engine: from speech to frames, with whatever can be known beforehand known beforehand."""

import logging
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voiceover.errors import FaceNotFound
from voiceover.types import FPS, Avatar, Frame, Samples, Speech
from wav2lip import mel, silence, weights
from wav2lip.batching import NoMemory
from wav2lip.detect import FaceFramer
from wav2lip.device import Renderer, fastest
from wav2lip.easel import Easel, FrameFace, Memory
from wav2lip.face import Box
from wav2lip.model import Wav2Lip

log = logging.getLogger(__name__)

FIRST_PIECE = 2  # frames: the first picture leaves early
REMEMBERED_AVATARS = 64
MOST_AHEAD = 64  # requests whose next piece is drawn, or waits for it, while one is pasted

T = TypeVar("T")


class Wav2LipEngine:
    """Draws mouths with a trained network (`voiceover.lips.LipEngine`). Safe to share between threads.

    Requests share the device's batches, so that each begins to show soon (`wav2lip.batching`). A request's
    next piece is drawn while the one before it is pasted. Where a GPU has no memory left even for one frame,
    it goes on on the processor, with another `mode` and `rate`.
    """

    name = "wav2lip"

    def __init__(self, checkpoint: Path, trusted: Collection[str] = (), cache: Path | None = None) -> None:
        """Load the checkpoint and find the fastest way to run it: some seconds.

        Args:
            checkpoint: the network's weights; S3FD's may lie beside them.
            trusted: see `wav2lip.weights.load`.
            cache: see `wav2lip.detect.FaceFramer`.

        Raises:
            EngineUnavailable: the checkpoint cannot be used.
        """
        network = weights.load(checkpoint, trusted)
        self._before = network.before
        self._easel = Easel(_quickest(network), network.stroke)
        on_processor = self._easel.renderer.network.device.type == "cpu"
        self._spare: Wav2Lip | None = (
            None if on_processor else network
        )  # for the processor, should it come to that
        self._moving = threading.Lock()
        mel.mel_spectrogram(
            np.zeros(mel.WINDOW, np.float32)
        )  # librosa is imported before anybody waits for it
        self._framer = FaceFramer(checkpoint.parent, cache)
        self._ahead = ThreadPoolExecutor(MOST_AHEAD, "wav2lip-ahead")
        self._boxes = Memory[list[Box | None]](REMEMBERED_AVATARS)

    @property
    def rate(self) -> float:
        """Frames drawn in a second, measured when the device was chosen."""
        return self._easel.renderer.rate

    @property
    def mode(self) -> str:
        """Device and precision that were found to be the fastest; others once a GPU has run out of memory."""
        return self._easel.renderer.mode

    def prepare(self, avatar: Avatar) -> None:
        """Frame the avatar's faces, and let the network look at the first: under a second for a photo, once.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        faces = (self._frame_face(avatar, index) for index in range(len(avatar.frames)))
        face = next((face for face in faces if face is not None), None)
        if face is None:
            raise FaceNotFound(f"avatar {avatar.id!r} has no face to speak with", avatar=avatar.id)
        self._on_device(lambda easel: (easel.lower_face(face), easel.look([face])))

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures; see `voiceover.lips`. A frame without a face stays as it is.

        Raises:
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        self.prepare(avatar)
        return self._drawn(avatar, speech, start_frame)

    def _drawn(self, avatar: Avatar, speech: Speech, start_frame: int) -> Iterator[Frame]:
        windows, gate = hear(speech, self._before)
        indices = [(start_frame + number) % len(avatar.frames) for number in range(speech.frames)]
        faces = [
            self._frame_face(avatar, index) if shown > 0 else None
            for index, shown in zip(indices, gate, strict=True)
        ]

        def visible(start: int, stop: int) -> list[int]:
            return [number for number in range(start, stop) if faces[number] is not None]

        def draw(start: int, stop: int) -> tuple[Easel, Tensor]:
            seen = [face for face in faces[start:stop] if face is not None]
            return self._on_device(partial(_draw, windows[visible(start, stop)], seen, start == 0))

        cuts = list(pieces(speech.frames, self._easel.batcher.largest))
        with closing(one_ahead((partial(draw, *cut) for cut in cuts), self._ahead)) as drawn:
            for (start, stop), (easel, mouths) in zip(cuts, drawn, strict=True):
                shown = list(zip(indices[start:stop], faces[start:stop], strict=True))
                yield from self._pasted(easel, avatar, shown, mouths, gate[visible(start, stop)])

    def _pasted(
        self,
        easel: Easel,
        avatar: Avatar,
        shown: list[tuple[int, FrameFace | None]],
        mouths: Tensor,
        gates: NDArray[np.float64],
    ) -> Iterator[Frame]:
        """Yield copies of the avatar's frames, by number, with mouths on those whose face is shown."""
        try:
            for face, run in groupby(shown, key=itemgetter(1)):
                frames = [avatar.frames[index] for index, _ in run]
                copies = (frame.copy() for frame in frames)
                if face is None:
                    yield from copies
                    continue
                count = len(frames)
                yield from easel.lower_face(face).pasted(copies, mouths[:count], gates[:count])
                mouths, gates = mouths[count:], gates[count:]
        except torch.OutOfMemoryError as exc:
            raise self._leave(easel, NoMemory("no memory to paste mouths", engine=self.name)) from exc

    def _on_device(self, act: Callable[[Easel], T]) -> T:
        """Do something where the network is; where memory suffices for no frame, on the processor.

        Raises:
            EngineUnavailable: nor does it there.
        """
        easel = self._easel
        try:
            return act(easel)
        except NoMemory as exc:
            self._leave(easel, exc)
            if self._easel is easel:
                raise
            return act(self._easel)

    def _leave(self, easel: Easel, error: NoMemory) -> NoMemory:
        """Go on on the processor from now on. Who first finds a GPU without memory waits for seconds."""
        with self._moving:
            if self._easel is easel and self._spare is not None:
                log.warning("Wav2Lip goes on on the processor: %s", error)
                renderer = fastest(self._spare, torch.device("cpu"))
                self._easel, self._spare = Easel(renderer, self._spare.stroke), None
        return error

    def _frame_face(self, avatar: Avatar, index: int) -> FrameFace | None:
        box = self._boxes.get(avatar.digest, lambda: self._framer.steadied(avatar))[index]
        return None if box is None else FrameFace(avatar, index, box)


def _quickest(network: Wav2Lip) -> Renderer:
    try:
        return fastest(network)
    except torch.OutOfMemoryError:
        log.warning("Wav2Lip draws on the processor: the GPU has too little memory left")
        return fastest(network, torch.device("cpu"))


def _draw(
    windows: NDArray[np.float32], faces: list[FrameFace], first: bool, easel: Easel
) -> tuple[Easel, Tensor]:
    return easel, easel.draw(windows, faces, first)


def hear(speech: Speech, before: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return each frame's window of sound, `(frames, 1, 80, 16)`, and how much it shows, `(frames,)`.

    Args:
        before: see `wav2lip.mel.frame_windows`.
    """
    spectrogram, heard = listen(speech)
    return mel.frame_windows(spectrogram, speech.frames, FPS, before), silence.rest_gate(speech, heard)


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


def one_ahead(calls: Iterable[Callable[[], T]], threads: Executor) -> Generator[T, None, None]:
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
