"""The network, the sound and the face are what the reference's are, number by number.

`golden.npz` holds what the reference makes of the weights and inputs of `formula.py`: see `make_golden.py`.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.wav2lip import formula
from wav2lip import face, mel
from wav2lip.model import Wav2Lip

Golden = dict[str, NDArray[np.generic]]


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(Path(__file__).with_name("golden.npz")) as figures:
        return dict(figures)


@pytest.fixture(scope="module")
def network() -> Wav2Lip:
    return formula.network()


def test_inputs_are_the_ones_the_figures_were_made_from(golden: Golden, network: Wav2Lip) -> None:
    assert formula.unit(0, 4).tolist() == [
        0.3476549540646374,
        0.10838993033394217,
        0.9098338969051838,
        0.6086442517116666,
    ]
    sums = [tensor.double().sum().item() for tensor in network.state_dict().values()]
    np.testing.assert_allclose(sums, golden["weights_sum_by_key"], atol=1e-9)
    np.testing.assert_allclose(formula.faces().sum(dtype=np.float64), golden["input_face_sum"], atol=1e-3)
    np.testing.assert_allclose(formula.mels().sum(dtype=np.float64), golden["input_mel_sum"], atol=1e-3)
    np.testing.assert_allclose(formula.waveform().sum(dtype=np.float64), golden["wav_sum"], atol=1e-5)
    assert formula.portrait().sum() == golden["e2e_portrait_sum"]
    assert formula.spoken_pcm().sum(dtype=np.int64) == golden["e2e_wav_int16_sum"]


def test_network_draws_what_the_reference_draws(golden: Golden, network: Wav2Lip) -> None:
    with torch.inference_mode():
        drawn = network(torch.from_numpy(formula.mels()), torch.from_numpy(formula.faces()))
    np.testing.assert_allclose(drawn.numpy(), golden["gen_out"], atol=5e-5, rtol=0)


def test_every_stage_of_the_network_agrees(golden: Golden, network: Wav2Lip) -> None:
    with torch.inference_mode():
        skips = network.encode_face(torch.from_numpy(formula.faces()))
        x = network.audio_encoder(torch.from_numpy(formula.mels()))
        np.testing.assert_allclose(x.flatten(1).numpy(), golden["gen_audio_embedding"], atol=5e-4, rtol=0)
        taps = list(skips)
        for block, skip in zip(network.face_decoder_blocks, reversed(skips), strict=True):
            taps.append(block(x))
            x = torch.cat((taps[-1], skip), dim=1)
    np.testing.assert_allclose([tap.mean().item() for tap in taps], golden["gen_tap_mean"], rtol=1e-4)
    np.testing.assert_allclose([tap.std().item() for tap in taps], golden["gen_tap_std"], rtol=1e-4)


def test_mel_spectrogram_is_what_the_weights_were_trained_on(golden: Golden) -> None:
    heard = mel.mel_spectrogram(formula.waveform())
    assert heard.dtype == np.float32
    np.testing.assert_allclose(heard, golden["mel_reflect"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("fps", ["24", "25", "29.97", "30"])
@pytest.mark.parametrize("columns", [16, 17, 81, 161, 321, 801])
def test_windows_begin_where_the_reference_begins_them(golden: Golden, fps: str, columns: int) -> None:
    starts = mel.window_starts(columns, float(fps))
    assert starts == golden[f"chunk_starts_fps{fps}_L{columns}"].tolist()


@pytest.mark.parametrize(("many", "suffix"), [(12, ""), (3, "3")])
def test_boxes_are_smoothed_as_by_the_reference(golden: Golden, many: int, suffix: str) -> None:
    assert np.array_equal(golden[f"smooth_in{suffix}"], formula.BOXES[:many])
    boxes = [face.Box(*map(int, box)) for box in formula.BOXES[:many]]
    assert face.smooth_boxes(boxes) == [tuple(box) for box in golden[f"smooth_out{suffix}"].tolist()]


def test_face_is_cut_out_as_by_the_reference(golden: Golden) -> None:
    seen = face.crop(formula.portrait(), formula.PORTRAIT_BOX)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen * 255, golden["e2e_face_tensor_u8"], atol=1, rtol=0)


def test_picture_and_sound_become_the_frames_of_the_reference(golden: Golden, network: Wav2Lip) -> None:
    """From the files that the reference was given to the frames that it gave to its video writer."""
    box, picture = formula.PORTRAIT_BOX, as_png(formula.portrait())
    top, bottom, left, right = golden["e2e_box_y1y2x1x2"].tolist()
    assert box == (left, top, right, bottom)
    heard = mel.mel_spectrogram(formula.spoken_pcm().astype(np.float32) / 32768)
    starts = mel.window_starts(heard.shape[1], float(golden["e2e_fps"]))
    assert len(starts) == golden["e2e_n_frames"]
    seen = torch.from_numpy(face.crop(picture, box))[None]
    outside = np.ones(picture.shape, bool)
    outside[box.slices] = False
    for index, expected in zip(golden["e2e_frame_index"], golden["e2e_frames"], strict=True):
        start = starts[int(index)]
        window = torch.from_numpy(heard[None, None, :, start : start + 16].copy())
        with torch.inference_mode():
            frame = face.paste(picture, network(window, seen)[0].numpy(), box)
        assert np.abs(frame.astype(int) - expected).max() <= 2
        assert np.array_equal(frame[outside], expected[outside])


def test_no_sound_is_lost_at_the_end_of_a_chunk() -> None:
    """The reference would make 97 frames of 4 s; all hundred are made, and see what it would see."""
    heard = mel.mel_spectrogram(np.tile(formula.waveform(), 2))
    windows = mel.frame_windows(heard, 100, 25)
    assert windows.shape == (100, 1, 80, 16)
    for index, start in enumerate(mel.window_starts(heard.shape[1], 25)[:-1]):
        assert np.array_equal(windows[index, 0], heard[:, start : start + 16])
    assert np.all(windows[99, 0, :, 5:] == mel.SILENCE)


def test_windows_may_begin_before_their_frames() -> None:
    heard = mel.mel_spectrogram(formula.waveform())
    later, earlier = mel.frame_windows(heard, 50, 25), mel.frame_windows(heard, 50, 25, before=4)
    assert np.array_equal(earlier[:, 0, :, 4:], later[:, 0, :, :-4])
    assert np.all(earlier[0, 0, :, :4] == mel.SILENCE)
    assert np.array_equal(earlier[5, 0], heard[:, 12:28])


@given(st.floats(5, 120), st.integers(16, 400))
def test_at_any_frame_rate_frames_see_what_the_reference_lets_them_see(fps: float, columns: int) -> None:
    heard = np.random.default_rng(columns).random((80, columns), np.float32)
    starts = mel.window_starts(columns, fps)[:-1]
    windows = mel.frame_windows(heard, len(starts) + 1, fps)
    for window, start in zip(windows, starts, strict=False):
        assert np.array_equal(window[0], heard[:, start : start + 16])


def as_png(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, png = cv2.imencode(".png", picture)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)
