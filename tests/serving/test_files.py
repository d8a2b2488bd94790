from __future__ import annotations

import gzip
import io
import os
import re
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from serving.app import create_app
from serving.edge.checks import check_edge
from serving.file_store import FileStore
from serving.registry import Registry
from serving.served_model import Engine
from serving.settings import Settings
from serving.waiting import NoRoom
from translator.errors import ConfigError
from translator.formats.registry import extensions

LIMIT = "a file may have at most 100000 bytes, also unpacked (TRANSLATE_FILE_LIMIT_BYTES)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(
        char_limit=1_000, file_char_factor=10, file_limit_bytes=100_000, files_folder=folder
    )


def send(client: FlaskClient, content: bytes, name: str = "x.txt", **fields: str) -> TestResponse:
    data = {"source": "es", "target": "en", **fields}
    form = {key: value for key, value in data.items() if value}
    return client.post("/translate_file", data={**form, "file": (io.BytesIO(content), name)})


def fetched(client: FlaskClient, response: TestResponse) -> TestResponse:
    assert response.status_code == 200, response.get_json()
    url = response.get_json()["translatedFileUrl"]
    assert url.startswith("http://localhost/download_file/")
    return client.get(url)


def refused(response: TestResponse, status: int = 400) -> str:
    assert response.status_code == status, response.get_data()
    assert list(response.get_json()) == ["error"]
    return str(response.get_json()["error"])


def test_a_file_comes_back_translated(client: FlaskClient) -> None:
    response = send(client, b"\xef\xbb\xbfuno dos\r\n\r\ntres cuatro", "my report.txt")
    assert list(response.get_json()) == ["translatedFileUrl"]
    file = fetched(client, response)
    assert file.data == b"\xef\xbb\xbfdos uno\r\n\r\ncuatro tres"
    assert file.mimetype == "application/octet-stream"
    assert file.headers["Content-Disposition"] == "attachment; filename=my_report_en.txt"
    assert file.headers["Cache-Control"] == "private, no-store"
    assert file.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "x.po",
            b'msgid "uno dos"\nmsgstr ""\n',
            b'\n#, fuzzy\nmsgid "uno dos"\nmsgstr "dos uno"\n',
        ),
        ("x.srt", b"1\n00:00:01,000 --> 00:00:02,000\nuno dos\n", b"2,000\ndos uno\n"),
        ("x.HTML", b"<p>uno dos<p>tres", b"<p>dos uno<p>tres"),
        ("x.md", b"# uno dos\n\n`uno dos`\n", b"# dos uno\n\n`uno dos`\n"),
        ("x.jsonl", b'{"text": "uno dos", "n": 1.50}', b'{"text": "dos uno", "n": 1.50}'),
        (
            "x.tmx",
            b'<tmx><tu><tuv xml:lang="es"><seg>uno dos</seg></tuv></tu></tmx>',
            b'<tuv xml:lang="en"><seg>dos uno</seg></tuv>',
        ),
    ],
)
def test_formats(client: FlaskClient, name: str, content: bytes, expected: bytes) -> None:
    assert expected in fetched(client, send(client, content, name)).data


def test_the_codes_of_a_file_are_those_that_are_served(client: FlaskClient) -> None:
    content = b'<tmx><tu><tuv xml:lang="es"><seg>uno dos</seg></tuv></tu></tmx>'
    file = fetched(client, send(client, content, "x.tmx", source="ES", target="en_US"))
    assert b'<tuv xml:lang="en"><seg>dos uno</seg></tuv>' in file.data
    assert file.headers["Content-Disposition"] == "attachment; filename=x_en.tmx"


def test_a_packed_file_comes_back_packed(client: FlaskClient) -> None:
    file = fetched(client, send(client, gzip.compress(b"uno dos\n"), "x.txt.gz"))
    assert gzip.decompress(file.data) == b"dos uno\n"
    assert file.headers["Content-Disposition"] == "attachment; filename=x_en.txt.gz"


def test_the_language_of_a_file_is_detected(client: FlaskClient) -> None:
    text = "la casa blanca está cerca del río\n".encode()
    assert "río del" in fetched(client, send(client, text, source="auto")).text


def test_what_cannot_be_put_into_a_file_is_told(client: FlaskClient) -> None:
    # Backwards, the first line would begin a list.
    response = send(client, b"uno dos -\n\ntres cuatro\n", "x.md")
    assert response.get_json()["untranslated"] == [
        "line 1: the translation would be read as other Markdown"
    ]
    assert fetched(client, response).data == b"uno dos -\n\ncuatro tres\n"


