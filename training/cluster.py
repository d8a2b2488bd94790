"""Processes that train one model: what they send each other, by TensorFlow's collective operations.

Process 0 leads: it reads the corpus, decides, and writes; the others are told what to compute. One
collective is under way at a time, and all processes come to them in the same order: two at once
can wait for each other for ever.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.errors import ClusterError, ConfigError
from translator.layers.numerics import Tensor

Words = npt.NDArray[np.int32]
"""What a message is made of."""


class Message(IntEnum):
    """What process 0 tells the others."""

    END = 0
    """Nothing more is to be done."""
    SETTINGS = 1
    """Settings and sizes, as JSON."""
    STATE = 2
    """Values of all variables."""
    BATCH = 3
    """A batch, of which each process computes its share."""


def parse_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a cluster, from what `--cluster` was given.

    Raises:
        ConfigError: They are not at least two different ones of the form HOST:PORT.
    """
    addresses = tuple(address.strip() for address in text.split(","))
    if not all(map(_is_address, addresses)) or not 1 < len(set(addresses)) == len(addresses):
        raise ConfigError(
            "--cluster: expected HOST:PORT,HOST:PORT,..., at least two and all different. "
            f"Received: {text!r}"
        )
    return addresses


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdecimal() and 0 < int(port) < 2**16


class Cluster:
    """All processes that train one model, as one of them sees them; `join` makes it.

    Args:
        addresses: HOST:PORT of each process.
        rank: Which of them this one is; 0 leads.
    """

    def __init__(self, addresses: Sequence[str], rank: int) -> None:
        self.addresses = tuple(addresses)
        self.rank = rank
        self._common = {"group_size": len(addresses), "group_key": 1, "timeout_seconds": 0.0}

    @property
    def size(self) -> int:
        """How many processes there are."""
        return len(self.addresses)

    def share(self, rows: Tensor) -> Tensor:
        """The rows of a batch that this process computes; the shares differ by one row at most."""
        import tensorflow as tf

        count = tf.shape(rows)[0]
        return rows[count * self.rank // self.size : count * (self.rank + 1) // self.size]

    def sum(self, vector: Tensor) -> Tensor:
        """The sum of the vectors of all processes, to the bit the same in each.

        Args:
            vector: float32, of the same length in all processes and at all times.
        """
        import tensorflow as tf

        with tf.device("CPU:0"):
            return tf.raw_ops.CollectiveReduceV2(
                input=vector,
                instance_key=_SUM,
                ordering_token=[],
                merge_op="Add",
                final_op="Id",
                communication_hint="ring",
                **self._common,
            )

    def send(self, kind: Message, words: Tensor) -> Tensor:
        """Tells the other processes; for process 0, in a graph or outside.

        Args:
            kind: What it is.
            words: int32, a vector of any length.

        Returns:
            What is there once it has arrived: what is to come next depends on it.
        """
        import tensorflow as tf

        with tf.device("CPU:0"):
            count = tf.size(words)
            head = tf.raw_ops.CollectiveBcastSendV2(
                input=tf.stack([int(kind), count]), instance_key=_HEAD, **self._common
            )
            with tf.control_dependencies([head]):
                exponent, capacity = _capacity(count)
                return tf.raw_ops.CollectiveBcastSendV2(
                    input=tf.pad(words, [[0, capacity - count]]),
                    instance_key=_BODY + exponent,
                    **self._common,
                )

    def receive(self) -> tuple[Message, Words]:
        """Waits for what process 0 has to tell.

        Raises:
            ClusterError: A process is lost.
        """
        import tensorflow as tf

        with self.clear_errors(), tf.device("CPU:0"):
            kind, count = tf.raw_ops.CollectiveBcastRecvV2(
                T=tf.int32, shape=(2,), instance_key=_HEAD, **self._common
            ).numpy()
            exponent, capacity = _capacity(count)
            words = tf.raw_ops.CollectiveBcastRecvV2(
                T=tf.int32,
                shape=tf.reshape(capacity, (1,)),
                instance_key=_BODY + exponent,
                **self._common,
            )
            return Message(int(kind)), words.numpy()[:count]

    def tell(self, kind: Message, words: Words | Sequence[int] = ()) -> None:
        """`send`, outside of a graph.

        Raises:
            ClusterError: A process is lost.
        """
        import tensorflow as tf

        with self.clear_errors():
            self.send(kind, tf.constant(words, tf.int32))

    @contextlib.contextmanager
    def clear_errors(self) -> Iterator[None]:
        """Makes one error of those of collectives that a lost process breaks off.

        Raises:
            ClusterError: A process is lost.
        """
        import tensorflow as tf

        lost = (
            *(tf.errors.UnavailableError, tf.errors.DeadlineExceededError),
            *(tf.errors.AbortedError, tf.errors.CancelledError),
        )
        try:
            yield
        except lost as error:
            others = [
                f"process {rank} at {address}"
                for rank, address in enumerate(self.addresses)
                if rank != self.rank
            ]
            raise ClusterError(
                f"lost {' or '.join(others)}: it has ended, or cannot be reached"
            ) from error


def join(addresses: Sequence[str], rank: int, heed_signals: bool = True) -> Cluster:
    """Waits until all processes are there.

    It must come before anything is computed. Ctrl-C and SIGTERM end the process meanwhile.

    Args:
        addresses: HOST:PORT of each process, the same in all of them.
        rank: Which of them this one is.
        heed_signals: Handle both afterwards as before; otherwise they go on to end the process.

    Raises:
        ConfigError: There is no process of that rank, or the backend is not TensorFlow.
        ClusterError: The others did not come, or the port is taken.
    """
    import keras

    if not 0 <= rank < len(addresses):
        raise ConfigError(
            f"--rank: expected 0 to {len(addresses) - 1}, for {len(addresses)} addresses. "
            f"Received: {rank}"
        )
    if keras.config.backend() != "tensorflow":
        raise ConfigError(
            f"--cluster: expected KERAS_BACKEND=tensorflow. Received: {keras.config.backend()}"
        )
    import tensorflow as tf

    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(addresses)}), task_type="worker", task_id=rank
    )
    try:
        with _signals_end_the_process(heed_signals):
            # Made for what comes with it: the connections, and the watch over who is alive.
            tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except (tf.errors.OpError, RuntimeError) as error:
        raise ClusterError(
            f"{addresses[rank]}: expected a free port of this machine, and {len(addresses) - 1} "
            f"more processes with the same --cluster. Received: {error}"
        ) from error
    return Cluster(addresses, rank)


@contextlib.contextmanager
def _signals_end_the_process(until_then: bool) -> Iterator[None]:
    """Python's handlers run when a call returns, and this one may wait for long.

    TensorFlow leaves a handler behind that makes SIGTERM do nothing.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Any] = {n: signal.signal(n, signal.SIG_DFL) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if until_then else signal.SIG_DFL)


_SUM, _HEAD, _BODY = 1, 2, 3

_CAPACITIES = tuple(2**exponent for exponent in range(31))


def _capacity(count: Tensor) -> tuple[Tensor, Tensor]:
    """The least power of two that is at least so much, and its exponent.

    Every call of a collective with the same key must have the same shape. So messages are padded
    to few lengths, and each of these has a key of its own.
    """
    import tensorflow as tf

    capacities = tf.constant(_CAPACITIES, tf.int32)
    exponent = tf.searchsorted(capacities, tf.reshape(count, (1,)))[0]
    return exponent, capacities[exponent]
