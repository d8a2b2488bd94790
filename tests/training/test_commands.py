from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from toy import ROOT

from training.__main__ import main


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: main {name}" in result.stdout


def test_help_loads_nothing_heavy() -> None:
    """TensorFlow takes seconds to import: nobody should wait for it to read a list of options."""
    code = "import sys, training.__main__; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "click" in loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "numpy", "sacrebleu", "requests", "rich"})
