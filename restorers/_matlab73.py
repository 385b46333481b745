"""Files of MATLAB 7.3, which are HDF5, as scipy gives those of older versions."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


def read_matlab73(path: str) -> Mapping[str, Any]:
    """Reads every variable of a file.

    Args:
        path: The file.

    Returns:
        By name: a structure as an object with attributes, a cell array as an array of objects, text
        as `str`, numbers as an array with MATLAB's dimensions.

    Raises:
        ImportError: h5py is not installed.
        OSError: It is no such file, or damaged.
    """
    import h5py

    with h5py.File(path) as file:
        return {name: _value(file, file[name]) for name in file if not name.startswith("#")}


def _value(file: Any, item: Any) -> Any:
    import h5py
    import numpy as np

    if isinstance(item, h5py.Group):
        return SimpleNamespace(**{name: _value(file, item[name]) for name in item})
    is_text = item.attrs.get("MATLAB_class") == b"char"
    if item.attrs.get("MATLAB_empty"):  # it holds the dimensions
        return "" if is_text else np.zeros(0)
    # HDF5 has the last dimension first where MATLAB has the first
    content = item[()].T
    if item.dtype == h5py.ref_dtype:
        cells = np.empty(content.shape, dtype=object)
        for place, reference in np.ndenumerate(content):
            cells[place] = _value(file, file[reference])
        return cells
    return "".join(map(chr, content.ravel())) if is_text else content
