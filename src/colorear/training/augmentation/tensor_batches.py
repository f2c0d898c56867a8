"""A batch for training where the photographs are tensors: what `batches` does, on the device."""

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.training.augmentation.batches import MAX_SIDE
from colorear.training.augmentation.tensor_degradation import degrade_tensors, random_part
from colorear.training.augmentation.tensor_recoloring import recolor_tensors
from colorear.training.losses import Examples
from colorear.training.recipe import AugmentationSpec

__all__ = ["augment_tensors", "place_hints"]


def augment_tensors(pixels: Tensor, spec: AugmentationSpec) -> Examples:
    """Augment a batch as a recipe says, each part of it rounded to whole photographs at random.

    Parameters
    ----------
    pixels
        (n,h,w,3) sRGB bytes.
    spec
        That part of the recipe.
    """
    srgb = pixels.permute(0, 3, 1, 2).float() / 255
    hints = None
    if spec.hinted:
        hints = srgb.new_zeros(srgb.shape)
        some = random_part(len(srgb), spec.hinted, srgb.device)
        if len(some):
            srgb[some], hints[some] = _with_hints(srgb[some], spec)
    shown_luma = None
    if spec.degraded:
        shown_luma = color.luma(srgb)
        some = random_part(len(srgb), spec.degraded, srgb.device)
        if len(some):
            shown_luma[some] = degrade_tensors(srgb[some])
    bytes_of = (255 * srgb).permute(0, 2, 3, 1)
    examples = Examples(bytes_of, shown_luma=shown_luma, hints=hints)
    return examples.with_clean_copies() if spec.consistency else examples


def _with_hints(srgb: Tensor, spec: AugmentationSpec) -> tuple[Tensor, Tensor]:
    """Photographs, some with an object recolored, and hints: a*, b*, mask (n,3,h,w)."""
    count, _, height, width = srgb.shape
    most, device = spec.max_hints, srgb.device
    sides = torch.randint(1, MAX_SIDE + 1, (count, most), device=device)
    rows = torch.randint(height, (count, most), device=device)
    columns = torch.randint(width, (count, most), device=device)
    some = random_part(count, spec.recolored, device)
    if len(some):
        srgb[some], places, found = recolor_tensors(srgb[some])
        corners = (places - sides[some, :1] // 2).clamp(min=0)  # the first hint is of the object
        rows[some, 0] = torch.where(found, corners[:, 0], rows[some, 0])
        columns[some, 0] = torch.where(found, corners[:, 1], columns[some, 0])
    # every doubling of their number is as frequent as the next: see `batches`
    counts = ((most + 0.5) ** torch.rand(count, 1, device=device)).round()
    sides = sides * (torch.arange(most, device=device) < counts)
    ab = color.srgb_to_lab(srgb)[:, 1:]
    return srgb, place_hints(ab, rows, columns, sides)


def place_hints(ab: Tensor, rows: Tensor, columns: Tensor, sides: Tensor) -> Tensor:
    """Hints of the mean colors of squares; where they overlap the last one holds.

    Parameters
    ----------
    ab
        (n,2,h,w): the colors, in CIELAB units.
    rows, columns
        (n,m): the upper left pixels of the squares, which are cut off at the edges.
    sides
        (n,m): pixels, up to 9; 0 is no hint.

    Returns
    -------
    hints
        (n,3,h,w): a*, b* and a mask.
    """
    count, _, height, width = ab.shape
    numbers = torch.arange(1, sides.shape[1] + 1, device=ab.device, dtype=ab.dtype)
    last = ab.new_zeros(count, 1, height, width)  # the number of the hint that holds at a pixel
    for side in range(1, MAX_SIDE + 1):
        corners = ab.new_zeros(count, height * width).scatter_reduce(
            1, rows * width + columns, numbers * (sides == side), "amax"
        )
        padded = functional.pad(
            corners.reshape(count, 1, height, width), (side - 1, 0, side - 1, 0)
        )
        last = torch.maximum(last, functional.max_pool2d(padded, side, 1))
    means = functional.pad(_means(ab, rows, columns, sides), (1, 0))  # number 0: no hint
    place = last.flatten(1).long()[:, None].expand(-1, 2, -1)
    values = means.gather(2, place).reshape(ab.shape)
    return torch.cat((values, (last > 0).to(ab)), 1)


def _means(planes: Tensor, rows: Tensor, columns: Tensor, sides: Tensor) -> Tensor:
    """(n,c,m): the means over squares of (n,c,h,w), from sums over all that is above and left."""
    _, channels, height, width = planes.shape
    sums = functional.pad(planes.double().cumsum(2).cumsum(3), (1, 0, 1, 0)).flatten(2)
    below, after = (rows + sides).clamp(max=height), (columns + sides).clamp(max=width)

    def up_to(row: Tensor, column: Tensor) -> Tensor:
        place = (row * (width + 1) + column)[:, None].expand(-1, channels, -1)
        return sums.gather(2, place)

    total = up_to(below, after) - up_to(rows, after) - up_to(below, columns) + up_to(rows, columns)
    area = ((below - rows) * (after - columns)).clamp(min=1)
    return (total / area[:, None]).to(planes.dtype)
