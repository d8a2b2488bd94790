import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.checkpoint import Checkpoints, Progress, load_weights, save_weights
from translator.errors import CheckpointError


class Variable:
    """Stands in for a variable of Keras: a shape, a value, `assign`."""

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)
        self.shape = self.value.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.value

    def assign(self, value: Any) -> None:
        self.value = np.asarray(value)


def variables(fill: float) -> list[Any]:
    """As many kinds as a run has: matrices, vectors, a counter, a random state."""
    return [
        Variable(np.full((2, 3), fill, np.float32)),
        Variable(np.full(3, -fill, np.float32)),
        Variable(np.int64(fill)),
        Variable(np.array([1, fill], np.uint32)),
    ]


def values(of: list[Any]) -> list[Any]:
    return [variable.value.tolist() for variable in of]


def saved(folder: Path, *updates: int) -> Checkpoints:
    """A folder with a checkpoint after each of those updates, filled with its number."""
    checkpoints = Checkpoints(folder)
    for update in updates:
        checkpoints.save(variables(update), Progress(update=update, seconds=update / 2))
    return checkpoints


def change(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


def test_everything_comes_back(tmp_path: Path) -> None:
    progress = Progress(7, 1.5, -2.25, 6, 1, 700, 800)
    Checkpoints(tmp_path / "new" / "folder").save(variables(7), progress)

    restored = variables(0)
    assert Checkpoints(tmp_path / "new" / "folder").restore(restored) == progress
    assert values(restored) == values(variables(7))
    assert [v.value.dtype for v in restored] == [v.value.dtype for v in variables(7)]


def test_an_empty_folder_has_no_checkpoint(tmp_path: Path) -> None:
    untouched = variables(0)
    assert Checkpoints(tmp_path).restore(untouched) is None
    assert Checkpoints(tmp_path / "missing").restore(untouched) is None
    assert values(untouched) == values(variables(0))


def test_the_newest_two_stay(tmp_path: Path) -> None:
    saved(tmp_path, 5, 10, 15)

    assert sorted(os.listdir(tmp_path)) == ["00000010.npz", "00000015.npz"]


def test_the_newest_is_taken(tmp_path: Path) -> None:
    checkpoints, restored = saved(tmp_path, 9, 10), variables(0)

    assert checkpoints.restore(restored) == Progress(update=10, seconds=5.0)
    assert values(restored) == values(variables(10))


def test_a_half_written_one_does_not_count(tmp_path: Path) -> None:
    # What SIGKILL leaves while a checkpoint is written.
    checkpoints, restored = saved(tmp_path, 5), variables(0)
    (tmp_path / ".00000010.npz.0123abcd.tmp").write_bytes(b"PK\x03\x04")

    assert checkpoints.restore(restored) == Progress(update=5, seconds=2.5)


@pytest.mark.parametrize("kept", [0, 1, 100, -100, -1])
def test_a_cut_file_falls_back_to_the_one_before(kept: int, tmp_path: Path) -> None:
    checkpoints, restored = saved(tmp_path, 5, 10), variables(0)
    change(tmp_path / "00000010.npz", lambda content: content[:kept])

    assert checkpoints.restore(restored) == Progress(update=5, seconds=2.5)
    assert values(restored) == values(variables(5))
    assert checkpoints.progress() == Progress(update=5, seconds=2.5)


def test_a_flipped_bit_is_harmless_or_found(tmp_path: Path) -> None:
    """Either the whole file still says what it said, or the one before is taken."""
    checkpoints = saved(tmp_path, 5, 10)
    newest = tmp_path / "00000010.npz"
    content = newest.read_bytes()
    found = 0
    for position in range(0, len(content), 3):
        bit = 1 << position % 8
        flipped = bytes([content[position] ^ bit])
        newest.write_bytes(content[:position] + flipped + content[position + 1 :])
        restored = variables(0)
        progress = checkpoints.restore(restored)
        assert progress is not None
        assert progress.update in (5, 10)
        assert values(restored) == values(variables(progress.update)), position
        found += progress.update == 5
    assert found > len(content) / 6


def test_damage_in_the_header_of_an_array_is_found(tmp_path: Path) -> None:
    """NumPy reads it before it comes to a checksum, where the array is a large one."""
    checkpoints, path = Checkpoints(tmp_path), tmp_path / "00000010.npz"
    large = [Variable(np.zeros((300, 100), np.float32))]
    for update in (5, 10):
        checkpoints.save(large, Progress(update=update))
    content = path.read_bytes()
    for position in range(0, 300, 2):
        path.write_bytes(content[:position] + bytes(16) + content[position + 16 :])
        progress = checkpoints.restore(large)
        assert progress is not None
        assert progress.update in (5, 10)


def test_patience_ends_when_neither_metric_nor_loss_improves() -> None:
    progress, stale = Progress(), []
    # The metric is best by chance at first; the loss falls until the fifth validation.
    for value, loss in [(9, 7), (0, 6), (1, 5), (1, 4), (2, 3), (2, 3.5), (2, 3.1), (2, 3)]:
        progress.update += 10
        better = progress.count(value, loss)
        assert better == (progress.update == 10)
        stale.append(progress.is_out_of(3))
    assert stale == [False] * 7 + [True]
    assert (progress.best, progress.best_update, progress.stale) == (9, 10, 7)
    assert progress.count(10, 9)
    assert not progress.is_out_of(3)
    assert not progress.is_out_of(0)


# The central directory of a ZIP file lists each member behind a signature. Six bytes on stands the
# version that is needed to unpack it, eight bytes on its flags, of which the first is encryption.
@pytest.mark.parametrize("offset", [6, 8, 10])
@pytest.mark.parametrize("bit", [1, 64])
def test_a_flipped_bit_in_the_directory_of_the_file(offset: int, bit: int, tmp_path: Path) -> None:
    checkpoints, restored = saved(tmp_path, 5, 10), variables(0)

    def flip(content: bytes) -> bytes:
        position = content.index(b"PK\x01\x02") + offset
        changed = bytes([content[position] ^ bit])
        return content[:position] + changed + content[position + 1 :]

    change(tmp_path / "00000010.npz", flip)
    progress = checkpoints.restore(restored)

    assert progress is not None
    assert values(restored) == values(variables(progress.update))


def test_a_file_that_is_no_checkpoint_falls_back(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 5)
    (tmp_path / "00000010.npz").write_bytes(b"text")
    save_weights(tmp_path / "00000015.npz", variables(15))

    assert checkpoints.restore(variables(0)) == Progress(update=5, seconds=2.5)


@pytest.mark.parametrize(("damaged", "saved_next"), [(1000, 700), (1000, 1000), (1234, 1500)])
def test_a_damaged_checkpoint_outlives_no_whole_one(
    damaged: int, saved_next: int, tmp_path: Path
) -> None:
    checkpoints = saved(tmp_path, 500, damaged)
    change(tmp_path / f"{damaged:08d}.npz", lambda content: content[:-30])
    checkpoints.restore(variables(0))
    checkpoints.save(variables(saved_next), Progress(update=saved_next))
    kept = [int(path.stem) for path in tmp_path.iterdir()]
    assert sorted(kept) == [500, saved_next]
    assert checkpoints.progress() == Progress(update=saved_next)


def test_all_damaged_names_each(tmp_path: Path) -> None:
    checkpoints, untouched = saved(tmp_path, 5, 10), variables(0)
    for path in tmp_path.iterdir():
        change(path, lambda content: content[:-30])

    with pytest.raises(CheckpointError) as caught:
        checkpoints.restore(untouched)
    assert "no checkpoint can be read" in str(caught.value)
    assert str(tmp_path / "00000005.npz") in str(caught.value)
    assert str(tmp_path / "00000010.npz") in str(caught.value)
    assert values(untouched) == values(variables(0))
    assert checkpoints.progress() is None


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 5)
    one_more = [*variables(0), Variable(np.zeros(2))]
    other_shape = [*variables(0)[:3], Variable(np.zeros((2, 2), np.uint32))]

    for other in (one_more, other_shape, variables(0)[1:]):
        before = values(other)
        with pytest.raises(CheckpointError, match="expected the arrays of this model"):
            checkpoints.restore(other)
        assert values(other) == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CheckpointError, match="file"):
        Checkpoints(tmp_path / "file" / "checkpoints").save(variables(0), Progress())


def test_weights_come_back(tmp_path: Path) -> None:
    save_weights(tmp_path / "best.npz", variables(3)[:2])
    restored = variables(0)[:2]
    load_weights(tmp_path / "best.npz", restored)

    assert values(restored) == values(variables(3)[:2])


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "best.npz", variables(3)[:2])

    with pytest.raises(CheckpointError, match="Received: those of another, 2"):
        load_weights(tmp_path / "best.npz", variables(0)[:1])


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"best\.npz"):
        load_weights(tmp_path / "best.npz", variables(0))
