from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from toy import ROOT, no_file_past, toy_pairs

from training.__main__ import main
from training.back_translation import Counts, back_translate
from training.corpus import read_corpus
from translator.config import SearchConfig
from translator.texts.sentence import Sentence, Translate
from translator.translation import Hypothesis, Translation
from translator.translator import Translator


def translation(text: str, *, finished: bool = True, source_cut: bool = False) -> Translation:
    empty = np.zeros((0, 0), np.float32)
    return Translation((), (Hypothesis(text, 0.0, 0.0, (), (), empty, finished),), source_cut)


class Scripted:
    """A translator that says what it is told to, and remembers what it was given."""

    def __init__(self, **translations: Translation) -> None:
        self.translations = translations
        self.batches: list[list[str]] = []

    def translate(
        self, sentences: Sequence[Sentence], search: SearchConfig, *, workers: int
    ) -> list[Translation]:
        texts = [sentence.text for sentence in sentences]
        self.batches.append(texts)
        return [self.translations.get(text, translation(f"<{text}>")) for text in texts]

    def mended(self, translate: Translate) -> Translate:
        return lambda sentences: [
            translation("mended") if found.text == "broken" else found
            for found in translate(sentences)
        ]


def run(translator: Scripted, lines: Iterator[str]) -> tuple[Counts, list[tuple[str, str]]]:
    written: list[tuple[str, str]] = []
    counts = back_translate(
        translator, lines, lambda *pair: written.append(pair), SearchConfig(beam_size=1)
    )
    return counts, written


class TestLines:
    def test_what_is_left_out_is_counted(self) -> None:
        translator = Scripted(
            cut=translation("x", finished=False),
            long=translation("x", source_cut=True),
            empty=translation(" "),
            two=translation("one\ntwo\tthree"),
            name=translation("broken"),
        )
        words = " ".join(["word"] * 101)
        counts, written = run(
            translator,
            iter(["a", "", "cut", words, "long", " \t", "empty", "two", "b \u00a0 c", "name"]),
        )

        assert written == [
            ("<a>", "a"),
            ("one two three", "two"),
            ("<b c>", "b c"),
            ("mended", "name"),
        ]
        assert counts == Counts(read=10, written=4, blank=2, too_long=2, cut=1, empty=1)
        assert "10 lines read, 4 pairs written, left out: 2 blank, 2 too long" in str(counts)
        # Time is not spent on what is left out.
        assert translator.batches == [["a", "cut", "long", "empty", "two", "b c", "name"]]

    def test_are_streamed(self) -> None:
        """No more than a chunk is read ahead of what has been translated."""
        translator = Scripted()
        ahead: list[int] = []

        def lines() -> Iterator[str]:
            for n in range(9000):
                ahead.append(n - sum(map(len, translator.batches)))
                yield str(n)

        counts, written = run(translator, lines())
        assert counts == Counts(read=9000, written=9000)
        assert written == [(f"<{n}>", str(n)) for n in range(9000)]
        assert max(ahead) < 2500
        assert len(translator.batches) > 3


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(
        main, ["back-translate", *map(str, arguments)], catch_exceptions=False
    )


