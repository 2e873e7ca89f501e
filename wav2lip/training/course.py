"""A course: a module learns, step by step, and can stop and go on anywhere as if it had not stopped."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

WARM_UP = 50  # steps in which the rate rises
PROBED = 30  # steps after which it is planned how many there will be
MOMENTUM = 0.05  # of the norms' averages
DECAY = 0.01  # of weights
STEEPEST = 1.0  # norm of a gradient
SAVED_EVERY = 60.0  # s


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


def follow(
    course: Course,
    length: int | float,
    state: Path,
    watch: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Learn to the end, from where a former run stopped; return the number of steps.

    Same seed, same steps and same number of threads on the same machine give the same weights, however
    often the course is interrupted.

    Args:
        length: steps; or, as a float, minutes, of which steps are made when their speed is known.
        state: file that keeps what has been learned, and how many steps were planned.
        watch: told of each step; what it raises ends the course, which is kept.
    """
    parameters = [p for p in course.module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, weight_decay=DECAY, fused=True)
    step, steps = _resume(course, optimizer, state)
    if isinstance(length, int):
        steps = length
    device, begun, saved = parameters[0].device.type, time.monotonic(), time.monotonic()
    for norm in course.module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = MOMENTUM
    course.module.train()
    while steps is None or step < steps:
        random = torch.Generator().manual_seed(course.seed * 10**9 + step)
        for group in optimizer.param_groups:
            group["lr"] = course.rate * _pace(step, steps)
        with torch.autocast(device, torch.bfloat16):
            loss = course.loss(random, step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, STEEPEST)
        optimizer.step()
        step += 1
        if steps is None and step == PROBED:
            steps = max(round(60 * length * PROBED / (time.monotonic() - begun)), PROBED)
        try:
            watch(Progress(step, steps, loss.item()))
        except BaseException:
            _save(course, optimizer, step, steps, state)
            raise
        if step == steps or time.monotonic() - saved > SAVED_EVERY:
            _save(course, optimizer, step, steps, state)
            saved = time.monotonic()
    course.module.eval()
    return steps


def _pace(step: int, steps: int | None) -> float:
    """Return the share of the highest rate: a short rise, then half a cosine down to nothing."""
    if step < WARM_UP or steps is None:
        return (step + 1) / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (step - WARM_UP) / (steps - WARM_UP))


def _resume(course: Course, optimizer: torch.optim.Optimizer, path: Path) -> tuple[int, int | None]:
    if not path.is_file():
        return 0, None
    state = torch.load(path, weights_only=True)
    course.module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"], state["steps"]


def _save(course: Course, optimizer: torch.optim.Optimizer, step: int, steps: int | None, path: Path) -> None:
    part = path.with_suffix(".part")
    learned = {"module": course.module.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"step": step, "steps": steps, **learned}, part)
    part.replace(path)
