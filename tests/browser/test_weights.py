"""Which weights draw the lips, said where the engine is chosen, and what teaches an avatar that has none."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
import requests
from playwright.sync_api import Browser, expect

from service.models import CHECKPOINTS
from tests import pictures
from tests.browser.conftest import OpenPage, opening_pages
from tests.browser.stage import PATIENCE, wait_for_phase
from tests.server import running_server
from voiceover.avatars import astronaut
from wav2lip.checkpoints import OWN


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of avatars' own networks: that of the default avatar is in it."""
    folder = tmp_path_factory.mktemp("checkpoints") / OWN
    copytree(CHECKPOINTS / OWN, folder)
    return folder


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, networks: Path) -> Iterator[str]:
    """The address of a server with these."""
    data = tmp_path_factory.mktemp("data")
    with running_server(data, VOICEOVER_CHECKPOINTS=str(networks.parent)) as server:
        yield server.url


@pytest.fixture
def open_page(taught: str, browser: Browser) -> Iterator[OpenPage]:
    with opening_pages(taught, browser) as open_page:
        yield open_page


def test_the_page_says_what_draws_and_offers_what_teaches(
    taught: str, networks: Path, open_page: OpenPage
) -> None:
    form = {"file": ("me.jpg", pictures.jpeg(astronaut()))}
    brought = requests.post(f"{taught}/api/avatars", {"name": "Анна"}, files=form, timeout=60).json()
    page = open_page()
    line = page.locator("#weights")
    expect(line).to_have_text("Губы рисует visemes, без нейросети.", timeout=PATIENCE)
    page.select_option("#lips", "wav2lip")
    expect(line).to_have_text("Губы рисует нейросеть этого аватара.")

    page.get_by_role("radio", name="Анна").check(force=True)
    expect(line).to_contain_text("wav2lip ещё не умеет рисовать этого аватара, пока губы рисует visemes.")
    expect(line.locator("code")).to_have_text(f".venv/bin/flask train --avatar {brought['id']}")
    expect(page.locator("#lips")).to_have_value("wav2lip")
    page.get_by_role("button", name="English").first.click()
    expect(line).to_contain_text(
        "wav2lip has not learned this avatar yet, so visemes draws the lips for now."
    )
    with page.expect_request("**/api/generate_stream") as request:
        page.fill("#text", "Hello")
        page.click("#start")
    assert json.loads(request.value.post_data or "")["lips"] == "auto"
    wait_for_phase(page, "done")

    # Back from the terminal, where it was taught.
    (networks / f"{brought['id']}.safetensors").write_bytes((networks / "astronaut.safetensors").read_bytes())
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(line).to_have_text("Drawn by this avatar's own network.", timeout=PATIENCE)
    page.click("#start")
    page.locator("details:has(#figure-lips) summary").click()
    expect(page.locator("#figure-lips")).to_have_text("wav2lip: this avatar's own network", timeout=PATIENCE)
    wait_for_phase(page, "done")
