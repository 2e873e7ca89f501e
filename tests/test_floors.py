"""The house keeps its floors: every import goes down, and nothing heavy is imported before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [{"app"}, {"service"}, {"tts", "wav2lip", "visemes"}, {"voiceover"}]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = ["torch", "librosa", "mediapipe", "onnxruntime", "piper", "skimage", "scipy", "TTS", "pyloudnorm"]
HEAVY += ["pymorphy3", "num2words", "ray"]
SOURCES = [ROOT / "app.py", *(f for room in FLOOR for f in (ROOT / room).rglob("*.py"))]


def imported_rooms(source: Path) -> set[str]:
    """Rooms of ours that a file imports, anywhere in it, by statement or by name."""
    names = []
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            names.append(node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return {name.split(".")[0] for name in names} & FLOOR.keys()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_imports_go_down(source: Path) -> None:
    room = source.relative_to(ROOT).parts[0].removesuffix(".py")
    for other in imported_rooms(source) - {room}:
        assert FLOOR[other] > FLOOR[room], f"{room} may not know {other}"


def test_starting_the_app_imports_nothing_heavy() -> None:
    program = f"import sys, app; print([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


def test_no_file_is_named_for_nothing() -> None:
    for source in SOURCES:
        assert source.stem not in {"utils", "util", "helpers", "misc", "common"}
