"""Draws how the shipped networks learned, from what their files tell: `python -m docs.curves`."""

from pathlib import Path

import matplotlib.pyplot as plt
from safetensors import safe_open

from service.models import CHECKPOINTS

DOCS = Path(__file__).parent
LEARNED = {"ear": "ear: shapes of mouths from sound", "astronaut": "hand: pictures from shapes"}


def draw_curves() -> None:
    """Loss over steps, a panel for each file."""
    figure, panels = plt.subplots(1, len(LEARNED), figsize=(9, 2.8), layout="constrained")
    for panel, (name, title) in zip(panels, LEARNED.items(), strict=True):
        with safe_open(CHECKPOINTS / "own" / f"{name}.safetensors", "np") as file:
            points = [point.split(":") for point in file.metadata()["curve"].split()]
        panel.plot([int(step) for step, _ in points], [float(loss) for _, loss in points])
        panel.set(title=title, xlabel="steps", ylabel="loss", yscale="log")
        panel.grid(alpha=0.3, which="both")
    figure.savefig(DOCS / "training.png", dpi=80)


if __name__ == "__main__":
    draw_curves()
