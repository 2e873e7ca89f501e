"""Batches of fixed sizes, recorded once on CUDA and replayed: one launch instead of some sixty."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wav2lip.model import FACE_SIDE, MEL_BANDS, MEL_COLUMNS, Wav2Lip
from wav2lip.static import PictureTerms, StaticWav2Lip

WARM_UPS = 3  # batches drawn before one is recorded, while libraries choose their ways and take their memory


class GraphedWav2Lip(StaticWav2Lip):
    """Draws as `StaticWav2Lip` does, batches of some sizes by replaying. `draw` is for one thread at a time.

    Only CUDA records; elsewhere every batch is drawn as it comes.
    """

    def __init__(
        self, network: Wav2Lip, device: torch.device, dtype: torch.dtype, sizes: Sequence[int]
    ) -> None:
        """
        Args:
            network, device, dtype: see `StaticWav2Lip`.
            sizes: of the batches to record.

        Raises:
            torch.OutOfMemoryError: the device has no room for them.
        """
        super().__init__(network, device, dtype)
        self._recorded: dict[int, _Recorded] = {}
        if device.type == "cuda":
            self._recorded = {size: _Recorded(self, size) for size in sizes}

    @property
    def mode(self) -> str:
        """See `StaticWav2Lip.mode`."""
        return f"{super().mode} graphs"

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        """See `StaticWav2Lip.draw`."""
        recorded = self._recorded.get(len(windows))
        if recorded is None:
            return super().draw(windows, pictures)
        try:
            return recorded.replay(windows, pictures)
        except torch.OutOfMemoryError:
            self._recorded.clear()  # they hold the memory that is wanted
            raise


class _Recorded:
    """One batch on CUDA, drawn always from and to the same memory."""

    @torch.inference_mode()
    def __init__(self, network: StaticWav2Lip, size: int) -> None:
        device, dtype = network.device, network.dtype
        blank = network.look(torch.zeros(1, 6, FACE_SIDE, FACE_SIDE))
        self._windows = torch.zeros(size, 1, MEL_BANDS, MEL_COLUMNS, device=device, dtype=dtype)
        self._windows = self._windows.contiguous(memory_format=torch.channels_last)
        self._pictures = PictureTerms(tuple(_repeated(term, size) for term in blank.terms))
        self._shown = blank
        aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                network.draw(self._windows, self._pictures)
        torch.cuda.current_stream(device).wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile, for voices say.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._drawn = network.draw(self._windows, self._pictures)

    @torch.inference_mode()
    def replay(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        self._windows.copy_(windows.to(self._windows.dtype).pin_memory(), non_blocking=True)
        if pictures is not self._shown:  # a still portrait's stay where they are
            for place, term in zip(self._pictures.terms, pictures.terms, strict=True):
                place.copy_(term)
            self._shown = pictures
        self._graph.replay()
        return self._drawn.clone()


def _repeated(term: Tensor, size: int) -> Tensor:
    return term.expand(size, -1, -1, -1).contiguous(memory_format=torch.channels_last)
