"""What keeps people from using a page: as axe-core finds it, and what does not fit the window."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def obstacles(page: Page) -> list[str]:
    """Return what is in the way of people on a page as it stands, in both themes."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += [f"{theme}: {fault}" for fault in _faults(page)]
    page.emulate_media(color_scheme=None, reduced_motion=None)
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"the page is {width} pixels too wide"] if width > 0 else [])


def _faults(page: Page) -> list[str]:
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
