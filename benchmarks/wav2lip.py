"""How fast Wav2Lip draws, by batch and mode, and where the time of a clip goes.

    python -m benchmarks.wav2lip [CHECKPOINT] [--seconds 4] [--repeats 3]

Without a checkpoint the network has random weights: its speed does not depend on them.
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voiceover.avatars import DEFAULT_AVATAR, astronaut, portrait
from voiceover.types import SAMPLE_RATE, Avatar, Frame, Speech
from wav2lip import weights
from wav2lip.device import best_device, exact_enough_modes
from wav2lip.engine import Wav2LipEngine, hear
from wav2lip.model import Wav2Lip
from wav2lip.static import StaticWav2Lip

BATCHES = (1, 4, 16, 64)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure Wav2Lip.")
    parser.add_argument("checkpoint", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the speech")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.manual_seed(0)
    network = weights.load(arguments.checkpoint) if arguments.checkpoint else Wav2Lip().eval()
    _print_rates(network, arguments.batches, arguments.repeats)
    with _checkpoint(arguments.checkpoint, network) as checkpoint:
        _print_stages(checkpoint, arguments.seconds, arguments.repeats)


def _print_rates(network: Wav2Lip, batches: list[int], repeats: int) -> None:
    """Print frames a second: the network as published, then rearranged, in each mode that is exact enough."""
    device = best_device()
    drawers = {"as published": _published(network, device)}
    drawers |= {static.mode: _rearranged(static) for static in exact_enough_modes(network, device)}
    print(f"frames/s on {device.type}, {torch.get_num_threads()} threads; medians, the modes take turns\n")
    print(f"| | {' | '.join(f'batch {batch}' for batch in batches)} |\n|---|{'---|' * len(batches)}")
    rates = [_rates(list(drawers.values()), batch, repeats) for batch in batches]
    for name, row in zip(drawers, zip(*rates, strict=True), strict=True):
        print(f"| {name} | {' | '.join(f'{rate:.1f}' for rate in row)} |", flush=True)


def _rates(drawers: list[Callable[[int], object]], batch: int, repeats: int) -> list[float]:
    for draw in drawers:
        draw(batch)
    rounds = [[_seconds(lambda: draw(batch)) for draw in drawers] for _ in range(repeats)]  # noqa: B023
    return [batch / statistics.median(times) for times in zip(*rounds, strict=True)]


def _published(network: Wav2Lip, device: torch.device) -> Callable[[int], object]:
    moved = network.to(device)

    def draw(batch: int) -> torch.Tensor:
        windows, faces = torch.rand(batch, 1, 80, 16), torch.rand(batch, 6, 96, 96)
        with torch.inference_mode():
            drawn: torch.Tensor = moved(windows.to(device), faces.to(device))
        return drawn.cpu()

    return draw


def _rearranged(static: StaticWav2Lip) -> Callable[[int], object]:
    picture = static.look(torch.rand(1, 6, 96, 96))
    return lambda batch: static.draw(torch.rand(batch, 1, 80, 16), picture).cpu()


class _Timed(Wav2LipEngine):
    """An engine that says how long it drew and pasted, which it does side by side."""

    drawing = pasting = 0.0

    def _draw(self, *asked: Any) -> torch.Tensor:
        begin = time.perf_counter()
        mouths = super()._draw(*asked)
        self.drawing += time.perf_counter() - begin
        return mouths

    def _pasted(self, *asked: Any) -> Iterator[Frame]:
        frames = super()._pasted(*asked)
        begin = time.perf_counter()
        for frame in frames:
            self.pasting += time.perf_counter() - begin
            yield frame
            begin = time.perf_counter()


def _print_stages(checkpoint: Path, seconds: float, repeats: int) -> None:
    """Print where the time goes from a checkpoint on disk to the last frame of a clip."""
    avatar = portrait(DEFAULT_AVATAR, DEFAULT_AVATAR, astronaut())
    speech = _speech(seconds)
    load = time.perf_counter()
    engine = _Timed(checkpoint)
    load = time.perf_counter() - load
    prepare = _seconds(lambda: engine.prepare(avatar))
    hear(_speech(0.2))  # the import of librosa is paid once
    runs = [_stages(engine, avatar, speech) for _ in range(repeats)]
    mel, first, drawing, pasting, whole = (statistics.median(times) for times in zip(*runs, strict=True))
    print(f"\n{seconds:g} s of speech, {engine.mode}, {engine.rate:.0f} frames/s by the engine's own measure")
    print("\n| stage | time |\n|---|---|")
    print(f"| load the checkpoint, choose the mode (once) | {load:.2f} s |")
    print(f"| prepare the avatar (once) | {1000 * prepare:.0f} ms |")
    print(f"| from finished speech: resample, mel spectrogram, silence | {1000 * mel:.0f} ms |")
    print(f"| first frame, mel and all | {1000 * first:.0f} ms |")
    print(
        f"| all {speech.frames} frames, mel to pasted | {whole:.2f} s, {speech.frames / whole:.1f} frames/s |"
    )
    print(f"| the network | {drawing:.2f} s, {speech.frames / drawing:.1f} frames/s |")
    print(
        f"| pasting, beside the network | {pasting:.2f} s, {1000 * pasting / speech.frames:.1f} ms a frame |"
    )


def _stages(engine: _Timed, avatar: Avatar, speech: Speech) -> tuple[float, ...]:
    """Return seconds: to hear, to the first frame, for drawing, for pasting, for all frames."""
    mel = _seconds(lambda: hear(speech))
    engine.drawing = engine.pasting = 0.0
    begin = time.perf_counter()
    frames = engine.frames(avatar, speech)
    next(frames)
    first = time.perf_counter() - begin
    for _ in frames:
        pass
    whole = time.perf_counter() - begin
    return mel, first, engine.drawing, engine.pasting, whole


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _speech(seconds: float) -> Speech:
    """Return a buzz that never rests: every frame must be drawn."""
    time_ = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 140 * k * time_) / k for k in range(1, 12)) * 0.1
    return Speech(np.asarray(buzz, np.float32), SAMPLE_RATE, (), (), follows=True, continues=True)


@contextmanager
def _checkpoint(given: Path | None, network: Wav2Lip) -> Iterator[Path]:
    """Give the checkpoint's path, or that of the network written to a file."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wav2lip.pth"
        torch.save(network.state_dict(), path)
        yield path


if __name__ == "__main__":
    main()
