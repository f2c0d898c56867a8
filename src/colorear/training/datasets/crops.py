"""Crops of photographs for training, in an order that is the same every time."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear.errors import DataError
from colorear.training.datasets.photographs import PackedImages, resize
from colorear.training.recipe import DataSpec

__all__ = ["Batch", "CropSampler"]

Pixels = NDArray[np.uint8]


class Batch(NamedTuple):
    """Photographs of one training step."""

    pixels: Pixels
    """(n, crop, crop, 3) sRGB bytes."""
    seeds: NDArray[np.uint64]
    """(n): a number for each, from which whatever else is random about it follows."""


class CropSampler:
    """Crops in random order, which depend on nothing but seed, epoch and position.

    So a run that was interrupted goes on with the very crops that it would have had. They are
    random, and flipped half of the time, or whole photographs if `spec` says so; then the last
    batch of an epoch holds what is left, while of random crops a few are left out, others in each
    epoch.

    Parameters
    ----------
    photographs
        To crop.
    spec
        How, and to what size.
    batch
        Photographs in a batch, over all processes.
    epochs
        Of the run, over which the sizes are divided.
    seed
        Of all that is random.
    share
        Which process this is, of how many; each gets its share of the same batches.

    Raises
    ------
    DataError
        The photographs do not fill one batch, or a batch has fewer than there are processes.
    """

    def __init__(
        self,
        photographs: PackedImages,
        spec: DataSpec,
        *,
        batch: int,
        epochs: int,
        seed: int,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        if len(photographs) < batch:
            raise DataError(
                f"{len(photographs)} photographs do not fill one batch of {batch}; "
                "give more photographs or a smaller batch"
            )
        self.photographs, self.spec = photographs, spec
        self.batch, self.epochs, self.seed, self.share = batch, epochs, seed, share
        smallest = self.size(len(self) - 1)
        if smallest < share[1]:
            raise DataError(
                f"{share[1]} processes cannot share a batch of {smallest}; start at most {smallest}"
            )

    def __len__(self) -> int:
        """Batches in an epoch."""
        full, rest = divmod(len(self.photographs), self.batch)
        return full + (self.spec.whole and rest > 0)

    def size(self, i: int) -> int:
        """Photographs in batch `i` of an epoch, for all processes together."""
        return min(self.batch, len(self.photographs) - i * self.batch)

    def epoch(self, number: int, first: int = 0) -> Iterator[Batch]:
        """This process's batches of epoch `number`, from 0, beginning with batch `first`."""
        order = np.random.default_rng((self.seed, number)).permutation(len(self.photographs))
        for i in range(first, len(self)):
            whole, (process, processes) = self.size(i), self.share
            start, stop = (whole * end // processes for end in (process, process + 1))
            chosen = order[i * self.batch :][start:stop]
            if self.spec.whole:
                pixels = np.stack([self.photographs[int(index)] for index in chosen])
            else:
                side = self._side(number, i)
                pixels = np.stack([self._crop(int(index), number, side) for index in chosen])
            yield Batch(pixels, np.array([self._seed(int(i), number) for i in chosen]))

    def some(self, count: int) -> Iterator[Pixels]:
        """Batches (n,size,size,3), sRGB bytes, of about `count` photographs, always the same."""
        order = np.random.default_rng(self.seed).permutation(len(self.photographs))[:count]
        for i in range(0, len(order), self.batch):
            chosen = order[i : i + self.batch]
            if self.spec.whole:
                yield np.stack([self.photographs[int(index)] for index in chosen])
            else:
                size = self.spec.validation_size
                yield np.stack([self._crop(int(index), 0, size) for index in chosen])

    def _side(self, epoch: int, i: int) -> int:
        """The side of the crops in batch `i`, in pixels."""
        sides = self.spec.crop
        turn = epoch * len(self) + i if self.spec.mix_sizes else epoch * len(sides) // self.epochs
        return sides[turn % len(sides)]

    def _seed(self, index: int, epoch: int) -> np.uint64:
        seeds = np.random.SeedSequence((self.seed, epoch, index, 1))  # not those of the crops
        return np.uint64(seeds.generate_state(1, np.uint64)[0])

    def _crop(self, index: int, epoch: int, size: int) -> Pixels:
        rng = np.random.default_rng((self.seed, epoch, index))
        picture = self.photographs[index]
        shorter = min(picture.shape[:2])
        side = shorter * rng.uniform(self.spec.min_crop, 1)
        aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)) / 2)
        height = min(round(side / aspect), picture.shape[0])
        width = min(round(side * aspect), picture.shape[1])
        top = rng.integers(picture.shape[0] - height + 1)
        left = rng.integers(picture.shape[1] - width + 1)
        crop = picture[top : top + height, left : left + width]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        filter_ = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        return resize(crop, size, size, filter_)
