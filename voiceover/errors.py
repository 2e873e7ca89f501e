"""Everything that can go wrong, as one small tree.

Foreign errors are translated into these once, where they enter. Each carries a stable `code`
for scripts and the facts (`details`) from which a sentence in the user's language is made.
"""


class VoiceoverError(Exception):
    """Root of the tree."""

    code = "internal"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


class InvalidRequest(VoiceoverError):
    """What was asked for cannot be: the asker can mend it."""

    code = "invalid-request"


class NotFound(InvalidRequest):
    """Nothing of that name exists; `details` has its `kind`, its `name` and the `choices` there are."""

    code = "not-found"


class FaceNotFound(InvalidRequest):
    """No usable face in the picture."""

    code = "face-not-found"


class RecordingRefused(InvalidRequest):
    """No voice can be imitated from this recording; `details` has the `reason` and what was measured."""

    code = "recording-refused"


class EngineUnavailable(VoiceoverError):
    """The engine is known but cannot work here now; the message says what is missing."""

    code = "engine-unavailable"


class SynthesisError(VoiceoverError):
    """A voice could not speak the text."""

    code = "synthesis-failed"


class DrawingError(VoiceoverError):
    """A lip engine could not draw an avatar."""

    code = "drawing-failed"


class EncodeError(VoiceoverError):
    """ffmpeg could not make or read a clip; the message ends with its own words."""

    code = "encode-failed"


class StorageError(VoiceoverError):
    """The data folder cannot take or give up something: the disk is full, read-only, or its share used up."""

    code = "storage-failed"


class Busy(VoiceoverError):
    """There is too much to do already; later there may be less."""

    code = "busy"


class Gone(VoiceoverError):
    """Whoever asked has gone; nobody hears of this."""

    code = "gone"


class NotReady(VoiceoverError):
    """What was asked for is not there yet, or never will be."""

    code = "not-ready"


class Unreachable(VoiceoverError):
    """The cluster that renders cannot be reached, or has no renderer that is ready."""

    code = "cluster-unreachable"
