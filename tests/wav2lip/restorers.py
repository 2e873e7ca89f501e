"""Restoration networks small enough to be made here: ONNX that takes and gives what the published do."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FACE = [1, 3, 512, 512]
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)


def save(
    path: Path,
    kernel: np.ndarray = SHARPEN,
    cast: tuple[float, float, float] = (0, 0, 0),
    weight: type[np.floating] | None = None,
    shape: list[int] = FACE,
) -> Path:
    """Write a network that convolves each colour with a 3×3 kernel and adds a cast.

    Args:
        cast: added to red, green and blue, on the network's scale of [-1, 1].
        weight: type of CodeFormer's second input, by which the result is multiplied; None: it has none.
    """
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    values = {"kernel": np.broadcast_to(kernel, (3, 1, 3, 3)), "cast": np.asarray(cast)}
    nodes = [
        helper.make_node("Conv", ["input", "kernel", "cast"], ["drawn"], group=3, pads=[1, 1, 1, 1]),
        helper.make_node("Identity", ["drawn"], ["output"]),
    ]
    if weight:
        inputs.append(
            helper.make_tensor_value_info("weight", helper.np_dtype_to_tensor_dtype(np.dtype(weight)), [1])
        )
        nodes[1:] = [
            helper.make_node("Cast", ["weight"], ["factor"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["drawn", "factor"], ["output"]),
        ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)]
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "restorer", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path
