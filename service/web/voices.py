"""Voices: who can speak, and bringing one's own."""

from collections.abc import Iterator
from contextlib import closing

from apiflask import APIBlueprint
from flask import Response, current_app, request

from service.casting import AUTO_IMITATOR, base_language, choose_voice, imitators, languages
from service.models import Kind, ModelFolder, download_command
from service.pipeline import Pipeline
from service.settings import Settings
from service.web import schemas
from service.web.answers import PARTS, Answer, answers, expect_upload
from service.web.languages import tongue
from service.web.problems import BadRequest, sentence
from tts.base import Voice
from voiceover import takes
from voiceover.takes import Take
from voiceover.voices import OwnVoice

WAV: Answer = {
    "description": "WAV",
    "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
}

GOOD = {
    "ru": "Хорошая запись: {seconds} с речи, голос громче шума на {decibels} дБ.",
    "en": "A good recording: {seconds} s of speech, {decibels} dB above the noise.",
}
FLAWED = {
    "ru": "Запись подойдёт ({seconds} с речи), но может быть лучше: {flaws}.",
    "en": "The recording will do ({seconds} s of speech) but could be better: {flaws}.",
}
FLAWS = {
    "clipped": {
        "ru": "местами она перегружена, говорите немного тише",
        "en": "it is overloaded in places, speak a little more softly",
    },
    "noisy": {
        "ru": "слышен шум, голос громче него всего на {decibels} дБ",
        "en": "noise is heard, the voice is only {decibels} dB above it",
    },
    "quiet": {
        "ru": "она тихая, говорите ближе к микрофону",
        "en": "it is quiet, speak closer to the microphone",
    },
}


def voices_blueprint(pipeline: Pipeline, settings: Settings) -> APIBlueprint:
    """Return the routes below `/api/voices`."""
    blueprint = APIBlueprint("voices", __name__, url_prefix="/api/voices", tag="Voices")
    store = pipeline.own_voices

    @blueprint.before_request
    def check_type() -> None:
        if request.method == "POST":
            expect_upload(settings.max_recording)

    @blueprint.get("")
    @blueprint.output(schemas.VoicesOut)
    @blueprint.doc(summary="Who can speak, and in which languages")
    def list_() -> dict[str, object]:
        there, own = pipeline.voices(), store.all()
        able = _imitators()
        chosen = {language: choose_voice(there, language) for language in languages(there)}
        ids = {voice.digest: voice.id for voice in own}
        return {
            "voices": [_described(voice, ids) for voice in there],
            "languages": [{"code": language} for language in chosen],
            "auto": {language: voice.id for language, voice in chosen.items()},
            "better": list(_better(chosen, pipeline.models)),
            "own": [_own(voice, able) for voice in own],
            "imitation": {
                "engines": able,
                "command": "" if able else download_command(AUTO_IMITATOR),
                "shortest": takes.SHORTEST,
                "longest": takes.LONGEST,
                "bytes": settings.max_recording,
            },
        }

    @blueprint.post("")
    @blueprint.input(schemas.OwnVoiceIn, location="form_and_files", arg_name="body")
    @blueprint.output(schemas.OwnVoiceAddedOut, status_code=201)
    @blueprint.doc(
        summary="Bring a voice of one's own",
        description="The recording is judged: a refusal says what was measured and what to do.",
        responses=answers({}, 422, 507),
    )
    def add(body: schemas.OwnVoiceIn) -> tuple[dict[str, object], int, dict[str, str]]:
        with closing(body.recording) as file:
            if body.consent != "true":
                raise BadRequest("consent-missing")
            take = takes.read(file.read())
        voice = store.add(take, body.name)
        added = _own(voice, _imitators()) | {"verdict": _verdict(take), "flaws": take.flaws}
        return added, 201, {"Location": _address(voice.id)}

    @blueprint.delete("/<voice_id>")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Delete a voice of one's own and its recording", responses=answers({}, 404, 507))
    def delete(voice_id: str) -> str:
        store.delete(voice_id)
        return ""

    @blueprint.get("/<voice_id>/sample.wav")
    @blueprint.doc(summary="What is kept of a recording: speech alone", responses=answers(WAV, 404) | PARTS)
    def sample(voice_id: str) -> Response:
        # Somebody's voice is for this server's own pages, and not for shared caches.
        headers = {"Cache-Control": "private, no-cache", "Cross-Origin-Resource-Policy": "same-origin"}
        answer = Response(store.sound(voice_id), mimetype="audio/wav", headers=headers)
        answer.add_etag()
        answer.make_conditional(request, accept_ranges=True, complete_length=answer.content_length)
        return answer

    def _imitators() -> list[str]:
        return [engine.name for engine in imitators(pipeline.speech)]

    return blueprint


def _described(voice: Voice, own: dict[str, str]) -> dict[str, str]:
    return {
        "id": voice.id,
        "engine": voice.engine,
        "language": voice.language,
        "speaks": base_language(voice.language),
        "name": voice.name,
        "quality": voice.quality,
        "fault": sentence(voice.fault) if voice.fault else "",
        "own": own.get(voice.sample.digest, "") if voice.sample else "",
    }


def _better(chosen: dict[str, Voice], models: ModelFolder) -> Iterator[dict[str, str]]:
    """Yield the natural voices to get for languages that only robotic ones speak."""
    for language, voice in chosen.items():
        model = models.recommended(Kind.VOICE, language)
        if model and voice.quality == "formant":
            yield {"language": language, "model": model.name, "command": download_command(model.name)}


def _own(voice: OwnVoice, engines: list[str]) -> dict[str, object]:
    return {
        "id": voice.id,
        "name": voice.name,
        "seconds": round(voice.seconds, 1),
        "sample": f"{_address(voice.id)}/sample.wav",
        "engines": engines,
    }


def _address(voice_id: str) -> str:
    return f"{current_app.config['APPLICATION_ROOT'].rstrip('/')}/api/voices/{voice_id}"


def _verdict(take: Take) -> str:
    """Say what a recording that was taken is like, in the language of the request."""
    language = tongue()
    facts = {"seconds": round(take.seconds), "decibels": round(take.above_noise)}
    if not take.flaws:
        return GOOD[language].format(**facts)
    flaws = "; ".join(FLAWS[flaw][language].format(**facts) for flaw in take.flaws)
    return FLAWED[language].format(flaws=flaws, **facts)
