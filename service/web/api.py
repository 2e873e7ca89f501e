"""The API for scripts and for our own page."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from functools import partial

from apiflask import APIBlueprint
from flask import Response, g, request
from werkzeug.http import quote_etag

from service.cache import ClipCache
from service.gate import Gate
from service.metrics import Metrics
from service.pipeline import ChunkRequest, Clip, Pipeline
from service.registry import E, Registry
from service.settings import Settings
from service.traits import measured_rate, networks_of
from service.web import schemas
from service.web.answers import CLIP, KEPT, SPOKEN, answers, check_length, expect, expect_upload, stream_clip
from service.web.problems import cure, sentence
from service.web.viewers import has_gone, viewer
from voiceover import video
from voiceover.lips import LipEngine
from voiceover.types import SAMPLE_RATE, Word


def _clip_headers(clip: Clip, request_: ChunkRequest) -> dict[str, str]:
    return {
        "Chunk-Index": str(request_.chunk_index),
        "Chunk-Start-Frame": str(request_.start_frame),
        **({} if clip.frames is None else _measures(clip.frames, clip.words, request_)),
        "Speech-Engine": clip.engine,
        "Voice": clip.voice,
        "Lips-Engine": clip.lips,
        **({"Lips-Weights": clip.weights} if clip.weights else {}),
        "Server-Timing": ", ".join(
            f"{stage};dur={seconds * 1000:.1f}" for stage, seconds in clip.timings.items()
        ),
        "Cache-Control": "private, no-cache",
    }


def _measures(frames: int, words: Sequence[Word], request_: ChunkRequest) -> dict[str, str]:
    """What can be told of a clip once all of it has been spoken."""
    milliseconds = [(w.start * 1000 // SAMPLE_RATE, w.stop * 1000 // SAMPLE_RATE) for w in words]
    return {
        "Chunk-Frames": str(frames),
        "Next-Start-Frame": str(request_.start_frame + frames),
        "Chunk-Words": " ".join(f"{start}-{stop}" for start, stop in milliseconds),
    }


def api_blueprint(
    pipeline: Pipeline, cache: ClipCache, gate: Gate, settings: Settings, metrics: Metrics
) -> APIBlueprint:
    """Return the routes below `/api`."""
    api = APIBlueprint("api", __name__, url_prefix="/api", tag="Voiceover")

    @api.before_request
    def check_type() -> None:
        if request.endpoint == "api.join":
            expect_upload(settings.max_download)
        elif request.method == "POST":
            expect("application/json")

    @api.post("/split")
    @api.input(schemas.SplitIn, arg_name="body")
    @api.output(schemas.SplitOut)
    @api.doc(summary="Cut a text into chunks of at most 15 words", responses=answers({}, 422))
    def split(body: schemas.SplitIn) -> dict[str, object]:
        check_length(body.text, settings.max_text)
        return {"chunks": [asdict(chunk) for chunk in pipeline.split(body.text, body.language, body.voice)]}

    @api.post("/generate_stream")
    @api.input(schemas.GenerateIn, arg_name="body")
    @api.doc(
        summary="Speak one chunk: an MP4 that streams while it is made",
        description="A clip that was made before comes from the cache. With `If-None-Match` and the `ETag`"
        " of a clip that the client has kept, the answer is 304 and empty.",
        responses=answers(SPOKEN, 422, 503) | KEPT,
    )
    def generate_stream(body: schemas.GenerateIn) -> Response:
        check_length(body.text, settings.max_chunk)
        chunk = pipeline.resolve(ChunkRequest(**body.model_dump()))
        key = pipeline.key(chunk)
        # Weak: a clip that is made again may differ in bytes, not in what it shows.
        etag = {"ETag": quote_etag(key, weak=True)}
        # Asked by POST because of the text's length, answered as to GET: it changes nothing.
        if request.if_none_match.contains_weak(key):
            return Response(status=304, headers=etag)
        if kept := cache.get(key):
            metrics.found_in_cache()
            return stream_clip(kept.data, _clip_headers(kept, chunk) | etag)
        if lack := pipeline.lack():
            raise lack
        place = gate.enter(viewer(), first=chunk.chunk_index == 0 or not chunk.follows, has_gone=has_gone)
        try:
            rendered = pipeline.render(chunk)
        except BaseException:
            gate.leave(place)
            raise
        held = replace(rendered, data=gate.hold(place, rendered.data))
        clip = cache.keep(key, held, lambda: pipeline.gives(key, chunk))
        answer = stream_clip(metrics.follow(clip, g.begun), _clip_headers(clip, chunk) | etag)
        answer.call_on_close(partial(gate.leave, place))  # also where nobody begins to read
        return answer

    @api.post("/join")
    @api.input(schemas.JoinIn, location="files", arg_name="body")
    @api.doc(
        summary="Join clips into one MP4 without encoding the picture again",
        responses=answers(CLIP, 422),
    )
    def join(body: schemas.JoinIn) -> Response:
        with ExitStack() as files:
            clips = [files.enter_context(closing(clip)) for clip in body.clip]
            joined = video.join(clip.read() for clip in clips)
        headers = {"Content-Disposition": 'attachment; filename="voiceover.mp4"'}
        return Response(joined, mimetype="video/mp4", headers=headers)

    @api.get("/engines")
    @api.output(schemas.EnginesOut)
    @api.doc(summary="Which engines work here, and why others do not")
    def engines() -> dict[str, object]:
        avatars = pipeline.avatars.ids()
        return {
            "speech": [_state(pipeline.speech, name) for name in pipeline.speech.names()],
            "lips": [
                _state(pipeline.lips, name) | {"weights": _weights(pipeline.lips, name, avatars)}
                for name in pipeline.lips.names()
            ],
            "auto": {"speech": pipeline.speech.best().name, "lips": pipeline.lips.best().name},
        }

    return api


def _state(engines: Registry[E], name: str) -> dict[str, object]:
    objection, available = engines.objection(name), engines.missing(name) is None
    return {
        "name": name,
        "available": available,
        "reason": sentence(objection) if objection else "",
        "command": cure(objection) if objection else "",
        "rate": measured_rate(engines.get(name)) if available else None,
    }


def _weights(engines: Registry[LipEngine], name: str, avatars: Sequence[str]) -> dict[str, object] | None:
    """Say with which weights an engine draws, and whom: None if it draws nobody here, or needs none."""
    networks = networks_of(engines.get(name)) if engines.missing(name) is None else None
    if networks is None:
        return None
    learned = [avatar for avatar in avatars if avatar in networks.learned]
    return {"everybody": networks.everybody, "learned": learned}
