"""The API for scripts and for our own page."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TypeAlias

import cv2
from apiflask import APIBlueprint
from flask import Response, current_app, g, request
from werkzeug.exceptions import UnsupportedMediaType

from service.engines import E, Registry, choose_voice, languages
from service.pipeline import ChunkRequest, Clip, Pipeline
from service.settings import Settings
from service.web import schemas
from service.web.problems import BadRequest, sentence
from voiceover import video
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.idle import IDLE_FRAMES
from voiceover.types import SAMPLE_RATE, Avatar

AVATAR_NAMES = {DEFAULT_AVATAR: {"ru": "Айлин Коллинз", "en": "Eileen Collins"}}
POSTER_QUALITY = 90  # per cent, JPEG

_Answer: TypeAlias = dict[str, str | dict[str, dict[str, Any]]]

_CLIP: _Answer = {
    "description": "MP4",
    "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
}
_PROBLEM: _Answer = {
    "description": "problem+json",
    "content": {"application/problem+json": {"schema": schemas.ProblemOut.model_json_schema()}},
}


def _answers(good: _Answer, *statuses: int) -> dict[int | str, _Answer]:
    """What a route answers, for the OpenAPI document."""
    problems: dict[int | str, _Answer] = dict.fromkeys(statuses, _PROBLEM)
    return ({200: good} if good else {}) | problems


def _clip_headers(clip: Clip, request_: ChunkRequest) -> dict[str, str]:
    milliseconds = [(w.start * 1000 // SAMPLE_RATE, w.stop * 1000 // SAMPLE_RATE) for w in clip.words]
    return {
        "Chunk-Index": str(request_.chunk_index),
        "Chunk-Frames": str(clip.frames),
        "Chunk-Start-Frame": str(request_.start_frame),
        "Next-Start-Frame": str(request_.start_frame + clip.frames),
        "Chunk-Words": " ".join(f"{start}-{stop}" for start, stop in milliseconds),
        "Speech-Engine": clip.voice.engine,
        "Voice": clip.voice.id,
        "Lips-Engine": clip.lips,
        "Server-Timing": ", ".join(
            f"{stage};dur={seconds * 1000:.1f}" for stage, seconds in clip.timings.items()
        ),
        "Cache-Control": "no-store",
    }


def api_blueprint(pipeline: Pipeline, settings: Settings) -> APIBlueprint:
    """Return the routes below `/api`."""
    api = APIBlueprint("api", __name__, url_prefix="/api", tag="Voiceover")

    @api.before_request
    def check_type() -> None:
        uploads = request.endpoint == "api.join"
        g.expected_type = "multipart/form-data" if uploads else "application/json"
        if request.method == "POST" and request.mimetype != g.expected_type:
            raise UnsupportedMediaType
        if uploads:
            request.max_content_length = request.max_form_memory_size = settings.max_download

    @api.post("/split")
    @api.input(schemas.SplitIn, arg_name="body")
    @api.output(schemas.SplitOut)
    @api.doc(summary="Cut a text into chunks of at most 15 words", responses=_answers({}, 422))
    def split(body: schemas.SplitIn) -> dict[str, object]:
        _check_length(body.text, settings.max_text)
        return {"chunks": [asdict(chunk) for chunk in pipeline.split(body.text, body.language)]}

    @api.post("/generate_stream")
    @api.input(schemas.GenerateIn, arg_name="body")
    @api.doc(
        summary="Speak one chunk: an MP4 that streams while it is made",
        responses=_answers(_CLIP, 422, 503),
    )
    def generate_stream(body: schemas.GenerateIn) -> Response:
        _check_length(body.text, settings.max_chunk)
        chunk = ChunkRequest(**body.model_dump())
        clip = pipeline.render(chunk)
        return _stream(clip.data, _clip_headers(clip, chunk))

    @api.post("/join")
    @api.input(schemas.JoinIn, location="files", arg_name="body")
    @api.doc(
        summary="Join clips into one MP4 without encoding the picture again",
        responses=_answers(_CLIP, 422),
    )
    def join(body: schemas.JoinIn) -> Response:
        joined = video.join(clip.read() for clip in body.clip)
        headers = {"Content-Disposition": 'attachment; filename="voiceover.mp4"'}
        return Response(joined, mimetype="video/mp4", headers=headers)

    @api.get("/engines")
    @api.output(schemas.EnginesOut)
    @api.doc(summary="Which engines work here, and why others do not")
    def engines() -> dict[str, object]:
        return {
            "speech": [_state(pipeline.speech, name) for name in pipeline.speech.names()],
            "lips": [_state(pipeline.lips, name) for name in pipeline.lips.names()],
            "auto": {"speech": pipeline.speech.best().name, "lips": pipeline.lips.best().name},
        }

    @api.get("/voices")
    @api.output(schemas.VoicesOut)
    @api.doc(summary="Who can speak, and in which languages")
    def voices() -> dict[str, object]:
        there = pipeline.voices()
        spoken = languages(there)
        return {
            "voices": [asdict(voice) for voice in there],
            "languages": [{"code": language} for language in spoken],
            "auto": {language: choose_voice(there, language).id for language in spoken},
        }

    @api.get("/avatars")
    @api.output(schemas.AvatarsOut)
    @api.doc(summary="Who can be seen speaking")
    def avatars() -> dict[str, object]:
        ids = pipeline.avatars.ids()
        return {"avatars": [_avatar(pipeline.avatars.get(avatar_id)) for avatar_id in ids], "default": ids[0]}

    @api.get("/avatars/<avatar_id>/idle.mp4")
    @api.input(schemas.IdleIn, location="query", arg_name="options")
    @api.doc(summary="One period of the avatar's idle motion, silent", responses=_answers(_CLIP, 404))
    def idle(avatar_id: str, options: schemas.IdleIn) -> Response:
        return _stream(pipeline.idle_loop(avatar_id, options.audio).read(), {"Cache-Control": "no-cache"})

    @api.get("/avatars/<avatar_id>/poster.jpg")
    @api.doc(
        summary="The avatar at rest",
        responses=_answers({"description": "JPEG", "content": {"image/jpeg": {}}}, 404),
    )
    def poster(avatar_id: str) -> Response:
        still = pipeline.avatars.get(avatar_id).frames[0]
        _, jpeg = cv2.imencode(".jpg", still, [cv2.IMWRITE_JPEG_QUALITY, POSTER_QUALITY])
        answer = Response(jpeg.tobytes(), mimetype="image/jpeg", headers={"Cache-Control": "no-cache"})
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    return api


def _check_length(text: str, limit: int) -> None:
    if len(text) > limit:
        raise BadRequest("text-too-long", length=len(text), limit=limit)


def _stream(data: Iterator[bytes], headers: dict[str, str]) -> Response:
    # Proxies that buffer would undo the streaming.
    return Response(data, mimetype="video/mp4", headers={**headers, "X-Accel-Buffering": "no"})


def _state(engines: Registry[E], name: str) -> dict[str, object]:
    objection = engines.objection(name)
    return {
        "name": name,
        "available": engines.missing(name) is None,
        "reason": sentence(objection) if objection else "",
    }


def _avatar(avatar: Avatar) -> dict[str, object]:
    width, height = avatar.size
    base = f"{current_app.config['APPLICATION_ROOT'].rstrip('/')}/api/avatars/{avatar.id}"
    return {
        "id": avatar.id,
        "name": AVATAR_NAMES.get(avatar.id) or {"ru": avatar.name, "en": avatar.name},
        "width": width,
        "height": height,
        "idle_frames": IDLE_FRAMES,
        "poster": f"{base}/poster.jpg",
        "idle": f"{base}/idle.mp4",
    }
