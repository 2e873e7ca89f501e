"""espeak-ng: about a hundred languages, always there, a thousand times faster than speech.

Library and voice data come with the espeakng-loader package. The C interface is that of
espeak-ng's `speak_lib.h`: synchronous mode, phoneme events in IPA.
"""

import ctypes
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tts.base import Voice
from voiceover.errors import EngineUnavailable, SynthesisError
from voiceover.types import Phone, Samples, Speech, Word

SYNCHRONOUS = 2
DONT_EXIT, IPA, PHONEME_EVENTS = 0x8000, 2, 1
UTF8 = 1
RATE_PARAMETER, WORDS_PER_MINUTE = 1, 165
LIST_END, WORD_EVENT, PHONEME_EVENT = 0, 1, 7

FEMALE_VARIANT = "f2"
RELEASE = 0.06  # seconds: a nameless sound shorter than this belongs to the phone before it, not to silence


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """One event of the synthesizer: at `sample`, something begins."""

    type: int
    sample: int
    character: int  # place in the text, from 0
    symbol: str


_LIBRARY = threading.Lock()
"""Held while espeak-ng is called: its state is global to the process, whoever loads it."""


@cache
def _initialized() -> tuple[ctypes.CDLL, int]:
    """Return the library and its sample rate.

    Once in a process: a second initialization frees the phonemes of the voice that is chosen, and the
    next text that it speaks ends the process.
    """
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = _piper_data() or espeakng_loader.get_data_path()
    except (ImportError, OSError) as exc:
        raise EngineUnavailable(f"espeak-ng cannot be loaded: {exc}", engine=EspeakEngine.name) from exc
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT | PHONEME_EVENTS | IPA)
    if rate <= 0:
        raise EngineUnavailable(f"espeak-ng finds no voice data in {data}", engine=EspeakEngine.name)
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    return library, rate


class EspeakEngine:
    """The espeak-ng library of this process; it speaks one text at a time, for all engines there may be."""

    name = "espeak"

    def __init__(self) -> None:
        """
        Raises:
            EngineUnavailable: the library or its data cannot be loaded.
        """
        with _LIBRARY:
            self._library, self._sample_rate = _initialized()
            # Some languages are listed twice.
            listed = {voice.id: (voice, place) for voice, place in self._list_voices()}
            self._voices = tuple(voice for voice, _ in listed.values())
            self._places = {voice_id: place for voice_id, (_, place) in listed.items()}

    def voices(self) -> Sequence[Voice]:
        return self._voices

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        """Speak a text; see `tts.base`. Each voice may have another "+variant" of espeak's than is listed."""
        plain, _, variant = voice.id.partition("+")
        if plain not in self._places:
            raise SynthesisError(f"espeak-ng has no voice {voice.id!r}", voice=voice.id)
        name = f"{self._places[plain]}+{variant}" if variant else self._places[plain]
        samples, marks = self._speak(_printable(text), name)
        phones = tuple(_phones(marks, len(samples), self._sample_rate))
        return Speech(samples, self._sample_rate, phones, tuple(_words(text, marks, phones)))

    def _list_voices(self) -> Iterator[tuple[Voice, str]]:
        """Yield voices with the names that the library finds them by, without variants: those of their files.

        A language may be called otherwise than its file: "fr-fr" is in "roa/fr".
        """
        listed = self._library.espeak_ListVoices(None)
        index = 0
        while listed[index]:
            entry = listed[index].contents
            index += 1
            # `languages` is a priority byte followed by a C string.
            language = ctypes.string_at(ctypes.addressof(entry.languages.contents) + 1).decode()
            name, place = entry.name.decode().replace("_", " "), entry.identifier.decode()
            for variant, who in ((f"+{FEMALE_VARIANT}", "♀"), ("", "♂")):
                voice_id, shown = f"espeak:{language}{variant}", f"eSpeak {name} {who}"
                yield Voice(voice_id, self.name, language, shown, "formant"), place

    def _speak(self, text: str, voice_name: str) -> tuple[Samples, list[_Mark]]:
        """Run the synthesizer; sound as float32 `(n,)` and everything it told about it."""
        sound: list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]] = []
        marks: list[_Mark] = []

        def receive(
            wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]"
        ) -> int:
            if count > 0:
                sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
            index = 0
            while events[index].type != LIST_END:
                event = events[index]
                marks.append(_Mark(event.type, event.sample, event.text_position - 1, _symbol(event)))
                index += 1
            return 0

        callback = _SynthCallback(receive)
        encoded = text.encode()
        with _LIBRARY:
            if self._library.espeak_SetVoiceByName(voice_name.encode()) != 0:
                raise SynthesisError(f"espeak-ng refuses the voice {voice_name!r}", voice=voice_name)
            # Each time: a voice that is slower by itself would slow down those after it.
            self._library.espeak_SetParameter(RATE_PARAMETER, WORDS_PER_MINUTE, 0)
            self._library.espeak_SetSynthCallback(callback)
            status = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, UTF8, None, None)
        if status != 0:
            raise SynthesisError(f"espeak-ng failed with status {status}")
        samples = np.concatenate(sound) if sound else np.zeros(0, np.int16)
        return samples.astype(np.float32) / np.float32(32768), marks


