"""What reading a chunk costs: the very first one (dictionaries are loaded), a new one, one read before.

python -m benchmarks.reading
"""

import statistics
import time

from voiceover.reading import read

REPEATS = 300
TEXTS = {
    "ru": (
        "Привет, сегодня мы поговорим о том, как устроен этот мир и почему он так прекрасен.",
        "В 2024 году цена выросла на 12,7 % и составила $5 млн, т. е. 92,45 руб. за 1 кг.",
        "Он родился 9 мая 1945 года в г. Москве и прожил там около 21 года, до XXI века.",
    ),
    "en-us": (
        "Hello, today we shall talk about how this world is made and why it is so beautiful.",
        "On May 5, 2024, Dr. Smith paid $3.50 for 5 kg of apples at No. 12, Main St., i.e. here.",
        "Henry VIII was born in 1491 and had six wives; see Chapter IV, pp. 10-15, or example.com.",
    ),
}


def milliseconds_to_read(text: str, language: str) -> float:
    begin = time.thread_time()  # the processor's time: machines are shared
    read(text, language)
    return 1000 * (time.thread_time() - begin)


def main() -> None:
    print("| text | new | read before, median | 90 % under |\n|---|---|---|---|")
    for language, texts in TEXTS.items():
        first = milliseconds_to_read("1 раз", language)
        print(f"| {language}: the very first text | {first:.0f} ms | | |")
        for text in texts:
            new = milliseconds_to_read(text, language)
            again = sorted(milliseconds_to_read(text, language) for _ in range(REPEATS))
            middle, most = statistics.median(again), again[int(0.9 * REPEATS)]
            print(f"| {text[:40]}… | {new:.1f} ms | {middle:.2f} ms | {most:.2f} ms |")


if __name__ == "__main__":
    main()
