from __future__ import annotations

import dataclasses
import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from translator.__main__ import main
from translator.config import SearchConfig
from translator.errors import InputError
from translator.translator import Hypothesis, Translation, Translator


class UpperCase:
    """Stands in for a Translator where the lines matter and the model does not."""

    def __init__(self) -> None:
        self.chunks: list[list[str]] = []
        self.searches: list[SearchConfig] = []

    def translate(
        self, texts: Sequence[str], search: SearchConfig, *, batch_size: int
    ) -> list[Translation]:
        self.chunks.append(list(texts))
        self.searches.append(search)
        return [_upper_case(text, search.n_best) for text in texts]


class Failing(UpperCase):
    """Fails at the second chunk."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def translate(self, *args: Any, **kwargs: Any) -> list[Translation]:
        if self.chunks:
            raise self.error
        return super().translate(*args, **kwargs)


def _upper_case(text: str, n_best: int) -> Translation:
    source = (*text.split(), "</s>")
    if not text.strip():
        n_best = 1
    hypotheses = []
    for rank in range(n_best):
        target = (*text.upper().split(), "</s>")
        hypotheses.append(
            Hypothesis(
                text=" ".join(target[:-1]) + "!" * rank,
                score=-0.25 - rank,
                log_prob=-0.5 - rank,
                tokens=target,
                token_log_probs=(-0.5,) * len(target),
                # The first target piece looks at the last source piece, and so on.
                alignment=np.eye(len(target), dtype=np.float32)[::-1],
                finished="cut" not in text,
            )
        )
    return Translation(source_tokens=source, hypotheses=tuple(hypotheses))


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> UpperCase:
    return _use(monkeypatch, UpperCase())


def _use(monkeypatch: pytest.MonkeyPatch, stand_in: UpperCase) -> UpperCase:
    monkeypatch.setattr(Translator, "load", lambda path: stand_in)
    return stand_in


def _invoke(*arguments: str | Path, stdin: bytes | IO[bytes] = b"") -> Result:
    return CliRunner().invoke(
        main, ["--model", ".", *map(str, arguments)], input=stdin, catch_exceptions=False
    )


# Lines in, lines out


def test_order_and_blank_lines_are_kept(translator: UpperCase) -> None:
    result = _invoke("--chunk-size", "2", stdin=b"c\n\n  \nlonger line\na\n")

    assert result.stdout_bytes == b"C\n\n\nLONGER LINE\nA\n"
    assert translator.chunks == [["c", ""], ["  ", "longer line"], ["a"]]


def test_no_input_gives_no_output(translator: UpperCase) -> None:
    result = _invoke()

    assert (result.exit_code, result.stdout_bytes) == (0, b"")


def test_only_a_line_feed_ends_a_line(translator: UpperCase) -> None:
    lines = "a\u2028b\x0bc\x85d\x0ce\rf\ng"
    _invoke(stdin=lines.encode())

    assert translator.chunks == [["a\u2028b\x0bc\x85d\x0ce\rf", "g"]]


def test_a_line_feed_in_a_translation_does_not_shift_the_lines_below(
    translator: UpperCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_line = _upper_case("a", 1)
    two_lines = dataclasses.replace(one_line.hypotheses[0], text="one\ntwo")
    broken = dataclasses.replace(one_line, hypotheses=(two_lines,))
    monkeypatch.setattr(translator, "translate", lambda texts, search, batch_size: [broken])

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

    # Three pieces on each side: the first target piece looks at the sentence end: no pair.
    assert result.stdout == "-0.2500\t1-1\ta b\tA B\tA B\n-0.2500\t\t\t\t\n"


def test_n_best_lines_are_numbered_as_in_moses(translator: UpperCase) -> None:
    result = _invoke("--n-best", "2", "--chunk-size", "1", stdin=b"a\n\nb\n")

    assert result.stdout.splitlines() == [
        "0 ||| A ||| -0.2500",
        "0 ||| A! ||| -1.2500",
        "1 |||  ||| -0.2500",
        "2 ||| B ||| -0.2500",
        "2 ||| B! ||| -1.2500",
    ]


def test_n_best_lines_can_carry_alignments(translator: UpperCase) -> None:
    result = _invoke("--n-best", "1", "--alignments", stdin=b"a b\n")

    assert result.stdout == "0 ||| A B ||| -0.2500 ||| 1-1 ||| a b ||| A B\n"


def test_every_search_option_reaches_the_search(translator: UpperCase) -> None:
    options: dict[str, Any] = {
        "beam_size": 7,
        "n_best": 3,
        "length_penalty": 0.5,
        "coverage_penalty": 0.1,
        "min_length": 2,
        "max_length_ratio": 1.5,
        "no_repeat_ngram_size": 4,
    }
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    _invoke(*arguments, stdin=b"a\n")

    assert translator.searches == [SearchConfig(**options)]


def test_the_search_is_the_default_one_without_options(translator: UpperCase) -> None:
    _invoke(stdin=b"a\n")

    assert translator.searches == [SearchConfig()]


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
        (InputError("no"), 2),
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


def test_output_into_a_missing_folder_fails_before_the_model_loads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Translator, "load", lambda path: pytest.fail("the model was loaded"))
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
        f"Error: {file}, line 2: expected UTF-8. Received: byte 0xf1 at column 3\n"
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


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "translator", *map(str, arguments)]


def test_help_does_not_wait_for_tensorflow() -> None:
    code = "import sys, translator.__main__; sys.exit('tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_standard_input_to_standard_output(toy_model_folder: Path) -> None:
    command = _command("--model", toy_model_folder / "xx-yy")
    first, second = (
        subprocess.run(command, input=b"3 1 4\n\n1 5\n", capture_output=True, check=True)
        for _ in range(2)
    )

    one, blank, other, end = first.stdout.split(b"\n")
    assert one != b""
    assert other not in (b"", one)
    assert (blank, end) == (b"", b"")
    assert second.stdout == first.stdout
    # TensorFlow's notes do not stand beside the summary.
    assert first.stderr.decode().count("\n") == 1
    assert first.stderr.startswith(b"3 lines, 0 truncated, ")


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
        process.stdin.write(b"3 1 4\n")
        process.stdin.flush()
        assert process.stdout.readline() != b""
        process.stdout.close()
        process.stdin.write(b"1 5\n")
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
        process.stdin.write(b"3 1 4\n")
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
