"""What is left out of a shortlist, against the sum itself."""

from __future__ import annotations

import numpy as np
import pytest

from translator.remainder import remainder


def test_two_pieces_by_hand_one_of_which_is_pad() -> None:
    # Left out are logits 2h + 1 and 4h - 1, at h = 3 these are 7 and 11: mean 9, variance 4.
    output, bias = np.float32([[2.0], [9.0], [4.0]]), np.float32([1.0, 9.0, -1.0])
    rest = remainder(output, bias, np.array([0, 1], np.int32))

    assert rest.log_mass(np.float32([[3.0]])) == pytest.approx([np.log(2) + 9 + 4 / 2])


def test_many_pieces_are_as_good_as_the_sum() -> None:
    rng = np.random.default_rng(0)
    output = rng.normal(0.1, 0.1, (5000, 16)).astype(np.float32)
    bias = rng.normal(-1.0, 0.5, 5000).astype(np.float32)
    features = np.tanh(rng.normal(0.0, 2.0, (20, 16))).astype(np.float32)
    left_out = [0, *range(100, 5000)]
    exact = np.log(np.exp(features @ output[left_out].T + bias[left_out]).sum(axis=1))
    rest = remainder(output, bias, np.arange(100, dtype=np.int32))

    np.testing.assert_allclose(rest.log_mass(features), exact, atol=0.03)


def test_nothing_else_is_left_out() -> None:
    """But PAD, which always is."""
    ones = np.ones((2, 1), np.float32)
    rest = remainder(ones, ones[:, 0], np.array([1, 0, 1], np.int32))

    assert rest.log_mass(ones[:1]) == pytest.approx([2.0])
