"""Phonemes for the models that read them, without the program espeak-ng.

Coqui starts that program anew for each text, and leaves the text in a temporary file. The same
phonemes come from whoever holds espeak-ng as a library.
"""

from collections.abc import Callable
from typing import TypeAlias

from TTS.tts.utils.text import phonemizers
from TTS.tts.utils.text.phonemizers.base import BasePhonemizer
from TTS.tts.utils.text.punctuation import Punctuation

Phonemize: TypeAlias = Callable[[str, str], str]
"""(text, language tag) → IPA with stress marks, as espeak-ng writes it, with spaces between words."""


def use(phonemize: Phonemize) -> None:
    """Make Coqui take phonemes from a function wherever a model asks for espeak's."""

    class Espeak(BasePhonemizer):  # type: ignore[misc]
        def __init__(self, language: str, punctuations: str = Punctuation.default_puncs()) -> None:
            super().__init__("en-us" if language == "en" else language, punctuations, keep_puncs=True)

        def _phonemize(self, text: str, separator: str) -> str:
            return phonemize(text, self.language) if text.strip() else text

        def is_supported_language(self, language: str) -> bool:
            return True  # a language that it does not speak is told when it is asked for

        @staticmethod
        def name() -> str:
            return "espeak"

        @staticmethod
        def supported_languages() -> list[str]:
            return []

        @classmethod
        def is_available(cls) -> bool:
            return True

        def version(self) -> str:
            return ""

    phonemizers._register_phonemizers()
    phonemizers.PHONEMIZERS[Espeak.name()] = Espeak
