"""The avatars there are: the one that comes along, and those that people brought."""

import hashlib
import logging
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from voiceover.avatars import DEFAULT_AVATAR, DEFAULT_NAME, astronaut, portrait
from voiceover.errors import NotFound, StorageError
from voiceover.photos import Photo
from voiceover.portraits import Crop
from voiceover.types import Avatar

log = logging.getLogger(__name__)

ID_LENGTH = 16  # hexadecimal digits of the sha256 of what was sent: the same photo is the same avatar
SCRATCH = "new-"  # begins the names of folders that are not avatars yet
HELD = 32  # avatars held in memory


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
        self._held: OrderedDict[str, Avatar] = OrderedDict()
        self._lock = threading.Lock()

    def ids(self) -> list[str]:
        """Return the ids of all avatars: the default one, then the others, the newest first."""
        return [DEFAULT_AVATAR, *(photo.id for photo in self.photos())]

    def photos(self) -> list[Photo]:
        """Return the photos that people brought, the newest first."""
        folders = [path for path in self._brought.glob("*") if not path.name.startswith(SCRATCH)]
        photos = [photo for path in folders if (photo := _opened(path)) is not None]
        return sorted(photos, key=lambda photo: photo.card.brought, reverse=True)

    def photo(self, avatar_id: str) -> Photo:
        """Return what is known of an avatar that somebody brought.

        Raises:
            NotFound: nobody brought one of that id.
        """
        # Only a name that was listed reaches the disk: what a user sends never becomes a path.
        for photo in self.photos():
            if photo.id == avatar_id:
                return photo
        raise NotFound(f"no avatar {avatar_id!r}", kind="avatar", name=avatar_id, choices=self.ids())

    def get(self, avatar_id: str) -> Avatar:
        """Return an avatar, ready to be drawn on.

        Raises:
            NotFound: there is none of that id.
        """
        if avatar_id == DEFAULT_AVATAR:
            return self._hold(
                avatar_id, lambda: portrait(avatar_id, DEFAULT_NAME, astronaut(), self._landmarks)
            )
        photo = self.photo(avatar_id)
        return self._hold(photo.id + photo.card.model_dump_json(), photo.avatar)

    def add(self, data: bytes, name: str) -> Photo:
        """Make an avatar of a photo; the same photo again gives the avatar that it already is.

        Raises:
            InvalidRequest, FaceNotFound: see `Photo.judge`; there are too many avatars. Nothing is kept.
            StorageError: the disk does not take it.
        """
        avatar_id = hashlib.sha256(data).hexdigest()[:ID_LENGTH]
        known = {photo.id: photo for photo in self.photos()}
        if avatar_id in known:
            return known[avatar_id]
        if len(known) >= self._most:
            raise StorageError(
                f"there are {self._most} avatars already", reason="too-many-avatars", most=self._most
            )
        try:
            self._brought.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self._brought) as scratch:
                folder = Path(scratch) / avatar_id
                folder.mkdir()
                Photo.judge(data, name, folder)
                _move(folder, self._brought / avatar_id)
        except OSError as exc:
            raise StorageError(f"the photo cannot be kept: {exc}") from exc
        return Photo.open(self._brought / avatar_id)

    def change(
        self,
        avatar_id: str,
        name: str | None = None,
        face: int | None = None,
        crop: Crop | None = None,
        size: int | None = None,
    ) -> Photo:
        """Rename an avatar or show another part of its photo; see `Photo.changed`.

        Raises:
            NotFound, InvalidRequest: there is no such avatar, or it cannot be shown so.
            StorageError: the disk does not take it.
        """
        photo = self.photo(avatar_id)
        try:
            with self._lock:
                return photo.changed(name, face, crop, size)
        except OSError as exc:
            raise StorageError(f"the change cannot be kept: {exc}") from exc

    def remove(self, avatar_id: str) -> None:
        """Delete an avatar that somebody brought, and all that is kept of it.

        Raises:
            NotFound: nobody brought one of that id.
            StorageError: the disk does not let go of it.
        """
        folder = self.photo(avatar_id).folder
        try:
            # Gone at once for everybody: deleting may be interrupted.
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self._brought) as doomed:
                folder.rename(Path(doomed) / avatar_id)
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


def _opened(folder: Path) -> Photo | None:
    try:
        return Photo.open(folder)
    except (OSError, ValueError) as exc:
        log.warning("%s is no avatar: %s", folder.name, exc)
        return None


def _move(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():  # else somebody sent the same photo at the same time
            raise
