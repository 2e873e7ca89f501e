"""Commands for the people who run a server: `flask models …`."""

import click
from flask.cli import AppGroup

from service.models import Model, ModelFolder, State
from voiceover.errors import VoiceoverError

MEGABYTE = 10**6


def models_commands(folder: ModelFolder) -> AppGroup:
    """Return the group of commands about trained weights."""
    group = AppGroup("models", help="Trained weights: what there is, fetch it, check it.")

    @group.command("list")
    def list_() -> None:
        """Show every model: what it is, whether it is here, its size and its licence."""
        for model in folder.models:
            click.echo(f"{model.name}: {folder.state(model)}, {_size(model)}")
            click.echo(f"    {model.about}")
            click.echo(f"    file: {folder.path(model)}")
            click.echo(f"    sha256: {folder.expected_sha256(model) or 'unverified'}")
            click.echo(f"    licence: {model.licence}")

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
            chosen = [folder.get(name) for name in names] or _here(folder)
            broken = [model for model in chosen if not _verify(folder, model)]
        except VoiceoverError as exc:
            raise click.ClickException(str(exc)) from exc
        if broken:
            raise click.ClickException("not the published file: " + ", ".join(model.file for model in broken))

    return group


def _download(folder: ModelFolder, model: Model, accepted: bool) -> None:
    from tqdm import tqdm

    if folder.state(model) is State.PRESENT and folder.is_intact(model):
        click.echo(f"{folder.path(model)} is already here.")
        return
    click.echo(f"{model.name}, {_size(model)}. {model.about}\nLicence: {model.licence}")
    if folder.expected_sha256(model) is None:
        click.echo("UNVERIFIED: nobody has confirmed this file's sha256; that of what comes will be kept.")
    if not accepted:
        click.confirm("Do you accept this licence?", abort=True)
    with tqdm(total=model.bytes, unit="B", unit_scale=True, desc=model.file) as bar:
        path = folder.download(model, lambda received: bar.update(received - bar.n) and None)
    click.echo(f"{path} is ready; a running server finds it by itself.")


def _here(folder: ModelFolder) -> list[Model]:
    return [model for model in folder.models if folder.path(model).is_file()]


def _verify(folder: ModelFolder, model: Model) -> bool:
    intact = folder.is_intact(model)
    known = "published file" if model.sha256 else "file that came first (unverified)"
    click.echo(f"{model.file}: {'is' if intact else 'is NOT'} the {known}")
    return intact


def _size(model: Model) -> str:
    return f"{model.bytes / MEGABYTE:.0f} MB" if model.bytes else "size unknown"
