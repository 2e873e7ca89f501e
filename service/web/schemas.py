"""What the API takes and gives, as it stands in the OpenAPI document."""

from typing import Annotated, Literal

from apiflask.fields import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from service.registry import AUTO
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.names import LONGEST_NAME
from voiceover.photos import LARGEST_OUTPUT, SMALLEST_OUTPUT

MAX_INDEX = 2**31 - 1
MAX_PAUSE = 5.0  # seconds

Text = Annotated[
    str, Field(min_length=1, description="What is to be spoken.", examples=["Привет! Как дела?"])
]
Language = Annotated[
    str,
    Field(
        min_length=1,
        max_length=35,
        description="Language tag such as `ru`, `en-us`; or `auto`: told by the text, sentence by sentence.",
        examples=["ru"],
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Index = Annotated[int, Field(ge=0, le=MAX_INDEX)]


class _Request(BaseModel):
    """Numbers are numbers and strings are strings; a misspelt field is told, not passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SplitIn(_Request):
    text: Text
    language: Language = AUTO
    voice: Annotated[
        Name, Field(description="Who is to speak: in doubt a sentence is in the language of that voice.")
    ] = AUTO


class ChunkOut(BaseModel):
    index: int
    text: str
    language: str
    pause: float = Field(description="Seconds of silence after it.")


class SplitOut(BaseModel):
    chunks: list[ChunkOut]


class GenerateIn(_Request):
    text: Text
    language: Language = AUTO
    chunk_index: Annotated[
        Index, Field(description="Place of the chunk in its text; comes back in a header.")
    ] = 0
    avatar: Annotated[Name, Field(description="An id from `/api/avatars`.")] = DEFAULT_AVATAR
    voice: Annotated[Name, Field(description="An id from `/api/voices`, or `auto`.")] = AUTO
    lips: Annotated[Name, Field(description="A lip-sync engine from `/api/engines`, or `auto`.")] = AUTO
    start_frame: Annotated[
        Index, Field(description="Frame of the avatar's idle motion at which the clip begins.")
    ] = 0
    seed: Annotated[Index, Field(description="Equal seeds give equal clips.")] = 0
    follows: Annotated[
        bool, Field(description="Played right after another chunk: the face is already speaking.")
    ] = False
    continues: Annotated[
        bool, Field(description="Another chunk is played right after it: the face does not go to rest.")
    ] = False
    pause: Annotated[
        float | None,
        Field(ge=0, le=MAX_PAUSE, description="Seconds of silence after it, as `/api/split` gives them."),
    ] = None
    audio: Annotated[
        Literal["aac", "flac"],
        Field(description="`aac` plays everywhere; `flac` joins clips sample-exactly in a browser."),
    ] = "aac"
    stream: Annotated[
        bool,
        Field(
            description="Send the first sound while the rest is still being spoken, where the voice can."
            " Such a clip comes without `Chunk-Frames`, `Next-Start-Frame` and `Chunk-Words`."
        ),
    ] = False


class FilmIn(_Request):
    text: Text
    language: Language = AUTO
    avatar: Annotated[Name, Field(description="An id from `/api/avatars`.")] = DEFAULT_AVATAR
    voice: Annotated[Name, Field(description="An id from `/api/voices`, or `auto`.")] = AUTO
    lips: Annotated[Name, Field(description="A lip-sync engine from `/api/engines`, or `auto`.")] = AUTO
    seed: Annotated[Index, Field(description="Equal seeds give equal films.")] = 0
    burn_captions: Annotated[bool, Field(description="Draw the words into the picture.")] = False


class WaitIn(BaseModel):
    """Query strings carry no types."""

    model_config = ConfigDict(extra="forbid")

    wait: Annotated[bool, Field(description="Answer with the film itself, when it is done.")] = False


class JobOut(BaseModel):
    id: str = Field(description="Hard to guess: who knows it may see the film.")
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    ahead: int = Field(description="Films that come before it, while it waits.")
    stage: Literal["", "speech", "picture"]
    chunk: int = Field(description="The chunk that is being made, from 1.")
    chunks: int
    percent: int
    seconds_left: float | None = Field(description="Null while nothing can be said.")
    error: str | None = Field(description="Why it failed, in a sentence.")
    job: str = Field(description="Where this can be read again.")
    events: str = Field(description="Server-sent events: this object whenever it changes.")
    film: str | None = Field(description="The MP4, when it is done; so are the others.")
    webvtt: str | None
    srt: str | None
    poster: str | None


class SessionIn(_Request):
    language: Language = "ru"
    avatar: Annotated[Name, Field(description="An id from `/api/avatars`.")] = DEFAULT_AVATAR
    voice: Annotated[Name, Field(description="An id from `/api/voices`, or `auto`.")] = AUTO
    lips: Annotated[Name, Field(description="A lip-sync engine from `/api/engines`, or `auto`.")] = AUTO


class SessionOut(BaseModel):
    id: str = Field(description="Hard to guess: who knows it may speak and listen.")
    language: str
    avatar: str
    voice: str
    lips: str
    page: str = Field(description="Open this in a browser: it speaks what is said.")
    say: str
    interrupt: str
    events: str = Field(
        description="Server-sent events: `chunk`, `interrupt`, `begun`, `ended`, `closed`; often `alive`."
    )
    resume: int = Field(description="Events after this one have not been spoken yet.")


class SayIn(_Request):
    text: Annotated[str, Field(description="As it comes: words, parts of words, whole sentences.")] = ""
    end: Annotated[bool, Field(description="Nothing more belongs to the last sentence.")] = False


class HeardIn(_Request):
    event: Literal["begun", "ended"]
    index: Annotated[Index, Field(description="Of the chunk.")]


class EventsIn(BaseModel):
    """Query strings carry no types."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=MAX_INDEX, description="Id of the last event that is known.")] = 0


class IdleIn(_Request):
    audio: Literal["aac", "flac"] = "aac"


class JoinIn(_Request):
    clip: list[UploadFile] = Field(description="Clips of `/api/generate_stream`, in order.")


class EngineOut(BaseModel):
    name: str
    available: bool
    reason: str = Field(description="Why it is not available, or why `auto` passes it over; else empty.")
    command: str = Field(description="The command that brings what is missing; else empty.")
    rate: float | None = Field(description="Frames drawn in a second, as measured here; null if it was not.")


class WeightsOut(BaseModel):
    """Networks that a lip engine draws with."""

    everybody: str = Field(
        description="The checkpoint that draws every avatar: `wav2lip_gan` or `wav2lip`; empty if none does."
    )
    learned: list[str] = Field(
        description="Ids of the avatars that have a network of their own, `own`. Where no checkpoint draws"
        " everybody, it draws them, and nothing draws the others: `training` of `/api/avatars` teaches it."
    )


class LipEngineOut(EngineOut):
    weights: WeightsOut | None = Field(description="Null where it needs none, or is not available.")


class EnginesOut(BaseModel):
    speech: list[EngineOut]
    lips: list[LipEngineOut]
    auto: dict[str, str] = Field(description="What `auto` stands for here: kind → name.")


class VoiceOut(BaseModel):
    id: str
    engine: str
    language: str
    speaks: str = Field(description="Which of `languages` that is.")
    name: str
    quality: str = Field(description="`formant` (intelligible, robotic), `neural` or `imitated`.")
    fault: str = Field(description="Why it cannot speak; else empty.")
    own: str = Field(description="The id in `own` of whom it imitates; else empty.")


class OwnVoiceIn(_Request):
    recording: UploadFile = Field(
        description="6 to 30 s of one person's speech; WAV, MP3, M4A, OGG, FLAC, WebM."
    )
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, description="What people see.")]
    consent: Annotated[
        Literal["true", "false"],
        Field(
            description="`true` once the owner of the voice has agreed to be imitated; else it is refused."
        ),
    ] = "false"


