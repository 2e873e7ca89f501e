"""Whoever comes after the warm-up pays for no import."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

FIRST_REQUESTS = """
import sys, threading
from app import create_app
from service.settings import Settings

client = create_app(Settings(data=sys.argv[1]), serving=True).test_client()
for thread in threading.enumerate():
    if thread.name in ("warm-up", "load-audio"):
        thread.join()
known = set(sys.modules)
assert client.get("/readyz").status_code == 200
for path in ("/", "/realtime", "/api/voices", "/api/avatars", "/api/engines"):
    assert client.get(path).status_code == 200, path
for text in ("Привет, сегодня 25 мая 2020 г.", "Hello, it is 5 o'clock on May 3, and that costs $5."):
    assert client.post("/api/split", json={"text": text}).status_code == 200
    clip = client.post("/api/generate_stream", json={"text": text, "audio": "flac"})
    assert clip.status_code == 200 and clip.data
print(sorted(set(sys.modules) - known))
"""


def test_the_first_viewer_pays_for_no_import(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_REQUESTS, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
