"""Sample pictures, to look at while a network trains."""

from pathlib import Path

import cv2
import torch
from torch import Tensor

from colorear.errors import TrainingError
from colorear.training.losses import Examples

__all__ = ["save_strips"]


def save_strips(examples: Examples, srgb: Tensor, path: Path) -> None:
    """Write a PNG with a row for each example: gray, as predicted, original.

    Parameters
    ----------
    examples
        n photographs.
    srgb
        (n,3,h,w), about in 0..1: the prediction.
    path
        Of the PNG.

    Raises
    ------
    TrainingError
        It cannot be written.
    """
    columns = torch.cat((examples.gray, srgb.clamp(0, 1), examples.srgb), dim=3)  # side by side
    rows = torch.cat(tuple(columns), dim=1)  # (3, n * h, 3 * w)
    pixels = (rows * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    _, content = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise TrainingError(
            f"{path}: could not be written ({error.strerror}); make room and go on with --resume"
        ) from error
