# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's results as tables of pandas, which nothing else of the package needs."""
import json
import os
import pathlib
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Union

if TYPE_CHECKING:
    import pandas

# Lists that a result is a table of, where it has one.
TABLES = ("schemes", "choices", "findings", "devices", "turns")


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("tables of results need pandas: pip install pandas, or apt install python3-pandas") from error
    return pandas


def to_frame(results: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]]) -> "pandas.DataFrame":
    """Results as a frame: a row each, and a column for each key, those of objects within them joined by dots.

    Args:
        results: what `Cell.perplexity` or `Cell.compare` returned.

    Raises:
        ImportError: pandas is not installed.

    >>> frame = to_frame([{"scheme": "exact", "time_per_token": {"total_s": 0.01}}])
    >>> list(frame.columns)
    ['scheme', 'time_per_token.total_s']
    """
    rows = [results] if isinstance(results, Mapping) else list(results)
    return _pandas().json_normalize(rows)


def read_results(path: Union[str, "os.PathLike[str]"], table: Optional[str] = None) -> "pandas.DataFrame":
    """Reads what the program has written as a frame.

    Args:
        path: a file of `--json`, or a folder of one experiment of `aircomp reproduce`.
        table: the list whose entries are the rows, as `sites` or `trace`. Where it is left out: the schemes of `compare`,
            the choices of `plan`, the devices of `assign` and `coordinator`, the findings of `doctor`, the turns of
            `chat`; one row of any other result.

    Returns:
        Numbers and texts in columns by key, those of objects within objects joined by dots. What the result says besides
        its table is in the frame's `attrs`.

    Raises:
        ValueError: not a result, or no such table.
        OSError: what cannot be read.
        ImportError: pandas is not installed.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        return _read_experiment(path, table)
    result = _parse(path)
    rows, rest = _rows(path, result, table)
    frame = to_frame(rows)
    frame.attrs.update(rest)
    return frame


def _parse(path: pathlib.Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: expected JSON, found something else: {error}") from error


def _rows(path: pathlib.Path, result: Any, table: Optional[str]) -> "tuple[List[Dict[str, Any]], Dict[str, Any]]":
    if isinstance(result, list) and table is None and all(isinstance(row, dict) for row in result):
        return result, {}
    if not isinstance(result, dict):
        raise ValueError(f"{path}: expected a result of aircomp, found {type(result).__name__}")
    tables = [key for key, value in result.items() if _is_table(value)]
    if table is None:
        table = next((key for key in TABLES if key in tables), None)
    elif table not in tables:
        raise ValueError(f"{path}: expected a table among {', '.join(tables) or 'none'}, found '{table}'")
    if table is None:
        return [result], {}
    return result[table], {key: value for key, value in result.items() if key != table}


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _read_experiment(folder: pathlib.Path, table: Optional[str]) -> "pandas.DataFrame":
    file = folder / "table.csv"
    if table is not None:
        raise ValueError(f"{folder}: is an experiment, which has one table, found '{table}'")
    if not file.is_file():
        raise ValueError(f"{folder}: expected table.csv, which aircomp reproduce writes when the last point is done")
    frame = _pandas().read_csv(file)
    frame.attrs.update(_parse(folder / "experiment.json"))
    return frame
