"""Loading a Coqui model: the only place where Coqui, and torch with it, is imported."""

import logging
from typing import TYPE_CHECKING

from tts.coqui.folders import ModelFolder
from tts.coqui.without_cuda import import_torchaudio
from voiceover.errors import EngineUnavailable

if TYPE_CHECKING:
    from tts.coqui.models import Model
    from tts.coqui.phonemizer import Phonemize


def load(folder: ModelFolder, phonemize: "Phonemize") -> "Model":
    """Import Coqui, seconds the first time, and load a model.

    Args:
        phonemize: writes phonemes for a model that reads them.

    Raises:
        EngineUnavailable: Coqui cannot be imported, or the model's files are damaged.
    """
    logging.getLogger("TTS").setLevel(logging.ERROR)  # below that it logs the texts that it is to speak
    try:
        import_torchaudio()
        from tts.coqui import models, phonemizer
    except ImportError as exc:
        raise EngineUnavailable(f"Coqui cannot be imported: {exc}", engine="coqui") from exc
    phonemizer.use(phonemize)
    return models.load(folder)
