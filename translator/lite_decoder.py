"""A model compiled for LiteRT, as a search drives it; see `compiling`. Needs no TensorFlow."""

from __future__ import annotations

import itertools
import math
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from translator.batch import Ids
from translator.constants import PAD
from translator.decoders import Array, Arrays, Floats
from translator.quiet import silence


class LiteDecoder:
    """See `decoders.Decoder`.

    Args:
        functions: What `compiling.lite_functions` made, by name.
        size: Pieces of the target vocabulary.
        listed: Pieces whose logits a step always gives, those that every shortlist has; None is
            all.

    Attributes:
        listed: As given.

    Raises:
        ValueError: They are no functions of such a model.
    """

    def __init__(
        self, functions: Mapping[str, bytes], size: int, listed: Ids | None = None
    ) -> None:
        self.listed = listed
        self._functions = functions
        self._every = np.arange(size, dtype=np.int32)
        self._compiled = self._every if listed is None else listed
        self._number = next(_NUMBERS)
        weakref.finalize(self, _IDLE.forget, self._number)
        columns = _Model(functions).step.width("logits")
        if columns != len(self._compiled):
            raise ValueError(f"expected {len(self._compiled)} logits. Received: {columns}")

    def refresh(self) -> None:
        """Does nothing: what is compiled stays as it is."""

    @contextmanager
    def decoding(self, source_ids: Ids, columns: Ids | None) -> Iterator[_LiteDecoding]:
        """See `decoders.Decoder`."""
        model = _IDLE.take(self._number) or _Model(self._functions)
        yield _LiteDecoding(model, source_ids, self._columns(columns))
        # Not after an error, which may have left it half prepared.
        _IDLE.put(self._number, model)

    def _columns(self, columns: Ids | None) -> _Columns:
        compiled = len(self._compiled)
        if columns is not None:
            return _Columns(compiled, columns[compiled:], True, None)
        others = np.setdiff1d(self._every, self._compiled)
        order = np.argsort(np.concatenate([self._compiled, others]))
        return _Columns(compiled, others, False, order if len(others) else None)


class _Columns(NamedTuple):
    """What the logits of a search are made of.

    Attributes:
        compiled: How many a step always gives: the first ones.
        others: Pieces whose logits follow.
        rest: Whether the first column stands for all pieces that have none.
        order: Places of the columns among these; None is as they are.
    """

    compiled: int
    others: Ids
    rest: bool
    order: Array | None


class _LiteDecoding:
    def __init__(self, model: _Model, source_ids: Ids, columns: _Columns) -> None:
        begun = model.encode(source_ids)
        self.source = {name: x for name, x in begun.items() if name.startswith("source_")}
        self.state = {name: x for name, x in begun.items() if name.startswith("state_")}
        self._step, self._columns = model.step, columns
        # The step wants at least one.
        self._others = columns.others if len(columns.others) else np.array([PAD], np.int32)
        self._held: Arrays | None = None
        self._kept: Arrays = {}

    def step(self, tokens: Ids, state: Arrays, source: Arrays) -> tuple[Floats, Arrays, Floats]:
        if self._held is not source:
            self._held, self._kept = source, {**source, "others": self._others}
        self._step.run({"tokens": tokens, **state}, self._kept)
        compiled, others, rest, order = self._columns
        logits = np.empty((tokens.size, compiled + len(others)), np.float32)
        self._step.copy("logits", logits[:, :compiled])
        if len(others):
            self._step.copy("other_logits", logits[:, compiled:])
        if rest:
            self._step.copy("rest", logits[:, 0])
        if order is not None:
            logits = logits[:, order]
        state = {name: self._step.output(name) for name in state}
        return logits.reshape(*tokens.shape, -1), state, self._step.output("attention")


class _Model:
    """The functions of a model, which one search at a time may use."""

    def __init__(self, functions: Mapping[str, bytes]) -> None:
        names = ["step", "begin", *(f"read_{n}" for n in range(max(1, len(functions) - 2)))]
        missing = [name for name in names if name not in functions]
        if missing:
            raise ValueError(f"expected a function called {missing[0]}. Received: none")
        self.step, self._begin, *self._layers = (_Function(functions[name]) for name in names)
        self.step.check({"tokens", "others", "source_0", "source_2"}, {"logits", "rest"})
        self._begin.check({"source_ids", "states", "final"}, {"source_0", "state_0"})
        for layer in self._layers:
            layer.check({"x_0", "h_0"}, {"h_0"})

    def encode(self, source_ids: Ids) -> Arrays:
        """Reads the sentences of a batch, as `layers.encoder.Encoder` does.

        Args:
            source_ids: batch x source_length, 0-padded.

        Returns:
            What `begin` gives.
        """
        batch, length = source_ids.shape
        lengths = np.count_nonzero(source_ids, axis=1)[:, None]
        time = np.arange(length)
        reversed_ = np.where(time < lengths, lengths - 1 - time, time)  # batch x source_length
        lowest, *upper = self._layers
        x = [source_ids, np.take_along_axis(source_ids, reversed_, axis=1)]
        ahead, *behind = lowest.over(x[: lowest.directions])
        states, final = ahead, ahead[np.arange(batch), np.maximum(lengths[:, 0] - 1, 0)]
        if behind:
            [back] = behind
            states = np.concatenate(
                [ahead, np.take_along_axis(back, reversed_[..., None], axis=1)], axis=-1
            )
            last = back[np.arange(batch), np.maximum(lengths[:, 0] - 1, 0)]
            final = np.concatenate([final, last], axis=-1)
        for layer in upper:
            states = states + layer.over([states])[0]
        self._begin.run({"source_ids": source_ids, "states": states, "final": final})
        return {name: self._begin.output(name) for name in self._begin.outputs}


