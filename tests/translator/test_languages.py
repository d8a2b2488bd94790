from __future__ import annotations

import pytest

from translator.languages import base_language, is_unspaced, match_code


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


@pytest.mark.parametrize(
    ("written", "codes", "meant"),
    [
        ("es", ["en", "es"], "es"),
        ("ES", ["en", "es"], "es"),
        ("Es", ["en", "es"], "es"),
        ("es-MX", ["en", "es"], "es"),
        ("pt_BR", ["en", "pt"], "pt"),
        ("ZH_Hant_TW", ["en", "zh"], "zh"),
        ("pt_br", ["pt", "pt-BR"], "pt-BR"),
        ("pt-BR", ["pt", "pt-BR", "pt_br"], "pt-BR"),
        ("PT-br", ["pt", "pt-BR", "pt_br"], None),  # either of two
        ("pt", ["pt-BR", "pt-PT"], None),
        ("pt", ["en", "pt-BR"], None),
        ("pt-AO", ["pt-BR", "pt-PT"], None),
        ("pt-AO", ["en", "pt-BR"], None),
        ("zh-TW", ["zh", "zh-Hant"], None),
        ("yue", ["en", "zh"], None),
        ("yue-HK", ["en", "zh"], None),
        ("e", ["en", "es"], None),
        ("es ", ["en", "es"], None),
        ("es-", ["en", "es"], None),
        ("es-../../etc/passwd", ["en", "es"], None),
        ("auto", ["en", "es"], None),
        ("", ["en", "es"], None),
        ("es", [], None),
    ],
)
def test_codes_as_people_write_them(written: str, codes: list[str], meant: str | None) -> None:
    assert match_code(written, codes) == meant


def test_languages_without_spaces() -> None:
    assert all(map(is_unspaced, ["ja", "zh_CN", "cmn", "TH", "mya"]))
    assert not any(map(is_unspaced, ["de", "ko", "vi", "", "thx"]))
