"""Single row of a model with one output, by LightGBM's C interface.

On a stream of few events each is a batch of its own, and LightGBM's Python wrapper costs several
times what its trees do: https://lightgbm.readthedocs.io/en/stable/C-API.html, "SingleRowFast".
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Mapping
from typing import Any, Final
from weakref import finalize

import lightgbm as lgb

from perennial_model.runtimes.lightgbm import Model

_DOUBLE: Final = 1  # C_API_DTYPE_FLOAT64
_NORMAL: Final = 0  # C_API_PREDICT_NORMAL
_ALL_TREES: Final = -1


class SingleRow:
    """Not to be shared by threads: the result has one place."""

    def __init__(self, model: Model) -> None:
        self._model = model  # whose booster must outlive the handle
        library = lgb.basic._LIB  # type: ignore[attr-defined]  # noqa: SLF001  the wrapper has no way to it
        handle = ctypes.c_void_p()
        columns = ctypes.c_int32(len(model.encoder.names))
        lgb.basic._safe_call(  # noqa: SLF001
            library.LGBM_BoosterPredictForMatSingleRowFastInit(
                model.booster._handle,  # noqa: SLF001
                _NORMAL,
                0,
                _ALL_TREES,
                _DOUBLE,
                columns,
                b"num_threads=1",
                ctypes.byref(handle),
            )
        )
        finalize(self, library.LGBM_FastConfigFree, handle)
        self._score, self._count = array("d", [0.0]), array("q", [0])
        self._predict = library.LGBM_BoosterPredictForMatSingleRowFast
        self._arguments = (
            ctypes.c_void_p(self._count.buffer_info()[0]),
            ctypes.c_void_p(self._score.buffer_info()[0]),
        )
        self._handle = handle

    def predict(self, record: Mapping[str, Any]) -> tuple[float, dict[str, int]]:
        """What `Model.predict` says of this record alone."""
        row, unknown = self._model.encoder.encode_one(record)
        code = self._predict(self._handle, ctypes.c_void_p(row.buffer_info()[0]), *self._arguments)
        lgb.basic._safe_call(code)  # noqa: SLF001
        return self._score[0], unknown
