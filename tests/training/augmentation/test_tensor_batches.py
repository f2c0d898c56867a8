import random

import numpy as np
import pytest
import torch

from colorear import color
from colorear.training.augmentation import degradation
from colorear.training.augmentation.batches import augment
from colorear.training.augmentation.degradation import degrade
from colorear.training.augmentation.recoloring import recolor
from colorear.training.augmentation.tensor_batches import augment_tensors, place_hints
from colorear.training.augmentation.tensor_degradation import (
    _FAULTS,
    degrade_tensors,
    random_part,
)
from colorear.training.augmentation.tensor_recoloring import object_masks, recolor_tensors
from colorear.training.datasets.crops import Batch
from colorear.training.losses import Examples
from colorear.training.recipe import AugmentationSpec

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)
    random.seed(7)


@pytest.fixture(scope="module")
def crops(free_pictures):
    pictures = list(free_pictures.values())[:3]
    return np.stack([pictures[i % 3][i * 3 : i * 3 + 64, i * 4 : i * 4 + 64] for i in range(60)])


@pytest.fixture(scope="module")
def srgb(crops):
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


def test_without_augmentation_a_batch_is_the_photographs_as_they_are(crops):
    pixels = torch.from_numpy(crops)
    examples, plain = augment_tensors(pixels, AugmentationSpec()), Examples(pixels)
    assert examples.hints is None
    torch.testing.assert_close(examples.lightness, plain.lightness)
    torch.testing.assert_close(examples.ab, plain.ab)


def test_each_part_of_a_batch_is_that_of_the_recipe(crops):
    pixels = torch.from_numpy(crops)
    plain = Examples(pixels)
    examples = augment_tensors(pixels, AugmentationSpec(degraded=0.4, hinted=0.3, recolored=0.5))
    off = (examples.lightness - plain.lightness).abs().amax((1, 2, 3))
    assert 20 <= (off > 0.5).sum() <= 24 + 9  # recolored ones differ by rounding at most
    assert (examples.hints[:, 2].amax((1, 2)) > 0).sum() == 18
    recolored = ((examples.ab - plain.ab).norm(dim=1) > 3).any(-1).any(-1)
    assert 4 <= recolored.sum() <= 9
    assert torch.equal(pixels, torch.from_numpy(crops))


def test_parts_are_rounded_to_either_side():
    sizes = [len(random_part(10, 0.25, CPU)) for _ in range(200)]
    assert set(sizes) == {2, 3}
    assert np.mean(sizes) == pytest.approx(2.5, abs=0.15)
    assert sorted(random_part(10, 1.0, CPU).tolist()) == list(range(10))


def numpy_fault(name, luma, seed):
    return degradation._FAULTS[name](luma, np.random.default_rng(seed)).clip(0, 1)


@pytest.mark.parametrize("name", list(_FAULTS))
def test_each_fault_is_as_bad_as_that_of_the_reference(srgb, name):
    luma = color.luma(srgb)
    repeated = luma.repeat(4, 1, 1, 1)
    ours = (_FAULTS[name](repeated).clamp(0, 1) - repeated).abs().mean((1, 2, 3)).numpy()
    theirs = np.array(
        [
            np.abs(numpy_fault(name, plane, seed) - plane).mean()
            for seed, plane in enumerate(repeated[:, 0].numpy())
        ]
    )
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.2)
    for quantile in (0.1, 0.5, 0.9):
        expected = np.quantile(theirs, quantile)
        assert np.quantile(ours, quantile) == pytest.approx(expected, rel=0.35, abs=0.002)


def test_degraded_photographs_have_the_statistics_of_the_reference(crops, srgb):
    ours = degrade_tensors(srgb.repeat(6, 1, 1, 1))[:, 0].numpy()
    theirs = np.stack([degrade(crops[i % 60], np.random.default_rng(i)) for i in range(360)])
    assert ours.min() >= 0
    assert ours.max() <= 1
    for statistic in (np.mean, np.std):
        expected = np.array([statistic(plane) for plane in theirs])
        found = np.array([statistic(plane) for plane in ours])
        assert found.mean() == pytest.approx(expected.mean(), rel=0.05)
        assert found.std() == pytest.approx(expected.std(), rel=0.2)


def test_an_object_is_what_has_its_color_and_is_connected():
    ab = torch.zeros(1, 2, 40, 40)
    spiral = np.zeros((40, 40), bool)
    for i in range(0, 18, 4):  # rings, each open at a corner towards the next
        spiral[i, i : 40 - i] = spiral[40 - i - 1, i : 40 - i] = True
        spiral[i : 40 - i, i] = spiral[i : 40 - i, 40 - i - 1] = True
    spiral[20, 0:20] = True
    ab[0, 0][torch.from_numpy(spiral)] = 30.0
    ab[0, 0, 20, 39] = 0.0
    mask = object_masks(ab, torch.tensor([[0, 0]]))[0, 0].bool().numpy()
    expected = spiral.copy()
    expected[20, 39] = False
    np.testing.assert_array_equal(mask, expected)


