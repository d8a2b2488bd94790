from __future__ import annotations

import hashlib
import os
import random
import socket
import subprocess
from pathlib import Path

import pytest
from file_server import FileServer, serving

from training.download import download
from translator.errors import ChecksumError, CorpusError, DownloadError

CONTENT = random.Random(1).randbytes(500_000)
CHANGED = random.Random(2).randbytes(400_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def get(server: FileServer, path: Path, **options: object) -> str:
    return download(f"{server.address}/file", path, **{"pause": lambda _: None, **options})


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.zip"


def test_a_file_and_its_checksum(path: Path) -> None:
    shown: list[tuple[int, int | None]] = []
    with serving(CONTENT) as server:
        assert get(server, path, show=lambda *n: shown.append(n)) == SHA256

    assert path.read_bytes() == CONTENT
    assert shown[-1] == (500_000, 500_000)
    assert sorted(os.listdir(path.parent)) == ["file.zip", "file.zip.sha256"]
    subprocess.run(["sha256sum", "-c", "file.zip.sha256"], cwd=path.parent, check=True)


class TestResume:
    @pytest.mark.parametrize(
        "validator",
        [{"etag": '"1"'}, {"etag": "", "modified": "Sat, 21 Nov 2026 08:00:00 GMT"}],
        ids=["etag", "time of change"],
    )
    def test_a_lost_connection_costs_little(self, validator: dict[str, str], path: Path) -> None:
        with serving(CONTENT, faults=["cut:200000", "cut:200000"], **validator) as server:
            assert get(server, path) == SHA256

        assert path.read_bytes() == CONTENT
        starts = [int(asked[6:-1]) for asked in server.ranges[1:]]
        assert server.ranges[0] == ""
        assert len(starts) == 2
        # What was on its way when the connection broke, at most a block each time, comes again.
        assert starts[0] > 130_000
        assert starts[1] > starts[0] + 130_000
        assert sum(server.sent) < 700_000

    def test_in_a_later_run(self, path: Path) -> None:
        with serving(CONTENT, faults=["cut:300000"]) as server:
            with pytest.raises(DownloadError, match=r"a lost connection\. [23]\d\d,\d* bytes are"):
                get(server, path, retries=0)
            assert not path.exists()
            assert get(server, path) == SHA256

        assert path.read_bytes() == CONTENT
        assert server.ranges[1].startswith("bytes=2")

    def test_one_that_was_killed_before_its_check(self, path: Path) -> None:
        def killed(path: Path) -> None:
            raise KeyboardInterrupt

        with serving(CONTENT) as server:
            with pytest.raises(KeyboardInterrupt):
                get(server, path, check=killed)
            assert not path.exists()
            assert get(server, path) == SHA256
        assert path.read_bytes() == CONTENT
        assert server.sent == [500_000]

    def test_a_file_that_has_changed_begins_anew(self, path: Path) -> None:
        with serving(CONTENT, faults=["cut:300000"]) as server:
            with pytest.raises(DownloadError):
                get(server, path, retries=0)
            server.content, server.etag = CHANGED, '"2"'
            get(server, path)

        assert path.read_bytes() == CHANGED
        assert server.asked[1]["If-Range"] == '"1"'
        assert len(server.asked) == 2

    @pytest.mark.parametrize("faults", [["cut:300000"], ["cut:450000"]], ids=["longer", "shorter"])
    def test_a_server_that_does_not_tell_a_changed_file(
        self, faults: list[str], path: Path
    ) -> None:
        with serving(CONTENT, faults=faults, heeds_if_range=False) as server:
            with pytest.raises(DownloadError):
                get(server, path, retries=0)
            server.content, server.etag = CHANGED, '"2"'
            get(server, path)

        assert path.read_bytes() == CHANGED

    @pytest.mark.parametrize(
        "options", [{"etag": ""}, {"etag": 'W/"1"'}, {"heeds_range": False}], ids=str
    )
    def test_a_server_that_gives_no_parts(self, options: dict[str, object], path: Path) -> None:
        with serving(CONTENT, faults=["cut:300000"], **options) as server:
            assert get(server, path) == SHA256
        assert path.read_bytes() == CONTENT
        assert server.sent == [300_000, 500_000]

    def test_a_part_of_another_address_is_not_used(self, path: Path) -> None:
        with serving(CONTENT, faults=["cut:300000"]) as server, pytest.raises(DownloadError):
            get(server, path, retries=0)
        with serving(CHANGED) as other:
            get(other, path)
        assert path.read_bytes() == CHANGED
        assert other.ranges == [""]

    def test_a_part_without_a_note_is_not_used(self, path: Path) -> None:
        path.parent.mkdir()
        path.with_name("file.zip.part").write_bytes(CHANGED)
        with serving(CONTENT) as server:
            assert get(server, path) == SHA256
        assert path.read_bytes() == CONTENT


class TestRetries:
    def test_pauses_double(self, path: Path) -> None:
        pauses: list[float] = []
        faults = ["status:503", "status:429", "status:500", "cut:300000", "status:502"]
        with serving(CONTENT, faults=faults) as server:
            get(server, path, pause=pauses.append, retries=3)
        # The fourth attempt brought something, so counting began again.
        assert pauses == [1, 2, 4, 1, 2]
        assert path.read_bytes() == CONTENT

    def test_they_end(self, path: Path) -> None:
        told = pytest.raises(DownloadError, match=r"expected a whole file\. Received: 503 ")
        with serving(CONTENT, faults=["status:503"] * 9) as server, told:
            get(server, path, retries=2)
        assert len(server.asked) == 3

    @pytest.mark.parametrize("heeds_range", [True, False])
    def test_they_end_where_the_length_is_wrong(self, heeds_range: bool, path: Path) -> None:
        told = pytest.raises(DownloadError, match="expected a whole file")
        with serving(CONTENT, faults=["longer"] * 50, heeds_range=heeds_range) as server, told:
            get(server, path, retries=3)
        assert len(server.asked) < 12
        assert not path.exists()

    @pytest.mark.parametrize("status", [404, 410, 403, 401])
    def test_what_will_not_pass_is_told_at_once(self, status: int, path: Path) -> None:
        told = pytest.raises(DownloadError, match=f"/file: expected a file. Received: {status} ")
        with serving(CONTENT, faults=[f"status:{status}"]) as server, told:
            get(server, path)
        assert len(server.asked) == 1

    def test_no_network(self, path: Path) -> None:
        with socket.socket() as unheard:  # bound, and listening to nobody
            unheard.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unheard.getsockname()[1]}/file"
            with pytest.raises(DownloadError, match="is the network up") as told:
                download(address, path, retries=1, pause=lambda _: None)
        assert address in str(told.value)

    @pytest.mark.parametrize("address", ["file:///etc/hostname", "nowhere", "http://"])
    def test_no_address_of_the_web(self, address: str, path: Path) -> None:
        with pytest.raises(DownloadError, match="expected http"):
            download(address, path, pause=pytest.fail)


