import math

import pytest

from colorear.evaluation.report.reference_tables import NAMES, SLIDES_TABLE, architecture


def test_the_corrections_are_those_of_the_wrong_peak():
    psnr = [SLIDES_TABLE["psnr"].corrected(name) for name in NAMES]
    assert psnr == pytest.approx(
        [22.79, 22.51, 23.84, 23.91], abs=0.006
    )  # as published, less 72.245
    assert 20 * math.log10(4095) == pytest.approx(72.245, abs=5e-4)
    for name in NAMES:  # the mean of roots is below the root of the mean
        root = math.sqrt(SLIDES_TABLE["mse"].published(name))
        assert 0.85 * root < SLIDES_TABLE["rmse"].corrected(name) < root


def test_what_cannot_be_corrected_is_not():
    assert {name for name, row in SLIDES_TABLE.items() if row.correct is None} == {
        "fsim",
        "uqi",
        "ssim",
        "vif",
    }
    assert SLIDES_TABLE["vif"].corrected("plain-deep") is None
    assert all(row.comparable == (row.correct is not None) for row in SLIDES_TABLE.values())


def test_only_networks_trained_and_judged_alike_have_published_figures():
    assert architecture("skip-deep") == architecture("slides-skip-deep") == "skip-deep"
    assert architecture("modern-skip-deep") is None
    assert architecture("skip-deep@luma") is None
