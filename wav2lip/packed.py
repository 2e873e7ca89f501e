"""The rearranged network for processors that are quick at short numbers: nothing is done twice for oneDNN.

As torch calls oneDNN, a convolution's weights are brought into the processor's order anew for every batch;
its input is added, and what is negative cut off, in passes over memory of their own. Here the weights are
ordered once, and the rest is done while the sums are still in the processor. Full precision gives the same
figures but for rounding; with short numbers a sum is rounded once instead of three times.
"""

import torch
from torch import Tensor, nn

from wav2lip.model import ConvBlock, Wav2Lip
from wav2lip.static import StaticWav2Lip


class PackedWav2Lip(StaticWav2Lip):
    """Draws lower faces on the processor. Safe to share between threads."""

    def __init__(self, network: Wav2Lip, dtype: torch.dtype) -> None:
        """
        Args:
            network: ready to draw; it is copied.
            dtype: of the computation.
        """
        super().__init__(network, torch.device("cpu"), dtype, _Residual)


class _Residual(nn.Module):
    """A residual block of the network."""

    def __init__(self, block: ConvBlock) -> None:
        super().__init__()
        convolution = block.conv_block  # the batch norm is folded into it
        self._bias = convolution.bias
        self._manner = convolution.padding, convolution.stride, convolution.dilation, convolution.groups
        self._weight = torch.ops.mkldnn._reorder_convolution_weight(convolution.weight, *self._manner, None)

    def forward(self, x: Tensor) -> Tensor:
        drawn: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            x, x, self._weight, self._bias, *self._manner, "add", None, "relu", [], None
        )
        return drawn