class _Idle:
    """Models that no search uses at the moment; of those that hold much, only the last few.

    What a model once needed for a batch it keeps: for the largest, some 150 MB. To make another one
    takes some 10 ms.
    """

    def __init__(self) -> None:
        self._models: list[tuple[int, _Model]] = []  # with the numbers of their decoders
        self._gone: deque[int] = deque()
        self._lock = threading.Lock()

    def take(self, decoder: int) -> _Model | None:
        """One of a decoder's, the last that was in use; None if there is none."""
        with self._lock:
            self._sweep()
            places = [n for n, (of, _) in enumerate(self._models) if of == decoder]
            return self._models.pop(places[-1])[1] if places else None

    def put(self, decoder: int, model: _Model) -> None:
        """Keeps a model."""
        model.step.let_go()
        if _CELLS_OF_MODEL + model.step.cells > _MAX_IDLE:
            return
        with self._lock:
            self._models.append((decoder, model))
            self._sweep()
            while sum(_CELLS_OF_MODEL + one.step.cells for _, one in self._models) > _MAX_IDLE:
                del self._models[0]

    def forget(self, decoder: int) -> None:
        """Lets go of all of a decoder's, soon: garbage collection calls this, at any moment."""
        self._gone.append(decoder)

    def _sweep(self) -> None:
        while self._gone:
            gone = self._gone.popleft()
            self._models = [one for one in self._models if one[0] != gone]


_IDLE = _Idle()
_NUMBERS = itertools.count()

_MAX_IDLE = 40_000
"""Cells (hypotheses x source pieces, some 15 kB each) that idle models may hold."""

_CELLS_OF_MODEL = 2_000
"""As much as the weights of a model take."""


class _Function:
    """A LiteRT model.

    Attributes:
        outputs: Numbers of the outputs, by name.
        cells: Of a step, the most hypotheses x source pieces that it had.
    """

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        _speak(self._interpreter)
        runner = self._interpreter.get_signature_runner()
        self._details = runner.get_output_details()
        self._inputs = {name: x["index"] for name, x in runner.get_input_details().items()}
        self.outputs = {name: x["index"] for name, x in self._details.items()}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._held: Arrays | None = None
        self.cells = 0

    @property
    def directions(self) -> int:
        """Of a layer of the encoder."""
        return sum(name.startswith("x_") for name in self._inputs)

    def width(self, output: str) -> int:
        """Last dimension of an output."""
        return int(self._details[output]["shape_signature"][-1])

    def check(self, inputs: set[str], outputs: set[str]) -> None:
        """Raises ValueError if it lacks some."""
        missing = (inputs - self._inputs.keys()) | (outputs - self.outputs.keys())
        if missing:
            raise ValueError(
                f"expected one with {', '.join(sorted(missing))}. Received: one without"
            )

    def let_go(self) -> None:
        """Forgets what was kept."""
        self._held = None

    def run(self, given: Arrays, kept: Arrays = MappingProxyType({})) -> None:
        """Computes.

        Args:
            given: Inputs.
            kept: The other inputs; not copied again while they are the same object.
        """
        if kept is not self._held or any(x.shape != self._shapes[k] for k, x in given.items()):
            given = {**given, **kept}
            self._resize({name: x.shape for name, x in given.items()})
            self._held = kept
        for name, x in given.items():
            self._interpreter.set_tensor(self._inputs[name], x)
        self._interpreter.invoke()

    def _resize(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Makes room; inputs hold nothing any more where it was too small or too large."""
        if shapes != self._shapes:
            self._shapes = {}
            for name, shape in shapes.items():
                self._interpreter.resize_tensor_input(self._inputs[name], shape)
            self._interpreter.allocate_tensors()
            self._shapes = shapes
            if "tokens" in shapes:
                self.cells = max(self.cells, math.prod(shapes["tokens"]) * shapes["source_0"][1])

    def output(self, name: str) -> Array:
        """A copy of an output."""
        found: Array = self._interpreter.get_tensor(self.outputs[name])
        return found

    def copy(self, name: str, place: Array) -> None:
        """Copies an output to a place of as many numbers."""
        place[...] = self._interpreter.tensor(self.outputs[name])().reshape(place.shape)

    def over(self, inputs: list[Array]) -> list[Floats]:
        """States of a layer of the encoder, batch x time x units, for inputs of batch x time."""
        batch, length = inputs[0].shape[:2]
        numbers = range(len(inputs))
        units = self.width("h_0")
        state = {f"{k}_{n}": np.zeros((batch, units), np.float32) for k in "hc" for n in numbers}
        states = [np.empty((batch, length, units), np.float32) for _ in inputs]
        for t in range(length):
            self.run({**{f"x_{n}": inputs[n][:, t] for n in numbers}, **state})
            state = {name: self.output(name) for name in state}
            for n in numbers:
                states[n][:, t] = state[f"h_{n}"]
        return states


_SPEAKING = threading.Lock()
_SPOKEN = threading.Event()


def _speak(interpreter: Interpreter) -> None:
    """Keeps to itself what LiteRT writes to standard error, as it allocates first in a process."""
    with _SPEAKING:
        if not _SPOKEN.is_set():
            with silence():
                interpreter.allocate_tensors()
            _SPOKEN.set()
