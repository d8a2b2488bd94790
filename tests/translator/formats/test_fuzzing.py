from __future__ import annotations

import pytest
from format_fuzzing import KINDS, check, hostile_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("name", KINDS)
def test_a_hostile_file_gives_a_clean_error_or_a_file(name: str) -> None:
    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.data())
    def fuzz(data: st.DataObject) -> None:
        check(name, data.draw(hostile_files(name)))

    fuzz()
