"""Conversations that a script leads and a page speaks."""

from dataclasses import asdict

from apiflask import APIBlueprint
from flask import Response, current_app, request

from service.pipeline import ChunkRequest, Pipeline
from service.sessions import Event, Manner, Session, Sessions
from service.web import schemas
from service.web.answers import EVENTS, answers, expect, stream_events


def sessions_blueprint(sessions: Sessions, pipeline: Pipeline) -> APIBlueprint:
    """Return the routes below `/api/sessions`."""
    blueprint = APIBlueprint("sessions", __name__, url_prefix="/api/sessions", tag="Conversations")

    @blueprint.before_request
    def check_type() -> None:
        if request.method == "POST" and not (request.endpoint or "").endswith(".interrupt"):
            expect("application/json")

    @blueprint.post("")
    @blueprint.input(schemas.SessionIn, arg_name="body")
    @blueprint.output(schemas.SessionOut, status_code=201)
    @blueprint.doc(summary="Begin a conversation", responses=answers({}, 422, 503))
    def open_(body: schemas.SessionIn) -> dict[str, object]:
        manner = Manner(**body.model_dump())
        pipeline.check(ChunkRequest("", manner.language, 0, manner.avatar, manner.voice, manner.lips))
        return _described(sessions.open(manner))

    @blueprint.get("/<session_id>")
    @blueprint.output(schemas.SessionOut)
    @blueprint.doc(summary="Who speaks, and how far", responses=answers({}, 404))
    def get(session_id: str) -> dict[str, object]:
        return _described(sessions.get(session_id))

    @blueprint.post("/<session_id>/say")
    @blueprint.input(schemas.SayIn, arg_name="body")
    @blueprint.output(schemas.SplitOut)
    @blueprint.doc(
        summary="Add text; it is spoken as soon as a sentence is whole",
        description="Answers with the chunks that became ready.",
        responses=answers({}, 404, 422),
    )
    def say(session_id: str, body: schemas.SayIn) -> dict[str, object]:
        chunks = sessions.get(session_id).say(body.text, body.end)
        return {"chunks": [asdict(chunk) for chunk in chunks]}

    @blueprint.post("/<session_id>/interrupt")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Fall silent and forget what was not spoken yet", responses=answers({}, 404))
    def interrupt(session_id: str) -> str:
        sessions.get(session_id).interrupt()
        return ""

    @blueprint.post("/<session_id>/heard")
    @blueprint.input(schemas.HeardIn, arg_name="body")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Tell how far the page is", responses=answers({}, 404, 422))
    def heard(session_id: str, body: schemas.HeardIn) -> str:
        sessions.get(session_id).tell(body.event, body.index)
        return ""

    @blueprint.get("/<session_id>/events")
    @blueprint.input(schemas.EventsIn, location="query", arg_name="options")
    @blueprint.doc(summary="What happens, as it happens", responses=answers(EVENTS, 404, 422))
    def events(session_id: str, options: schemas.EventsIn) -> Response:
        # A browser that lost the connection tells where it was.
        last = request.headers.get("Last-Event-ID", "")
        after = int(last) if last.isdecimal() and len(last) < 10 else options.after
        return stream_events(map(_told, sessions.get(session_id).watch(after)))

    @blueprint.delete("/<session_id>")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="End a conversation", responses=answers({}, 404))
    def close(session_id: str) -> str:
        sessions.close(session_id)
        return ""

    return blueprint


def _described(session: Session) -> dict[str, object]:
    root = current_app.config["APPLICATION_ROOT"].rstrip("/")
    base = f"{root}/api/sessions/{session.id}"
    return asdict(session.manner) | {
        "id": session.id,
        "page": f"{root}/realtime?session={session.id}",
        "say": f"{base}/say",
        "interrupt": f"{base}/interrupt",
        "events": f"{base}/events",
        "resume": session.resume,
    }


def _told(event: Event | None) -> str:
    if event is None:
        return "event: alive\ndata: {}\n\n"
    told = asdict(event.chunk) if event.chunk else {} if event.index is None else {"index": event.index}
    return f"id: {event.id}\nevent: {event.kind}\ndata: {current_app.json.dumps(told)}\n\n"
