import pytest
import torch

from colorear.errors import MetricError
from colorear.evaluation.metrics.pairs import checked, checked_pair

WHITE = torch.ones(2, 3, 16, 16)


@pytest.mark.parametrize(
    ("reference", "colored", "told"),
    [
        (WHITE[0], WHITE[0], r"the reference has the shape \(3, 16, 16\), expected \(n, 3, h, w\)"),
        (WHITE, WHITE[:, :1], r"the coloured batch has the shape \(2, 1, 16, 16\)"),
        (WHITE.byte(), WHITE, "the reference holds uint8 values.* divide bytes by 255"),
        (WHITE, WHITE[:1], r"\(2, 3, 16, 16\) and the coloured batch \(1, 3, 16, 16\)"),
        (WHITE, WHITE * torch.nan, "the coloured batch holds NaN or infinite values"),
        (WHITE * torch.inf, WHITE, "the reference holds NaN or infinite values"),
        (WHITE, 1.5 * WHITE, "the coloured batch runs from 1.5 to 1.5, expected 0 to 1; clip it"),
        (WHITE, -0.25 * WHITE, "the coloured batch runs from -0.25 to -0.25"),
        (WHITE[:0], WHITE[:0], "the reference is empty; give at least one photograph"),
        (WHITE[..., :4], WHITE[..., :4], "is 16 x 4 pixels, and this metric needs at least 8 x 8"),
    ],
)
def test_what_is_no_pair_is_told(reference, colored, told):
    with pytest.raises(MetricError, match=told):
        checked_pair(reference, colored, data_range=1.0, smallest=8)


@pytest.mark.parametrize("data_range", [0.0, -1.0, float("nan"), float("inf")])
def test_white_is_a_positive_number(data_range):
    with pytest.raises(MetricError, match="give the positive number that is white"):
        checked(WHITE, "the batch", data_range=data_range)


def test_values_are_brought_to_one_and_not_changed_without_a_range():
    assert checked(255 * WHITE, "the batch", data_range=255).equal(WHITE.double())
    assert checked(255 * WHITE, "the batch").equal(255 * WHITE.double())