def test_other_requests_get_their_turns(client: FlaskClient, engine) -> None:
    lines = "".join(f"línea {chr(97 + n % 26)}{chr(97 + n // 26)}\n" for n in range(250)).encode()
    fetched(client, send(client, lines))
    assert sum(len(sentences) for sentences, _ in engine.calls) == 250
    assert max(len(sentences) for sentences, _ in engine.calls) <= 100


def test_clients_are_told_of_formats(client: FlaskClient) -> None:
    told = client.get("/frontend/settings").get_json()
    assert told["filesTranslation"] is True
    assert told["supportedFilesFormat"] == extensions()
    assert {".txt", ".po", ".srt", ".xliff", ".md"} <= set(extensions())


# What is refused


@pytest.mark.parametrize("missing", ["source", "target"])
def test_a_missing_field(client: FlaskClient, missing: str) -> None:
    message = refused(send(client, b"uno", **{missing: ""}))
    assert message == f"Invalid request: missing {missing} parameter"


def test_a_missing_file(client: FlaskClient) -> None:
    for data in ({}, {"file": "text"}):
        response = client.post("/translate_file", data={"source": "es", "target": "en", **data})
        assert refused(response) == "Invalid request: missing file parameter"


def test_an_unknown_language(client: FlaskClient, folder: Path) -> None:
    error = refused(send(client, b"uno", target="zz"))
    assert error == "zz is not supported"
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")])
def test_an_empty_file(client: FlaskClient, content: bytes) -> None:
    name = "x.txt.gz" if content else "x.txt"
    assert "empty file" in refused(send(client, content, name))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(60), "x.txt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "x.txt"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "x.po"),
        (b"PK\x03\x04\x14\x00", "x.html"),
        (b"#!/bin/sh\nrm -rf /\n", "x.txt"),
        (gzip.compress(b"uno"), "x.txt"),
        (gzip.compress(b"\x7fELF" + bytes(9)), "x.txt.gz"),
        (gzip.compress(gzip.compress(b"uno")), "x.txt.gz"),
        (b"uno\n" * 20_000 + b"\x00", "x.txt"),
    ],
)
def test_what_is_no_text_is_refused_whatever_its_name(
    client: FlaskClient, folder: Path, content: bytes, name: str
) -> None:
    assert "expected a text file" in refused(send(client, content, name))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["x.exe", "x.docx", "x", ".txt.zip", "x.gz", "x.txt.gz.gz"])
def test_an_unknown_extension(client: FlaskClient, name: str) -> None:
    assert "expected a name that ends in one of .txt" in refused(send(client, b"uno", name))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.txt",
        "..\\..\\windows\\x.txt",
        "/etc/cron.d/x.txt",
        "a\x00b.txt",
        "x" * 5_000 + ".txt",
        "..txt",
        'a"; filename="b.txt',
        "a\r\nSet-Cookie: x=1.txt",
        "отчёт.txt",
        "~/.ssh/x.txt",
    ],
)
def test_a_name_is_never_a_path(client: FlaskClient, folder: Path, name: str) -> None:
    response = send(client, b"uno dos", name)
    if "\r\n" in name:
        # The form itself is broken then.
        refused(response)
        return
    assert response.status_code == 200
    url = response.get_json()["translatedFileUrl"]
    assert re.fullmatch(r"http://localhost/download_file/[0-9a-f]{32}-[\w-]{1,50}_en\.txt", url)
    file = client.get(url)
    assert file.data == b"dos uno"
    header = file.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename=[\w.-]+", header)
    assert all(re.fullmatch("[0-9a-f]{32}", path.name) for path in folder.iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "../settings.py",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "0" * 32,
        "0" * 32 + "-x.txt",
        "0" * 31 + "%00-x",
    ],
)
def test_only_files_of_the_store_are_given_out(client: FlaskClient, path: str) -> None:
    assert client.get(f"/download_file/{path}").status_code == 404


def test_a_token_alone_is_no_name_and_another_token_no_file(client: FlaskClient) -> None:
    url = send(client, b"uno").get_json()["translatedFileUrl"]
    token = url.rpartition("/")[2].partition("-")[0]
    assert client.get(f"/download_file/{token}").status_code == 404
    assert client.get(url.replace(token, token[::-1])).status_code == 404
    assert client.get(url).status_code == 200


def test_a_zip_bomb_is_let_go_of_at_the_limit(client: FlaskClient, folder: Path) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    start = time.monotonic()
    assert refused(send(client, bomb, "x.txt.gz"), 413) == f"The file is too large: {LIMIT}"
    assert time.monotonic() - start < 5
    assert list(folder.iterdir()) == []


