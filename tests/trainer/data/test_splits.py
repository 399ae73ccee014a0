import numpy as np

from trainer.data.splits import split_at_random, split_by_writer

WRITERS = np.random.default_rng(0).integers(100, 300, 5000)


def test_no_writer_stands_in_two_splits():
    splits = split_by_writer(WRITERS)
    train, validation, calibration = (
        set(WRITERS[rows]) for rows in (splits.train, splits.validation, splits.calibration)
    )
    assert not train & validation
    assert not train & calibration
    assert not validation & calibration
    assert (len(train), len(validation), len(calibration)) == (160, 20, 20)


def test_every_digit_stands_in_exactly_one_split():
    for splits in (split_by_writer(WRITERS), split_at_random(5000)):
        rows = np.concatenate([splits.train, splits.validation, splits.calibration])
        np.testing.assert_array_equal(np.sort(rows), np.arange(5000))


def test_the_split_never_changes():
    # The manifests of published models hold such a hash. If this fails, their calibration writers are no longer theirs.
    assert (
        split_by_writer(np.arange(1000) // 10).sha256
        == "6de8a1a905f4d54ecae36794fe8996be90a06be7cd3bda9e5569c5878281de89"
    )


def test_the_fingerprint_tells_splits_apart():
    assert split_by_writer(WRITERS).sha256 != split_at_random(5000).sha256
