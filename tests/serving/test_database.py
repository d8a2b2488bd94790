"""The file that workers share: opened by all of them at once, and locked while it is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from serving.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT NOT NULL)"
OPENERS, ROUNDS = 8, 20
OPEN_TOGETHER = f"""
import multiprocessing, pathlib, sys
from serving.database import Database

def work(barrier):
    for round_ in range({ROUNDS}):
        barrier.wait()
        Database(pathlib.Path(sys.argv[1], str(round_)), {SCHEMA!r}).check()

context = multiprocessing.get_context("fork")
barrier = context.Barrier({OPENERS}, timeout=60)
workers = [context.Process(target=work, args=(barrier,)) for _ in range({OPENERS})]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
sys.exit(any(worker.exitcode for worker in workers))
"""
"""Of eight that open a new file together, SQLite itself refuses one in every third round."""
SHARED_LOCK = 0x40000002, 510
"""Where SQLite locks a file that it has open: the first byte and how many (its os.h)."""
TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, int(sys.argv[3]), int(sys.argv[2]))
"""


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_TOGETHER, tmp_path]
    opened = subprocess.run(command, check=False, capture_output=True, text=True)
    assert opened.returncode == 0, opened.stderr


def test_a_second_connection_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite"
    first, second = Database(path, SCHEMA), Database(path, SCHEMA)

    def locked() -> bool:
        command = [sys.executable, "-c", TRY_TO_LOCK, path, *map(str, SHARED_LOCK)]
        tried = subprocess.run(command, check=False, capture_output=True, text=True)
        assert not tried.returncode or "BlockingIOError" in tried.stderr
        return tried.returncode != 0

    assert first.rows("SELECT * FROM words") == []
    assert locked()
    second.check()
    assert locked()
    second.close()
    first.close()
    assert not locked()
