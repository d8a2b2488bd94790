from __future__ import annotations

import dataclasses
import gzip
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner, Result
from upper_case import UpperCase, upper_case

from translator.__main__ import main
from translator.config import SearchConfig
from translator.errors import ModelFolderError
from translator.translation import Translation
from translator.translator import Translator


class Failing(UpperCase):
    """Fails at the second chunk."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def translate(self, *args: Any, **kwargs: Any) -> list[Translation]:
        if self.calls:
            raise self.error
        return super().translate(*args, **kwargs)


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> UpperCase:
    return _use(monkeypatch, UpperCase())


def _use(monkeypatch: pytest.MonkeyPatch, stand_in: UpperCase) -> UpperCase:
    def load(*paths: str, shortlist: bool) -> UpperCase:
        stand_in.loaded = (paths, shortlist)
        return stand_in

    monkeypatch.setattr(Translator, "load", load)
    return stand_in


def _invoke(*arguments: str | Path, stdin: bytes | IO[bytes] = b"") -> Result:
    model = [] if "--model" in arguments else ["--model", "."]
    return CliRunner().invoke(
        main, [*model, *map(str, arguments)], input=stdin, catch_exceptions=False
    )


# Lines in, lines out


def test_order_and_blank_lines_are_kept(translator: UpperCase) -> None:
    result = _invoke("--chunk-size", "2", stdin=b"c\n\n  \nlonger line\na\n")

    assert result.stdout_bytes == b"C\n\n  \nLINE LONGER\nA\n"
    assert translator.sentences == [["c"], ["longer line"], ["a"]]


def test_all_sentences_of_a_chunk_are_translated_together(translator: UpperCase) -> None:
    result = _invoke("--chunk-size", "2", stdin="Uno dos. ¿Tres?\ncuatro\ncinco\n".encode())

    assert result.stdout == "DOS. UNO ¿TRES?\nCUATRO\nCINCO\n"
    assert translator.sentences == [["Uno dos.", "¿Tres?", "cuatro"], ["cinco"]]


def test_no_input_gives_no_output(translator: UpperCase) -> None:
    result = _invoke()

    assert (result.exit_code, result.stdout_bytes) == (0, b"")


def test_only_a_line_feed_ends_a_line(translator: UpperCase) -> None:
    lines = "a\u2028b\x0bc\x85d\x0ce\rf\ng"
    result = _invoke(stdin=lines.encode())

    assert result.stdout == lines.upper() + "\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" \u00a0uno  dos \r", " \u00a0DOS UNO \r"),
        ("uno dos.\ttres\t", "DOS. UNO\tTRES\t"),
        ("- uno {name} dos", "- DOS {name} UNO"),
        ("uno <b>dos</b>", "<b>DOS</b> UNO"),
        ("12 %", "12 %"),
    ],
)
def test_what_is_no_words_stays(line: str, expected: str, translator: UpperCase) -> None:
    assert _invoke(stdin=line.encode()).stdout_bytes == f"{expected}\n".encode()


def test_lines_may_be_html(translator: UpperCase) -> None:
    line = b"<p>uno &amp; dos</p><code>uno</code>\n"

    assert _invoke("--html", stdin=line).stdout == "<p>DOS &amp; UNO</p><code>uno</code>\n"


def test_a_line_may_be_taken_as_one_sentence(translator: UpperCase) -> None:
    result = _invoke("--no-split", stdin=b"Uno dos. Tres.\n")

    assert result.stdout == "TRES. DOS. UNO\n"


def test_a_line_feed_in_a_translation_does_not_shift_the_lines_below(
    translator: UpperCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_line = upper_case("a", 1)
    two_lines = dataclasses.replace(one_line.hypotheses[0], text="one\ntwo")
    broken = dataclasses.replace(one_line, hypotheses=(two_lines,))
    monkeypatch.setattr(translator, "translate", lambda *args, **kwargs: [broken])

    assert _invoke(stdin=b"a\n").stdout == "one two\n"


def test_files_follow_one_another(translator: UpperCase, tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"a\nb")
    (tmp_path / "second.gz").write_bytes(gzip.compress(b"c\n"))
    (tmp_path / "third").write_bytes(b"\xef\xbb\xbfd\n")
    result = _invoke(
        tmp_path / "first", "-", tmp_path / "second.gz", tmp_path / "third", stdin=b"x\n"
    )

    assert result.stdout == "A\nB\nX\nC\nD\n"


def test_standard_input_may_be_gzipped(translator: UpperCase) -> None:
    stdin = io.BufferedReader(io.BytesIO(gzip.compress(b"a\nb\n")))

    assert _invoke(stdin=stdin).stdout == "A\nB\n"


# What a line looks like


def test_scores_and_alignments_stand_before_the_translation(translator: UpperCase) -> None:
    result = _invoke("--scores", "--alignments", stdin=b"a b\n\n")

    assert result.stdout == "-0.2500\t1-0 0-1\t▁a ▁b\t▁B ▁A\tB A\n0.0000\t\t\t\t\n"


def test_a_line_of_several_sentences_and_items(translator: UpperCase) -> None:
    line = "- Pesa 3.5 kg ya.  Uno dos.\n"
    result = _invoke("--scores", "--confidence", "--alignments", stdin=line.encode())

    score, confidence, pairs, source, target, text = result.stdout.rstrip("\n").split("\t")
    assert text == "- YA. 3.5 kg PESA  DOS. UNO"
    assert score == "-0.5000"  # both sentences
    assert confidence == "0.4048"  # a third, of four pieces with </s>, and a half, of three
    # Places in the line, where "-" is the first word, and "3.5 kg" two.
    assert pairs == "0-0 4-1 2-2 3-3 1-4 6-5 5-6"
    assert source == "▁Pesa ▁3.5▁kg ▁ya. ▁Uno ▁dos."
    assert target == "▁YA. ▁3.5▁kg ▁PESA ▁DOS. ▁UNO"


def test_what_has_no_words_is_as_good_as_it_can_be(translator: UpperCase) -> None:
    assert _invoke("--confidence", stdin=b"12\n").stdout == "1.0000\t12\n"


def test_n_best_lines_are_numbered_as_in_moses(translator: UpperCase) -> None:
    result = _invoke("--n-best", "2", "--chunk-size", "1", stdin=b"a\n\nb\n")

    assert result.stdout.splitlines() == [
        "0 ||| A ||| -0.2500",
        "0 ||| A! ||| -1.2500",
        "1 |||  ||| 0.0000",
        "2 ||| B ||| -0.2500",
        "2 ||| B! ||| -1.2500",
    ]


def test_n_best_lines_can_carry_more(translator: UpperCase) -> None:
    result = _invoke("--n-best", "1", "--alignments", stdin=b"a b\n")
    assert result.stdout == "0 ||| B A ||| -0.2500 ||| 1-0 0-1 ||| ▁a ▁b ||| ▁B ▁A\n"

    result = _invoke("--n-best", "1", "--confidence", stdin=b"a b\n")
    assert result.stdout == "0 ||| B A ||| -0.2500 ||| 0.5000\n"


# What reaches the translator


def test_every_search_option_reaches_the_search(translator: UpperCase) -> None:
    options: dict[str, Any] = {
        "beam_size": 7,
        "n_best": 3,
        "length_penalty": 0.5,
        "coverage_penalty": 0.1,
        "min_length": 2,
        "max_length_ratio": 1.5,
        "no_repeat_ngram_size": 4,
        "max_repeats": 5,
    }
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    _invoke(*arguments, stdin=b"a\n")

    assert translator.searches == [SearchConfig(**options)]


def test_the_search_is_the_models_own_without_options(translator: UpperCase) -> None:
    translator.info = {**translator.info, "search": {"length_penalty": 0.7, "max_repeats": 1}}
    _invoke("--max-repeats", "0", stdin=b"a\n")

    assert translator.searches == [SearchConfig(length_penalty=0.7, max_repeats=0)]


def test_several_models_are_an_ensemble(translator: UpperCase) -> None:
    _invoke("--model", ".", "--model", "..", "--no-shortlist", stdin=b"a\n")

    assert translator.loaded == ((".", ".."), False)


def test_sizes_of_batches_and_searches_side_by_side(translator: UpperCase) -> None:
    _invoke("--batch-size", "7", "--threads", "3", stdin=b"a\n")

    assert translator.sizes == [(7, 3)]


def test_terms_of_a_glossary_reach_the_search(translator: UpperCase, tmp_path: Path) -> None:
    file = tmp_path / "terms.tsv"
    file.write_text("perro\thound\n\nbase de datos\tdatabase\r\n")
    _invoke("--glossary", file, stdin=b"El perro.\nUna base de datos\n")

    ((first, second),) = translator.calls
    assert [(first.text[t.start : t.stop], t.target) for t in first.terms] == [("perro", "hound")]
    assert [t.target for t in second.terms] == ["database"]


def test_the_summary_of_a_single_line(translator: UpperCase) -> None:
    assert _invoke(stdin=b"a\n").stderr.startswith("1 line, 0 truncated, ")


def test_the_summary_counts_lines_and_cut_translations(translator: UpperCase) -> None:
    result = _invoke(stdin=b"a\ncut\nb\n")

    assert result.stderr.startswith("3 lines, 1 truncated, ")


def test_quiet_is_quiet(translator: UpperCase) -> None:
    assert _invoke("--quiet", stdin=b"a\n").stderr == ""


# The output file


def test_the_output_file_takes_the_place_of_the_old_one(
    translator: UpperCase, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    result = _invoke("--output", output, stdin=b"a\n")

    assert result.stdout == ""
    assert output.read_bytes() == b"A\n"
    assert os.listdir(tmp_path) == ["out"]


def test_input_and_output_may_be_the_same_file(translator: UpperCase, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"a\nb\n")
    _invoke(file, "--output", file, "--chunk-size", "1")

    assert file.read_bytes() == b"A\nB\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelFolderError("no"), 2),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
        (SystemExit(143), 143),
    ],
)
def test_a_failure_in_the_middle_leaves_the_old_file(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _use(monkeypatch, Failing(error))
    output = tmp_path / "out"
    output.write_text("old")
    result = _invoke("--output", output, "--chunk-size", "1", stdin=b"a\nb\n")

    assert result.exit_code == status
    assert output.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_an_existing_file_is_replaced_as_the_help_says(
    translator: UpperCase, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    output.write_text("old, and longer than what comes\n")
    result = _invoke("--output", output, "--quiet", stdin=b"a\n")

    assert (result.exit_code, result.output) == (0, "")
    assert output.read_text() == "A\n"
    told = " ".join(_invoke("--help").stdout.split())
    assert "one that is there already is replaced then, without asking" in told


def test_output_into_a_missing_folder_fails_before_the_model_loads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Translator, "load", lambda *_, **__: pytest.fail("the model was loaded"))
    result = _invoke("--output", tmp_path / "missing" / "out")

    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path / 'missing'}: no such folder\n"


def test_a_device_is_written_to_and_not_replaced(translator: UpperCase) -> None:
    result = _invoke("--output", os.devnull, stdin=b"a\n")

    assert result.exit_code == 0
    assert not Path(os.devnull).is_file()


# What is wrong is said in one line


def test_invalid_utf_8_is_named_by_file_and_line(translator: UpperCase, tmp_path: Path) -> None:
    file = tmp_path / "latin-1.txt"
    file.write_bytes(b"a\nse\xf1or\n")
    result = _invoke(file)

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {file}: line 2, column 3: expected UTF-8. Received: byte 0xf1\n"
    )


def test_invalid_utf_8_from_standard_input_is_named_by_line(translator: UpperCase) -> None:
    result = _invoke(stdin=b"\xff\n")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: standard input, line 1: expected UTF-8.")


def test_damaged_gzip_is_named_by_file(translator: UpperCase, tmp_path: Path) -> None:
    file = tmp_path / "cut.gz"
    file.write_bytes(gzip.compress(b"some text\n" * 100)[:-9])
    result = _invoke(file)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {file}: expected complete gzip data.")


def test_a_search_option_out_of_range(translator: UpperCase) -> None:
    result = _invoke("--n-best", "6")

    assert result.exit_code == 2
    assert result.stderr == "Error: n_best: expected from 1 to beam_size. Received: 6\n"


def test_n_best_of_zero_is_refused(translator: UpperCase) -> None:
    assert _invoke("--n-best", "0").exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a\tb\nperro\n",
            ", line 2: expected a source term, a tab and a target term. Received: 1 column",
        ),
        (
            "a\tb\tc\n",
            ", line 1: expected a source term, a tab and a target term. Received: 3 columns",
        ),
        ("a\t \n", ", line 1: glossary: expected terms of 1 to 100 characters. Received: ''"),
        (
            "a\tb\n\na\tc\na\tb\n",
            ", line 3: expected one translation of 'a'. Received: 'b' and 'c'",
        ),
    ],
)
def test_a_line_of_a_glossary_that_cannot_be_used(
    content: str, message: str, translator: UpperCase, tmp_path: Path
) -> None:
    file = tmp_path / "terms.tsv"
    file.write_text(content)
    result = _invoke("--glossary", file)

    assert result.exit_code == 2
    assert result.stderr == f"Error: {file}{message}\n"


def test_too_many_terms(translator: UpperCase, tmp_path: Path) -> None:
    file = tmp_path / "terms.tsv"
    file.write_text("".join(f"{n}\tx\n" for n in range(10_001)))

    assert _invoke("--glossary", file).stderr == (
        f"Error: {file}: glossary: expected at most 10000 terms. Received: 10001\n"
    )


def test_a_missing_file(translator: UpperCase) -> None:
    result = _invoke("no-such-file")

    assert result.exit_code == 2
    assert "no-such-file" in result.stderr


def test_a_missing_model(tmp_path: Path) -> None:
    result = _invoke("--model", tmp_path / "no-such-model")

    assert result.exit_code == 2
    assert "no-such-model" in result.stderr


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    result = _invoke("--model", tmp_path)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert str(tmp_path) in result.stderr


# The command as a process, with a real model


# Lines without a letter would be kept as they are.
_LINES = b"x 3 1 4\n\nx 1 5\n"


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "translator", *map(str, arguments)]


def test_help_does_not_wait_for_tensorflow() -> None:
    code = "import sys, translator.__main__; sys.exit('tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_standard_input_to_standard_output(toy_model_folder: Path) -> None:
    model = ("--model", toy_model_folder / "xx-yy")
    first, ensemble = (
        subprocess.run(_command(*options), input=_LINES, capture_output=True, check=True)
        for options in (model, (*model, *model))
    )

    one, blank, other, end = first.stdout.split(b"\n")
    assert one not in (b"", b"x 3 1 4")
    assert other not in (b"", b"x 1 5", one)
    assert (blank, end) == (b"", b"")
    # The mean of a model and itself, in another process.
    assert ensemble.stdout == first.stdout
    # TensorFlow's notes do not stand beside the summary.
    assert first.stderr.decode().count("\n") == 1
    assert first.stderr.startswith(b"3 lines, ")


def test_output_that_nobody_reads_ends_the_command_quietly(toy_model_folder: Path) -> None:
    with subprocess.Popen(
        _command("--model", toy_model_folder / "xx-yy", "--chunk-size", "1", "--quiet"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"x 3 1 4\n")
        process.stdin.flush()
        assert process.stdout.readline() != b""
        process.stdout.close()
        process.stdin.write(b"x 1 5\n")
        process.stdin.close()
        assert process.stderr.read() == b""

    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_file_and_no_traceback(
    signal_number: signal.Signals, toy_model_folder: Path, tmp_path: Path
) -> None:
    model, output = toy_model_folder / "xx-yy", tmp_path / "out"
    with subprocess.Popen(
        _command("--model", model, "--chunk-size", "1", "--output", output),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"x 3 1 4\n")
        process.stdin.flush()
        _wait_for_bytes_in(tmp_path)
        process.send_signal(signal_number)
        assert process.stderr.read() == b""

    assert process.returncode == 128 + signal_number
    assert os.listdir(tmp_path) == []


def _wait_for_bytes_in(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not any(file.stat().st_size for file in folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
