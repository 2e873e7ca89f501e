"""A course: a module learns, step by step, and can stop and go on anywhere as if it had not stopped."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

WARM_UP = 50  # steps in which the rate rises
PROBED = 30  # steps after which it is planned how many there will be
MOMENTUM = 0.05  # of the norms' averages
DECAY = 0.01  # of weights
STEEPEST = 1.0  # norm of a gradient
SAVED_EVERY = 60.0  # s
POINT_EVERY = 100  # steps, of the curve


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What is to be learned, and how."""

    module: nn.Module
    loss: Callable[[torch.Generator, int], Tensor]
    """Of a batch that it draws with the generator; told the number of the step"""
    rate: float
    """Of learning, at its highest"""
    seed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a course is."""

    step: int
    steps: int | None
    """None until that is planned"""
    loss: float
    """Of this step"""


@dataclass(slots=True)
class Learned:
    """What a course has come to."""

    step: int = 0
    steps: int | None = None
    """How many there will be; None until that is planned."""
    curve: list[tuple[int, float]] = field(default_factory=list)
    """Now and then a step, and the mean loss since the one before."""


def follow(
    course: Course,
    length: int | float,
    path: Path,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Learned:
    """Learn to the end, from where a former run stopped.

    Same seed, same steps and same number of threads on the same machine give the same weights, however
    often the course is interrupted.

    Args:
        length: steps; or, as a float, minutes, of which steps are made when their speed is known.
        path: file that keeps what has been learned.
        watch: told of each step; what it raises ends the course, which is kept.
    """
    parameters = [p for p in course.module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, weight_decay=DECAY, fused=True)
    learned = _recalled(course, optimizer, path)
    if isinstance(length, int):
        learned.steps = length
    for norm in course.module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = MOMENTUM
    course.module.train()
    begun = saved = time.monotonic()
    losses: list[float] = []
    while learned.steps is None or learned.step < learned.steps:
        losses.append(loss := _step(course, parameters, optimizer, learned))
        learned.step += 1
        if learned.steps is None and learned.step == PROBED:
            learned.steps = max(round(60 * length * PROBED / (time.monotonic() - begun)), PROBED)
        if learned.step % POINT_EVERY == 0:
            learned.curve.append((learned.step, sum(losses) / len(losses)))
            losses.clear()
        try:
            watch(Progress(learned.step, learned.steps, loss))
        except BaseException:
            _keep(course, optimizer, learned, path)
            raise
        if learned.step == learned.steps or time.monotonic() - saved > SAVED_EVERY:
            _keep(course, optimizer, learned, path)
            saved = time.monotonic()
    course.module.eval()
    return learned


def _step(
    course: Course, parameters: list[nn.Parameter], optimizer: torch.optim.Optimizer, learned: Learned
) -> float:
    """Learn from one batch; return its loss."""
    random = torch.Generator().manual_seed(course.seed * 10**9 + learned.step)
    for group in optimizer.param_groups:
        group["lr"] = course.rate * _pace(learned.step, learned.steps)
    with torch.autocast(parameters[0].device.type, torch.bfloat16):
        loss = course.loss(random, learned.step)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(parameters, STEEPEST)
    optimizer.step()
    return loss.item()


def _pace(step: int, steps: int | None) -> float:
    """Return the share of the highest rate: a short rise, then half a cosine down to nothing."""
    if step < WARM_UP or steps is None:
        return (step + 1) / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (step - WARM_UP) / (steps - WARM_UP))


def _recalled(course: Course, optimizer: torch.optim.Optimizer, path: Path) -> Learned:
    if not path.is_file():
        return Learned()
    state = torch.load(path, weights_only=True)
    course.module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return Learned(**state["learned"])


def _keep(course: Course, optimizer: torch.optim.Optimizer, learned: Learned, path: Path) -> None:
    part = path.with_suffix(".part")
    state = {"module": course.module.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "learned": asdict(learned)}, part)
    part.replace(path)
