"""Coqui's engine with real models of Coqui's own classes, tiny and untrained."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from app import create_app
from service.casting import AUTO_IMITATOR
from service.models import ModelFolder
from service.settings import Settings
from tests.coquimodels import LETTERS, build_glow, build_vits, build_xtts
from tts.base import CloningEngine, PacedEngine, Voice, VoiceSample
from tts.coqui.engine import CoquiEngine
from tts.coqui.folders import ENGINE, PUBLISHED, WEIGHTS, read
from tts.symbols import phones, word_spans, words
from voiceover.errors import EngineUnavailable, SynthesisError
from voiceover.types import Phone, Samples, Speech, Word

HELLO = "Hello, my friend! There are two of the best — and more."
HOP = 256  # samples: VITS tells times in these


def letters(text: str, language: str) -> str:
    """Write a text in what is enough of an IPA for a model that has learnt nothing."""
    return "".join(c for c in text.lower() if c in f"{LETTERS} ")


def evenly(
    samples: Samples, sample_rate: int, text: str, language: str, whole: bool = True
) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
    """Give every word the same time."""
    pieces = text.split()
    edges = np.linspace(0, len(samples), len(pieces) + 1).astype(int).tolist()
    spans = list(zip(pieces, edges[:-1], edges[1:], strict=True))
    return tuple(Phone("a", a, b) for _, a, b in spans), tuple(Word(p, a, b) for p, a, b in spans)


def engine_for(folder: Path) -> CoquiEngine:
    return CoquiEngine(folder, evenly, letters)


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a VITS that reads phonemes."""
    folder = tmp_path_factory.mktemp("coqui")
    build_vits(folder / "phonemes", phonemes=True)
    return folder


@pytest.fixture(scope="module")
def xtts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("coqui")
    build_xtts(folder / "xtts")
    return folder


@pytest.fixture(scope="module")
def engine(vits: Path) -> CoquiEngine:
    return engine_for(vits)


@pytest.fixture(scope="module")
def spoken(engine: CoquiEngine) -> Speech:
    return engine.synthesize(HELLO, engine.voices()[0])


@pytest.fixture(scope="module")
def polyglot(xtts: Path) -> CoquiEngine:
    return engine_for(xtts)


