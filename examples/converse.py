"""Let the avatar speak what a bot writes: words stream to a page as they come.

    python examples/converse.py "Привет! Я бот, и мои слова приходят по одному."
    python examples/converse.py --language en < story.txt

It prints the address of a page: open it, press the button once (browsers want that before sound), and
the avatar speaks every sentence as soon as it is whole. `say` is all that a bot needs to call.
"""

import argparse
import sys
import time
from collections.abc import Iterable

import requests

TIMEOUT = 10  # seconds


class Conversation:
    """A session of a Voiceover server."""

    def __init__(self, server: str, **manner: str) -> None:
        """
        Args:
            manner: `language`, `avatar`, `voice`, `lips` as `POST /api/sessions` takes them.
        """
        answer = requests.post(f"{server}/api/sessions", json=manner, timeout=TIMEOUT)
        answer.raise_for_status()
        session = answer.json()
        self._server = server
        self._session = session
        self.page = server + session["page"]

    def say(self, text: str, end: bool = False) -> None:
        """Send some text; `end` when the bot has finished its turn."""
        body: dict[str, str | bool] = {"text": text, "end": end}
        requests.post(self._server + self._session["say"], json=body, timeout=TIMEOUT).raise_for_status()

    def interrupt(self) -> None:
        """Fall silent, for instance because the user has begun to speak."""
        requests.post(self._server + self._session["interrupt"], timeout=TIMEOUT).raise_for_status()


def words(text: str, per_minute: float) -> Iterable[str]:
    """Yield words as slowly as a language model writes them."""
    for word in text.split(" "):
        yield word + " "
        time.sleep(60 / per_minute)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", nargs="?", help="standard input, if not given")
    parser.add_argument("--server", default="http://localhost:3000")
    parser.add_argument("--language", default="ru")
    parser.add_argument("--words-per-minute", type=float, default=220)
    wishes = parser.parse_args()
    conversation = Conversation(wishes.server, language=wishes.language)
    print(conversation.page, flush=True)
    for word in words(wishes.text or sys.stdin.read(), wishes.words_per_minute):
        conversation.say(word)
    conversation.say("", end=True)


if __name__ == "__main__":
    main()