def test_a_bomb_of_zeros(client: FlaskClient) -> None:
    assert "expected a text" in refused(send(client, gzip.compress(bytes(50_000_000)), "x.txt.gz"))


def test_a_large_body(client: FlaskClient) -> None:
    assert fetched(client, send(client, (b"uno" + b" " * 700 + b"\n") * 14)).status_code == 200
    told = refused(send(client, b"uno\n" * 100_000), 413)
    assert told == f"The body is too large: {LIMIT}, a form at most 1000 fields"
    assert refused(send(client, b"u" * 100_001), 413) == f"The file is too large: {LIMIT}"


def test_a_file_may_be_larger_than_other_bodies(engine: Engine, folder: Path) -> None:
    settings = Settings(max_body_bytes=1_000, file_limit_bytes=100_000, files_folder=folder)
    client = create_app(settings, Registry([engine])).test_client()
    assert fetched(client, send(client, b"uno dos\n" * 5_000)).status_code == 200


def test_a_large_body_without_a_length(client: FlaskClient) -> None:
    body = (
        b"--x\r\nContent-Disposition: form-data; name=file; filename=x.txt\r\n\r\n" + b"u" * 300_000
    )
    response = client.post(
        "/translate_file",
        input_stream=io.BytesIO(body),
        headers={"Content-Type": "multipart/form-data; boundary=x", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    refused(response, 413)


def test_too_many_characters(client: FlaskClient, engine) -> None:
    message = refused(send(client, b"uno dos tres\n" * 1_000))
    assert re.fullmatch(
        r"Invalid request: request \(10\d\d\d\) exceeds text limit \(10000\)", message
    )
    assert engine.calls == []


_LAUGHS = (
    '<!DOCTYPE tmx [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + ']><tmx><tu><tuv xml:lang="es"><seg>&m;</seg></tuv></tu></tmx>'
)
_EXTERNAL = (
    '<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<tmx><tu><tuv xml:lang="es"><seg>&x;</seg></tuv></tu></tmx>'
)
_PARAMETER = '<!DOCTYPE tmx [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]><tmx/>'


@pytest.mark.parametrize("content", [_LAUGHS, _EXTERNAL, _PARAMETER])
@pytest.mark.parametrize("name", ["x.tmx", "x.xlf"])
def test_entities_are_refused(client: FlaskClient, content: str, name: str) -> None:
    root = "tmx" if name == "x.tmx" else "xliff"
    start = time.monotonic()
    message = refused(send(client, content.replace("tmx", root).encode(), name))
    assert "expected no entities beside those of XML" in message
    assert time.monotonic() - start < 5
    assert "root:" not in message


def test_a_broken_file_is_told_of_by_its_place(client: FlaskClient) -> None:
    message = refused(send(client, b'msgid "a"\nmsgstr "b\n', "x.po"))
    assert message == "line 2: expected a PO file. Received: 'msgstr \"b'"


def test_files_may_be_switched_off(engine, folder: Path) -> None:
    app = create_app(Settings(files=False, files_folder=folder), Registry([engine]))
    client = app.test_client()
    assert refused(send(client, b"uno"), 403) == "Files are not translated by this server"
    assert client.get("/download_file/x").status_code == 403
    assert not folder.exists()


# What is kept


def test_a_file_is_deleted_when_its_time_is_up(client: FlaskClient, folder: Path) -> None:
    url = send(client, b"uno dos").get_json()["translatedFileUrl"]
    (path,) = folder.iterdir()
    os.utime(path, (time.time() - 3_500,) * 2)
    assert client.get(url).data == b"dos uno"
    os.utime(path, (time.time() - 3_700,) * 2)
    assert "no longer kept" in refused(client.get(url), 404)
    assert list(folder.iterdir()) == []


def test_a_file_is_deleted_though_nobody_asks(folder: Path) -> None:
    store = FileStore(folder, keep_seconds=0.2, most_bytes=100)
    with store.new() as (token, file):
        file.write(b"x")
    assert store.find(token) is not None
    time.sleep(0.3)
    deadline = time.monotonic() + 10
    while list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(folder.iterdir()) == []


def test_only_files_of_the_store_are_deleted(engine, folder: Path) -> None:
    names = ["translate.sqlite3", "a" * 31, "b" * 32, "." + "c" * 32 + ".0123abcd.tmp", ".c.tmp"]
    folder.mkdir(mode=0o700)
    for name in names:
        (folder / name).write_text("x")
    (folder / ("d" * 32)).mkdir()
    (folder / "others").mkdir()
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    app = create_app(Settings(files_folder=folder), Registry([engine]))
    assert send(app.test_client(), b"uno").status_code == 200
    left = {path.name for path in folder.iterdir()}
    assert left & {*names, "d" * 32, "others"} == {*names[:2], names[4], "d" * 32, "others"}


def test_a_file_in_the_making_is_not_deleted_for_its_age(folder: Path) -> None:
    store = FileStore(folder, keep_seconds=1.0, most_bytes=100)
    with store.new() as (token, file):
        (unfinished,) = folder.iterdir()
        os.utime(unfinished, (time.time() - 60,) * 2)
        store.sweep()
        file.write(b"x")
    assert store.find(token) is not None


def test_a_store_that_is_cleared_deletes_its_own_files_only(folder: Path) -> None:
    store = FileStore(folder, keep_seconds=60.0, most_bytes=100)
    with store.new() as (token, _):
        pass
    (folder / "others.txt").write_text("x")
    store.clear()
    assert store.find(token) is None
    assert [path.name for path in folder.iterdir()] == ["others.txt"]


@pytest.mark.parametrize("files", [True, False])
def test_a_folder_that_others_can_read_is_left_alone(
    engine, folder: Path, caplog: pytest.LogCaptureFixture, files: bool
) -> None:
    folder.mkdir(mode=0o755)
    old = folder / ("a" * 32)
    old.write_text("x")
    os.utime(old, (1, 1))
    app = create_app(Settings(files=files, files_folder=folder), Registry([engine]))
    assert old.exists()
    assert ("that are old may stay" in caplog.text) is files
    # Nor is anything given out that somebody else may have put there.
    assert app.test_client().get(f"/download_file/{old.name}-a.txt").status_code >= 400


def test_nothing_is_deleted_where_files_are_switched_off(engine, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    old = folder / ("a" * 32)
    old.write_text("x")
    os.utime(old, (1, 1))
    create_app(Settings(files=False, files_folder=folder), Registry([engine]))
    assert old.exists()


def test_the_folder_is_private(client: FlaskClient, folder: Path) -> None:
    send(client, b"uno")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert refused(send(client, b"uno"), 500) == "Internal server error"


def test_a_link_in_place_of_the_folder_is_not_followed(
    client: FlaskClient, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    refused(send(client, b"uno"), 500)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_was_cut_short_is_told(client: FlaskClient) -> None:
    response = send(client, b"uno\nendless dos\ntres")
    assert response.get_json()["untranslated"] == ["line 2: the translation was cut short"]
    assert fetched(client, response).data == b"uno\ndos endless\ntres"
    entry = b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    entry += b'msgid "endless dos"\nmsgstr ""\n'
    catalogue = fetched(client, send(client, entry, "x.po")).data
    assert b"# Machine translation, cut short\n#, fuzzy\n" in catalogue


def test_a_file_is_translated_in_parts_that_leave_others_their_turn(engine, folder: Path) -> None:
    app = create_app(Settings(files_folder=folder), Registry([engine]))
    lines = [*["a b"] * 150, *[f"{n} {'c' * 4_000}" for n in range(5)], "d" * 30_000, "e f"]
    assert send(app.test_client(), "\n".join(lines).encode()).status_code == 200
    called = [[len(text) for text in texts] for texts, _ in engine.calls]
    assert max(map(len, called)) <= 100
    assert [sum(sizes) for sizes in called if sum(sizes) > 10_000] == [30_000]


def test_a_folder_that_cannot_be_used_is_told_before_the_start(folder: Path) -> None:
    check_edge(Settings(files_folder=folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match=r"TRANSLATE_FILES_FOLDER: expected .* \(chmod 700\)"):
        check_edge(Settings(files_folder=folder))
    check_edge(Settings(files_folder=folder, files=False))


def test_a_full_store(engine, folder: Path) -> None:
    app = create_app(Settings(file_store_bytes=5, files_folder=folder), Registry([engine]))
    client = app.test_client()
    assert send(client, b"uno dos").status_code == 200
    response = send(client, b"uno dos")
    assert refused(response, 503) == "There is no room for files at the moment"
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk(client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> io.FileIO:
        return io.FileIO("/dev/full", "w+")

    monkeypatch.setattr("serving.file_store.tempfile.TemporaryFile", full)
    response = send(client, b"uno dos")
    assert refused(response, 503) == "There is no room for files at the moment"
    monkeypatch.undo()
    assert send(client, b"uno dos").status_code == 200


def test_no_room_is_told_by_the_store(folder: Path) -> None:
    store = FileStore(folder, keep_seconds=60, most_bytes=0)
    with pytest.raises(NoRoom), store.scratch():
        pass