def _piper_data() -> str | None:
    """Piper's voice data where Piper is installed: newer than the library's own, and the first whose
    Russian stresses the vowel before an acute (U+0301). The library reads both.
    """
    piper = find_spec("piper")
    data = Path(piper.origin).with_name("espeak-ng-data") if piper and piper.origin else None
    return str(data) if data and data.is_dir() else None


def _printable(text: str) -> str:
    """Control characters become spaces, one for one: positions must keep, and NUL would end the C string."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def _symbol(event: _Event) -> str:
    if event.type != PHONEME_EVENT:
        return ""
    # The field holds 8 bytes: a longer symbol is cut, maybe within a character.
    symbol = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
    return "" if symbol.startswith("(") else symbol  # "(en)" tells a change of language, not a sound


def _phones(marks: Sequence[_Mark], end: int, sample_rate: int) -> Iterator[Phone]:
    """Phones from phoneme events; modifiers and releases, events of their own, join the phone before."""
    events = [mark for mark in marks if mark.type == PHONEME_EVENT]
    stops = [mark.sample for mark in events[1:]] + [end]
    phone: Phone | None = None
    for event, stop in zip(events, stops, strict=True):
        modifies = event.symbol != "" and all(
            unicodedata.category(c) in ("Lm", "Mn", "Sk") for c in event.symbol
        )
        releases = event.symbol == "" and stop - event.sample < RELEASE * sample_rate
        if phone and phone.symbol and (modifies or releases):
            phone = Phone(phone.symbol + event.symbol, phone.start, stop)
            continue
        if phone and phone.stop > phone.start:
            yield phone
        phone = Phone(event.symbol, event.sample, stop)
    if phone and phone.stop > phone.start:
        yield phone


def _words(text: str, marks: Sequence[_Mark], phones: Sequence[Phone]) -> Iterator[Word]:
    """Times of the pieces of `text.split()`: a piece's phones begin at its first word event."""
    voiced = [phone for phone in phones if phone.symbol]
    starts = [(mark.character, mark.sample) for mark in marks if mark.type == WORD_EVENT]
    position = stop = 0
    for piece in text.split():
        first = text.index(piece, position)
        position = first + len(piece)
        start = next((sample for character, sample in starts if first <= character < position), None)
        if start is None:  # a mark that is not spoken
            yield Word(piece, stop, stop)
            continue
        until = next((sample for character, sample in starts if character >= position), None)
        spoken = [p for p in voiced if p.start >= start and (until is None or p.start < until)]
        start, stop = (spoken[0].start, spoken[-1].stop) if spoken else (stop, stop)
        yield Word(piece, start, stop)
