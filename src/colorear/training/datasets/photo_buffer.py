"""Decoded photographs in one device's memory, and crops of them cut there."""

import math
import threading
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorear.training.datasets.balancing import group_shares

__all__ = ["PhotoBuffer"]

Pixels = NDArray[np.uint8]

_ASPECT = 4 / 3  # of a crop, at most; as long as high on the mean
_HELD_OUT = 100  # of so many photographs of a shard one is held out; of any two, too


class PhotoBuffer:
    """Photographs, one after another in one tensor of bytes on a device.

    One thread may `add` while another draws; what was added is drawn after the next `refresh`.

    Parameters
    ----------
    capacity
        Bytes for pixels, which are taken at once.
    device
        Where they are.
    """

    def __init__(self, capacity: int, device: torch.device) -> None:
        self.device = device
        self.pixels = torch.empty(capacity, dtype=torch.uint8, device=device)
        self.group_names: list[str] = []
        self._end = 0
        self._rows: list[tuple[int, int, int]] = []  # the first byte, height, width
        self._groups: list[int] = []
        self._held_out: list[bool] = []
        self._lock = threading.Lock()
        self._changed = False

    def __len__(self) -> int:
        """Photographs that may be drawn or are held out."""
        return len(self._rows)

    @property
    def free(self) -> int:
        """Bytes for further pixels."""
        return len(self.pixels) - self._end

    def add(self, photographs: Sequence[Pixels], groups: Sequence[str]) -> None:
        """Take photographs of one shard in; the last of them are held out, to validate by.

        Parameters
        ----------
        photographs
            (h,w,3) sRGB bytes each, all together no more than `free`.
        groups
            The name of each one's group.
        """
        flat = np.concatenate([picture.reshape(-1) for picture in photographs])
        start = self._end
        self.pixels[start : start + len(flat)] = torch.from_numpy(flat).to(self.device)
        held_out = math.ceil(len(photographs) / _HELD_OUT) if len(photographs) > 1 else 0
        first_held_out = len(photographs) - held_out
        with self._lock:
            for i, (picture, group) in enumerate(zip(photographs, groups, strict=True)):
                if group not in self.group_names:
                    self.group_names.append(group)
                self._rows.append((start, picture.shape[0], picture.shape[1]))
                self._groups.append(self.group_names.index(group))
                self._held_out.append(i >= first_held_out)
                start += picture.size
            self._end = start
            self._changed = True

    def refresh(self) -> bool:
        """Draw from all that was added from now on; says whether anything was."""
        with self._lock:
            if not self._changed:
                return False
            rows = np.array(self._rows, np.int64)
            groups, held_out = np.array(self._groups), np.array(self._held_out)
            self._changed = False
        self.counts = np.bincount(groups[~held_out], minlength=len(self.group_names))
        self.shares = group_shares(self.counts)
        each = (self.shares / np.maximum(self.counts, 1))[groups]
        each[held_out] = 0
        self._table = torch.from_numpy(rows).to(self.device)
        cumulative = each.cumsum()
        self._cumulative = torch.from_numpy(cumulative / cumulative[-1]).to(self.device)
        self.held_out = torch.from_numpy(np.flatnonzero(held_out)).to(self.device)
        self._shortest_side = int(rows[:, 1:].min(1).max())
        return True

    def draw(self, count: int) -> Tensor:
        """Numbers (count) of photographs that are not held out, at random by `shares`."""
        places = torch.rand(count, device=self.device, dtype=torch.float64)
        return torch.searchsorted(self._cumulative, places, right=True)

    def crop(self, numbers: Tensor, size: int, *, min_crop: float) -> Tensor:
        """Random crops, half of them flipped.

        Parameters
        ----------
        numbers
            (n) of photographs.
        size
            Of the crops, in pixels.
        min_crop
            A crop's side is at least this part of the shorter side; it is then resized.

        Returns
        -------
        pixels
            (n,size,size,3) sRGB bytes.
        """
        _, height, width = self._table[numbers].unbind(1)
        side = torch.minimum(height, width) * (min_crop + (1 - min_crop) * self._random(numbers))
        aspect = torch.exp((self._random(numbers) - 0.5) * math.log(_ASPECT))
        high = torch.minimum((side / aspect).round(), height)
        wide = torch.minimum((side * aspect).round(), width)
        top = (self._random(numbers) * (height - high + 1)).floor()
        left = (self._random(numbers) * (width - wide + 1)).floor()
        pixels = self._sampled(numbers, (top, left, high, wide), size)
        flipped = self._random(numbers) < 0.5
        return torch.where(flipped[:, None, None, None], pixels.flip(2), pixels)

    def squares(self, numbers: Tensor, size: int) -> Tensor:
        """The largest squares in the middle of photographs: (n,size,size,3) sRGB bytes."""
        _, height, width = self._table[numbers].unbind(1)
        side = torch.minimum(height, width).float()
        top, left = (height - side) / 2, (width - side) / 2
        return self._sampled(numbers, (top, left, side, side), size)

    def _random(self, numbers: Tensor) -> Tensor:
        return torch.rand(len(numbers), device=self.device)

    def _sampled(self, numbers: Tensor, box: tuple[Tensor, ...], size: int) -> Tensor:
        """Boxes (top, left, height, width in pixels) resized: bilinear, or the mean of an area.

        Where a photograph has many more pixels than are wanted, several samples are averaged.
        """
        top, left, high, wide = box
        finer = max(1, round(self._shortest_side / size))
        step = (torch.arange(size * finer, device=self.device) + 0.5) / (size * finer)
        rows = top[:, None] + high[:, None] * step - 0.5
        columns = left[:, None] + wide[:, None] * step - 0.5
        values = self._bilinear(numbers, rows, columns)
        n = len(numbers)
        values = values.reshape(n, size, finer, size, finer, 3).mean((2, 4))
        return values.round().to(torch.uint8)

    def _bilinear(self, numbers: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """(n,r,c,3), 0..255: at the rows (n,r) and columns (n,c) of each photograph."""
        start, height, width = self._table[numbers].unbind(1)
        rows = torch.minimum(rows.clamp(min=0), (height - 1)[:, None])
        columns = torch.minimum(columns.clamp(min=0), (width - 1)[:, None])
        above, before = rows.floor().long(), columns.floor().long()
        below = torch.minimum(above + 1, (height - 1)[:, None])
        after = torch.minimum(before + 1, (width - 1)[:, None])
        down, along = (rows - above)[:, :, None, None], (columns - before)[:, None, :, None]
        channels = torch.arange(3, device=self.device)

        def at(y: Tensor, x: Tensor) -> Tensor:
            place = y[:, :, None] * width[:, None, None] + x[:, None, :]
            return self.pixels[(start[:, None, None] + 3 * place)[..., None] + channels].float()

        upper = at(above, before).lerp(at(above, after), along.expand(-1, above.shape[1], -1, 3))
        lower = at(below, before).lerp(at(below, after), along.expand(-1, above.shape[1], -1, 3))
        return upper.lerp(lower, down.expand_as(upper))
