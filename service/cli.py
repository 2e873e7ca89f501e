"""Commands for the people who run a server: `flask models …`."""

from textwrap import shorten

import click
from flask.cli import AppGroup

from service.models import Kind, Model, ModelFile, ModelFolder, State, download_command
from voiceover.errors import VoiceoverError

MEGABYTE = 10**6
LICENCE_SHOWN = 40  # characters of it in a list


def models_commands(folder: ModelFolder) -> AppGroup:
    """Return the group of commands about trained weights."""
    group = AppGroup("models", help="Trained weights: what there is, fetch it, check it.")

    @group.command("list")
    @click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only models for this.")
    @click.option("--language", help='Only voices that speak it, such as "ru" or "en-us".')
    def list_(kind: str | None, language: str | None) -> None:
        """Show the models, one a line: name, language, quality, size, what of it is here, licence."""
        for model in folder.models:
            if kind in (None, model.kind) and (language is None or model.speaks(language.lower())):
                click.echo(_line(folder, model))
        click.echo(f"To get one: {download_command('NAME')}", err=True)  # lines of models stay for scripts

    @group.command()
    @click.argument("name")
    def show(name: str) -> None:
        """Tell all about a model: what it is, its files and their sums, its licence."""
        try:
            model = folder.get(name)
        except VoiceoverError as exc:
            raise click.ClickException(str(exc)) from exc
        click.echo(f"{_line(folder, model)}\n{model.about}\nLicence: {model.licence}")
        for file in model.files:
            click.echo(f"{folder.path(file)}: {folder.file_state(file)}, {_size(file.bytes)}")
            click.echo(f"    sha256: {folder.expected_sha256(file) or 'unverified'}")

    @group.command()
    @click.argument("name")
    @click.option("--accept-licence", is_flag=True, help="You have read the licence and agree to it.")
    def download(name: str, accept_licence: bool) -> None:
        """Fetch a model, once its licence is accepted."""
        try:
            _download(folder, folder.get(name), accept_licence)
        except VoiceoverError as exc:
            raise click.ClickException(str(exc)) from exc

    @group.command()
    @click.argument("names", nargs=-1)
    def verify(names: tuple[str, ...]) -> None:
        """Compare files with the published sha256; all that are here unless some are named."""
        try:
            chosen = [folder.get(name) for name in names] or folder.models
            files = [file for model in chosen for file in model.files if names or folder.path(file).is_file()]
            broken = [file.path for file in files if not _verify(folder, file)]
        except VoiceoverError as exc:
            raise click.ClickException(str(exc)) from exc
        if broken:
            raise click.ClickException("not the published file: " + ", ".join(broken))

    return group


def _line(folder: ModelFolder, model: Model) -> str:
    state = folder.state(model)
    here = "" if state is State.MISSING else str(state)
    licence = shorten(model.licence, LICENCE_SHOWN, placeholder="…")
    what = f"{model.kind:11} {','.join(model.languages):6} {model.quality:6} {_size(model.bytes):>7}"
    return f"{model.name:28} {what}  {here:9} {licence}"


def _download(folder: ModelFolder, model: Model, accepted: bool) -> None:
    from tqdm import tqdm

    if folder.is_here(model):
        click.echo(f"{model.name} is already here.")
        return
    click.echo(f"{model.name}, {_size(model.bytes)}. {model.about}\nLicence: {model.licence}")
    if None in map(folder.expected_sha256, model.files):
        click.echo(
            "UNVERIFIED: nobody has confirmed the sha256 of all its files; that of what comes is kept."
        )
    if not accepted:
        click.confirm("Do you accept this licence?", abort=True)
    with tqdm(total=model.bytes, unit="B", unit_scale=True, desc=model.name) as bar:
        folder.download(model, lambda received: bar.update(received - bar.n) and None)
    click.echo(f"{folder.path(model.files[0])} is ready; a running server finds it by itself.")


def _verify(folder: ModelFolder, file: ModelFile) -> bool:
    intact = folder.is_intact(file)
    known = "published file" if file.sha256 else "file that came first (unverified)"
    click.echo(f"{file.path}: {'is' if intact else 'is NOT'} the {known}")
    return intact


def _size(size: int | None) -> str:
    return f"{size / MEGABYTE:.0f} MB" if size else "? MB"
