import numpy as np
import torch

from colorear.training.augmentation.batches import augment
from colorear.training.datasets.crops import Batch
from colorear.training.losses import Examples
from colorear.training.recipe import AugmentationSpec

CPU = torch.device("cpu")


def batch(free_pictures, count=24) -> Batch:
    crops = [free_pictures["coffee"][i * 5 : i * 5 + 64, i * 7 : i * 7 + 64] for i in range(count)]
    return Batch(np.stack(crops), np.arange(count, dtype=np.uint64))


def test_without_augmentation_a_batch_is_the_photographs_as_they_are(free_pictures):
    given = batch(free_pictures)
    examples, plain = (
        augment(given, AugmentationSpec(), CPU),
        Examples(torch.from_numpy(given.pixels)),
    )
    assert examples.hints is None
    assert torch.equal(examples.lightness, plain.lightness)
    assert torch.equal(examples.ab, plain.ab)


def test_each_photograph_has_its_own_seed_whatever_is_beside_it(free_pictures):
    given, spec = batch(free_pictures), AugmentationSpec(degraded=0.5, hinted=0.5)
    whole = augment(given, spec, CPU)
    part = augment(Batch(given.pixels[7:9], given.seeds[7:9]), spec, CPU)
    assert torch.equal(whole.lightness[7:9], part.lightness)
    assert torch.equal(whole.hints[7:9], part.hints)


def test_about_as_many_are_degraded_as_the_recipe_says(free_pictures):
    given = batch(free_pictures)
    plain = Examples(torch.from_numpy(given.pixels))
    examples = augment(given, AugmentationSpec(degraded=0.5), CPU)
    off = (examples.lightness - plain.lightness).abs().amax((1, 2, 3))
    assert 6 <= (off > 1).sum() <= 18
    assert (off < 1e-3).any()
    assert torch.equal(examples.ab, plain.ab)  # the target stays
    assert torch.equal(examples.luma, plain.luma)


def test_for_consistency_degraded_photographs_are_shown_clean_too(free_pictures):
    given = batch(free_pictures)
    plain = Examples(torch.from_numpy(given.pixels))
    alone = augment(given, AugmentationSpec(degraded=0.5, hinted=0.5), CPU)
    both = augment(given, AugmentationSpec(degraded=0.5, hinted=0.5, consistency=1.0), CPU)
    worn = (alone.lightness - plain.lightness).abs().amax((1, 2, 3)) > 0.3
    assert 6 <= worn.sum() <= 18
    assert torch.equal(both.clean_copies, worn.nonzero()[:, 0])
    assert torch.equal(both.lightness[:24], alone.lightness)
    torch.testing.assert_close(both.lightness[24:], plain.lightness[worn])
    torch.testing.assert_close(both.ab[24:], plain.ab[worn])
    assert torch.equal(both.hints[24:], alone.hints[worn])
    assert not len(alone.clean_copies)


def test_hints_tell_the_truth(free_pictures):
    given = batch(free_pictures)
    examples = augment(given, AugmentationSpec(hinted=0.5, max_hints=3), CPU)
    mask = examples.hints[:, 2:]
    told = mask.amax((1, 2, 3)) == 1
    assert 6 <= told.sum() <= 18
    assert set(mask.unique().tolist()) == {0, 1}
    assert not (examples.hints[:, :2] * (1 - mask)).any()
    off = ((examples.hints[:, :2] - examples.ab) * mask).abs().sum() / mask.sum() / 2
    assert off < 6  # the mean of up to nine pixels across
    assert mask.sum((1, 2, 3)).max() <= 3 * 81


def test_the_first_hint_is_about_what_is_recolored(free_pictures):
    given = batch(free_pictures)
    plain = Examples(torch.from_numpy(given.pixels))
    spec = AugmentationSpec(hinted=1, recolored=0.5, max_hints=1)
    examples = augment(given, spec, CPU)
    changed = (examples.ab - plain.ab).norm(dim=1) > 3
    some = changed.any(-1).any(-1)
    assert 6 <= some.sum() <= 18
    assert (255 * (examples.luma - plain.luma)).abs().max() < 1
    mask = examples.hints[:, 2] == 1
    of_the_thing = (mask & changed).sum((1, 2)) / mask.sum((1, 2))
    assert (of_the_thing[some] > 0).float().mean() > 0.8  # some things are smaller than a hint
    off = (examples.hints[:, :2] - examples.ab).norm(dim=1)[mask]
    assert off.median() < 6
    np.testing.assert_array_equal(given.pixels, batch(free_pictures).pixels)
