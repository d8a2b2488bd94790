import os
from pathlib import Path

import numpy as np
import pytest

from translator.errors import ModelFolderError
from translator.shortlist import Lexicon

NONE = [[0]] * 4  # candidates of special tokens


def ids(*rows: object) -> np.ndarray:
    return np.array(rows, np.int32)


# Source pieces 4 to 6; target pieces 4 to 12, of which 9 stands anywhere.
LEXICON = Lexicon(
    common=ids(9),
    table=ids([0, 0], [0, 0], [0, 0], [0, 0], [8, 12], [5, 0], [12, 4]),
)


def own(lexicon: Lexicon, source_ids: np.ndarray) -> list[list[int]]:
    ids, own = lexicon.shortlist(source_ids)
    others = ids[len(lexicon.listed) :]
    return [sorted([*lexicon.listed.tolist(), *others[row].tolist()]) for row in own]


class TestShortlist:
    def test_begins_with_what_every_sentence_has(self) -> None:
        found, own = LEXICON.shortlist(ids([4, 5, 3], [6, 3, 0]))
        assert found.dtype == np.int32
        assert LEXICON.listed.tolist() == [0, 3, 9]
        assert found.tolist() == [0, 3, 9, 4, 5, 8, 12]
        assert own.tolist() == [[False, True, True, True], [True, False, False, True]]

    def test_takes_what_is_wanted_for_a_sentence(self) -> None:
        source, wanted = ids([4, 5, 3], [6, 3, 0]), ids([[9, 0]], [[7, 40]])
        found, own = LEXICON.shortlist(source, wanted)
        assert found.tolist() == [0, 3, 9, 4, 5, 7, 8, 12, 40]
        assert own[:, [2, 5]].tolist() == [[False, False], [True, True]]

    def test_holds_common_pieces_and_the_candidates_of_each_piece(self) -> None:
        assert own(LEXICON, ids([4, 5, 3], [6, 3, 0])) == [[0, 3, 5, 8, 9, 12], [0, 3, 4, 9, 12]]

    def test_does_not_depend_on_batch_mates_or_padding(self) -> None:
        rng = np.random.default_rng(0)
        table = rng.integers(4, 900, (500, 7)).astype(np.int32)
        table *= rng.random(table.shape) < 0.8
        table[:4] = 0
        lexicon = Lexicon(ids(*range(20, 30)), table)
        batch = rng.integers(4, 500, (8, 12)).astype(np.int32)
        batch[3:, 7:] = 0
        together = own(lexicon, batch)
        for n, padded in enumerate(batch):
            row = padded[padded > 0]
            assert own(lexicon, row[None]) == [together[n]]
            expected = {0, 3, *lexicon.common.tolist(), *lexicon.table[row].ravel().tolist()}
            assert together[n] == sorted(expected)

    def test_of_a_batch_without_sentences(self) -> None:
        found, own = LEXICON.shortlist(np.zeros((0, 4), np.int32))
        assert found.tolist() == LEXICON.listed.tolist()
        assert own.shape == (0, 0)


class TestFile:
    def test_comes_back(self, tmp_path: Path) -> None:
        LEXICON.save(tmp_path / "lexicon.npz")
        again = Lexicon.load(tmp_path / "lexicon.npz", source_size=7, target_size=13)
        np.testing.assert_array_equal(again.common, LEXICON.common)
        np.testing.assert_array_equal(again.table, LEXICON.table)
        assert os.listdir(tmp_path) == ["lexicon.npz"]

    def test_is_the_same_byte_for_byte(self, tmp_path: Path) -> None:
        for name in ("one.npz", "other.npz"):
            LEXICON.save(tmp_path / name)
        assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()

    @pytest.mark.parametrize(("source_size", "target_size"), [(8, 13), (6, 13), (7, 12)])
    def test_must_fit_the_vocabularies(
        self, tmp_path: Path, source_size: int, target_size: int
    ) -> None:
        LEXICON.save(tmp_path / "lexicon.npz")
        with pytest.raises(ModelFolderError, match=r"lexicon of .* source .*Received: one of 7"):
            Lexicon.load(tmp_path / "lexicon.npz", source_size, target_size)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ModelFolderError, match=r"lexicon\.npz: cannot be read"):
            Lexicon.load(tmp_path / "lexicon.npz", 7, 13)

    def test_without_an_array(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "lexicon.npz", common=LEXICON.common)
        with pytest.raises(ModelFolderError, match=r"expected a lexicon\. Received"):
            Lexicon.load(tmp_path / "lexicon.npz", 7, 13)

    def test_cut_short_or_with_a_bit_flipped_is_never_taken_for_another(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "lexicon.npz"
        LEXICON.save(path)
        whole, refused = path.read_bytes(), 0
        damaged = [whole[:length] for length in range(0, len(whole), 7)]
        damaged += [
            whole[:n] + bytes([whole[n] ^ 1 << n % 8]) + whole[n + 1 :] for n in range(len(whole))
        ]
        for content in damaged:
            path.write_bytes(content)
            try:
                again = Lexicon.load(path, 7, 13)
            except ModelFolderError:
                refused += 1
            else:  # some bytes of an archive mean nothing, such as dates
                np.testing.assert_array_equal(again.common, LEXICON.common)
                np.testing.assert_array_equal(again.table, LEXICON.table)
        assert refused > len(damaged) / 2


@pytest.mark.parametrize(
    ("common", "table", "message"),
    [
        (ids(1), ids(*NONE, [4]), "common: expected ids"),
        (ids(4), ids(*NONE, [2]), "table: expected ids"),
        (ids(4), ids(*NONE, [-1]), "table: expected ids"),
        (ids(4), ids(*NONE[1:], [4]), "table: expected 0 for special tokens"),
        (ids(4), ids(4), "table: expected int32 of rank 2"),
        (ids(4).astype(np.int64), ids(*NONE, [4]), r"common: expected int32 .*Received: int64"),
    ],
)
def test_refuses_what_no_search_may_put_out(
    common: np.ndarray, table: np.ndarray, message: str
) -> None:
    with pytest.raises(ModelFolderError, match=message):
        Lexicon(common, table)


def test_two_together_have_what_either_has() -> None:
    mine = Lexicon(np.int32([4]), np.int32([[0, 0]] * 4 + [[7, 5], [6, 0]]))
    its = Lexicon(np.int32([5]), np.int32([[0, 0]] * 4 + [[5, 8], [0, 0]]))
    both = mine.merged(its)
    assert both.common.tolist() == [4, 5]
    assert both.table.tolist() == [[0, 0, 0]] * 4 + [[7, 5, 8], [6, 0, 0]]
