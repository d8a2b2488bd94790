"""Systems that translate in processes of their own, driven over a pipe.

Needs the standard library only, so that the environment of a peer can run its end of the pipe.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

BATCH_SIZE = 64

Translate = Callable[[list[str], int], tuple[list[str], list[int]]]
"""Takes texts and a beam size; gives translations, and the target tokens of each, EOS counted."""


def serve(translate: Translate) -> None:
    """Answers on standard output what standard input asks for, a line for a line."""
    # What libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        seconds = []
        for _ in range(request["times"]):
            start = time.perf_counter()
            outputs, tokens = translate(request["texts"], request["beam_size"])
            seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {"seconds": seconds, "outputs": outputs, "tokens": tokens, "peak_kib": peak}
        print(json.dumps(answer), file=answers, flush=True)


class System:
    """The other end of the pipe.

    Args:
        command: What calls `serve`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed in close
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    def translate(self, texts: Sequence[str], beam_size: int, times: int = 1) -> dict[str, Any]:
        """Translates texts as often as is asked for.

        Returns:
            `seconds` of each time, `outputs`, `tokens` of each output, and `peak_kib`, the resident
            memory of the process when it was largest.
        """
        assert self._process.stdin
        assert self._process.stdout
        request = {"texts": list(texts), "beam_size": beam_size, "times": times}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._fail()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline() or self._fail())
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()
        self._errors.close()

    def _fail(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        raise RuntimeError(f"{' '.join(self._command)} failed:\n{self._errors.read()[-4000:]}")
