"""Piper voices that people drop into a folder: good, strange and broken ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app import create_app
from service.casting import choose_voice
from service.engines import speech_engines
from service.models import ModelFolder
from service.settings import Settings
from tests import pipermodels
from tts.base import Voice
from tts.piper import LOADED, PiperEngine
from voiceover.errors import EngineUnavailable, NotFound, SynthesisError
from voiceover.types import Phone, Samples, Word

TEXT = "Привет, мой друг! Здесь 25 лучших."


def stretch(
    samples: Samples, sample_rate: int, text: str, language: str
) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
    """An aligner that takes all words for equally long."""
    pieces = text.split()
    bounds = np.linspace(0, len(samples), len(pieces) + 1).astype(int).tolist()
    words = tuple(map(Word, pieces, bounds[:-1], bounds[1:]))
    return tuple(Phone(language, word.start, word.stop) for word in words), words


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "piper"


@pytest.fixture
def engine(folder: Path) -> PiperEngine:
    return PiperEngine(folder, stretch)


def named(engine: PiperEngine, id_: str) -> Voice:
    return next(voice for voice in engine.voices() if voice.id == f"piper:{id_}")


def ids(engine: PiperEngine) -> list[str]:
    return [voice.id.removeprefix("piper:") for voice in engine.voices()]


def test_a_voice_is_found_without_a_restart_and_gone_with_its_file(engine: PiperEngine, folder: Path) -> None:
    assert ids(engine) == ["en_US-joe-medium"]
    path = pipermodels.russian_joe(folder)
    voice = named(engine, "ru_RU-joe-medium")
    assert voice.language == "ru-ru" and voice.name == "Piper Joe" and voice.quality == "neural"
    assert choose_voice(list(engine.voices()), "ru") == voice
    path.unlink()
    assert ids(engine) == ["en_US-joe-medium"]
    with pytest.raises(NotFound):
        engine.synthesize(TEXT, voice)


def test_a_second_model_speaks_with_exact_times(engine: PiperEngine, folder: Path) -> None:
    pipermodels.russian_joe(folder)
    voice = named(engine, "ru_RU-joe-medium")
    speech = engine.synthesize(TEXT, voice)
    assert [word.text for word in speech.words] == TEXT.split()
    assert speech.phones[0].start == 0 and speech.phones[-1].stop == len(speech.samples)
    assert all(a.stop == b.start for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    assert any("rʲ" in phone.symbol for phone in speech.phones), "it reads Russian"
    assert np.array_equal(speech.samples, engine.synthesize(TEXT, voice, seed=7).samples)


def test_a_model_that_cannot_be_patched_is_aligned(engine: PiperEngine, folder: Path) -> None:
    pipermodels.put(folder / "de_DE-hum-low.onnx", pipermodels.tiny(rounding="Floor"))
    voice = named(engine, "de_DE-hum-low")
    speech = engine.synthesize("eins zwei drei", voice)
    assert [word.text for word in speech.words] == ["eins", "zwei", "drei"]
    assert speech.words[-1].stop == len(speech.samples) > 0
    assert {phone.symbol for phone in speech.phones} == {voice.language}, "by the aligner"
    with pytest.raises(SynthesisError, match="no phone times"):
        PiperEngine(folder).synthesize("eins", voice)


def test_a_model_that_lies_about_its_times_is_aligned(engine: PiperEngine, folder: Path) -> None:
    pipermodels.put(folder / "honest.onnx", pipermodels.tiny())
    pipermodels.put(folder / "liar.onnx", pipermodels.tiny(told=2))
    for name, aligned in ("honest", False), ("liar", True):
        speech = engine.synthesize("one two", named(engine, name))
        assert ({phone.symbol for phone in speech.phones} == {"en-us"}) == aligned


def test_each_speaker_is_a_voice(engine: PiperEngine, folder: Path) -> None:
    config = pipermodels.speaker_map("lada", "mykyta", "тетяна")
    pipermodels.put(folder / "uk_UA-three-medium.onnx", pipermodels.tiny(speakers=3), **config)
    assert ids(engine)[:2] == ["uk_UA-three-medium#lada", "uk_UA-three-medium#mykyta"]
    assert ids(engine)[2].isascii(), "an id may stand in a header"
    assert [voice.name for voice in engine.voices()][1] == "Piper Three · mykyta"
    lada, mykyta, _, _ = engine.voices()
    assert not engine.synthesize("a", lada).samples.any() and engine.synthesize("a", mykyta).samples.any()


def test_a_crowd_is_not_listed(engine: PiperEngine, folder: Path) -> None:
    crowd = pipermodels.speaker_map(*(f"p{number}" for number in range(900)))
    pipermodels.put(folder / "crowd.onnx", pipermodels.tiny(speakers=900), **crowd)
    assert sum(id_.startswith("crowd#") for id_ in ids(engine)) == 20


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"", "voice-unreadable"),
        (b"<html>Too many downloads</html>", "voice-unreadable"),
        (pipermodels.cut(), "voice-unreadable"),
        (pipermodels.foreign(), "voice-foreign"),
    ],
    ids=["empty", "html", "cut", "foreign"],
)
def test_a_bad_model_is_told_once_and_left_out(
    engine: PiperEngine, folder: Path, model: bytes, reason: str
) -> None:
    path = pipermodels.put(folder / "ru_RU-bad-high.onnx", model, language={"code": "ru_RU"})
    pipermodels.russian_joe(folder)
    voices = list(engine.voices())
    bad = choose_voice(voices, "ru")
    assert bad.id == "piper:ru_RU-bad-high"
    with pytest.raises(EngineUnavailable) as caught:
        engine.synthesize(TEXT, bad)
    assert caught.value.details["reason"] == reason and caught.value.details["path"] == path.name
    voices = list(engine.voices())
    assert choose_voice(voices, "ru").id == "piper:ru_RU-joe-medium", "others go on"
    with pytest.raises(EngineUnavailable):
        choose_voice(voices, "ru", bad.id)
    pipermodels.put(path, pipermodels.tiny(), language={"code": "ru_RU"})
    engine.synthesize(TEXT, choose_voice(list(engine.voices()), "ru", bad.id))


def test_a_language_whose_reader_is_missing_says_which(engine: PiperEngine, folder: Path) -> None:
    pytest.importorskip("piper.phonemize_thai")
    pipermodels.put(folder / "th_TH-x-medium.onnx", pipermodels.tiny(), phoneme_type="thai")
    with pytest.raises(EngineUnavailable) as caught:
        engine.synthesize("สวัสดี", named(engine, "th_TH-x-medium"))
    assert caught.value.details["reason"] == "voice-needs-package"
    assert caught.value.details["package"] == "tltk"


@pytest.mark.parametrize(
    "config", ["", "[]", "{}", '{"language": 5}', '{"espeak": {"voice": 3}, "audio": {}}']
)
def test_a_model_without_a_sound_configuration_is_passed_over(
    engine: PiperEngine, folder: Path, config: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = pipermodels.put(folder / "strange.onnx", pipermodels.tiny())
    Path(f"{path}.json").write_text(config)
    assert ids(engine) == ids(engine) == ["en_US-joe-medium"]
    assert caplog.text.count("strange.onnx.json") == 1, "told once"
    Path(f"{path}.json").unlink()
    assert ids(engine) == ["en_US-joe-medium"]


GROWTH = """
import sys
from pathlib import Path
import psutil
from tts.piper import PiperEngine

