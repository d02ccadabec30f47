# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cell: devices that share a model, a server, and the channel between them."""
import json
import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from aircomp import _core

Progress = Callable[[str, int, int], None]


class _Yaml(str):
    """A configuration's text; other strings name files."""


class Cell:
    """A cell as a configuration has it.

    Args:
        config: a YAML file as `aircomp --config` takes it, or a mapping of the same keys (`aircomp config` lists them),
            whose paths are relative to the working folder; the default cell where it is left out.
        model: a folder, a GGUF file or a name of the local caches, in place of the configuration's. As for `Model.load`,
            it and a file `config` may be among the program's files.
        devices: the configuration's first ones, or so many of the default kinds.
        scheme: what carries the sums; `Cell.schemes()` lists the names, and `auto` takes what `aircomp plan` finds.
        snr_db: the largest device power over the receiver's noise, dB.
        shares: of every layer, one for each device, of sum 1.
        seed: everything random is drawn from it.
        threads: to compute with; 0: one for each core.
        digital_bits: of a value, for digital schemes.
        calibration: a file of `aircomp calibrate`, `auto` or `none`.
        csi: what is known of channels, `estimated` or `perfect`.
        medium: how deep schemes over the air are simulated, `symbol` or `waveform`; `radio` takes the configuration's
            radios.

    Raises:
        ValueError: a key that is not known, a value out of range: it names the file, the line, the key and what was
            expected.

    >>> cell = Cell(model="inference/models/demo", scheme="mmse", snr_db=20, seed=1)
    >>> cell.config["radio"]["snr_db"], len(cell.config["devices"])
    (20, 4)
    """

    def __init__(
        self,
        config: Union[str, "os.PathLike[str]", Mapping[str, Any], None] = None,
        *,
        model: Union[str, "os.PathLike[str]", None] = None,
        devices: Optional[int] = None,
        scheme: Optional[str] = None,
        snr_db: Optional[float] = None,
        shares: Optional[Sequence[float]] = None,
        seed: Optional[int] = None,
        threads: Optional[int] = None,
        digital_bits: Optional[float] = None,
        calibration: Optional[str] = None,
        csi: Optional[str] = None,
        medium: Optional[str] = None,
    ) -> None:
        overrides = _core.ConfigOverrides()
        overrides.model = "" if model is None else os.fspath(model)
        overrides.devices = devices
        overrides.scheme = scheme
        overrides.snr_db = snr_db
        overrides.shares = [] if shares is None else [float(share) for share in shares]
        overrides.seed = seed
        overrides.threads = threads
        overrides.digital_bits = digital_bits
        overrides.calibration = calibration
        overrides.csi = csi
        overrides.medium = medium
        if config is None or isinstance(config, Mapping):
            config = _Yaml(json.dumps(dict(config or {})))  # JSON is YAML.
        if isinstance(config, _Yaml):
            self._core = _core.Cell.of_text(config, os.getcwd(), overrides)
        else:
            self._core = _core.Cell.of_file(os.fspath(config), overrides)

    @classmethod
    def from_yaml(cls, text: str, **arguments: Any) -> "Cell":
        """A cell of a configuration's text, whose paths are relative to the working folder; arguments as above.

        >>> Cell.from_yaml("radio: {snr_db: 12}").config["radio"]["snr_db"]
        12
        """
        return cls(_Yaml(text), **arguments)

    @property
    def config(self) -> Dict[str, Any]:
        """Every key with its value, as `aircomp config` has them: a configuration itself."""
        return json.loads(self._core.config)

    @staticmethod
    def schemes() -> List[str]:
        """Names of all schemes."""
        return _core.schemes()

    def perplexity(
        self,
        text: str,
        *,
        protocol: str = "windows",
        context: int = 0,
        limit_tokens: int = 0,
        reference: bool = False,
        sites: bool = False,
        progress: Optional[Progress] = None,
    ) -> Dict[str, Any]:
        """How well the model predicts a text when its sums go over the scheme, as `aircomp perplexity` measures it.

        Args:
            text: to predict.
            protocol: how it is cut and what is scored: `windows`, `gptq` or `llama.cpp`.
            context: window in tokens; 0: 256, or what the model has of it.
            limit_tokens: score at most so many; 0: all.
            reference: also run the unsplit model, for KL divergence and agreement: twice the time.
            sites: also give the NMSE of every layer and site.
            progress: told the scheme, how many tokens are scored and of how many, window by window.

        Returns:
            The keys of docs/json.md, with units in their names.

        Raises:
            ValueError: no model, a text of fewer than two tokens, a value out of range, a device that cannot hold its
                share.

        >>> cell = Cell(model="inference/models/demo", scheme="exact", seed=1)
        >>> found = cell.perplexity("The captain looked at the sea and waited for the wind.")
        >>> found["scheme"], found["nmse"] < 1e-12
        ('exact', True)
        """
        measurement = _core.Measurement(protocol, context, limit_tokens, reference, sites, progress)
        return json.loads(self._core.perplexity(text, measurement))

    def compare(
        self,
        text: str,
        schemes: Optional[Sequence[str]] = None,
        *,
        protocol: str = "windows",
        context: int = 0,
        limit_tokens: int = 0,
        reference: bool = False,
        progress: Optional[Progress] = None,
    ) -> List[Dict[str, Any]]:
        """One text over several schemes, as `aircomp compare` shows them; `aircomp.to_frame` makes a table of it.

        Args:
            text: to predict.
            schemes: their names; those that `aircomp compare` shows where they are left out.
            protocol, context, limit_tokens, reference, progress: as for `perplexity`.

        Returns:
            A result of `perplexity` for each scheme, with a `label`.

        Raises:
            ValueError: as `perplexity`, or a scheme that is not known, before any runs.

        >>> cell = Cell(model="inference/models/demo", snr_db=20, seed=1)
        >>> found = cell.compare("The captain looked at the sea and waited for the wind.", ["exact", "mmse"])
        >>> [one["label"] for one in found], found[0]["nmse"] < found[1]["nmse"]
        (['exact', 'mmse'], True)
        """
        measurement = _core.Measurement(protocol, context, limit_tokens, reference, False, progress)
        names = _core.compared_schemes() if schemes is None else list(schemes)
        return json.loads(self._core.compare(text, names, measurement))
