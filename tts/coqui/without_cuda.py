"""Importing torchaudio beside a CPU build of torch.

The published torchaudio holds a native library that is linked to CUDA, and its import fails with
an OSError wherever torch comes without CUDA. Coqui needs nothing of that library, only the parts
written in Python, and these are importable once the module that loads the library is replaced.
"""

import importlib
import sys
from types import ModuleType


def import_torchaudio() -> None:
    """Import torchaudio, without its native library where that cannot be loaded.

    Raises:
        ImportError: torchaudio is not installed.
    """
    try:
        importlib.import_module("torchaudio")
    except OSError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules["torchaudio._extension"] = _without_native_library()
        importlib.import_module("torchaudio")


def _without_native_library() -> ModuleType:
    """Return what `torchaudio._extension` is where torchaudio was built without native code."""
    module = ModuleType("torchaudio._extension")

    def fail_if_no_align(function: object) -> object:
        return function

    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=fail_if_no_align
    )
    return module
