import gzip
import hashlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from training.corpus import Corpus, Sources, StreamedCorpus, read_corpus
from training.filtering import Counts, Filter
from translator.errors import ConfigError, CorpusError

TWO_PAIRS = "Sí.\tYes.\nNo.\tNo.\n".encode()


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have short names, so that the messages stand in full in the tests."""
    monkeypatch.chdir(tmp_path)


def read(data: str | bytes, *, name: str = "pairs.tsv", **options: Any) -> Corpus:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_corpus([name], **options)


def error(*sources: str, **options: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        read_corpus(sources, **options)
    return str(caught.value)


class TestFormats:
    def test_tsv(self) -> None:
        corpus = read(TWO_PAIRS)
        assert corpus.pairs == [("Sí.", "Yes."), ("No.", "No.")]
        assert corpus.counts == Counts(read=2, kept=2)

    def test_last_line_without_line_feed(self) -> None:
        assert read("a\tb\nc\td").pairs == [("a", "b"), ("c", "d")]

    def test_columns_are_swapped(self) -> None:
        assert read("Yes.\tSí.\n", columns=(2, 1)).pairs == [("Sí.", "Yes.")]

    def test_columns_among_more(self) -> None:
        assert read("7\tYes.\tCC-BY\tSí.\n", columns=(4, 2)).pairs == [("Sí.", "Yes.")]

    def test_quotation_marks_are_text(self) -> None:
        assert read('"a\tb"\n').pairs == [('"a', 'b"')]

    def test_gzip_is_known_by_its_bytes(self) -> None:
        assert read(gzip.compress(TWO_PAIRS), name="pairs.tsv") == read(TWO_PAIRS)

    def test_plain_text_named_gz(self) -> None:
        assert read(TWO_PAIRS, name="pairs.tsv.gz") == read(TWO_PAIRS)

    def test_gzip_of_several_members(self) -> None:
        corpus = read(gzip.compress(b"a\tb\nc") + gzip.compress(b"\td\n"))
        assert corpus.pairs == [("a", "b"), ("c", "d")]

    def test_byte_order_mark(self) -> None:
        corpus = read(b"\xef\xbb\xbfa\tb\nc\td\n")
        assert corpus.pairs == [("a", "b"), ("c", "d")]

    def test_byte_order_marks_of_joined_files(self) -> None:
        corpus = read(b"\xef\xbb\xbfa\tb\n\xef\xbb\xbfc\td\n\xef\xbb\xbf\n")
        assert corpus.pairs == [("a", "b"), ("c", "d")]
        assert corpus.counts == Counts(read=3, kept=2, empty=1)

    def test_crlf(self) -> None:
        assert read("a\tb\r\nc\td\r\n").pairs == [("a", "b"), ("c", "d")]

    @pytest.mark.parametrize(
        "separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"]
    )
    def test_only_a_line_feed_ends_a_line(self, separator: str) -> None:
        corpus = read(f"a{separator}b\tc{separator}d\n")
        assert corpus.pairs == [("a b", "c d")]
        assert corpus.counts.read == 1

    def test_texts_are_normalized(self) -> None:
        assert read("cafe\u0301 \u00a0solo\tblack\x00 coffee \n").pairs == [
            ("caf\u00e9 solo", "black coffee")
        ]

    def test_line_aligned(self) -> None:
        Path("corpus.es").write_text("Sí.\nNo.\n")
        Path("corpus.en.gz").write_bytes(gzip.compress(b"Yes.\nNo.\n"))
        corpus = read_corpus(["corpus.es,corpus.en.gz"], columns=(2, 1))
        assert corpus.pairs == [("Sí.", "Yes."), ("No.", "No.")]
        assert corpus.counts == Counts(read=2, kept=2)

    def test_line_aligned_texts_may_hold_tabs(self) -> None:
        Path("corpus.es").write_text("a\tb\n")
        Path("corpus.en").write_text("c\n")
        assert read_corpus(["corpus.es,corpus.en"]).pairs == [("a b", "c")]

    def test_a_name_with_a_comma(self) -> None:
        assert read(TWO_PAIRS, name="one,two.tsv").counts.kept == 2

    def test_several_sources_are_read_in_order_as_one(self) -> None:
        Path("one.tsv").write_text("a\tb\nc\td\n")
        Path("two.tsv").write_text("x\ty\t3\nc\td\t4\n")
        Path("corpus.es").write_text("e\n")
        Path("corpus.en").write_text("f\n")
        corpus = read_corpus(["one.tsv", "corpus.es,corpus.en", "two.tsv"])
        assert corpus.pairs == [("a", "b"), ("c", "d"), ("e", "f"), ("x", "y")]
        assert corpus.counts == Counts(read=5, kept=4, duplicate=1)


class TestFilter:
    def test_empty(self) -> None:
        corpus = read("a\tb\n\tc\nd\t \u00a0\n\n \t\n")
        assert corpus.pairs == [("a", "b")]
        assert corpus.counts == Counts(read=5, kept=1, empty=4)

    def test_max_words_on_either_side(self) -> None:
        corpus = read("a b c\tx\na b c d\tx\nx\ta b c d\n", filter=Filter(max_words=3))
        assert corpus.pairs == [("a b c", "x")]
        assert corpus.counts == Counts(read=3, kept=1, too_long=2)

    def test_max_chars_on_either_side(self) -> None:
        corpus = read("abc\tx\nabcd\tx\nx\tabcd\n", filter=Filter(max_chars=3))
        assert corpus.pairs == [("abc", "x")]
        assert corpus.counts == Counts(read=3, kept=1, too_long=2)

    def test_length_is_measured_after_normalization(self) -> None:
        assert read("e\u0301  e\u0301\tx\n", filter=Filter(max_words=2, max_chars=3)).pairs

    def test_ratio_has_a_slack_of_20_characters(self) -> None:
        bound = "m" * 26  # 2 * 3 + 20
        corpus = read(f"abc\t{bound}\nabc\t{bound}m\n{bound}m\tabc\n", filter=Filter(max_ratio=2))
        assert corpus.pairs == [("abc", bound)]
        assert corpus.counts == Counts(read=3, kept=1, ratio=2)

    def test_defaults(self) -> None:
        words = ["a"] * 100
        lines = [
            ("Sí.", "Yes, I most certainly do."),
            ("下雨了就不去公园", "If it rains, we are not going to the park"),
            (" ".join(words), " ".join(words)),
            (" ".join([*words, "a"]), " ".join(words)),
            ("x" * 1000, "y" * 109),  # 9 * 109 + 20 = 1001
            ("x" * 1000, "y" * 108),  # 9 * 108 + 20 = 992
            ("x" * 1001, "y" * 1000),
        ]
        corpus = read("".join(f"{source}\t{target}\n" for source, target in lines))
        assert corpus.pairs == [lines[0], lines[1], lines[2], lines[4]]
        assert corpus.counts == Counts(read=7, kept=4, too_long=2, ratio=1)

    def test_duplicates_are_equal_pairs_after_normalization(self) -> None:
        corpus = read("caf\u00e9\ta\ncafe\u0301 \ta\ncaf\u00e9\tb\na\tcaf\u00e9\n")
        assert corpus.pairs == [("café", "a"), ("café", "b"), ("a", "café")]
        assert corpus.counts == Counts(read=4, kept=3, duplicate=1)

    def test_what_joins_to_the_same_text_is_no_duplicate(self) -> None:
        assert read("a b\tc\na\tb c\n").counts == Counts(read=2, kept=2)

    def test_duplicates_are_kept_on_demand(self) -> None:
        corpus = read("a\tb\na\tb\n", filter=Filter(drop_duplicates=False))
        assert corpus.pairs == [("a", "b"), ("a", "b")]

    @pytest.mark.parametrize(
        "bounds",
        [{"max_words": 0}, {"max_chars": -1}, {"max_ratio": 0.5}, {"max_ratio": float("nan")}],
    )
    def test_a_bound_below_1_is_refused(self, bounds: dict[str, Any]) -> None:
        name, value = next(iter(bounds.items()))
        with pytest.raises(
            ConfigError, match=rf"^{name}: expected at least 1\. Received: {value}$"
        ):
            Filter(**bounds)


class TestErrors:
    def test_invalid_utf8(self) -> None:
        Path("pairs.tsv").write_bytes(b"a\tb\na\xf1o\tyear\n")
        assert error("pairs.tsv") == (
            "pairs.tsv, line 2: expected UTF-8. Received: byte 0xf1 at byte 2 of the line"
        )

    def test_an_encoded_surrogate_is_invalid_utf8(self) -> None:
        Path("pairs.tsv").write_bytes(b"a\tb\xed\xa0\x80\n")
        assert error("pairs.tsv").startswith("pairs.tsv, line 1: expected UTF-8.")

    def test_too_few_columns(self) -> None:
        Path("pairs.tsv").write_text("a b\n")
        assert error("pairs.tsv") == (
            "pairs.tsv, line 1: expected columns divided by tabs: at least 2. Received: 1"
        )

    def test_too_few_columns_for_the_asked_ones(self) -> None:
        Path("pairs.tsv").write_text("a\tb\n")
        assert error("pairs.tsv", columns=(1, 3)) == (
            "pairs.tsv, line 1: expected columns divided by tabs: at least 3. Received: 2"
        )

    @pytest.mark.parametrize(("line", "columns"), [("c", 1), ("c\td\te", 3)])
    def test_another_number_of_columns_than_the_first_line(self, line: str, columns: int) -> None:
        Path("pairs.tsv").write_text(f"\na\tb\n{line}\n")
        assert error("pairs.tsv") == (
            "pairs.tsv, line 3: expected columns divided by tabs: 2, as in the lines before. "
            f"Received: {columns}"
        )

    @pytest.mark.parametrize(
        ("spanish", "english", "lengths"),
        [
            ("a\n", "b\nc\nd\n", "1 in corpus.es, 3 in corpus.en"),
            ("a\nb\nc\nd\n", "e\nf\n", "4 in corpus.es, 2 in corpus.en"),
            ("", "b\n", "0 in corpus.es, 1 in corpus.en"),
            ("a\n\n", "b\n", "2 in corpus.es, 1 in corpus.en"),
        ],
    )
    @pytest.mark.parametrize("skip_bad_lines", [False, True])
    def test_unequal_length(
        self, spanish: str, english: str, lengths: str, skip_bad_lines: bool
    ) -> None:
        Path("corpus.es").write_text(spanish)
        Path("corpus.en").write_text(english)
        assert error("corpus.es,corpus.en", skip_bad_lines=skip_bad_lines) == (
            "corpus.es,corpus.en: expected as many lines in both files. Received: " + lengths
        )

    def test_a_bad_line_in_the_second_file_is_named(self) -> None:
        Path("corpus.es").write_text("a\nb\n")
        Path("corpus.en").write_bytes(b"c\n\xff\n")
        assert error("corpus.es,corpus.en") == (
            "corpus.en, line 2: expected UTF-8. Received: byte 0xff at byte 1 of the line"
        )

    def test_truncated_gzip(self) -> None:
        # Stored blocks, so that the first lines can be read from what is left.
        whole = gzip.compress(b"a\tb\n" * 3 + b"c\td\n", compresslevel=0)
        Path("pairs.tsv.gz").write_bytes(whole[:-10])
        message = error("pairs.tsv.gz", skip_bad_lines=True)
        assert message.startswith("pairs.tsv.gz, after line 3: expected an intact gzip file.")
        assert "Received: Compressed file ended" in message

    def test_gzip_cut_in_its_header(self) -> None:
        Path("pairs.tsv.gz").write_bytes(b"\x1f\x8b\x08")
        assert error("pairs.tsv.gz").startswith(
            "pairs.tsv.gz, after line 0: expected an intact gzip file."
        )

    @pytest.mark.parametrize("position", [12, -8], ids=["data", "checksum"])
    def test_damaged_gzip(self, position: int) -> None:
        data = bytearray(gzip.compress(TWO_PAIRS * 100))
        data[position] ^= 0xFF
        Path("pairs.tsv.gz").write_bytes(data)
        assert "expected an intact gzip file." in error("pairs.tsv.gz")

    def test_missing_file(self) -> None:
        assert error("none.tsv") == (
            "none.tsv: expected a readable file. Received: No such file or directory"
        )

    def test_missing_second_file(self) -> None:
        Path("corpus.es").write_text("a\n")
        assert error("corpus.es,corpus.en") == (
            "corpus.en: expected a readable file. Received: No such file or directory"
        )

    def test_folder(self) -> None:
        Path("folder").mkdir()
        assert error("folder") == "folder: expected a readable file. Received: Is a directory"

    @pytest.mark.parametrize("data", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
    def test_empty_file_beside_a_good_one(self, data: bytes) -> None:
        Path("good.tsv").write_bytes(TWO_PAIRS)
        Path("empty.tsv").write_bytes(data)
        assert error("good.tsv", "empty.tsv") == (
            "empty.tsv: expected at least one line. Received: an empty file"
        )

    def test_no_pair_kept(self) -> None:
        Path("pairs.tsv").write_text("\tb\n\n")
        assert error("pairs.tsv") == (
            "pairs.tsv: expected at least one pair to keep. Received: 2 lines read, 0 pairs kept, "
            "dropped: 2 empty, 0 too long, 0 uneven in length, 0 duplicate, 0 bad lines"
        )

    def test_no_source(self) -> None:
        assert error().startswith("no source: expected at least one pair to keep.")

    @pytest.mark.parametrize(
        ("source", "received"),
        [
            ("a,b,c", "3 names, 0 of them empty"),
            ("corpus.es,", "2 names, 1 of them empty"),
            ("", "1 name, 1 of them empty"),
        ],
    )
    def test_neither_one_file_nor_two(self, source: str, received: str) -> None:
        assert error(source) == (
            f"{source!r}: expected one TSV file, or two line-aligned files joined by a comma. "
            f"Received: {received}"
        )

    @pytest.mark.parametrize("columns", [(0, 1), (2, -1), (2, 2)])
    def test_columns_that_are_none(self, columns: tuple[int, int]) -> None:
        with pytest.raises(ConfigError, match=r"^columns: expected two different numbers from 1"):
            read(TWO_PAIRS, columns=columns)


class TestSkipBadLines:
    def test_tsv(self) -> None:
        corpus = read(b"header\na\tb\nc\n\xff\td\ne\tf\tg\nh\ti\n", skip_bad_lines=True)
        assert corpus.pairs == [("a", "b"), ("h", "i")]
        assert corpus.counts == Counts(read=6, kept=2, bad_lines=4)

    def test_aligned_files_stay_aligned(self) -> None:
        Path("corpus.es").write_bytes(b"a\n\xff\nc\n\xff\ne\n")
        Path("corpus.en").write_bytes(b"A\nB\n\xff\n\xff\nE\n")
        corpus = read_corpus(["corpus.es,corpus.en"], skip_bad_lines=True)
        assert corpus.pairs == [("a", "A"), ("e", "E")]
        assert corpus.counts == Counts(read=5, kept=2, bad_lines=3)

    def test_nothing_but_bad_lines(self) -> None:
        Path("pairs.tsv").write_text("a\nb\n")
        assert "expected at least one pair to keep" in error("pairs.tsv", skip_bad_lines=True)


def test_each_line_is_counted_once() -> None:
    corpus = read(
        "a\tb\n\ta\na b c\td\nx\t" + "m" * 40 + "\na\tb\nbad\n",
        filter=Filter(max_words=2),
        skip_bad_lines=True,
    )
    assert corpus.counts == Counts(
        read=6, kept=1, empty=1, too_long=1, ratio=1, duplicate=1, bad_lines=1
    )
    assert str(corpus.counts) == (
        "6 lines read, 1 pair kept, dropped: 1 empty, 1 too long, 1 uneven in length, "
        "1 duplicate, 1 bad line"
    )


def test_files_are_streamed() -> None:
    line = f"{'a' * 500}\t{'b' * 500}\n".encode()
    Path("pairs.tsv.gz").write_bytes(gzip.compress(line * 10_000, compresslevel=1))  # 10 MB
    tracemalloc.start()
    counts = read_corpus(["pairs.tsv.gz"]).counts
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts == Counts(read=10_000, kept=1, duplicate=9_999)
    assert peak < 1_000_000


class TestStreamedCorpus:
    @staticmethod
    def numbered(count: int, name: str = "pairs.tsv", start: int = 0) -> list[tuple[str, str]]:
        pairs = [(f"uno {n}", f"one {n}") for n in range(start, start + count)]
        Path(name).write_text("".join(f"{s}\t{t}\n" for s, t in pairs))
        return pairs

    @staticmethod
    def pairs(corpus: StreamedCorpus) -> list[tuple[str, str]]:
        return [pair for chunk in corpus.chunks() for pair in chunk.pairs]

    def test_gives_what_read_corpus_gives_again_and_again(self) -> None:
        self.numbered(1700, "one.tsv")
        self.numbered(1700, "two.tsv", start=900)
        Path("three.tsv").write_text("\tx\na b c\tx\na\tb\n")
        files = ("one.tsv", "two.tsv", "three.tsv")
        short = Filter(max_words=2)
        whole = read_corpus(files, filter=short)
        corpus = StreamedCorpus(Sources(files, filter=short))
        assert corpus.counts == whole.counts
        assert whole.counts == Counts(read=3403, kept=2601, duplicate=800, empty=1, too_long=1)
        assert self.pairs(corpus) == self.pairs(corpus) == corpus.sample == whole.pairs

    def test_holds_some_hundred_pairs_at_once(self) -> None:
        self.numbered(5000)
        chunks = list(StreamedCorpus(Sources(("pairs.tsv",))).chunks())
        assert max(len(chunk.pairs) for chunk in chunks) <= 1000

    def test_checksum_is_that_of_the_pairs(self) -> None:
        Path("pairs.tsv").write_text(" a \tb\n\nc\td\na\tb\n")
        corpus = StreamedCorpus(Sources(("pairs.tsv",)))
        assert corpus.sha256 == hashlib.sha256(b"a\tb\nc\td\n").hexdigest()

    def test_tagged_files_come_last(self) -> None:
        pairs = self.numbered(600, "real.tsv")
        made = self.numbered(700, "made.tsv", start=500)
        corpus = StreamedCorpus(Sources(("real.tsv",), tagged=("made.tsv",)))
        by_tag: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for chunk in corpus.chunks():
            by_tag[chunk.tagged] += chunk.pairs
        assert by_tag == {False: pairs, True: made[100:]}
        assert (corpus.sample, corpus.untagged) == (pairs + made[100:], pairs)
        assert corpus.counts == Counts(read=1300, kept=1200, duplicate=100)

    def test_sample(self) -> None:
        pairs = self.numbered(5000)
        sources = Sources(("pairs.tsv",))
        sample = StreamedCorpus(sources, sample_size=700, seed=1).sample
        assert len(sample) == len(set(sample)) == 700
        assert set(sample) < set(pairs)
        # The mean of 700 of 5000 numbers, with a standard deviation of 51.
        assert 2250 < sum(int(source.split()[1]) for source, _ in sample) / 700 < 2750
        assert StreamedCorpus(sources, sample_size=700, seed=1).sample == sample
        assert StreamedCorpus(sources, sample_size=700, seed=2).sample != sample

    def test_duplicates_are_found_wherever_they_stand(self) -> None:
        pairs = self.numbered(7000, "one.tsv")
        Path("two.tsv").write_text(Path("one.tsv").read_text())
        corpus = StreamedCorpus(Sources(("one.tsv", "two.tsv")))
        assert self.pairs(corpus) == pairs
        assert corpus.counts.duplicate == 7000

    def test_a_file_that_is_named_twice_counts_twice(self) -> None:
        Path("all.tsv").write_text("a\tb\nc\td\n")
        Path("mine.tsv").write_text("c\td\ne\tf\ne\tf\n")
        corpus = StreamedCorpus(Sources(("all.tsv", "mine.tsv", "mine.tsv")))
        mine = [("c", "d"), ("e", "f")]
        assert self.pairs(corpus) == [("a", "b"), ("c", "d"), ("e", "f"), *mine]
        assert corpus.counts == Counts(read=8, kept=5, duplicate=3)

    def test_does_not_depend_on_the_process(self) -> None:
        self.numbered(2000)
        code = (
            "from training.corpus import *;"
            "c = StreamedCorpus(Sources(('pairs.tsv',)), sample_size=50);"
            "print(c.sha256, c.sample)"
        )
        root = str(Path(__file__).parents[2])
        outputs = {
            subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed},
                check=True,
                capture_output=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(outputs) == 1

    def test_a_file_that_has_changed(self) -> None:
        self.numbered(800)
        corpus = StreamedCorpus(Sources(("pairs.tsv",)))
        self.numbered(800, start=1)
        with pytest.raises(CorpusError) as caught:
            self.pairs(corpus)
        assert str(caught.value) == (
            "pairs.tsv: expected the same pairs at the second reading. "
            "Received: others; a file has changed in between"
        )

    def test_a_file_that_has_gone(self) -> None:
        self.numbered(8)
        corpus = StreamedCorpus(Sources(("pairs.tsv",)))
        Path("pairs.tsv").unlink()
        with pytest.raises(CorpusError, match=r"pairs\.tsv: expected a readable file"):
            self.pairs(corpus)

    def test_nothing_kept(self) -> None:
        Path("pairs.tsv").write_text("\n")
        Path("made.tsv").write_text("\n")
        with pytest.raises(CorpusError, match=r"^pairs\.tsv made\.tsv: expected at least one pair"):
            StreamedCorpus(Sources(("pairs.tsv",), ("made.tsv",)))

    def test_memory_does_not_grow_with_the_texts(self) -> None:
        line = "x" * 400
        with gzip.open("pairs.tsv.gz", "wt", compresslevel=1) as file:
            file.writelines(f"{n}{line}\t{line}\n" for n in range(10_000))  # 8 MB
        tracemalloc.start()
        corpus = StreamedCorpus(Sources(("pairs.tsv.gz",)), sample_size=100)
        kept = sum(len(chunk.pairs) for chunk in corpus.chunks())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept == 10_000
        assert peak < 3_000_000