def in_a_new_process(program: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return result.stdout.strip()


def test_asking_what_there_is_imports_neither_torch_nor_coqui(vits: Path, xtts: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from tts.coqui.engine import CoquiEngine
from voiceover.errors import EngineUnavailable
try:
    CoquiEngine(Path("nowhere"), None, None)
except EngineUnavailable as exc:
    print(exc.details["reason"])
for folder in ({str(vits)!r}, {str(xtts)!r}):
    print(*(voice.id for voice in CoquiEngine(Path(folder), None, None).voices()), sep=",")
print([m for m in ("torch", "TTS", "torchaudio") if m in sys.modules])
"""
    assert in_a_new_process(program).split("\n") == [
        "coqui-no-model",
        "coqui:phonemes",
        "coqui:xtts:en:Anna,coqui:xtts:en:Ivan Петров,coqui:xtts:ru:Anna,coqui:xtts:ru:Ivan Петров",
        "[]",
    ]


def test_it_is_what_the_rest_takes_it_for(engine: CoquiEngine) -> None:
    assert isinstance(engine, CloningEngine)
    assert isinstance(engine, PacedEngine)
    assert engine.voices()[0] == Voice("coqui:phonemes", "coqui", "en-us", "Coqui phonemes", "neural")


def test_the_durations_of_vits_are_the_whole_sound(spoken: Speech) -> None:
    assert spoken.sample_rate == 22_050
    assert spoken.phones[0].start == 0
    assert spoken.phones[-1].stop == len(spoken.samples)
    assert all(a.stop == b.start for a, b in zip(spoken.phones, spoken.phones[1:], strict=False))
    assert all(phone.start % HOP == 0 for phone in spoken.phones)


def test_vits_tells_its_phonemes_and_words(spoken: Speech) -> None:
    said = "".join(phone.symbol for phone in spoken.phones)
    assert said == letters(HELLO, "en").replace(" ", "")
    assert [word.text for word in spoken.words] == HELLO.split()
    hello = [p.symbol for p in spoken.phones if spoken.words[0].start <= p.start < spoken.words[0].stop]
    assert "".join(hello) == "hello"


def test_equal_seeds_give_equal_sound(engine: CoquiEngine, spoken: Speech) -> None:
    voice = engine.voices()[0]
    again, other = (engine.synthesize(HELLO, voice, seed) for seed in (0, 1))
    assert np.array_equal(again.samples, spoken.samples)
    assert not np.array_equal(other.samples[:HOP], spoken.samples[:HOP])


def test_threads_do_not_disturb_each_others_noise(engine: CoquiEngine) -> None:
    voice = engine.voices()[0]
    alone = [engine.synthesize("Hello.", voice, seed).samples for seed in range(4)]
    together: dict[int, Samples] = {}

    def speak(seed: int) -> None:
        together[seed] = engine.synthesize("Hello.", voice, seed).samples

    threads = [threading.Thread(target=speak, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(alone[seed], together[seed]) for seed in range(4))


def test_letters_are_no_phones(tmp_path: Path) -> None:
    build_vits(tmp_path / "ru_letters", phonemes=False)
    engine = engine_for(tmp_path)
    speech = engine.synthesize("Привет, мой друг!", engine.voices()[0])
    assert engine.voices()[0].language == "ru"
    assert [phone.symbol for phone in speech.phones] == ["a", "a", "a"], "the aligner's"
    assert [word.text for word in speech.words] == ["Привет,", "мой", "друг!"]
    assert all(word.start % HOP == 0 and word.stop % HOP == 0 for word in speech.words), "the model's own"
    assert speech.words[0].start < speech.words[1].start < speech.words[2].stop <= len(speech.samples)


def test_a_model_without_times_is_aligned(tmp_path: Path) -> None:
    build_glow(tmp_path / "en_glow")
    engine = engine_for(tmp_path)
    speech = engine.synthesize("Hello there.", engine.voices()[0])
    assert [word.text for word in speech.words] == ["Hello", "there."]
    assert speech.words[-1].stop == len(speech.samples) > 0


def test_models_come_and_go_without_a_restart(vits: Path, tmp_path: Path) -> None:
    shutil.copytree(vits / "phonemes", tmp_path / "first")
    engine = engine_for(tmp_path)
    assert [voice.id for voice in engine.voices()] == ["coqui:first"]
    gone = engine.voices()[0]
    (tmp_path / "first").rename(tmp_path / "second")
    assert [voice.id for voice in engine.voices()] == ["coqui:second"]
    with pytest.raises(EngineUnavailable, match="gone"):
        engine.synthesize("Hello.", gone)


def test_a_damaged_model_is_told_and_not_offered_until_it_is_mended(vits: Path, tmp_path: Path) -> None:
    shutil.copytree(vits / "phonemes", tmp_path / "broken")
    weights = tmp_path / "broken" / "model.pth"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    engine = engine_for(tmp_path)
    voice = engine.voices()[0]
    with pytest.raises(EngineUnavailable) as told:
        engine.synthesize("Hello.", voice)
    assert told.value.details["reason"] == "coqui-damaged"
    assert told.value.details["folder"] == "broken"
    assert engine.voices()[0].fault is told.value
    weights.write_bytes(whole)
    assert engine.synthesize("Hello.", engine.voices()[0]).phones


def test_weights_of_another_model_are_told(vits: Path, tmp_path: Path) -> None:
    import torch

    shutil.copytree(vits / "phonemes", tmp_path / "strange")
    torch.save({"model": {"layer.weight": torch.zeros(3)}}, tmp_path / "strange" / "model.pth")
    engine = engine_for(tmp_path)
    with pytest.raises(EngineUnavailable) as told:
        engine.synthesize("Hello.", engine.voices()[0])
    assert told.value.details["reason"] == "coqui-damaged"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", "coqui-damaged"),
        ("[]", "coqui-foreign"),
        (json.dumps({"architectures": ["BertModel"], "model": "bert"}), "coqui-foreign"),
        (json.dumps({"model": "bark"}), "coqui-foreign"),
        (json.dumps({"model": {"layers": 6}, "data": {"sampling_rate": 16000}}), "coqui-foreign"),
        (json.dumps({"model": "vits"}), "coqui-no-language"),
        (json.dumps({"model": "vits", "phoneme_language": "ru"}), "coqui-no-weights"),
    ],
)
def test_a_folder_that_holds_no_model_is_told(tmp_path: Path, config: str, reason: str) -> None:
    folder = tmp_path / "something"
    folder.mkdir()
    (folder / "config.json").write_text(config)
    if reason != "coqui-no-weights":
        (folder / "model.pth").write_bytes(b"")
    with pytest.raises(EngineUnavailable) as told:
        engine_for(tmp_path)
    assert told.value.details["reason"] == reason


@pytest.mark.parametrize("name", [*WEIGHTS, "of my own.pth"])
def test_weights_go_by_any_name_of_theirs(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "ru_mine"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model": "vits"}))
    (folder / "speakers.pth").touch()
    with pytest.raises(EngineUnavailable, match=WEIGHTS[0]):
        read(folder)
    (folder / name).touch()
    assert read(folder).weights == folder / name


def test_a_vocoder_without_weights_is_told_until_they_are_there(tmp_path: Path) -> None:
    for folder, kind in ((tmp_path / "en_glow", "glow_tts"), (tmp_path / "en_glow" / "vocoder", "hifigan")):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"model": kind}))
    (tmp_path / "en_glow" / "best_model.pth").touch()
    (tmp_path / "en_vits").mkdir()
    (tmp_path / "en_vits" / "config.json").write_text(json.dumps({"model": "vits"}))
    (tmp_path / "en_vits" / "model.pth").touch()
    with pytest.raises(EngineUnavailable) as refused:
        read(tmp_path / "en_glow")
    assert refused.value.details["reason"] == "coqui-no-vocoder"
    engine = engine_for(tmp_path)
    assert [voice.id for voice in engine.voices()] == ["coqui:en_vits"]
    (tmp_path / "en_glow" / "vocoder" / "checkpoint.pth").touch()
    assert {voice.id for voice in engine.voices()} == {"coqui:en_vits", "coqui:en_glow"}


def test_published_models_are_known_by_their_folders() -> None:
    published = {
        Path(file.path).parts[1]: model.name
        for model in ModelFolder().models
        for file in model.files
        if model.engine == ENGINE
    }
    assert published == PUBLISHED


@pytest.mark.parametrize("folder", [*PUBLISHED, "ru_mine"])
def test_where_weights_come_from_is_told_if_they_come_from_anywhere(tmp_path: Path, folder: str) -> None:
    path = tmp_path / "checkpoints" / "coqui" / folder
    path.mkdir(parents=True)
    kind = "xtts" if folder == AUTO_IMITATOR else "vits"
    (path / "config.json").write_text(json.dumps({"model": kind}))
    client = create_app(Settings(data=tmp_path, checkpoints=tmp_path / "checkpoints")).test_client()
    engines = client.get("/api/engines", headers={"Accept-Language": "en"}).get_json()["speech"]
    coqui = next(engine for engine in engines if engine["name"] == ENGINE)
    if folder in PUBLISHED:
        assert coqui["command"].endswith(f" models download {PUBLISHED[folder]}")
        assert coqui["command"] in coqui["reason"]
    else:
        assert coqui["command"] == ""
        assert "best_model.pth" in coqui["reason"]


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("harm",)


@pytest.mark.parametrize("file", ["model.pth", "speakers_xtts.pth"])
def test_nothing_in_a_file_is_run(
    xtts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    shutil.copytree(xtts / "xtts", tmp_path / "models" / "evil")
    torch.save({"model": Malicious(), "Anna": Malicious()}, tmp_path / "models" / "evil" / file)
    engine = engine_for(tmp_path / "models")
    with pytest.raises(EngineUnavailable) as told:
        engine.synthesize("Hello.", engine.voices()[0])
    assert told.value.details["reason"] == "coqui-damaged"
    assert not Path("harm").exists()


def test_a_published_xtts_checkpoint_is_read_and_left_as_it_is(
    xtts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds its config as objects of classes that have moved since."""
    import torch
    from TTS.config import load_config
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig

    folder = tmp_path / "xtts"
    shutil.copytree(xtts / "xtts", folder)
    state = torch.load(folder / "model.pth")
    with monkeypatch.context() as patch:
        for moved in (XttsArgs, XttsAudioConfig):
            patch.setattr(moved, "__module__", "TTS.tts.models.xtts")
        torch.save(state | {"config": load_config(folder / "config.json")}, folder / "model.pth")
    before = (folder / "model.pth").read_bytes()
    engine = engine_for(tmp_path)
    assert engine.synthesize("Hello.", engine.voices()[0]).duration > 1
    assert (folder / "model.pth").read_bytes() == before


def test_xtts_speaks_several_languages_with_several_voices(polyglot: CoquiEngine) -> None:
    voices = {voice.id: voice for voice in polyglot.voices()}
    assert {voice.language for voice in voices.values()} == {"en", "ru"}
    assert voices["coqui:xtts:ru:Anna"].name == "Coqui Anna (xtts)"
    speech = polyglot.synthesize("Привет, мой друг!", voices["coqui:xtts:ru:Anna"])
    assert speech.sample_rate == 24_000
    assert speech.duration > 1
    assert np.abs(speech.samples).max() > 0
    assert [word.text for word in speech.words] == ["Привет,", "мой", "друг!"]
    same = polyglot.synthesize("Привет, мой друг!", voices["coqui:xtts:ru:Anna"])
    assert np.array_equal(same.samples, speech.samples)


def test_xtts_imitates(polyglot: CoquiEngine) -> None:
    assert set(polyglot.cloned_languages()) == {"en", "ru"}
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 3 * 22_050)).astype(np.float32)
    takes = [VoiceSample(str(number), sound, 22_050) for number, sound in enumerate(noise)]
    first, second = (
        polyglot.synthesize("Hello.", Voice("own:1:en", "coqui", "en", "Me", "neural", take)).samples
        for take in takes
    )
    assert len(first) > 24_000
    assert not np.array_equal(first, second)


