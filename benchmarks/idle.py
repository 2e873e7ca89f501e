"""CPU time of idle motion for a frame of the default avatar, on one core, while it speaks.

python -m benchmarks.idle
"""

import time

import cv2
import numpy as np

from voiceover.avatars import astronaut, portrait
from voiceover.idle import IDLE_FRAMES, IdleMotion
from voiceover.types import Frame


def main() -> None:
    cv2.setNumThreads(1)
    avatar = portrait("astronaut", "Eileen Collins", astronaut())
    begin = time.process_time()
    motion = IdleMotion(avatar)
    print(f"preparing an avatar: {1000 * (time.process_time() - begin):.0f} ms, once")

    face = avatar.faces[0]
    assert face is not None
    left, right, bottom = face[234, 0], face[454, 0], face[152, 1]
    mouth = np.s_[int(face[2, 1]) : int(bottom) + 25, int(left) : int(right)]
    speaking = avatar.frames[0].copy()
    speaking[mouth] = cv2.blur(speaking[mouth], (3, 3))
    for name, frame in (("at rest", avatar.frames[0]), ("speaking", speaking)):
        milliseconds = np.array(
            [1000 * seconds_to_move(motion, frame, index) for index in range(IDLE_FRAMES)]
        )
        median, slow = np.percentile(milliseconds, [50, 95])
        print(f"{name:9} median {median:.2f} ms, 95 % below {slow:.2f} ms a frame")


def seconds_to_move(motion: IdleMotion, frame: Frame, index: int) -> float:
    begin = time.thread_time()
    motion.apply(frame, index, nod=0.5)
    return time.thread_time() - begin


if __name__ == "__main__":
    main()
