"""Figures for Prometheus, and what pages add to them."""

from apiflask import APIBlueprint
from flask import Flask, Response, g
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from service.metrics import Metrics
from service.pipeline import Pipeline
from service.web import requests, schemas
from service.web.answers import answers, expect
from voiceover.errors import NotFound


def count(app: Flask, metrics: Metrics) -> None:
    """Count the answers of an app."""

    @app.after_request
    def answered(answer: Response) -> Response:
        metrics.answered(requests.method(), requests.route(), answer.status_code)
        if code := g.get("problem"):
            metrics.failed(code)
        return answer


def metrics_blueprint(metrics: Metrics, pipeline: Pipeline) -> APIBlueprint:
    """Return `/metrics` and `/api/stalls`."""
    blueprint = APIBlueprint("metrics", __name__, tag="Health")

    @blueprint.get("/metrics")
    @blueprint.doc(
        summary="Figures for Prometheus",
        responses=answers({"description": "Text format 0.0.4", "content": {"text/plain": {}}}),
    )
    def figures() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    @blueprint.before_request
    def check_type() -> None:
        if requests.method() == "POST":
            expect("application/json")

    @blueprint.post("/api/stalls")
    @blueprint.input(schemas.StallIn, arg_name="body")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Tell that a page ran out of speech to play", responses=answers({}, 422))
    def stalled(body: schemas.StallIn) -> str:
        names = pipeline.lips.names()
        if body.lips not in names:
            raise NotFound(f"no lip engine {body.lips!r}", kind="lips", name=body.lips, choices=names)
        metrics.stalled(body.lips)
        return ""

    return blueprint
