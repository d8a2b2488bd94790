"""Parts translated into a folder, with a translator that writes words in capitals, last first."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from upper_case import UpperCase

from translator.batch_options import parsed, with_options
from translator.cluster.parts import Part
from translator.cluster.planning import PartedJob, plan
from translator.cluster.work import PartFolder, PartTranslator
from translator.errors import ConfigError, InputError, TranslatorError
from translator.formats.jsonl import Jsonl
from translator.formats.txt import Txt
from translator.model_folder import FORMAT_VERSION, content_checksum
from translator.pipeline.lines import Lines
from translator.pipeline.options import Options
from translator.pipeline.statistics import Statistics
from translator.translator import Translator


@pytest.fixture(autouse=True)
def translator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> UpperCase:
    """Whatever model is asked for; the working directory is empty but for the model's folder."""
    stand_in = UpperCase()
    monkeypatch.setattr(Translator, "load", lambda *paths, shortlist: stand_in)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    return stand_in


def _options(*arguments: str) -> Options:
    found: list[Options] = []

    @click.command()
    @with_options
    def command(**given: Any) -> None:
        found.append(parsed(given))

    models = [] if "--into" in arguments else ["--model", "model"]
    command([*models, "--engine", "ray", *arguments], standalone_mode=False)
    return found[0]


Start = Callable[..., tuple[PartFolder, PartTranslator]]


@pytest.fixture
def start() -> Start:
    def started(*arguments: str, form: Any = None) -> tuple[PartFolder, PartTranslator]:
        Path("in.txt").write_text("")
        options = _options("in.txt", "--output", "out", *arguments)
        job = PartedJob(("in.txt",), "out", form or Txt(), ("model",))
        folder = PartFolder(job.output, job.extension)
        folder.begin(resume=options.resume)
        return folder, PartTranslator(options, job)

    return started


ONE = Part(0, 0, "in.txt, line 1", b"uno dos\r\n\n")
TWO = Part(1, 2, "in.txt, line 3", b"tres")


def test_parts_in_any_order_make_the_whole(start: Start) -> None:
    folder, worker = start()
    done = [worker.translate(TWO), worker.translate(ONE)]
    assert not Path("out").exists()
    folder.finish(2)

    assert sorted(os.listdir("out")) == ["part-00000000.txt", "part-00000001.txt"]
    assert Path("out/part-00000000.txt").read_bytes() == b"DOS UNO\r\n\n"
    assert Path("out/part-00000001.txt").read_bytes() == b"TRES"
    assert not folder.path.exists()
    assert all(part.fresh for part in done)
    counts = sum((Statistics.from_state(part.statistics) for part in done), Statistics()).counts
    assert (counts["segments"], counts["blank"], counts["problems"]) == (3, 1, 0)


def test_what_was_done_is_not_done_again(start: Start, translator: UpperCase) -> None:
    _, worker = start()
    worker.translate(ONE)
    (Path("out.parts") / ".part-00000001.txt.0123abcd.tmp").write_bytes(b"of one that was killed")
    before = len(translator.calls)

    folder, worker = start("--resume")
    again = worker.translate(ONE)
    assert not again.fresh
    assert len(translator.calls) == before
    assert worker.translate(Part(0, 0, "in.txt, line 1", b"otra")).fresh  # the input has changed
    worker.translate(TWO)
    folder.finish(2)

    assert sorted(os.listdir("out")) == ["part-00000000.txt", "part-00000001.txt"]
    assert Path("out/part-00000000.txt").read_bytes() == b"OTRA"


def test_an_unfinished_run_is_not_overwritten(start: Start) -> None:
    start()
    with pytest.raises(InputError, match=r"out\.parts: an unfinished run has left it"):
        start()


@pytest.mark.parametrize("option", [("--beam-size", "2"), ("--html",), ("--no-split",)])
def test_with_other_options_all_is_done_anew(option: tuple[str, ...], start: Start) -> None:
    _, worker = start()
    before = worker.translate(ONE)
    _, other = start("--resume", *option)
    after = other.translate(ONE)

    assert after.fresh
    assert after.made_by != before.made_by


def test_what_another_model_made_is_done_anew(start: Start, translator: UpperCase) -> None:
    _, worker = start()
    before = worker.translate(ONE)
    translator.identity = ("another",)
    _, worker = start("--resume")
    after = worker.translate(ONE)

    assert after.fresh
    assert after.made_by != before.made_by


def test_a_missing_part_is_told(start: Start) -> None:
    folder, worker = start()
    worker.translate(TWO)
    with pytest.raises(InputError, match=r"expected 2 parts. Received: no part-00000000\.txt"):
        folder.finish(2)
    assert not Path("out").exists()


