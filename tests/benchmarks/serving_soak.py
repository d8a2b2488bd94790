"""Two hundred thousand mixed requests, and the memory of the server meanwhile.

    python tests/benchmarks/serving_soak.py --test en-es.test.tsv.gz --column 2 --model es-en

Clients send single texts and lists, HTML, alternatives, alignments, glossaries, detection, files,
lists of languages, and wrong requests of several kinds, in random order. The cache is small, so
that it is full before the first tenth is over, from which on the memory is compared.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
from serving_load import ROOT, memory_of, serving

sys.path.insert(0, str(ROOT))
from translator.files import read_file

CACHE_MB: Final = 8
MEASUREMENTS: Final = 50
BOUNDARY: Final = "7d1c5f0b"


Sent = tuple[str, str, bytes, str]
"""Method, path, body, type of the body."""


class Mix:
    """Random requests.

    Args:
        sentences: To make texts of.
        source: Their language.
        target: The other one.
        seed: Of the random numbers.
    """

    def __init__(self, sentences: list[str], source: str, target: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._sentences = sentences
        self._pair = {"source": source, "target": target}
        kinds: list[tuple[int, Callable[[], Sent]]] = [
            (60, lambda: self._post({"q": self._text(1)})),
            (8, lambda: self._post({"q": self._text(self._random.randint(2, 6))})),
            (6, lambda: self._post({"q": [self._text(1) for _ in range(self._count(12))]})),
            (5, lambda: self._post({"q": f"<p>{self._text(1)} <b>x</b></p>", "format": "html"})),
            (5, lambda: self._post({"q": self._text(1), "alternatives": self._count(4)})),
            (4, lambda: self._post({"q": self._text(1), "alignment": True, "scores": True})),
            (3, lambda: self._post({"q": self._text(1), "glossary": {"Tom": "Tim"}})),
            (3, lambda: self._post({"q": self._text(2), "source": "auto"})),
            (2, lambda: self._post({"q": self._text(1)}, "/detect")),
            (1, lambda: ("GET", "/languages", b"", "")),
            (1, self._file),
            (1, lambda: self._post({"q": self._text(1), "source": "xx"})),
            (1, lambda: ("POST", "/translate", b'{"q": ', "application/json")),
        ]
        self._weights, self._kinds = zip(*kinds, strict=True)

    def next(self) -> Sent:
        (kind,) = self._random.choices(self._kinds, self._weights)
        made: Sent = kind()
        return made

    def _count(self, most: int) -> int:
        return self._random.randint(1, most)

    def _text(self, sentences: int) -> str:
        return " ".join(self._random.choices(self._sentences, k=sentences))

    def _post(self, content: dict[str, Any], path: str = "/translate") -> Sent:
        given = content if path == "/detect" else {**self._pair, **content}
        return "POST", path, json.dumps(given).encode(), "application/json"

    def _file(self) -> Sent:
        fields = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self._pair.items()
        )
        lines = "\n".join(self._text(1) for _ in range(5))
        file = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{lines}\r\n--{BOUNDARY}--\r\n"
        )
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return "POST", "/translate_file", (fields + file).encode(), kind


def main() -> None:
    """Measures, and prints what the memory was at each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test", required=True, help="TSV file of sentences")
    parser.add_argument("--column", type=int, default=1, help="column of the sentences, from 1")
    parser.add_argument("--models", type=Path, default=ROOT / "saved_models")
    parser.add_argument("--model", default="es-en", help="which of the models")
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    sentences = [line.split("\t")[given.column - 1] for line in read_file(given.test)]
    source, target = given.model.split("-")
    os.environ["TRANSLATE_CACHE_MB"] = str(CACHE_MB)
    left = iter(range(given.requests))
    statuses: Counter[str] = Counter()
    with serving("batching", given) as port:

        def client(seed: int) -> None:
            mix = Mix(sentences, source, target, seed)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            while next(left, None) is not None:
                method, path, body, kind = mix.next()
                headers = {"Content-Type": kind} if kind else {}
                try:
                    connection.request(method, path, body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    statuses[f"{path} {answer.status}"] += 1
                except OSError as error:
                    statuses[f"{path} {type(error).__name__}"] += 1
                    connection.close()

        clients = [threading.Thread(target=client, args=(seed,)) for seed in range(given.clients)]
        started = time.monotonic()
        for each in clients:
            each.start()
        memory = _watch(clients, statuses, given.requests, port, started)
        seconds = time.monotonic() - started
    print(f"{sum(statuses.values()):,} requests in {seconds:.0f} s")
    for what, count in sorted(statuses.items()):
        print(f"  {what}: {count:,}")
    tenth = len(memory) // 10
    base, rest = memory[tenth], memory[tenth:]
    print(
        f"memory after the first tenth {base:.0f} MB, then {min(rest):.0f} to {max(rest):.0f} MB, "
        f"at the end {rest[-1]:.0f} MB: {100 * (max(rest) / base - 1):+.1f} % at most"
    )


def _watch(
    clients: list[threading.Thread],
    statuses: Counter[str],
    requests: int,
    port: int,
    started: float,
) -> list[float]:
    """Megabytes each time that another part of the requests is done."""
    memory: list[float] = []
    while any(each.is_alive() for each in clients):
        time.sleep(0.5)
        done = sum(list(statuses.values()))
        if done >= requests * len(memory) / MEASUREMENTS:
            memory.append(memory_of(port))
            seconds = time.monotonic() - started
            print(f"{seconds:7.0f} s {done:8,} requests {memory[-1]:7.0f} MB", flush=True)
    return memory


if __name__ == "__main__":
    main()
