"""What was found out is kept whole, or found out again."""

from pathlib import Path

import numpy as np
import pytest

from voiceover.findings import recall, remember


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "found.npy"
    assert recall(path) is None
    found = np.arange(12).reshape(3, 4)
    remember(path, found)
    assert np.array_equal(recall(path), found) and recall(path).dtype == found.dtype
    assert [file.name for file in path.parent.iterdir()] == ["found.npy"]


@pytest.mark.parametrize("kept", [0, 6, 60, 150])
def test_what_is_damaged_is_forgotten(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "found.npy"
    remember(path, np.arange(12))
    path.write_bytes(path.read_bytes()[:kept])
    assert recall(path) is None


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "found.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)
    assert recall(path) is None


def test_a_folder_that_cannot_be_written_to_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    remember(tmp_path / "file" / "found.npy", np.arange(3))
