"""Figures as a table that can stand in a document."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured, several times."""

    what: str
    values: Sequence[float]
    unit: str
    budget: str
    stretch: str

    def __str__(self) -> str:
        middle = f"{statistics.median(self.values):.3g}"
        spread = f"{min(self.values):.3g}–{max(self.values):.3g}" if len(self.values) > 1 else ""
        return f"| {self.what} | {middle} {self.unit} | {spread} | {self.budget} | {self.stretch} |"


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print Markdown: median, spread, budget and stretch of each row."""
    print(f"{title}\n")
    print("| what | median | min–max | budget | stretch |\n|---|---|---|---|---|")
    for row in rows:
        print(row)
