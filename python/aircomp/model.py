# SPDX-License-Identifier: GPL-3.0-or-later
"""A language model on this machine alone, computed as every device computes its slice."""
import os
from typing import Callable, NamedTuple, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aircomp import _core


class Sizes(NamedTuple):
    """The architecture of a model."""

    architecture: str
    layers: int
    hidden_size: int
    """Numbers of the vector that every sum has."""
    ffn_size: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary_size: int
    context: int
    """Tokens of the longest sequence."""
    sums_per_token: int
    """All-reduces of one token's way through the model."""


class Generated(NamedTuple):
    """A prompt and what the model made of it."""

    text: str
    """Prompt and continuation, without special tokens."""
    tokens: NDArray[np.int32]
    """Ids, prompt included."""
    new_tokens: int
    """How many of them the model added."""


class Model:
    """A model's weights and its tokenizer. `Model.load` makes one.

    Calls from several threads wait for each other.
    """

    def __init__(self, core: _core.Model) -> None:
        self._core = core
        self._sizes = Sizes(**core.sizes)

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"], *, threads: int = 0) -> "Model":
        """Opens a model. Weights stay in their files until they are needed.

        Args:
            path: a folder as Hugging Face has them, a GGUF file, or a name of the local caches, as `smollm2`. What is not
                there is looked for in `share/aircomp` beside Python, where packages put the program's files.
            threads: to compute with; 0: one for each core.

        Raises:
            ValueError: what is not there, not whole or not known, by file, tensor or key.

        >>> model = Model.load("inference/models/demo")
        >>> model.sizes.layers, model.sizes.hidden_size, model.sizes.vocabulary_size
        (6, 256, 4096)
        """
        return cls(_core.Model(os.fspath(path), threads))

    @property
    def path(self) -> str:
        """The folder or file."""
        return self._core.path

    @property
    def sizes(self) -> Sizes:
        """The architecture."""
        return self._sizes

    @property
    def bos(self) -> Optional[int]:
        """The token that texts begin with; none where they begin without."""
        return self._core.bos

    @property
    def eos(self) -> Optional[int]:
        """The token that texts end with, where there is one."""
        return self._core.eos

    def tokens(self, text: str, *, bos: bool = False) -> NDArray[np.int32]:
        """Ids of a text; `bos` puts what the model begins texts with before them.

        >>> model = Model.load("inference/models/demo")
        >>> model.text(model.tokens("The server listens."))
        'The server listens.'
        """
        return self._core.tokens(text, bos)

    def text(self, ids: ArrayLike) -> str:
        """The text of token ids; bytes that are no whole character become U+FFFD.

        Raises:
            ValueError: what is no id of the tokenizer.
        """
        return self._core.text(ids).decode("utf-8", "replace")

    def logits(self, ids: ArrayLike, *, first: int = 0) -> NDArray[np.float32]:
        """Logits of what follows each token, tokens x vocabulary; softmax of a row is the next token's distribution.

        Args:
            ids: token ids of one sequence, from its begin.
            first: the first token whose logits are asked for; -1: of the last one alone.

        Raises:
            ValueError: ids that the model has not, or more than its context.

        >>> model = Model.load("inference/models/demo")
        >>> ids = model.tokens("When a message arrives, the", bos=True)
        >>> model.logits(ids).shape == (len(ids), model.sizes.vocabulary_size)
        True
        >>> bool(np.allclose(model.logits(ids, first=-1)[0], model.logits(ids)[-1], atol=1e-4))
        True
        """
        return self._core.logits(ids, first)

    def generate(
        self,
        prompt: Union[str, Sequence[int], NDArray[np.integer]],
        max_tokens: int = 64,
        *,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        repetition_penalty: float = 1.0,
        seed: int = 1,
        on_token: Optional[Callable[[int], None]] = None,
    ) -> Generated:
        """Continues a prompt until a token that ends texts, as `aircomp generate` does.

        Args:
            prompt: a text, which gets a BOS where the model has one, or token ids, which get none.
            max_tokens: to add at most.
            temperature: 0 takes the likeliest token each time.
            top_k: keep the k likeliest tokens; 0 keeps all.
            top_p: of those keep the fewest whose probabilities reach this.
            repetition_penalty: of tokens already there; 1 is off.
            seed: of the draws.
            on_token: told each new token as it comes.

        Raises:
            ValueError: options out of range, or more tokens than the context holds.

        >>> model = Model.load("inference/models/demo")
        >>> model.generate("When a message arrives, the", max_tokens=4).new_tokens
        4
        """
        text, tokens, new_tokens = self._core.generate(
            prompt, max_tokens, temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=repetition_penalty,
            seed=seed, on_token=on_token)
        return Generated(text.decode("utf-8", "replace"), tokens, new_tokens)
