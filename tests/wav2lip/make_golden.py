"""Makes `golden.npz` anew with the reference itself; `test_golden.py` compares ours with it.

    git clone https://github.com/Rudrabha/Wav2Lip ../Wav2Lip
    .venv/bin/python -m tests.wav2lip.make_golden ../Wav2Lip

Not one of the reference's files is changed. Around it, librosa is told what was its default when the
published weights were trained (mirrored ends), and to take the arguments that it took then.
"""

import os
import sys
import tempfile
import wave
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tests.wav2lip import formula

GOLDEN = Path(__file__).with_name("golden.npz")
RATES = ("25", "30", "29.97", "24")  # frames a second
LENGTHS = (16, 17, 81, 161, 321, 801)  # mel columns
FPS = 25.0
SHOWN = (0, 7, 21)  # frames of the clip that are kept


def main() -> None:
    """Run the reference on the formula's weights and inputs and keep what it makes."""
    reference = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(reference))
    remember_librosa()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("temp").mkdir()
        write_inputs()
        figures = inputs() | network() | sound() | boxes() | clip()
    np.savez_compressed(GOLDEN, **figures)


def remember_librosa() -> None:
    import librosa

    mel, stft = librosa.filters.mel, librosa.stft
    librosa.filters.mel = lambda sr, n_fft, **others: mel(sr=sr, n_fft=n_fft, **others)
    librosa.stft = partial(stft, pad_mode="reflect")


def write_inputs() -> None:
    """Write what the reference's command line takes: a checkpoint, a picture, a sound."""
    torch.save({"state_dict": weights()}, "formula.pth")
    cv2.imwrite("portrait.png", formula.portrait())
    with wave.open("spoken.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(formula.spoken_pcm().tobytes())


def weights() -> dict[str, torch.Tensor]:
    from models import Wav2Lip  # the reference's

    return formula.weights(Wav2Lip())


def inputs() -> dict[str, Any]:
    return {
        "weights_sum_by_key": [tensor.double().sum().item() for tensor in weights().values()],
        "input_face_sum": formula.faces().sum(dtype=np.float64),
        "input_mel_sum": formula.mels().sum(dtype=np.float64),
        "wav_sum": formula.waveform().sum(dtype=np.float64),
        "e2e_portrait_sum": formula.portrait().sum(dtype=np.int64),
        "e2e_wav_int16_sum": formula.spoken_pcm().sum(dtype=np.int64),
    }


def network() -> dict[str, Any]:
    """What the network draws, and what each of its stages gives before it is joined with another."""
    from models import Wav2Lip

    reference = Wav2Lip()
    reference.load_state_dict(weights())
    given: list[torch.Tensor] = []
    for stage in [*reference.face_encoder_blocks, *reference.face_decoder_blocks]:
        stage.register_forward_hook(lambda _, __, result: given.append(result))
    mels, faces = torch.from_numpy(formula.mels()), torch.from_numpy(formula.faces())
    with torch.no_grad():
        drawn = reference.eval()(mels, faces)
        heard = reference.audio_encoder(mels).flatten(1)
    return {
        "gen_out": drawn.numpy(),
        "gen_audio_embedding": heard.numpy(),
        "gen_tap_mean": [stage.mean().item() for stage in given],
        "gen_tap_std": [stage.std().item() for stage in given],
    }


def sound() -> dict[str, Any]:
    import audio  # the reference's

    starts = {
        f"chunk_starts_fps{fps}_L{length}": window_starts(length, float(fps))
        for fps in RATES
        for length in LENGTHS
    }
    return {"mel_reflect": audio.melspectrogram(formula.waveform()).astype(np.float32), **starts}


def window_starts(columns: int, fps: float) -> NDArray[np.int32]:
    """The loop stands inside the reference's `main` and cannot be called: this is what it counts."""
    starts, frame = [], 0
    while (start := int(frame * (80.0 / fps))) + 16 <= columns:
        starts.append(start)
        frame += 1
    return np.array([*starts, columns - 16], np.int32)


def boxes() -> dict[str, Any]:
    smooth = inference().get_smoothened_boxes
    three = formula.BOXES[:3]
    return {
        "smooth_in": formula.BOXES,
        "smooth_out": smooth(formula.BOXES.copy(), T=5),
        "smooth_in3": three,
        "smooth_out3": smooth(three.copy(), T=5),
    }


def clip() -> dict[str, Any]:
    """What the reference's command line gives to its video writer, and its network's first input."""
    reference = inference()
    frames: list[NDArray[np.uint8]] = []
    seen: list[NDArray[np.float64]] = []
    datagen = reference.datagen

    class Writer:
        def __init__(self, *_: object) -> None:
            pass

        def write(self, frame: NDArray[np.uint8]) -> None:
            frames.append(frame.copy())

        def release(self) -> None:
            pass

    def watched(*given: object) -> Any:
        for batch in datagen(*given):
            seen.append(batch[0])
            yield batch

    reference.datagen, reference.cv2.VideoWriter = watched, Writer
    reference.subprocess.call = lambda *_, **__: 0  # no ffmpeg
    reference.main()
    box = formula.PORTRAIT_BOX
    return {
        "e2e_box_y1y2x1x2": [box.top, box.bottom, box.left, box.right],
        "e2e_fps": FPS,
        "e2e_n_frames": len(frames),
        "e2e_frame_index": SHOWN,
        "e2e_frames": np.stack([frames[index] for index in SHOWN]),
        "e2e_face_tensor_u8": np.round(seen[0][0].transpose(2, 0, 1) * 255).astype(np.uint8),
    }


def inference() -> Any:
    """The reference's command line; it reads its arguments while it is imported."""
    box = formula.PORTRAIT_BOX
    sides = [str(side) for side in (box.top, box.bottom, box.left, box.right)]
    given = ["--checkpoint_path", "formula.pth", "--face", "portrait.png", "--audio", "spoken.wav"]
    sys.argv = ["inference.py", *given, "--box", *sides]
    import inference as reference

    return reference


if __name__ == "__main__":
    main()