def test_an_unreadable_text_is_told(polyglot: CoquiEngine) -> None:
    with pytest.raises(SynthesisError):
        polyglot.synthesize("word " * 300, polyglot.voices()[0])


def test_its_pace_is_measured_when_it_has_spoken(vits: Path) -> None:
    engine = engine_for(vits)
    voice = engine.voices()[0]
    assert engine.pace(voice) is None
    engine.synthesize("Hello.", voice)
    assert (engine.pace(voice) or 0) > 0


def test_symbols_become_phones_and_words() -> None:
    timed = [("", 10), ("ˈ", 5), ("a", 20), ("ː", 5), (" ", 1), ("b", 9), (",", 50), (" ", 50), ("c", 10)]
    assert list(phones(timed, 100)) == [
        Phone("", 0, 10),
        Phone("ˈaː", 10, 41),
        Phone("b", 41, 50),
        Phone("", 50, 100),
        Phone("", 100, 150),
        Phone("c", 150, 160),
    ]
    spans = word_spans(timed)
    assert spans == [(10, 40), (41, 50), (150, 160)]
    spelt = list(words("12 — c", spans, lambda text: 2 if text.startswith("12") else 0))
    assert [(word.text, word.start, word.stop) for word in spelt] == [
        ("12", 10, 50),
        ("—", 50, 50),
        ("c", 150, 160),
    ]


