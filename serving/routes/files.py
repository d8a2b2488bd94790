"""POST /translate_file, and GET /download_file/NAME for what became of the file."""

from __future__ import annotations

import re
import threading
from pathlib import PurePath
from typing import Any

from flask import Blueprint, Response, request, send_file, url_for
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.utils import secure_filename

from serving.body import read_fields
from serving.connection import caller
from serving.edge.callers import settings_of_caller
from serving.edge.guard import guarded
from serving.fields import Text, read
from serving.file_store import files_of
from serving.file_translation import FileTranslation, Upload, file_limit, unpack
from serving.operation import Operation, describe
from serving.registry import Registry
from serving.settings import Settings
from serving.waiting import Overloaded
from translator.errors import InputError

_AT_A_TIME = 4
"""Files that one process works on: each is in memory several times over."""
_ENVELOPE_BYTES = 65_536
"""What a form needs beside the file in it."""
_NAME = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9][\w.-]{0,79})", re.ASCII)
_EXTENSION = re.compile(r"(.*?)(\.[a-z]+(?:\.gz)?)", re.ASCII | re.DOTALL | re.IGNORECASE)


class FileRequest(BaseModel):
    """The fields of a form, beside its file. Others are ignored.

    Attributes:
        source: Code of the language that the file is in; `auto` detects it.
        target: Code of the language wanted.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Text
    target: Text


class FileAnswer(BaseModel):
    """The answer.

    Attributes:
        translated_file_url: Where the file is to be fetched, for a while.
        untranslated: Places in the file that stayed as they were, or were cut short, and why; the
            first ones.
    """

    translated_file_url: str = Field(serialization_alias="translatedFileUrl")
    untranslated: list[str] | None = None


def blueprint(settings: Settings, registry: Registry) -> Blueprint:
    """Makes the endpoints."""
    routes = Blueprint("files", __name__)
    store = files_of(settings)
    working = threading.BoundedSemaphore(_AT_A_TIME)
    if settings.files:
        store.sweep()

    @routes.post("/translate_file")
    @guarded(
        max_body_bytes=settings.file_limit_bytes + _ENVELOPE_BYTES,
        limit=file_limit(settings.file_limit_bytes),
    )
    @describe(
        Operation(
            "Translate a file",
            request=FileRequest,
            upload="file",
            answer=FileAnswer,
            errors=(400, 403, 413, 429, 503),
        )
    )
    def translate_file() -> dict[str, Any]:
        _require_switched_on(settings)
        fields = read(FileRequest, read_fields(), required=("source", "target"))
        upload = _upload()
        source, target = registry.resolve(fields.source, fields.target, auto=True)
        own = settings_of_caller(settings)
        work = FileTranslation(registry, own, source, target, lambda: caller(settings))
        if not working.acquire(blocking=False):
            raise Overloaded("Too many files are being translated")
        try:
            with store.scratch() as scratch:
                file = unpack(upload, scratch, settings.file_limit_bytes)
                with store.new() as (token, output):
                    work.run(file, output)
        finally:
            working.release()
        name = f"{token}-{_safe_name(upload.name, target)}"
        answer = FileAnswer(
            translated_file_url=url_for("files.download_file", name=name, _external=True),
            untranslated=work.untranslated or None,
        )
        return answer.model_dump(by_alias=True, exclude_none=True)

    @routes.get("/download_file/<name>")
    @describe(
        Operation(
            "Fetch a translated file",
            media_type="application/octet-stream",
            errors=(403, 404),
        )
    )
    def download_file(name: str) -> Response:
        _require_switched_on(settings)
        parts = _NAME.fullmatch(name)
        path = store.find(parts[1]) if parts else None
        if parts is None or path is None:
            raise NotFound("There is no such file, or it is no longer kept")
        response = send_file(
            path,
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=parts[2],
            conditional=False,
            etag=False,
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return routes


def _require_switched_on(settings: Settings) -> None:
    if not settings.files:
        raise Forbidden("Files are not translated by this server")


def _upload() -> Upload:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InputError("Invalid request: missing file parameter")
    return Upload(file.filename, file.stream)


def _safe_name(name: str, target: str) -> str:
    """A name for whoever fetches the file: letters, digits, `_`, `-` and `.` of its own one."""
    match = _EXTENSION.fullmatch(PurePath(name.replace("\\", "/")).name)
    assert match, "a name that a format was found by"
    stem = secure_filename(match[1])[:40].strip("._-") or "translated"
    return f"{stem}_{secure_filename(target)}{match[2].lower()}"