class TestCommand:
    def test_pairs_to_train_on(self, toy_model_folder: Path, tmp_path: Path) -> None:
        first, second = ([s for s, _ in toy_pairs(40, seed=seed)] for seed in (7, 8))
        (tmp_path / "first.txt").write_text("".join(f"{line}\n\n" for line in first))
        (tmp_path / "second.gz").write_bytes(gzip.compress("\n".join(second).encode()))
        output = tmp_path / "pairs.tsv.gz"
        model = toy_model_folder / "xx-yy"
        result = invoke(
            *("--model", model, "--output", output),
            *("--input", tmp_path / "first.txt", "--input", tmp_path / "second.gz"),
        )

        assert result.exit_code == 0, result.output
        assert result.stdout == ""
        # The model is of xx to yy, the text in xx: the pairs are for yy to xx.
        assert f"{output}: pairs to train yy to xx on" in result.stderr
        assert "120 lines read, 80 pairs written, left out: 40 blank" in result.stderr
        rows = gzip.decompress(output.read_bytes()).decode().splitlines()
        greedy = Translator.load(model).translate(first + second, SearchConfig(beam_size=1))
        expected = zip([t.text for t in greedy], first + second, strict=True)
        assert rows == [f"{source}\t{target}" for source, target in expected]
        assert sum(row.split("\t")[0] == row.split("\t")[1][::-1] for row in rows) > 76
        assert len(read_corpus([str(output)]).pairs) > 70

    def test_searches_with_the_penalties_of_the_model(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Tuned(Scripted):
            source_language, target_language = "xx", "yy"

            def search_config(self, **settings: int) -> SearchConfig:
                return SearchConfig(**{"length_penalty": 0.3, **settings})

            def translate(
                self, sentences: Sequence[Sentence], search: SearchConfig, *, workers: int
            ) -> list[Translation]:
                searches.append(search)
                return super().translate(sentences, search, workers=workers)

        searches: list[SearchConfig] = []
        monkeypatch.setattr(Translator, "load", lambda _: Tuned())
        (tmp_path / "text.txt").write_text("12\n")
        result = invoke(
            *("--model", tmp_path, "--output", tmp_path / "pairs.tsv", "--beam-size", 2),
            *("--input", tmp_path / "text.txt"),
        )
        assert result.exit_code == 0, result.output
        assert searches == [SearchConfig(beam_size=2, length_penalty=0.3)]

    def test_nothing_to_make_pairs_of(self, toy_model_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "blank.txt").write_text("\n\n")
        output = tmp_path / "pairs.tsv"
        result = invoke(
            *("--model", toy_model_folder / "xx-yy", "--output", output),
            *("--input", tmp_path / "blank.txt"),
        )
        assert result.exit_code == 2
        assert "blank.txt: expected a line to make a pair of. Received: 2 lines" in result.stderr
        assert not output.exists()

    def test_what_stood_there_stays_when_a_line_is_no_text(
        self, toy_model_folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.txt").write_bytes(b"12\n\xff\n")
        output = tmp_path / "pairs.tsv"
        output.write_text("before")
        result = invoke(
            *("--model", toy_model_folder / "xx-yy", "--output", output),
            *("--input", tmp_path / "bad.txt"),
        )
        assert result.exit_code == 2
        assert "bad.txt, line 2: expected UTF-8" in result.stderr
        assert output.read_text() == "before"
        assert sorted(os.listdir(tmp_path)) == ["bad.txt", "pairs.tsv"]

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"--model": "missing"}, "missing: expected a model folder"),
            ({"--output": "missing/pairs.tsv"}, "missing: no such folder"),
            ({"--beam-size": 0}, "beam_size"),
            ({"--input": "missing.txt"}, "missing.txt"),
        ],
        ids=str,
    )
    def test_errors_are_clear(self, changes: dict[str, object], told: str, tmp_path: Path) -> None:
        (tmp_path / "text.txt").write_text("12\n")
        options = {
            "--model": tmp_path / "none",
            "--input": tmp_path / "text.txt",
            "--output": tmp_path / "pairs.tsv",
            **changes,
        }
        result = invoke(*(part for option in options.items() for part in option))
        assert result.exit_code == 2
        assert told in result.stderr
        assert os.listdir(tmp_path) == ["text.txt"]

    def test_a_full_disk(self, toy_model_folder: Path, tmp_path: Path) -> None:
        pairs = toy_pairs(200, seed=9)
        (tmp_path / "text.txt").write_text("".join(f"{s}\n" for s, _ in pairs))
        output = tmp_path / "pairs.tsv"
        with no_file_past(1):
            done = invoke(
                *("--model", toy_model_folder / "xx-yy"),
                *("--input", tmp_path / "text.txt", "--output", output),
            )
        assert done.exit_code == 2
        last = done.stderr.splitlines()[-1]
        assert last == f"Error: {output}: cannot be written: File too large"
        assert os.listdir(tmp_path) == ["text.txt"]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_stopped_one_leaves_nothing_behind(
        self, number: signal.Signals, toy_model_folder: Path, tmp_path: Path
    ) -> None:
        os.mkfifo(tmp_path / "endless")
        command = [sys.executable, "-m", "training", "back-translate"]
        command += ["--model", str(toy_model_folder / "xx-yy")]
        command += ["--input", str(tmp_path / "endless"), "--output", str(tmp_path / "pairs.tsv")]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            # Opening a pipe waits for its reader: the model is loaded, and the output begun.
            with open(tmp_path / "endless", "w"):
                assert any(name.endswith(".tmp") for name in os.listdir(tmp_path))
                time.sleep(0.2)
                process.send_signal(number)
                assert process.wait(timeout=60) == 128 + number
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        assert os.listdir(tmp_path) == ["endless"]
