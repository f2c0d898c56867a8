import numpy as np
import pytest

from colorear.errors import DataError
from colorear.training.datasets.crops import CropSampler
from colorear.training.datasets.photographs import list_photographs, pack, pack_squares


def test_cuts_depend_on_nothing_but_seed_epoch_and_position(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    crops = CropSampler(photographs, recipe.data, batch=4, epochs=5, seed=1)
    whole = list(crops.epoch(3))
    assert len(whole) == len(crops) == len(photographs) // 4
    assert whole[0].pixels.shape == (4, 32, 32, 3)
    assert whole[0].pixels.dtype == np.uint8
    assert len({seed for batch in whole for seed in batch.seeds}) == 4 * len(whole)
    for late, again in zip(whole[2:], crops.epoch(3, first=2), strict=True):
        assert all(map(np.array_equal, late, again))
    other = next(CropSampler(photographs, recipe.data, batch=4, epochs=4, seed=2).epoch(3))
    for another in (next(crops.epoch(4)), other):
        assert not any(map(np.array_equal, whole[0], another))


def test_fewer_photographs_than_a_batch_are_refused(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.validation[0]), 64)
    with pytest.raises(DataError, match="do not fill one batch of 400"):
        CropSampler(photographs, recipe.data, batch=400, epochs=4, seed=1)


def test_crops_grow_over_the_epochs(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    spec = recipe.data.model_copy(update={"crop": (32, 32, 64, 96)})
    crops = CropSampler(photographs, spec, batch=4, epochs=8, seed=1)
    sides = [next(crops.epoch(i)).pixels.shape[1] for i in range(8)]
    assert sides == [32, 32, 32, 32, 64, 64, 96, 96]


def test_mixed_sides_take_turns_over_all_batches(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    spec = recipe.data.model_copy(update={"crop": (32, 64, 96), "mix_sizes": True})
    crops = CropSampler(photographs, spec, batch=5, epochs=2, seed=1)
    sides = [batch.pixels.shape[1] for epoch in range(2) for batch in crops.epoch(epoch)]
    assert sides == [(32, 64, 96)[i % 3] for i in range(len(sides))]
    assert len(crops) % 3  # so that an epoch goes on where the last one ended
    later = next(crops.epoch(1, first=2))
    assert later.pixels.shape[1] == sides[len(crops) + 2]


def test_whole_photographs_are_each_seen_once_an_epoch(data, recipe):
    photographs = pack_squares(list_photographs(data, recipe.data.train[0]), 32)
    spec = recipe.data.model_copy(update={"whole": True})
    crops = CropSampler(photographs, spec, batch=7, epochs=2, seed=1)
    batches = [batch.pixels for batch in crops.epoch(0)]
    assert [len(batch) for batch in batches] == [7, 7, 7, len(photographs) % 7]
    seen = sorted(picture.tobytes() for picture in np.concatenate(batches))
    assert seen == sorted(photographs[i].tobytes() for i in range(len(photographs)))
    assert not np.array_equal(batches[0], next(crops.epoch(1)).pixels)


def test_shares_are_the_batch_cut_in_parts(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    whole, *shares = (
        list(CropSampler(photographs, recipe.data, batch=5, epochs=1, seed=1, share=share).epoch(0))
        for share in ((0, 1), (0, 3), (1, 3), (2, 3))
    )
    for batch, *parts in zip(whole, *shares, strict=True):
        for ours, theirs in zip(batch, zip(*parts, strict=True), strict=True):
            assert np.array_equal(ours, np.concatenate(theirs))
        assert sorted(len(part.pixels) for part in parts) == [1, 2, 2]
    with pytest.raises(DataError, match="6 processes cannot share a batch of 5; start at most 5"):
        CropSampler(photographs, recipe.data, batch=5, epochs=1, seed=1, share=(0, 6))