def test_xtts_is_heard_before_it_has_finished(polyglot: CoquiEngine) -> None:
    voice = next(voice for voice in polyglot.voices() if voice.language == "en")
    assert polyglot.streams(voice)
    pieces = list(polyglot.stream("Hello, my friend!", voice))
    lengths = [len(piece.speech.samples) for piece in pieces]
    assert lengths[0] < lengths[-2] == lengths[-1]
    assert [piece.complete for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces:
        assert np.array_equal(piece.speech.samples, pieces[-1].speech.samples[: len(piece.speech.samples)])
    assert [word.text for word in pieces[-1].speech.words] == ["Hello,", "my", "friend!"]


def test_a_listener_who_leaves_lets_others_speak(polyglot: CoquiEngine) -> None:
    voice = next(voice for voice in polyglot.voices() if voice.language == "en")
    stream = polyglot.stream("Hello, my friend!", voice)
    first = next(stream)
    stream.close()
    again = polyglot.synthesize("Hello.", voice)  # it would wait for ever for its turn
    assert len(first.speech.samples) < len(again.samples) * 2


def test_what_goes_wrong_in_a_stream_is_told(polyglot: CoquiEngine, engine: CoquiEngine) -> None:
    with pytest.raises(SynthesisError):
        list(polyglot.stream("word " * 300, polyglot.voices()[0]))
    assert not engine.streams(engine.voices()[0])
    nothing = list(polyglot.stream("…", polyglot.voices()[0]))
    assert [(piece.complete, len(piece.speech.samples)) for piece in nothing] == [(True, 0)]
