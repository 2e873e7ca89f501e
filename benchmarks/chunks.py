"""How long cutting hostile text takes, at three sizes: the last column should stay near 4.

python -m benchmarks.chunks
"""

import time

from voiceover.chunks import split

SIZES = (250_000, 500_000, 1_000_000)  # characters
UNITS = (
    *(".", "!?!?", "т.е.", "т.е. ", " ", "\n", '" «', "а", "我爱你", "。", "😀", ". ", "а. ", "1. "),
    *("слово ", "слово, ", "Привет! ", ":) ", "…", "a\n", "а.Б", "Аб.Вг", "ก", "\u0301", "\u200b"),
)


def seconds_to_split(text: str) -> float:
    begin = time.process_time()
    split(text, "ru")
    return time.process_time() - begin


def main() -> None:
    print(f"{'text':12}" + "".join(f"{size:>12,}" for size in SIZES) + "   last/first")
    for unit in UNITS:
        seconds = [seconds_to_split(unit * (size // len(unit))) for size in SIZES]
        row = "".join(f"{value:11.2f}s" for value in seconds)
        print(f"{unit!r:12}{row}{seconds[-1] / max(seconds[0], 1e-3):13.1f}")


if __name__ == "__main__":
    main()