class OwnVoiceOut(BaseModel):
    id: str
    name: str
    seconds: float = Field(description="Length of what is kept: speech alone.")
    sample: str = Field(description="Where it can be heard.")
    engines: list[str] = Field(description="Engines that can imitate it here.")


class OwnVoiceAddedOut(OwnVoiceOut):
    verdict: str = Field(description="What the recording is like, in the language of `Accept-Language`.")
    flaws: list[str] = Field(description="Of `clipped`, `noisy` and `quiet`.")


class ImitationOut(BaseModel):
    engines: list[str] = Field(description="Engines that can imitate somebody here.")
    command: str = Field(description="What brings one where there is none; else empty.")
    shortest: int = Field(description="Seconds of speech that a recording must have at least.")
    longest: int = Field(description="Seconds of speech that it may have at most.")
    bytes: int = Field(description="Size that its file may have at most.")


class LanguageOut(BaseModel):
    code: str


class BetterVoiceOut(BaseModel):
    language: str = Field(description="A language that only a robotic voice speaks here.")
    model: str = Field(description="The natural voice that is recommended for it.")
    command: str = Field(description="What brings that voice.")


class VoicesOut(BaseModel):
    voices: list[VoiceOut]
    languages: list[LanguageOut] = Field(description="Languages that somebody speaks, without dialects.")
    auto: dict[str, str] = Field(description="What `auto` stands for: language → voice id.")
    better: list[BetterVoiceOut] = Field(description="Voices that are worth getting.")
    own: list[OwnVoiceOut] = Field(description="Voices that people brought.")
    imitation: ImitationOut


