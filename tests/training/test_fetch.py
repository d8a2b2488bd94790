from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from file_server import FileServer, serving
from toy import ROOT, run_module

from training.__main__ import main
from training.corpus import read_corpus
from training.sources import SOURCES, language_code
from translator.errors import ConfigError

PAIRS = [(f"Hello {n}.", f"Hola {n}.") for n in range(300)]
PAIRS += [("Hi!", "¡Hola!"), ("Hi!", "Buenas"), ("Hi!", "¡Hola!"), ("", "Nada"), ("a\tb", "c  d")]


def archive(
    english: list[str], spanish: list[str], *, noise: int = 0, **members: bytes | str
) -> bytes:
    """A Moses archive of OPUS; `noise` are bytes more that do not compress."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("LICENSE", "Please cite the following article.\n")
        file.writestr("Tatoeba.en-es.en", "".join(f"{line}\n" for line in english))
        file.writestr("Tatoeba.en-es.es", "".join(f"{line}\n" for line in spanish))
        file.writestr("Tatoeba.en-es.xml", random.Random(1).randbytes(noise))
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


ARCHIVE = archive([s for s, _ in PAIRS], [t for _, t in PAIRS])
LARGE = archive([s for s, _ in PAIRS], [t for _, t in PAIRS], noise=600_000)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(ARCHIVE) as server:
        yield server


def arguments(server: FileServer, output: Path, *more: object) -> list[str]:
    languages = more if more and more[0] in ("spa", "en", "es") else ("spa", *more)
    fixed = ("--output", output, "--base-url", server.address)
    return list(map(str, ("fetch", "tatoeba", *languages, *fixed)))


def fetch(server: FileServer, output: Path, *more: object) -> Result:
    return CliRunner().invoke(main, arguments(server, output, *more), catch_exceptions=False)


def lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


class TestFiles:
    def test_pairs_parts_and_licence(self, server: FileServer, tmp_path: Path) -> None:
        result = fetch(server, tmp_path)

        assert result.exit_code == 0, result.output
        assert server.paths == ["/OPUS-Tatoeba/v2023-04-12/moses/en-es.txt.zip"]
        names = ["", ".train", ".valid", ".test"]
        # Where the pairs to train on are, all is there: `make models` looks for these.
        assert re.findall(r"es-en(\S*)\.tsv\.gz", result.stdout)[-1] == ".train"
        whole, train, valid, test = (
            lines(tmp_path / f"tatoeba.es-en{name}.tsv.gz") for name in names
        )
        # The blank pair and the repeated one are left out; what is kept is normalized.
        assert len(whole) == 303
        assert whole[:1] + whole[-3:] == [
            "Hola 0.\tHello 0.",
            "¡Hola!\tHi!",
            "Buenas\tHi!",
            "c d\ta b",
        ]
        assert (len(valid), len(test)) == (30, 30)
        assert sorted(train + valid + test) == sorted(whole)
        assert f"{tmp_path / 'tatoeba.es-en.train.tsv.gz'}  243 pairs\n" in result.stdout

        notice = (tmp_path / "tatoeba.es-en.LICENCE.txt").read_text()
        assert "CC BY 2.0 FR" in notice
        assert "https://tatoeba.org" in notice
        assert f"{server.address}/OPUS-Tatoeba" in notice
        assert hashlib.sha256(ARCHIVE).hexdigest() in notice
        assert "Please cite the following article." in notice

        assert len(read_corpus([str(tmp_path / "tatoeba.es-en.tsv.gz")]).pairs) == 303

    def test_again_makes_the_same_without_the_network(
        self, server: FileServer, tmp_path: Path
    ) -> None:
        fetch(server, tmp_path)
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert len(before) == 7
        for path in before:
            if path.name.endswith(".tsv.gz"):
                path.unlink()

        assert fetch(server, tmp_path).exit_code == 0
        assert len(server.asked) == 1
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

        fetch(server, tmp_path, "--seed", 2, "--valid-size", 5, "--test-size", 0)
        assert len(lines(tmp_path / "tatoeba.es-en.valid.tsv.gz")) == 5
        assert lines(tmp_path / "tatoeba.es-en.test.tsv.gz") == []

    def test_the_other_way_round(self, server: FileServer, tmp_path: Path) -> None:
        assert fetch(server, tmp_path, "en", "es", "--release", "v9").exit_code == 0
        assert server.paths == ["/OPUS-Tatoeba/v9/moses/en-es.txt.zip"]
        assert lines(tmp_path / "tatoeba.en-es.tsv.gz")[0] == "Hello 0.\tHola 0."


class TestLanguages:
    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ("spa", "es"),
            ("es", "es"),
            ("deu", "de"),
            ("ger", "de"),
            ("nob", "nb"),
            ("cmn", "cmn"),
            ("tlh", "tlh"),
            ("pt_BR", "pt_BR"),
        ],
    )
    def test_are_named_as_opus_does(self, given: str, code: str) -> None:
        assert language_code(given) == code

    @pytest.mark.parametrize("given", ["", "e", "Spanish", "../x", "es-ES", "ES"])
    def test_others_are_refused(self, given: str) -> None:
        with pytest.raises(ConfigError, match="expected a code such as es or spa"):
            language_code(given)

    def test_two_of_them(self, server: FileServer, tmp_path: Path) -> None:
        result = fetch(server, tmp_path, "spa", "es")
        assert result.exit_code == 2
        assert "languages: expected two. Received: spa es" in result.stderr
        assert server.asked == []

    def test_order_of_the_archive(self) -> None:
        url = SOURCES["globalvoices"].archive_url("https://mirror/", "v2018q4", "fr", "de")
        assert url == "https://mirror/OPUS-GlobalVoices/v2018q4/moses/de-fr.txt.zip"


class TestErrors:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"<html>Please log in</html>", "expected a zip archive"),
            (ARCHIVE[:-400], "expected a zip archive"),
            (ARCHIVE.replace(b"Tatoeba.en-es.es", b"Tatoeba.en-es.fr"), "none called Tatoeba"),
            (archive(["a", "b"], ["a"]), "no line 2 in Tatoeba.en-es.es"),
            (archive(["a"], ["a"]), "expected enough pairs to keep some apart. Received: 1"),
        ],
        ids=["login page", "cut", "other files", "unaligned", "too few"],
    )
    def test_an_archive_without_pairs(
        self, content: bytes, told: str, server: FileServer, tmp_path: Path
    ) -> None:
        server.content = content
        result = fetch(server, tmp_path)

        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
        assert told in result.stderr
        assert list(tmp_path.glob("*.tsv.gz")) == []

    def test_a_login_page_is_not_kept(self, server: FileServer, tmp_path: Path) -> None:
        server.content = b"<html>Please log in</html>"
        assert fetch(server, tmp_path).exit_code == 2
        assert os.listdir(tmp_path) == []
        server.content = ARCHIVE
        assert fetch(server, tmp_path).exit_code == 0

    @pytest.mark.parametrize(
        ("fault", "more", "told"),
        [
            ("status:404", [], "en-es.txt.zip: expected a file. Received: 404 Not Found"),
            ("status:503", ["--retries", 0], "expected a whole file. Received: 503 Service"),
            ("", ["--sha256", "00"], "expected sha256 00. Received: "),
            ("", ["--release", "../v1"], "release: expected one such as v2023-04-12"),
        ],
        ids=["no such pair", "down", "checksum", "release"],
    )
    def test_are_one_line(
        self, fault: str, more: list[object], told: str, server: FileServer, tmp_path: Path
    ) -> None:
        server.faults = [fault] if fault else []
        result = fetch(server, tmp_path / "new", *more)

        assert result.exit_code == 2
        assert told in result.stderr
        assert result.stderr.count("\n") == 1


class TestProcess:
    def test_a_killed_one_goes_on(self, tmp_path: Path) -> None:
        with serving(LARGE, faults=["stall:400000"]) as server:
            command = [sys.executable, "-m", "training", *arguments(server, tmp_path)]
            part = tmp_path / "tatoeba.v2023-04-12.en-es.zip.part"
            with subprocess.Popen(command, cwd=ROOT) as process:
                deadline = time.monotonic() + 30
                while not part.exists() or part.stat().st_size < 300_000:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                process.kill()
            done = run_module(*command[2:])

        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert int(server.ranges[1][6:-1]) >= 300_000
        assert len(lines(tmp_path / "tatoeba.es-en.tsv.gz")) == 303

    def test_a_full_disk(self, tmp_path: Path) -> None:
        with serving(LARGE) as server:
            command = ["training", *arguments(server, tmp_path)]
            full = run_module(*command, largest_file=300)
            assert full.returncode == 2
            assert full.stderr.startswith(f"Error: {tmp_path}")
            assert "File too large. What has come is kept" in full.stderr
            assert full.stderr.count("\n") == 1

            done = run_module(*command)
        assert done.returncode == 0, done.stderr
        assert int(server.ranges[1][6:-1]) == 300 * 1024
        assert len(lines(tmp_path / "tatoeba.es-en.tsv.gz")) == 303
