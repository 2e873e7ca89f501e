"""Whole films, each encoded into a file in one go."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from voiceover.fonts import fonts_folder
from voiceover.types import FPS, Frame, Samples
from voiceover.video.feeder import ATTENTION, SILENCE, Feeder
from voiceover.video.process import command_line, start, status, workplace
from voiceover.video.raw import TIMESCALE, as_video, inputs

FINISH_TIMEOUT = 300.0  # seconds for the end of a film: its index is put first, so it is written once more


@dataclass(frozen=True, slots=True)
class Captions:
    """The words of a film."""

    track: str
    """SubRip: a track of its own."""
    burnt: str | None
    """Advanced SubStation Alpha: drawn into the picture."""


def write(
    frames: Iterable[Frame],
    size: tuple[int, int],
    sound: Samples,
    captions: Captions,
    path: Path,
    patience: float = SILENCE,
) -> None:
    """Encode a whole film into a file, in one go and at a higher quality than what streams.

    Args:
        frames, size, sound, patience: as for `encode`.
        captions: what goes into the picture, and what beside it as a track that players show when asked.
        path: where the MP4 goes; its index comes first, so that it plays while it is loaded. A film that
            failed leaves nothing there.

    Raises:
        EncodeError: ffmpeg failed, or hangs.
        StorageError: there is no room for it.
        EngineUnavailable: there is no ffmpeg.
    """
    with workplace() as (folder, complaints):
        sound_path = folder / "sound.f32"
        sound.tofile(sound_path)
        (folder / "captions.srt").write_text(captions.track, encoding="utf-8")
        (folder / "captions.ass").write_text(captions.burnt or "", encoding="utf-8")
        command = _film_command(size, sound_path, captions, path)
        process = start(command, complaints, stdin=subprocess.PIPE, folder=folder)
        assert process.stdin
        feeder = Feeder(frames, process.stdin, iter)
        feeder.start()
        try:
            while feeder.is_alive() and feeder.owed_for < patience:
                feeder.join(ATTENTION)
            feeder.check(None if feeder.is_alive() else status(process, FINISH_TIMEOUT), complaints)
        except BaseException:
            process.kill()
            path.unlink(missing_ok=True)
            raise
        finally:
            process.kill()  # harmless when it has ended; else it unblocks the feeder
            feeder.join()
            process.wait()


def _film_command(size: tuple[int, int], sound: Path, captions: Captions, path: Path) -> list[str]:
    picture, voice = inputs(size, str(sound))
    if captions.burnt:
        picture = picture.filter("ass", "captions.ass", fontsdir=str(fonts_folder()))
    settings = {
        "c:v": "libx264",
        "preset": "medium",
        "profile:v": "high",
        "crf": 17,
        "g": FPS * 5,
        "video_track_timescale": TIMESCALE,
        "c:a": "aac",
        "b:a": "192k",
        "c:s": "mov_text",
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "f": "mp4",
    }
    words = ffmpeg.input("captions.srt", format="srt", sub_charenc="UTF-8")
    output = ffmpeg.output(as_video(picture), voice, words["s"], str(path), **settings)
    return command_line(output.overwrite_output())