class BoxOut(BaseModel):
    left: int
    top: int
    width: int
    height: int


class FaceOut(BaseModel):
    box: BoxOut
    fault: str | None = Field(
        description="Why nobody can speak with it, in a sentence; null if somebody can."
    )


class PhotoOut(BaseModel):
    """The photo that an avatar was made of, and what of it is shown; lengths in its pixels."""

    picture: str = Field(description="Where the photo is, upright, at most 1600 pixels long.")
    width: int
    height: int
    faces: list[FaceOut] = Field(description="The largest first.")
    face: int = Field(description="Which of them speaks.")
    crop: BoxOut
    size: int = Field(description="Pixels of the longer side of what is shown.")


class VideoOut(BaseModel):
    """The video that an avatar was made of."""

    seconds: float
    seen: float = Field(description="Share of the frames that show the face; others stay as they are.")
    calmed: bool = Field(
        description="Whoever it shows was speaking: the mouth was closed before anything else."
    )


class PreparationOut(BaseModel):
    id: str
    state: Literal["preparing", "ready", "failed"]
    percent: int
    error: str | None = Field(description="Why it failed, in a sentence.")
    found: str | None = Field(
        description="Data URL of a small JPEG of what was found in a video that was refused."
    )
    progress: str = Field(description="Where this can be read again; DELETE gives up.")
    avatar: str | None = Field(description="Where the avatar is, when it is ready.")


class AvatarOut(BaseModel):
    id: str
    name: dict[str, str] = Field(description="By language, `ru` and `en`.")
    width: int
    height: int
    idle_frames: int = Field(description="Length of the idle loop; frame numbers are taken modulo this.")
    poster: str
    thumbnail: str = Field(description="A square of 128 pixels around the face.")
    idle: str
    photo: PhotoOut | None = Field(description="Null for a video, and for the avatar that comes along.")
    video: VideoOut | None = Field(description="Null for a photo, and for the avatar that comes along.")
    training: str = Field(
        description="The command that gives it a network of its own; `/api/engines` tells who has one."
    )


class LimitsOut(BaseModel):
    """Bytes that a file may have at most."""

    photo: int
    video: int


class AvatarsOut(BaseModel):
    avatars: list[AvatarOut]
    default: str
    limits: LimitsOut


class AvatarIn(_Request):
    file: UploadFile = Field(
        description="A photo (JPEG, PNG, WebP) or a video, with a face that looks at the camera."
    )
    name: Annotated[
        str, Field(max_length=LONGEST_NAME, description="What people see; may be changed later.")
    ] = ""


class CropIn(_Request):
    left: Annotated[Index, Field()]
    top: Annotated[Index, Field()]
    width: Annotated[int, Field(ge=16, le=MAX_INDEX)]
    height: Annotated[int, Field(ge=16, le=MAX_INDEX)]


class AvatarChangeIn(_Request):
    """What is not given stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = None
    face: Annotated[Index, Field(description="Which of the photo's faces speaks.")] | None = None
    crop: CropIn | None = None
    size: (
        Annotated[
            int,
            Field(
                ge=SMALLEST_OUTPUT,
                le=LARGEST_OUTPUT,
                multiple_of=2,
                description="Pixels of the longer side of what is shown.",
            ),
        ]
        | None
    ) = None


class StallIn(_Request):
    lips: Annotated[Name, Field(description="The lip-sync engine that drew what had been played.")]


class StatusOut(BaseModel):
    status: str


class FaultOut(BaseModel):
    pointer: str = Field(description="JSON Pointer to the field.")
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What went wrong and what to do, in the language of `Accept-Language`.")
    code: str = Field(description="Stable name for scripts.")
    request_id: str = Field(description="By which the log can be searched; the header `X-Request-Id`, too.")
    found: str | None = Field(
        None, description="Data URL of a small JPEG of what was found in a photo that was refused."
    )
    errors: list[FaultOut] | None = Field(None, description="What is wrong with which field.")
