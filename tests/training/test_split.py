from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from training.__main__ import main
from training.corpus import Pair, read_corpus
from training.split import split_pairs

NAMES = ("valid", "test", "train")
sentences = st.integers(0, 40).map(str)


def sides(pairs: list[Pair]) -> tuple[set[str], set[str]]:
    return {s.casefold() for s, _ in pairs}, {t.casefold() for _, t in pairs}


@given(st.lists(st.tuples(sentences, sentences), max_size=80), st.integers(0, 9))
def test_no_sentence_of_either_side_stands_in_two_parts(pairs: list[Pair], seed: int) -> None:
    split = split_pairs(pairs, valid=3, test=4, seed=seed)
    parts = (split.train, split.valid, split.test)

    assert sorted(pair for part in parts for pair in part) == sorted(pairs)
    for n, part in enumerate(parts):
        for other in parts[n + 1 :]:
            for mine, theirs in zip(sides(part), sides(other), strict=True):
                assert mine.isdisjoint(theirs)
    assert len(split.valid) <= min(3, len(pairs) // 10)
    assert len(split.test) <= min(4, len(pairs) // 10)


def test_a_chain_of_paraphrases_stays_together() -> None:
    """hola-hi, hola-hello, Hello-buenas: the first and the last share no sentence."""
    chain = [("hola", "hi"), ("hola", "hello"), ("buenas", "Hello")]
    others = [(f"s{n}", f"t{n}") for n in range(37)]
    for seed in range(40):
        split = split_pairs(chain + others, valid=4, test=4, seed=seed)
        held = [part for part in (split.train, split.valid, split.test) if chain[0] in part]
        assert all(pair in held[0] for pair in chain)


def test_pairs_alone_fill_the_parts() -> None:
    pairs = [(f"s{n}", f"t{n}") for n in range(1000)]
    split = split_pairs(pairs, valid=30, test=50)
    assert (len(split.train), len(split.valid), len(split.test)) == (920, 30, 50)
    # Each part is in the order of the whole.
    for part in (split.train, split.valid, split.test):
        assert part == sorted(part, key=pairs.index)


@pytest.mark.parametrize("wanted", [0, 10**6])
def test_sizes_are_bounded(wanted: int) -> None:
    split = split_pairs([(f"s{n}", f"t{n}") for n in range(200)], valid=wanted, test=wanted)
    assert len(split.valid) == len(split.test) == min(wanted, 20)


def test_one_group_of_all_is_no_test() -> None:
    split = split_pairs([("same", f"t{n}") for n in range(100)], valid=10, test=10)
    assert (len(split.train), split.valid, split.test) == (100, [], [])


def test_a_seed_draws_the_same_again() -> None:
    pairs = [(f"s{n}", f"t{n}") for n in range(100)]
    assert split_pairs(pairs, 5, 5, seed=3) == split_pairs(pairs, 5, 5, seed=3)
    assert split_pairs(pairs, 5, 5, seed=3) != split_pairs(pairs, 5, 5, seed=4)


class TestCommand:
    def invoke(self, *arguments: object) -> Result:
        command = ["split", "--source", "es", "--target", "en", *map(str, arguments)]
        return CliRunner().invoke(main, command, catch_exceptions=False)

    @pytest.fixture
    def pairs(self, tmp_path: Path) -> Path:
        """Each sentence with two translations, one pair twice, one line without a translation."""
        lines = [f"s{n}\tt{n} {way}\n" for n in range(50) for way in ("one", "other")]
        path = tmp_path / "pairs.tsv"
        path.write_text("".join([*lines, lines[0], "alone\t\n"]))
        return path

    def test_three_files_that_share_no_sentence(self, pairs: Path, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "data"
        result = self.invoke(pairs, "--output", folder, "--valid-size", 10, "--test-size", 7)
        assert result.exit_code == 0, result.output
        assert "102 lines read, 100 pairs kept, dropped: 1 empty" in result.stderr
        assert result.stdout.splitlines() == [
            f"{folder / 'valid.tsv'}  10 pairs",
            f"{folder / 'test.tsv'}  6 pairs",  # two translations each
            f"{folder / 'train.tsv'}  84 pairs",
        ]
        parts = [read_corpus([str(folder / f"{name}.tsv")]).pairs for name in NAMES]
        assert sorted(pair for part in parts for pair in part) == sorted(
            (f"s{n}", f"t{n} {way}") for n in range(50) for way in ("one", "other")
        )
        sources = [{source for source, _ in part} for part in parts]
        assert sum(map(len, sources)) == len(set.union(*sources))

    def test_too_few_pairs(self, tmp_path: Path) -> None:
        (tmp_path / "few.tsv").write_text("a\tb\nc\td\n")
        result = self.invoke(tmp_path / "few.tsv", "--output", tmp_path / "data")
        assert result.exit_code == 2
        assert "few.tsv: expected enough pairs to keep some apart. Received: 2" in result.stderr
        assert not (tmp_path / "data").exists()

    @pytest.mark.parametrize("code", ["english", "EN?", "es"])
    def test_what_names_no_other_language(self, code: str, pairs: Path, tmp_path: Path) -> None:
        result = self.invoke(pairs, "--output", tmp_path / "data", "--target", code)
        assert result.exit_code == 2
        assert "Error: --target: expected " in result.stderr
        assert not (tmp_path / "data").exists()

    def test_an_input_is_not_written_over(self, pairs: Path, tmp_path: Path) -> None:
        own = pairs.rename(tmp_path / "train.tsv")
        before = own.read_bytes()
        result = self.invoke(own, "--output", tmp_path)
        assert result.exit_code == 2
        assert "--output: expected a folder without a FILE" in result.stderr
        assert own.read_bytes() == before
