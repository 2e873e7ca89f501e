"""Whole films: asked for, watched, fetched, cancelled."""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify, request, send_file

from service.film import FilmRequest
from service.jobs import Job, Jobs, State
from service.settings import Settings
from service.web import schemas
from service.web.answers import (
    CLIP,
    EVENTS,
    JPEG,
    PARTS,
    SUBRIP,
    WEBVTT,
    answers,
    check_length,
    described,
    expect,
    stream_events,
)
from service.web.problems import sentence


def jobs_blueprint(jobs: Jobs, settings: Settings) -> APIBlueprint:
    """Return `/api/generate` and the routes below `/api/jobs`."""
    blueprint = APIBlueprint("jobs", __name__, url_prefix="/api", tag="Films")

    @blueprint.before_request
    def check_type() -> None:
        if request.method == "POST":
            expect("application/json")

    @blueprint.post("/generate")
    @blueprint.input(schemas.FilmIn, arg_name="body")
    @blueprint.input(schemas.WaitIn, location="query", arg_name="options")
    @blueprint.doc(
        summary="Make a whole film of a text",
        description="Answers at once with a job; with `wait`, when it is done, with the film.",
        responses=answers(CLIP, 422, 503, 507) | {202: described(schemas.JobOut, "The job")},
    )
    def generate(body: schemas.FilmIn, options: schemas.WaitIn) -> Response:
        check_length(body.text, settings.max_text)
        job = jobs.add(FilmRequest(**body.model_dump()))
        if options.wait:
            return _film_of(jobs, job)
        answer = jsonify(_described(job))
        answer.status_code = 202
        answer.headers["Location"] = _address(job)
        return answer

    @blueprint.get("/jobs/<job_id>")
    @blueprint.output(schemas.JobOut)
    @blueprint.doc(summary="How far a film is", responses=answers({}, 404))
    def get(job_id: str) -> dict[str, object]:
        return _described(jobs.get(job_id))

    @blueprint.get("/jobs/<job_id>/events")
    @blueprint.doc(
        summary="How far a film is, told whenever it changes",
        responses=answers(EVENTS, 404),
    )
    def events(job_id: str) -> Response:
        jobs.get(job_id)  # a job that is not there is told as a problem, not as a stream
        return stream_events(map(_event, jobs.watch(job_id)))

    @blueprint.delete("/jobs/<job_id>")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Cancel a film, or delete it when it is done", responses=answers({}, 404))
    def remove(job_id: str) -> str:
        jobs.remove(job_id)
        return ""

    @blueprint.get("/jobs/<job_id>/film.mp4")
    @blueprint.doc(summary="The film", responses=answers(CLIP, 404, 409) | PARTS)
    def film(job_id: str) -> Response:
        return _file(jobs.files(job_id).film, "video/mp4")

    @blueprint.get("/jobs/<job_id>/captions.vtt")
    @blueprint.doc(
        summary="Captions with the time of every word", responses=answers(WEBVTT, 404, 409) | PARTS
    )
    def webvtt(job_id: str) -> Response:
        return _file(jobs.files(job_id).webvtt, "text/vtt")

    @blueprint.get("/jobs/<job_id>/captions.srt")
    @blueprint.doc(summary="Captions as SubRip", responses=answers(SUBRIP, 404, 409) | PARTS)
    def srt(job_id: str) -> Response:
        return _file(jobs.files(job_id).srt, "application/x-subrip")

    @blueprint.get("/jobs/<job_id>/poster.jpg")
    @blueprint.doc(summary="A picture to show before the film", responses=answers(JPEG, 404, 409) | PARTS)
    def poster(job_id: str) -> Response:
        return _file(jobs.files(job_id).poster, "image/jpeg")

    return blueprint


def _film_of(jobs: Jobs, job: Job) -> Response:
    """Wait for a film; nothing of it is kept once it has been sent."""
    for news in jobs.watch(job.id):
        job = news or job
    if job.failure:
        jobs.remove(job.id)
        raise job.failure.error()
    answer = _file(jobs.files(job.id).film, "video/mp4")
    answer.call_on_close(lambda: jobs.remove(job.id))
    return answer


def _event(job: Job | None) -> str:
    if job is None:
        return ": still here\n\n"
    return f"data: {current_app.json.dumps(_described(job))}\n\n"


def _file(path: Path, mimetype: str) -> Response:
    name = f"voiceover{path.suffix}"
    return send_file(
        path, mimetype, conditional=True, as_attachment="download" in request.args, download_name=name
    )


def _address(job: Job) -> str:
    return f"{current_app.config['APPLICATION_ROOT'].rstrip('/')}/api/jobs/{job.id}"


def _described(job: Job) -> dict[str, object]:
    base = _address(job)
    names = {"film": "film.mp4", "webvtt": "captions.vtt", "srt": "captions.srt", "poster": "poster.jpg"}
    return {
        "id": job.id,
        "state": job.state,
        "ahead": job.ahead if job.state is State.WAITING else 0,
        "stage": job.stage,
        "chunk": job.chunk,
        "chunks": job.chunks,
        "percent": round(job.share * 100),
        "seconds_left": None if job.left is None else round(job.left, 1),
        "error": sentence(job.failure.error()) if job.failure else None,
        "job": base,
        "events": f"{base}/events",
    } | {part: f"{base}/{name}" if job.state is State.DONE else None for part, name in names.items()}
