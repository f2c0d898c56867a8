"""Pictures to judge a network by eye."""

from pathlib import Path

import cv2
import torch
from torch import Tensor

from colorear.learn.losses import Examples, colourised

__all__ = ["save_strips"]


def save_strips(examples: Examples, ab: Tensor, path: Path) -> None:
    """Write a PNG with a row for each example: grey, with the colour `ab`, original."""
    grey = examples.luma.expand_as(examples.srgb)
    columns = torch.cat((grey, colourised(examples, ab), examples.srgb), dim=3)  # side by side
    rows = torch.cat(tuple(columns), dim=1)  # (3, n * h, 3 * w)
    pixels = (rows * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
