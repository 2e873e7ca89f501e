"""A text of five hundred words: played to its end, with no more kept than is needed."""

from tests.browser.conftest import OpenPage
from tests.browser.stage import PATIENCE, buffered

SENTENCE = "Сегодня хорошая погода, и мы спокойно идём по длинной улице к старому дому."  # 13 words
SENTENCES = 39
FAST = 8  # times the natural speed: the machine's own is the limit then
MOST_BUFFERED = 90  # seconds: 60 ahead, 15 behind, and a clip that cannot be cut


def test_long_text_is_spoken_to_its_end_in_bounded_memory(open_page: OpenPage) -> None:
    text = " ".join([SENTENCE] * SENTENCES)
    assert len(text.split()) > 500
    page = open_page()
    page.fill("#text", text)
    page.click("#start")
    page.evaluate("document.querySelector('video').playbackRate = %d" % FAST)
    spans = []
    ahead = []
    while page.evaluate("voiceover.state.phase") != "done":
        page.wait_for_timeout(500)
        ranges = buffered(page)
        assert len(ranges) == 1
        spans.append(ranges[0][1] - ranges[0][0])
        ahead.append(sum(c["state"] in ("making", "ready") for c in page.evaluate("voiceover.state.chunks")))
        assert len(spans) * 0.5 < 2 * PATIENCE / 1000
    assert [c["state"] for c in page.evaluate("voiceover.state.chunks")] == ["done"] * SENTENCES
    assert max(spans) < MOST_BUFFERED
    assert max(ahead) <= 4
    # The past was thrown away: what is buffered at the end does not reach back to the beginning.
    assert buffered(page)[0][0] > 60
