"""The avatars there are: the one that comes along, and those that people brought."""

import errno
import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import cv2

from voiceover.avatars import DEFAULT_AVATAR, DEFAULT_NAME, astronaut, portrait
from voiceover.errors import InvalidRequest, NotFound, StorageError
from voiceover.footage import Footage
from voiceover.photos import CARD, Photo
from voiceover.portraits import Crop
from voiceover.preparation import Preparation
from voiceover.scratch import PREFIX, scratch
from voiceover.types import Avatar, Frame

Likeness: TypeAlias = Photo | Footage
"""What somebody brought to make an avatar of."""

log = logging.getLogger(__name__)

ID_LENGTH = 16  # hexadecimal digits of the sha256 of what was sent: the same photo is the same avatar
HELD = 32  # avatars held in memory
TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


class AvatarStore:
    """Avatars by id. Safe to share between threads, and between processes that share the folder."""

    def __init__(self, folder: Path, most: int = 200) -> None:
        """
        Args:
            folder: all that is known of avatars is kept in it; made when first needed.
            most: how many avatars people may bring.
        """
        self._brought = folder / "avatars"
        self._landmarks = folder / "landmarks"
        self._most = most
        self._preparations: OrderedDict[str, Preparation] = OrderedDict()
        self._held: OrderedDict[str, Avatar] = OrderedDict()
        self._lock = threading.Lock()

    def ids(self) -> list[str]:
        """Return the ids of all avatars: the default one, then the others, the newest first."""
        return [DEFAULT_AVATAR, *(likeness.id for likeness in self.likenesses())]

    def likenesses(self) -> list[Likeness]:
        """Return the photos and videos that people brought, the newest first."""
        found = [likeness for path in self._folders() if (likeness := _opened(path)) is not None]
        return sorted(found, key=lambda likeness: likeness.card.brought, reverse=True)

    def likeness(self, avatar_id: str) -> Likeness:
        """Return what is known of an avatar that somebody brought.

        Raises:
            NotFound: nobody brought one of that id.
        """
        # Only a name that was listed reaches the disk: what a user sends never becomes a path.
        for folder in self._folders():
            if folder.name == avatar_id and (likeness := _opened(folder)) is not None:
                return likeness
        raise self._unknown(avatar_id)

    def _unknown(self, avatar_id: str) -> NotFound:
        return NotFound(f"no avatar {avatar_id!r}", kind="avatar", name=avatar_id, choices=self.ids())

    def _folders(self) -> list[Path]:
        return [path for path in self._brought.glob("*") if not path.name.startswith(PREFIX)]

    def get(self, avatar_id: str) -> Avatar:
        """Return an avatar, ready to be drawn on.

        Raises:
            NotFound: there is none of that id.
            StorageError: its files are damaged.
        """
        if avatar_id == DEFAULT_AVATAR:
            return self._hold(
                avatar_id, lambda: portrait(avatar_id, DEFAULT_NAME, astronaut(), self._landmarks)
            )
        return self.shown(self.likeness(avatar_id))

    def shown(self, likeness: Likeness) -> Avatar:
        """Return what is shown of a photo or video, ready to be drawn on.

        Raises:
            NotFound: it was deleted meanwhile.
            StorageError: its files are damaged.
        """
        with self._reading(likeness):
            return self._hold(likeness.id + likeness.card.model_dump_json(), likeness.avatar)

    def original(self, photo: Photo) -> Frame:
        """Return a photo as it came, upright, BGR; raises what `shown` does."""
        with self._reading(photo):
            return photo.original()

    @contextmanager
    def _reading(self, likeness: Likeness) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, EOFError, LookupError, cv2.error, InvalidRequest) as exc:
            if not likeness.folder.is_dir():
                raise self._unknown(likeness.id) from exc
            raise StorageError(f"{likeness.id} is damaged: {exc}", reason="avatar-damaged") from exc

    def add(self, data: bytes, name: str) -> Photo:
        """Make an avatar of a photo; the same photo again gives the avatar that it already is.

        Raises:
            InvalidRequest, FaceNotFound: see `Photo.judge`; there are too many avatars. Nothing is kept.
            StorageError: the disk does not take it.
        """
        avatar_id = hashlib.sha256(data).hexdigest()[:ID_LENGTH]
        known = self._room_for(avatar_id)
        if isinstance(known, Photo):
            with suppress(NotFound):  # another may delete it at this moment
                self.shown(known)
                return known
        try:
            self._brought.mkdir(parents=True, exist_ok=True)
            with scratch(self._brought) as place:
                folder = place / avatar_id
                folder.mkdir()
                photo = Photo.judge(data, name, folder)
                self.shown(photo)  # is remembered, whoever deletes the files as soon as they are there
                _move(folder, self._brought / avatar_id)
        except OSError as exc:
            raise StorageError(f"the photo cannot be kept: {exc}") from exc
        with suppress(NotFound):
            kept = self.likeness(avatar_id)  # of two who bring it at once, one gives it its name
            if isinstance(kept, Photo):
                self.shown(kept)
                return kept
        return Photo(self._brought / avatar_id, photo.card)

    def add_video(self, save: Callable[[Path], object], name: str) -> Preparation:
        """Make an avatar of a video: this goes on when the function has returned.

        Args:
            save: writes the video to a path.

        Raises:
            InvalidRequest: it is no video.
            StorageError: the disk does not take it.
        """
        try:
            self._brought.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                place = stack.enter_context(scratch(self._brought))
                source = place / "source"
                save(source)
                Footage.check(source)
                with source.open("rb") as file:
                    avatar_id = hashlib.file_digest(file, "sha256").hexdigest()[:ID_LENGTH]
                folder = place / avatar_id
                folder.mkdir()
                unfinished = stack.pop_all()
        except OSError as exc:
            raise StorageError(f"the video cannot be kept: {exc}") from exc

        def work(report: Callable[[float], None]) -> None:
            with unfinished:
                if self._room_for(avatar_id) is None:
                    Footage.prepare(source, name, folder, report)
                    _move(folder, self._brought / avatar_id)

        with self._lock:
            running = self._preparations.get(avatar_id)
            if running and not running.done:
                unfinished.close()
                return running
            self._preparations[avatar_id] = preparation = Preparation(avatar_id, work)
            while len(self._preparations) > HELD:
                self._preparations.popitem(last=False)
        return preparation

    def preparation(self, avatar_id: str) -> Preparation:
        """
        Raises:
            NotFound: no video of that id is being prepared, nor was of late.
        """
        with self._lock:
            if avatar_id not in self._preparations:
                raise NotFound(f"no preparation {avatar_id!r}", kind="avatar", name=avatar_id, choices=[])
            return self._preparations[avatar_id]

    def _room_for(self, avatar_id: str) -> Likeness | None:
        """Return the avatar if it is there already.

        Raises:
            StorageError: it is not, and there are too many others.
        """
        known = {likeness.id: likeness for likeness in self.likenesses()}
        if avatar_id not in known and len(known) >= self._most:
            raise StorageError("too many avatars", reason="too-many-avatars", most=self._most)
        return known.get(avatar_id)

    def change(
        self,
        avatar_id: str,
        name: str | None = None,
        face: int | None = None,
        crop: Crop | None = None,
        size: int | None = None,
    ) -> Likeness:
        """Rename an avatar or show another part of its photo; see `Photo.changed`.

        Raises:
            NotFound, InvalidRequest: there is no such avatar, or it cannot be shown so.
            StorageError: the disk does not take it.
        """
        likeness = self.likeness(avatar_id)
        try:
            with self._lock:
                if isinstance(likeness, Photo):
                    return likeness.changed(name, face, crop, size)
                if face is not None or crop or size:
                    raise InvalidRequest("a video is framed once", reason="video-not-reframed")
                return likeness.renamed(name) if name else likeness
        except OSError as exc:
            if not likeness.folder.is_dir():
                raise self._unknown(avatar_id) from exc
            raise StorageError(f"the change cannot be kept: {exc}") from exc

    def remove(self, avatar_id: str) -> None:
        """Delete an avatar that somebody brought, and all that is kept of it.

        Raises:
            NotFound: nobody brought one of that id.
            StorageError: the disk does not let go of it.
        """
        folder = self.likeness(avatar_id).folder
        try:
            # Gone at once for everybody: deleting may be interrupted.
            with scratch(self._brought) as doomed:
                folder.rename(doomed / avatar_id)
        except FileNotFoundError as exc:
            raise self._unknown(avatar_id) from exc
        except OSError as exc:
            raise StorageError(f"the avatar cannot be deleted: {exc}") from exc

    def _hold(self, key: str, make: Callable[[], Avatar]) -> Avatar:
        with self._lock:
            if key not in self._held:
                self._held[key] = make()
                if len(self._held) > HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
            return self._held[key]


def _opened(folder: Path) -> Likeness | None:
    try:
        kind = json.loads((folder / CARD).read_bytes())["kind"]
        return Photo.open(folder) if kind == "photo" else Footage.open(folder)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        log.warning("%s is no avatar: %s", folder.name, exc)
        return None


def _move(folder: Path, place: Path) -> None:
    """Give a folder its name; a damaged avatar of that name is left in its stead, to be deleted."""
    if place.is_dir() and _opened(place) is None:
        with suppress(FileNotFoundError):  # it was no damage: somebody deleted it
            place.rename(folder.with_name("damaged"))
    try:
        folder.rename(place)
    except OSError as exc:
        if exc.errno not in TAKEN:  # else somebody sent the same photo at the same time
            raise