def test_recolored_objects_are_as_those_of_the_reference(crops, srgb):
    crops, srgb = np.tile(crops, (3, 1, 1, 1)), srgb.repeat(3, 1, 1, 1)
    recolored, places, found = recolor_tensors(srgb)
    reference = [recolor(picture, np.random.default_rng(i)) for i, picture in enumerate(crops)]
    expected = np.mean([place is not None for _, place in reference])
    assert found.float().mean() == pytest.approx(expected, abs=0.2)
    assert (255 * (color.luma(recolored) - color.luma(srgb))).abs().max() < 1
    assert torch.equal(recolored[~found], srgb[~found])
    change = (color.srgb_to_lab(recolored) - color.srgb_to_lab(srgb))[:, 1:].norm(dim=1)
    assert (change[found] > 3).float().mean((1, 2)).max() < 0.6
    n = torch.arange(len(srgb))[found]
    at_place = change[n, places[found, 0], places[found, 1]]
    assert (at_place > 3).float().mean() > 0.7  # a random new color may be the old one
    sizes = [
        (np.abs(made.astype(int) - picture).max(2) > 6).mean()
        for (made, place), picture in zip(reference, crops, strict=True)
        if place is not None
    ]
    ours = ((255 * (recolored - srgb)).abs().amax(1) > 6)[found].float().mean((1, 2))
    assert ours.mean() == pytest.approx(np.mean(sizes), rel=0.35)


def test_hints_are_the_means_of_their_squares_and_the_last_one_holds(srgb):
    ab = color.srgb_to_lab(srgb[:2])[:, 1:]
    rows, columns = torch.tensor([[5, 6, 60], [0, 9, 9]]), torch.tensor([[5, 6, 62], [0, 9, 9]])
    sides = torch.tensor([[4, 3, 9], [1, 9, 0]])
    hints = place_hints(ab, rows, columns, sides)
    expected = torch.zeros(2, 3, 64, 64)
    for i in range(2):
        for row, column, side in zip(rows[i], columns[i], sides[i], strict=True):
            square = (slice(row, row + side), slice(column, column + side))
            if side:
                expected[i, :2, *square] = ab[i, :, *square].mean((1, 2), keepdim=True)
                expected[i, 2, *square] = 1
    torch.testing.assert_close(hints, expected, atol=1e-3, rtol=0)


def test_hints_are_as_many_as_those_of_the_reference(crops):
    spec = AugmentationSpec(hinted=1, max_hints=64)
    given = Batch(np.tile(crops, (3, 1, 1, 1)), np.arange(180, dtype=np.uint64))
    theirs = augment(given, spec, CPU).hints[:, 2].mean((1, 2))
    ours = augment_tensors(torch.from_numpy(given.pixels), spec).hints[:, 2].mean((1, 2))
    assert ours.min() > 0
    assert ours.mean() == pytest.approx(theirs.mean().item(), rel=0.3)
    assert ours.median() == pytest.approx(theirs.median().item(), rel=0.5)


def test_the_first_hint_is_about_what_is_recolored(crops):
    pixels = torch.from_numpy(crops)
    plain = Examples(pixels)
    examples = augment_tensors(pixels, AugmentationSpec(hinted=1, recolored=1, max_hints=1))
    changed = (examples.ab - plain.ab).norm(dim=1) > 3
    some = changed.any(-1).any(-1)
    mask = examples.hints[:, 2] == 1
    of_the_thing = (mask & changed).sum((1, 2)) / mask.sum((1, 2))
    assert (of_the_thing[some] > 0).float().mean() > 0.8
    off = (examples.hints[:, :2] - examples.ab).norm(dim=1)[mask]
    assert off.median() < 6


def test_for_consistency_degraded_photographs_are_shown_clean_too(crops):
    pixels = torch.from_numpy(crops)
    both = augment_tensors(pixels, AugmentationSpec(degraded=0.5, consistency=1.0))
    assert len(both.srgb) == 60 + len(both.clean_copies)
    assert 25 <= len(both.clean_copies) <= 30
    torch.testing.assert_close(both.lightness[60:], Examples(pixels).lightness[both.clean_copies])


def test_everything_stays_on_the_device():
    """On tensors without values of another device, operations with the CPU's are errors."""
    srgb = torch.rand(8, 3, 64, 64, device="meta")
    with pytest.raises(RuntimeError, match="device"):
        srgb + torch.rand(8, 3, 64, 64)
    assert degrade_tensors(srgb).device.type == "meta"
    for fault in _FAULTS.values():
        assert fault(srgb[:, :1]).device.type == "meta"
    places = torch.zeros(8, 2, dtype=torch.long, device="meta")
    assert object_masks(srgb[:, :2], places).device.type == "meta"
    sides = torch.ones(8, 5, dtype=torch.long, device="meta")
    assert place_hints(srgb[:, :2], sides, sides, sides).device.type == "meta"
