"""The settings of a server, and the only reader of the environment: `VOICEOVER_PORT=8080` and so on."""

import os
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.logs import LogFormat
from service.models import CHECKPOINTS


def cores() -> int:
    """Return how many cores this process may use; two at least, so that one long chunk stops nobody."""
    return max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)


NAMES = r"^([a-z0-9.-]+(,[a-z0-9.-]+)*)?$"
ORIGINS = r"^(https?://[a-z0-9.:\[\]-]+(,https?://[a-z0-9.:\[\]-]+)*)?$"


class Settings(BaseSettings):
    """Frozen; an unknown name or a bad value stops the start with a sentence that says which."""

    model_config = SettingsConfigDict(env_prefix="VOICEOVER_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on. The default is this machine alone."""
    api_keys: str = Field("", pattern=r"^([0-9a-f]{64}(,[0-9a-f]{64})*)?$")
    """sha256 sums of the keys that let people in, with commas between them; `flask key` makes one."""
    requests_a_minute: int = Field(1_000, ge=1)
    """Requests that each key is good for; opening a page takes some fifty."""
    open: Literal["", "yes-anybody-may-use-this-server"] = ""
    """Says in so many words that a server that others can reach needs no keys."""
    hosts: str = Field("", pattern=NAMES)
    """Names by which this server is reached beside those of this machine, with commas between them: it
    answers to no others. Without any it answers to this machine's where nobody needs a key, else to all."""
    origins: str = Field("", pattern=ORIGINS)
    """Sites whose pages may read answers and write (CORS): https://one.example, with commas between them."""
    proxies: int = Field(0, ge=0, le=8)
    """Proxies before this server, each of which adds to X-Forwarded-For whose request it passes on."""
    port: int = Field(3000, ge=0, le=65_535)
    """Port to listen on."""
    threads: int = Field(32, ge=2, le=512)
    """Requests served at once: each viewer holds one while a clip streams."""
    log: LogFormat = "text"
    """Lines for people, or one JSON object a line for machines."""
    data: Path = Path(__file__).parents[1] / "data"
    """The only folder that is written to while serving."""
    checkpoints: Path = CHECKPOINTS
    """Where trained weights are looked for, and where `flask models download` puts them."""
    max_text: int = Field(100_000, ge=1)
    """Characters of a text that is split."""
    max_chunk: int = Field(1_000, ge=1)
    """Characters of a text that is spoken as one chunk."""
    max_avatars: int = Field(200, ge=0)
    """Avatars that people may bring."""
    max_photo: int = Field(32 * 2**20, ge=1)
    """Bytes of a photo."""
    max_video: int = Field(200 * 2**20, ge=1)
    """Bytes of a video that becomes an avatar."""
    max_voices: int = Field(24, ge=0)
    """Voices that people may bring; they are kept in memory, at most 3 MB each."""
    max_recording: int = Field(32 * 2**20, ge=1)
    """Bytes of a recording of a voice."""
    max_sessions: int = Field(100, ge=1)
    """Conversations at a time."""
    session_hours: float = Field(2, gt=0)
    """Hours after which a conversation that nobody uses is forgotten."""
    max_waiting: int = Field(10, ge=1)
    """Films that may wait for their turn."""
    max_films: int = Field(50, ge=1)
    """Films that are kept."""
    max_film_bytes: int = Field(4 * 2**30, ge=1)
    """Bytes of the films that are kept, together."""
    film_hours: float = Field(24, gt=0)
    """Hours that a film is kept."""
    renders: int = Field(default_factory=cores, ge=1)
    """Chunks and films made at once: as many as there are cores, which encode also where a GPU draws."""
    max_wait: float = Field(8.0, gt=0, le=15)
    """Seconds that a chunk may wait for its turn; asked for more, the server answers 503 and when to come."""
    max_speech: float = Field(60.0, gt=0)
    """Seconds that a voice may take for a sentence, loading its model included; then it is taken to hang."""
    grace: int = Field(10, ge=0)
    """Seconds for which running clips may go on when the server is told to stop."""
    client_patience: float = Field(30.0, gt=0)
    """Seconds in which a client must take, or send, some more of what it has asked for or has to say."""
    max_cache: int = Field(2**30, ge=0)
    """Bytes of chunks that are kept so that they need not be made again; 0 keeps none."""
    max_download: int = Field(512 * 2**20, ge=1)
    """Bytes of clips joined into one download."""
    ray: str = Field("", pattern=r"^(|auto|.+:\d+)$")
    """The Ray cluster that renders: `host:port` of its head, or `auto`: that of this machine. Empty: none."""
    ray_least: int = Field(1, ge=1)
    """Renderers on the cluster that this server keeps ready, and ..."""
    ray_most: int = Field(8, ge=1)
    """... how many it may have when many wait."""
    ray_clips: int = Field(2, ge=1)
    """Chunks that a renderer makes at once; those of one GPU share its batches."""
    ray_cpus: float = Field(2, ge=0)
    """Cores that a renderer takes."""
    ray_gpus: float = Field(0, ge=0)
    """GPUs that a renderer takes: 1, or a part of one."""
    ray_idle: float = Field(120, gt=0)
    """Seconds after which a renderer that has nothing to do is let go."""

    @property
    def key_sums(self) -> list[str]:
        return [known for known in self.api_keys.split(",") if known]

    @property
    def trusted_origins(self) -> frozenset[str]:
        return frozenset(self.origins.split(",")) - {""}

    def is_ours(self, host: str) -> bool:
        """Whether this server is meant by a host, a name or an address without its port."""
        named = frozenset(self.hosts.split(",")) - {""}
        if not named and (self.api_keys or not _is_this_machine(self.host)):
            return True
        return _is_this_machine(host) or host in named

    @model_validator(mode="after")
    def _has_ray(self) -> Self:
        if self.ray and find_spec("ray") is None:
            raise ValueError(
                "VOICEOVER_RAY needs Ray, which is not installed."
                " Run: .venv/bin/python -m pip install -r requirements-ray.txt"
            )
        return self

    @model_validator(mode="after")
    def _is_open_on_purpose(self) -> Self:
        if self.api_keys or self.open or _is_this_machine(self.host):
            return self
        raise ValueError(
            f"VOICEOVER_HOST={self.host} lets others reach this server. Give keys to those who may use it"
            " (VOICEOVER_API_KEYS, made by `.venv/bin/flask key`),"
            " or say VOICEOVER_OPEN=yes-anybody-may-use-this-server."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