engine = PiperEngine(Path(sys.argv[1]))
voice, process = engine.voices()[0], psutil.Process()
engine.synthesize("one", voice)
before = process.memory_info().rss
for words in range(10, 151, 20):
    engine.synthesize(" ".join(["two"] * words), voice)
print(process.memory_info().rss - before)
"""


def test_texts_of_many_lengths_leave_no_memory_behind(folder: Path) -> None:
    # In a process of its own: whatever else was done in this one has left holes in its memory.
    alone = subprocess.run(
        [sys.executable, "-c", GROWTH, folder], capture_output=True, timeout=120, check=True
    )
    assert int(alone.stdout) < 200 * 2**20  # onnxruntime by itself keeps 380 MiB of this


def test_better_graded_voices_come_first(engine: PiperEngine, folder: Path) -> None:
    for quality in ("low", "high", "medium"):
        audio = {"sample_rate": 22050, "quality": quality}
        pipermodels.put(folder / f"en_US-a{quality}-{quality}.onnx", pipermodels.tiny(), audio=audio)
    assert [id_.split("-")[-1] for id_ in ids(engine)] == ["high", "medium", "low", "medium"]
    assert choose_voice(list(engine.voices()), "en").id == "piper:en_US-ahigh-high"


def test_memory_keeps_only_the_last_models(engine: PiperEngine, folder: Path) -> None:
    for number in range(LOADED + 3):
        pipermodels.put(folder / f"v{number}.onnx", pipermodels.tiny())
    for voice in engine.voices()[:-1]:
        engine.synthesize("a", voice)
    assert len(engine._models) == LOADED


def test_the_page_is_told_of_a_bad_voice_in_its_language(tmp_path: Path) -> None:
    pipermodels.put(tmp_path / "piper" / "ru_RU-bad-high.onnx", b"no model", language={"code": "ru_RU"})
    client = create_app(Settings(data=tmp_path / "data", checkpoints=tmp_path)).test_client()
    request = {"text": "Привет", "language": "ru", "voice": "piper:ru_RU-bad-high"}
    for header, words in ("ru", "Файл голоса повреждён: ru_RU-bad-high.onnx"), ("en", "file is damaged"):
        for _ in range(2):
            answer = client.post("/api/generate_stream", json=request, headers={"Accept-Language": header})
            assert answer.status_code == 503 and answer.json["code"] == "voice-unreadable"
            assert words in answer.json["detail"]
    voices = client.get("/api/voices", headers={"Accept-Language": "en"}).json
    (bad,) = [voice for voice in voices["voices"] if voice["id"] == request["voice"]]
    assert "damaged" in bad["fault"] and voices["auto"]["ru"] == "espeak:ru+f2"


def test_a_downloaded_voice_speaks_russian_before_espeak_does(tmp_path: Path) -> None:
    engines = speech_engines(ModelFolder(tmp_path))
    pipermodels.russian_joe(tmp_path / "piper")
    voices = [voice for engine in engines.working() for voice in engine.voices()]
    assert choose_voice(voices, "ru").id == "piper:ru_RU-joe-medium"
    assert choose_voice(voices, "ru-lv").id.startswith("espeak:ru-lv")


def test_where_only_a_robotic_voice_speaks_a_natural_one_is_a_command_away(tmp_path: Path) -> None:
    client = create_app(Settings(data=tmp_path / "data", checkpoints=tmp_path)).test_client()

    def better() -> dict[str, str]:
        return {told["language"]: told["command"] for told in client.get("/api/voices").json["better"]}

    assert better()["ru"] == ".venv/bin/flask models download ru_RU-dmitri-medium"
    assert "en" not in better(), "joe speaks it"
    assert len(better()) > 40
    pipermodels.russian_joe(tmp_path / "piper")
    assert "ru" not in better()
