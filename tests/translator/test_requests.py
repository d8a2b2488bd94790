from __future__ import annotations

from translator.requests import MOST_REQUIRED, Phrase, affordable


def test_phrases_are_required_as_far_as_the_search_can_afford_them() -> None:
    half = MOST_REQUIRED // 2
    first, second, third = (Phrase(range(n), 0, 1) for n in (half, half, 1))
    assert affordable([first, second]) == (first, second)
    assert affordable([first, second, third]) == (first, second)
    assert affordable([Phrase(range(MOST_REQUIRED + 1), 0, 1)]) == ()
    assert affordable([]) == ()