def test_numbers_and_columns_are_those_of_the_whole(start: Start) -> None:
    folder, worker = start("--n-best", "2", form=Lines())
    worker.translate(TWO)

    assert (folder.path / "part-00000001.txt").read_text() == (
        "2 ||| TRES ||| -0.2500\n2 ||| TRES! ||| -1.2500\n"
    )


def test_problems_and_errors_name_their_place(start: Start) -> None:
    _, worker = start(form=Jsonl())
    with pytest.raises(InputError, match=r"from in\.jsonl, line 2001 on: line 2, col"):
        worker.translate(Part(1, 2000, "in.jsonl, line 2001", b'{"text": "a"}\nb\n'))


def test_records_keep_all_else(start: Start) -> None:
    folder, worker = start(form=Jsonl("text:en"))
    worker.translate(Part(0, 0, "in.jsonl, line 1", b'{"id": 7, "text": "uno dos"}\n'))
    content = (folder.path / "part-00000000.jsonl").read_text()
    assert content == '{"id": 7, "text": "uno dos", "en": "DOS UNO"}\n'


class TestPlan:
    def test_folders_are_their_files(self, tmp_path: Path) -> None:
        Path("in").mkdir()
        for name in ("b.jsonl", "a.jsonl.gz", ".hidden", "_SUCCESS"):
            Path("in", name).write_text("")
        (job,) = plan(_options("in", "--output", "out", "--fields", "text:en"))

        assert job.inputs == ("in/a.jsonl.gz", "in/b.jsonl")
        assert job.format == Jsonl("text:en", partial=True)
        assert job.extension == ".jsonl"

    def test_a_folder_for_each_language(self) -> None:
        Path("in.txt").write_text("")
        models = []
        for target in ("en", "fr"):
            assets = Path(f"es-{target}", "1", "assets")
            assets.mkdir(parents=True)
            info = {
                "format_version": FORMAT_VERSION,
                "source_language": "es",
                "target_language": target,
            }
            content = {**info, "checksum": content_checksum(info)}
            (assets / "model.json").write_text(json.dumps(content))
            models += ["--into", f"es-{target}"]
        jobs = plan(_options("in.txt", "--output", "out/{target}", *models))

        assert [(job.output, job.models) for job in jobs] == [
            ("out/en", ("es-en",)),
            ("out/fr", ("es-fr",)),
        ]
        with pytest.raises(ConfigError, match="--into: expected one model for each target"):
            plan(_options("in.txt", "--output", "out/{target}", *models, "--into", "es-en"))
        with pytest.raises(ConfigError, match=r"an --output with \{target\} in it"):
            plan(_options("in.txt", "--output", "out", *models))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["a.txt"], "a folder for --output"),
            (["a.txt", "--output", "a.txt"], "--output: expected a folder that is not there yet"),
            (["a.txt", "--output", "full"], "--output: expected a folder that is not there yet"),
            (["a.txt", "b.jsonl", "--output", "o"], "FILEs of one format. Received: jsonl, txt"),
            (["c.po", "--output", "o"], "c.po: expected plain lines, .* Received: po"),
            (["t.tsv", "--output", "o", "--columns", "es:en"], "--columns: expected numbers"),
            (["empty", "--output", "o"], "empty: expected files in it. Received: none"),
            (["a.txt", "--output", "o/{name}"], "--output: expected a folder for the parts of all"),
            (["c.po", "--output", "o", "--scores"], "expected plain lines. Received: c.po"),
            (["p.parquet", "--output", "o", "--n-best", "2"], "plain lines. Received: p.parquet"),
            (["b.jsonl", "--output", "o", "--html"], "--html: expected plain lines"),
        ],
    )
    def test_what_cannot_be_parted_is_told(self, arguments: list[str], message: str) -> None:
        for name in ("a.txt", "b.jsonl", "c.po", "t.tsv", "p.parquet"):
            Path(name).write_text("")
        Path("empty").mkdir()
        Path("full").mkdir()
        Path("full", "file").write_text("")
        with pytest.raises(TranslatorError, match=message):
            plan(_options(*arguments))

    def test_lines_of_several_files_follow_one_another(self) -> None:
        for name in ("a.txt", "b.txt"):
            Path(name).write_text("")
        (one,) = plan(_options("a.txt", "--output", "out"))
        (several,) = plan(_options("a.txt", "b.txt", "--output", "out"))
        assert (one.format, several.format) == (Txt(), Lines())

    def test_an_address_is_for_ray(self) -> None:
        Path("a.txt").write_text("")
        with pytest.raises(ConfigError, match="--address: expected --engine ray"):
            _options("a.txt", "--engine", "local", "--address", "auto")
