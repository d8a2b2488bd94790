"""What is left out of a shortlist, against the sum itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from translator.remainder import remainder


def test_two_pieces_by_hand() -> None:
    # Left out are logits 2h + 1 and 4h - 1, at h = 3 these are 7 and 11: mean 9, variance 4.
    output, bias = tf.constant([[9.0], [2.0], [4.0]]), tf.constant([9.0, 1.0, -1.0])
    rest = remainder(output, bias, tf.constant([0]))

    assert rest.log_mass(tf.constant([[3.0]])).numpy() == pytest.approx([np.log(2) + 9 + 4 / 2])


def test_many_pieces_are_as_good_as_the_sum() -> None:
    rng = np.random.default_rng(0)
    output = rng.normal(0.1, 0.1, (5000, 16)).astype(np.float32)
    bias = rng.normal(-1.0, 0.5, 5000).astype(np.float32)
    features = np.tanh(rng.normal(0.0, 2.0, (20, 16))).astype(np.float32)
    listed = np.arange(100, dtype=np.int32)
    exact = np.log(np.exp(features @ output[100:].T + bias[100:]).sum(axis=1))
    rest = remainder(tf.constant(output), tf.constant(bias), tf.constant(listed))

    np.testing.assert_allclose(rest.log_mass(tf.constant(features)), exact, atol=0.03)


def test_products_are_of_the_dtype_of_the_output_layer() -> None:
    rng = np.random.default_rng(0)
    output = tf.constant(rng.normal(0.1, 0.1, (500, 16)), tf.float32)
    bias, features = tf.zeros([500]), tf.constant(rng.normal(0.0, 0.7, (20, 16)), tf.float32)
    exact, near = (
        remainder(tf.cast(output, dtype), bias, tf.constant([0])).log_mass(features)
        for dtype in (tf.float32, tf.bfloat16)
    )

    np.testing.assert_allclose(near, exact, atol=0.02)


def test_nothing_is_left_out() -> None:
    rest = remainder(tf.ones([2, 1]), tf.ones([2]), tf.constant([1, 0, 1]))

    assert rest.log_mass(tf.ones([1, 1])).numpy() == [-np.inf]
