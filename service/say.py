"""`flask say`: a film without a server."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TextIO

import click

from service.film import FilmRequest, Step, shoot
from service.pipeline import Pipeline
from service.registry import AUTO
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.errors import VoiceoverError

STAGES = {"speech": "speaking", "picture": "drawing"}


def say_command(pipeline: Pipeline) -> click.Command:
    """Return the command."""

    @click.command()
    @click.argument("text", required=False)
    @click.option("--file", "source", type=click.File(encoding="utf-8"), help="Read the text from a file.")
    @click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="voiceover.mp4")
    @click.option("--language", default=AUTO, show_default=True)
    @click.option("--avatar", default=DEFAULT_AVATAR, show_default=True)
    @click.option("--voice", default=AUTO, show_default=True)
    @click.option("--lips", default=AUTO, show_default=True)
    @click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
    @click.option(
        "--captions",
        type=click.Choice(["track", "files", "burnt"]),
        default="track",
        show_default=True,
        help="A track in the film; .vtt and .srt beside it, too; or drawn into the picture, too.",
    )
    def say(
        text: str | None,
        source: TextIO | None,
        output: Path,
        language: str,
        avatar: str,
        voice: str,
        lips: str,
        seed: int,
        captions: str,
    ) -> None:
        """Make a film of TEXT, of a file, or of what comes by standard input."""
        words = text or (source or sys.stdin).read()
        request = FilmRequest(words, language, avatar, voice, lips, seed, captions == "burnt")
        try:
            _say(pipeline, request, output, captions == "files")
        except (VoiceoverError, OSError) as exc:
            raise click.ClickException(str(exc)) from exc
        click.echo(output)

    return say


def _say(pipeline: Pipeline, request: FilmRequest, output: Path, with_files: bool) -> None:
    from tqdm import tqdm

    # Beside the output, so that the finished film only needs another name.
    with (
        tempfile.TemporaryDirectory(prefix=".voiceover-", dir=output.absolute().parent) as folder,
        tqdm(
            total=100, unit="%", bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        ) as bar,
    ):

        def show(step: Step) -> None:
            bar.set_description(f"{STAGES[step.stage]} {step.chunk}/{step.chunks}", refresh=False)
            bar.update(round(step.share * 100) - bar.n)

        files = shoot(pipeline, request, Path(folder), show)
        bar.update(100 - bar.n)
        for part in (files.webvtt, files.srt) if with_files else ():
            shutil.move(part, output.with_suffix(part.suffix))
        files.film.replace(output)
