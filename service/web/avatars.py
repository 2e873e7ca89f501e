"""Avatars: who there is, and bringing one's own."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
from apiflask import APIBlueprint
from flask import Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.pipeline import Pipeline
from service.settings import Settings
from service.web import schemas
from service.web.answers import CLIP, JPEG, KEPT, answers, described, expect, expect_upload, stream_clip
from service.web.problems import data_url, sentence
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.avatarstore import AvatarStore, Likeness
from voiceover.errors import FaceNotFound, InvalidRequest, NotFound
from voiceover.footage import Footage
from voiceover.idle import idle_period
from voiceover.names import LONGEST_NAME, one_line
from voiceover.photos import Photo
from voiceover.pictures import is_picture
from voiceover.portraits import Crop, propose_crop
from voiceover.preparation import Preparation
from voiceover.types import Avatar, Frame
from wav2lip.checkpoints import training_command

DEFAULT_NAMES = {"ru": "Айлин Коллинз", "en": "Eileen Collins"}
UNNAMED = "Avatar"
JPEG_QUALITY = 90  # per cent
THUMBNAIL = 128  # pixels
LONGEST_PHOTO = 1600  # pixels of a photo shown in a page


def avatars_blueprint(pipeline: Pipeline, settings: Settings) -> APIBlueprint:
    """Return the routes below `/api/avatars`."""
    blueprint = APIBlueprint("avatars", __name__, url_prefix="/api/avatars", tag="Avatars")
    store = pipeline.avatars

    @blueprint.before_request
    def check_type() -> None:
        if request.method == "POST":
            expect_upload(settings.max_video)
        elif request.method == "PATCH":
            expect("application/json")

    @blueprint.get("")
    @blueprint.output(schemas.AvatarsOut)
    @blueprint.doc(summary="Who can be seen speaking")
    def list_() -> dict[str, object]:
        return {
            "avatars": [_described(store.get(DEFAULT_AVATAR)), *_brought(store)],
            "default": DEFAULT_AVATAR,
            "limits": {"photo": settings.max_photo, "video": settings.max_video},
        }

    @blueprint.post("")
    @blueprint.input(schemas.AvatarIn, location="form_and_files", arg_name="body")
    @blueprint.doc(
        summary="Make an avatar of a photo or a video",
        description="A photo is judged at once and answered with the avatar (201). A video takes about half"
        " as long as it lasts: the answer (202) tells where its preparation can be watched. A refusal says"
        " why, and shows in `found` what was found.",
        responses=answers({}, 422, 507)
        | {
            201: described(schemas.AvatarOut, "The avatar"),
            202: described(schemas.PreparationOut, "The preparation"),
        },
    )
    def add(body: schemas.AvatarIn) -> tuple[dict[str, object], int, dict[str, str]]:
        with closing(body.file) as file:
            head = file.stream.read(12)
            file.stream.seek(0)
            if not is_picture(head):
                preparation = store.add_video(file.save, _name(body))
                return _progress(preparation), 202, {"Location": _address(f"preparations/{preparation.id}")}
            data = file.stream.read(settings.max_photo + 1)
        if len(data) > settings.max_photo:
            raise RequestEntityTooLarge
        photo = store.add(data, _name(body))
        return _described(store.shown(photo), photo), 201, {"Location": _address(photo.id)}

    @blueprint.get("/preparations/<avatar_id>")
    @blueprint.output(schemas.PreparationOut)
    @blueprint.doc(summary="How far the preparation of a video is", responses=answers({}, 404))
    def preparation(avatar_id: str) -> dict[str, object]:
        return _progress(store.preparation(avatar_id))

    @blueprint.delete("/preparations/<avatar_id>")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Give up the preparation of a video", responses=answers({}, 404))
    def give_up(avatar_id: str) -> str:
        store.preparation(avatar_id).cancel()
        return ""

    @blueprint.get("/<avatar_id>")
    @blueprint.output(schemas.AvatarOut)
    @blueprint.doc(summary="One avatar", responses=answers({}, 404))
    def get(avatar_id: str) -> dict[str, object]:
        return _described(store.get(avatar_id), _likeness(avatar_id))

    @blueprint.patch("/<avatar_id>")
    @blueprint.input(schemas.AvatarChangeIn, arg_name="body")
    @blueprint.output(schemas.AvatarOut)
    @blueprint.doc(
        summary="Rename an avatar, or show another part of its photo", responses=answers({}, 404, 422, 507)
    )
    def change(avatar_id: str, body: schemas.AvatarChangeIn) -> dict[str, object]:
        crop = Crop(**body.crop.model_dump()) if body.crop else None
        name = body.name and one_line(body.name)
        likeness = store.change(avatar_id, name, body.face, crop, body.size)
        return _described(store.shown(likeness), likeness)

    @blueprint.delete("/<avatar_id>")
    @blueprint.output({}, status_code=204)
    @blueprint.doc(summary="Delete an avatar and its photo", responses=answers({}, 404, 507))
    def remove(avatar_id: str) -> str:
        store.remove(avatar_id)
        return ""

    @blueprint.get("/<avatar_id>/idle.mp4")
    @blueprint.input(schemas.IdleIn, location="query", arg_name="options")
    @blueprint.doc(
        summary="One period of the avatar's idle motion, silent", responses=answers(CLIP, 404, 422)
    )
    def idle(avatar_id: str, options: schemas.IdleIn) -> Response:
        recording = pipeline.idle_loop(avatar_id, options.audio)
        return stream_clip(recording.read(), {"Cache-Control": "no-cache"})

    @blueprint.get("/<avatar_id>/poster.jpg")
    @blueprint.doc(summary="The avatar at rest", responses=answers(JPEG, 404) | KEPT)
    def poster(avatar_id: str) -> Response:
        return _jpeg(store.get(avatar_id).frames[0])

    @blueprint.get("/<avatar_id>/thumbnail.jpg")
    @blueprint.doc(summary="The avatar's face, small", responses=answers(JPEG, 404) | KEPT)
    def thumbnail(avatar_id: str) -> Response:
        return _jpeg(_thumbnail(store.get(avatar_id)))

    @blueprint.get("/<avatar_id>/photo.jpg")
    @blueprint.doc(summary="The photo that an avatar was made of, whole", responses=answers(JPEG, 404) | KEPT)
    def photo(avatar_id: str) -> Response:
        likeness = store.likeness(avatar_id)
        if not isinstance(likeness, Photo):
            raise NotFound("a video has no photo", kind="photo", name=avatar_id, choices=[])
        picture = store.original(likeness)
        scale = min(1.0, LONGEST_PHOTO / max(picture.shape[:2]))
        return _jpeg(np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8))

    def _likeness(avatar_id: str) -> Likeness | None:
        return None if avatar_id == DEFAULT_AVATAR else store.likeness(avatar_id)

    return blueprint


def _brought(store: AvatarStore) -> Iterator[dict[str, object]]:
    for likeness in store.likenesses():
        with suppress(NotFound):  # deleted at this moment
            yield _described(store.shown(likeness), likeness)


def _name(body: schemas.AvatarIn) -> str:
    """Return the name given, else that of the file without folder and ending."""
    if body.name.strip():
        return one_line(body.name)
    with suppress(InvalidRequest):
        return one_line(Path(body.file.filename or "").stem[:LONGEST_NAME])
    return UNNAMED


def _jpeg(picture: Frame) -> Response:
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    answer = Response(jpeg.tobytes(), mimetype="image/jpeg", headers={"Cache-Control": "no-cache"})
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _thumbnail(avatar: Avatar) -> Frame:
    picture, face = avatar.frames[0], avatar.faces[0]
    width, height = avatar.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    if face is not None:
        left, top, side, _ = propose_crop(face, width, height)
    cut = picture[top : top + side, left : left + side]
    return np.asarray(cv2.resize(cut, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), np.uint8)


def _address(avatar_id: str) -> str:
    return f"{current_app.config['APPLICATION_ROOT'].rstrip('/')}/api/avatars/{avatar_id}"


def _progress(preparation: Preparation) -> dict[str, object]:
    error = preparation.error
    state = "preparing" if not preparation.done else "failed" if error else "ready"
    return {
        "id": preparation.id,
        "state": state,
        "percent": round(preparation.share * 100) if state != "ready" else 100,
        "error": sentence(error) if error else None,
        "found": data_url(error),
        "progress": _address(f"preparations/{preparation.id}"),
        "avatar": _address(preparation.id) if state == "ready" else None,
    }


def _described(avatar: Avatar, likeness: Likeness | None = None) -> dict[str, object]:
    width, height = avatar.size
    base = _address(avatar.id)
    return {
        "id": avatar.id,
        "name": dict.fromkeys(("ru", "en"), likeness.card.name) if likeness else DEFAULT_NAMES,
        "width": width,
        "height": height,
        "idle_frames": idle_period(avatar),
        "poster": f"{base}/poster.jpg?{avatar.digest[:8]}",
        "thumbnail": f"{base}/thumbnail.jpg?{avatar.digest[:8]}",
        "idle": f"{base}/idle.mp4",
        "photo": _of_photo(likeness, base) if isinstance(likeness, Photo) else None,
        "video": _of_video(likeness) if isinstance(likeness, Footage) else None,
        "training": training_command(avatar.id),
    }


def _of_video(footage: Footage) -> dict[str, object]:
    card = footage.card
    return {"seconds": card.seconds, "seen": round(card.seen, 3), "calmed": card.talks}


def _of_photo(photo: Photo, base: str) -> dict[str, object]:
    card = photo.card
    faces = [
        {"box": _box(face.box), "fault": face.fault and sentence(FaceNotFound(face.fault, reason=face.fault))}
        for face in card.faces
    ]
    return {
        "picture": f"{base}/photo.jpg",
        "width": card.width,
        "height": card.height,
        "faces": faces,
        "face": card.face,
        "crop": card.crop._asdict(),
        "size": card.size,
    }


def _box(corners: tuple[int, int, int, int]) -> dict[str, int]:
    left, top, right, bottom = corners
    return {"left": left, "top": top, "width": right - left, "height": bottom - top}
