from __future__ import annotations

import pytest

from translator.languages import base_language, is_unspaced


@pytest.mark.parametrize(
    ("code", "base"),
    [
        ("es", "es"),
        ("pt-BR", "pt"),
        ("zh_TW", "zh"),
        ("ZH-Hant-HK", "zh"),
        ("sr@latin", "sr"),
        ("cmn", "zh"),
        ("jpn", "ja"),
        ("gsw", "gsw"),
    ],
)
def test_base_language(code: str, base: str) -> None:
    assert base_language(code) == base


def test_languages_without_spaces() -> None:
    assert all(map(is_unspaced, ["ja", "zh_CN", "cmn", "TH", "mya"]))
    assert not any(map(is_unspaced, ["de", "ko", "vi", "", "thx"]))