class TestChecksums:
    def test_a_demanded_one(self, path: Path) -> None:
        with serving(CONTENT) as server:
            with pytest.raises(ChecksumError, match=f"sha256 {'0' * 64}. Received: {SHA256}"):
                get(server, path, sha256="0" * 64)
            assert os.listdir(path.parent) == []
            assert get(server, path, sha256=SHA256.upper()) == SHA256

    def test_a_later_run_verifies_without_the_network(self, path: Path) -> None:
        with serving(CONTENT) as server:
            get(server, path)
        assert get(server, path) == SHA256
        with pytest.raises(ChecksumError, match="Remove it to fetch it again"):
            get(server, path, sha256="0" * 64)

        path.write_bytes(CONTENT[:-1])
        with pytest.raises(ChecksumError, match=f"expected sha256 {SHA256}"):
            get(server, path)

    def test_a_file_that_is_not_what_it_was(self, path: Path) -> None:
        with serving(CONTENT) as server:
            get(server, path)
            path.unlink()
            server.content, server.etag = CHANGED, '"2"'
            with pytest.raises(ChecksumError, match=r"has changed there.*file\.zip\.sha256"):
                get(server, path)
            assert os.listdir(path.parent) == ["file.zip.sha256"]

            path.with_name("file.zip.sha256").unlink()
            get(server, path)
        assert path.read_bytes() == CHANGED

    def test_what_a_check_refuses_is_not_kept(self, path: Path) -> None:
        def check(part: Path) -> None:
            assert part.read_bytes() == CONTENT
            raise CorpusError("no")

        with serving(CONTENT) as server, pytest.raises(CorpusError):
            get(server, path, check=check)
        assert os.listdir(path.parent) == []


def test_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serving(CONTENT) as server, pytest.raises(DownloadError, match=f"{tmp_path / 'file'}"):
        get(server, tmp_path / "file" / "folder" / "file.zip")
