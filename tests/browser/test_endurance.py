"""A text of five hundred words: played to its end, with no more kept than is needed."""

from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.stage import buffered

SENTENCE = "Мы все идём в лес, а он и она ждут нас у реки."  # 12 short words
SENTENCES = 42
FAST = 3  # times the natural speed, to save time
MOST_BUFFERED = 60  # seconds; what may be asked for ahead, what is kept behind, and clips that cannot be cut
MOST_HEAP = 48 * 2**20  # bytes; the whole of the clips would be twice as much
TURNS = 600  # half seconds; a limit against hanging, not an expectation


def test_long_text_is_spoken_to_its_end_in_bounded_memory(open_page: OpenPage) -> None:
    text = " ".join([SENTENCE] * SENTENCES)
    assert len(text.split()) > 500
    page = open_page()
    page.fill("#text", text)
    page.click("#start")
    page.evaluate(f"document.querySelector('video').playbackRate = {FAST}")
    spans = []
    for _ in range(TURNS):
        page.wait_for_timeout(500)
        ranges = buffered(page)
        assert len(ranges) == 1
        spans.append(ranges[0][1] - ranges[0][0])
        states = [chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")]
        assert sum(state in ("making", "ready") for state in states) <= 6
        if page.evaluate("voiceover.state.phase") == "done":
            break
    assert states == ["done"] * SENTENCES
    assert max(spans) < MOST_BUFFERED
    # The past was thrown away: what is buffered at the end does not reach back to the beginning.
    assert buffered(page)[0][0] > MOST_BUFFERED
    assert heap(page) < MOST_HEAP
    assert len(page.evaluate("voiceover.files.map(String)")) == SENTENCES


def heap(page: Page) -> float:
    """Return the bytes that the page's scripts hold."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"))
