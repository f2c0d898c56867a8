"""CIEDE2000, PSNR of the chroma, and colourfulness: what only colour changes.

Photographs are sRGB in 0..1, (n,3,h,w). CIELAB is that of `colorear.color`, D65.
"""

import math

import torch
from torch import Tensor

from colorear import color
from colorear.evaluation.metrics.pairs import checked, checked_pair

__all__ = [
    "CHROMA_PEAK",
    "chroma_psnr",
    "chroma_psnr_of_lab",
    "ciede2000",
    "ciede2000_of_lab",
    "colorfulness",
    "colorfulness_gap",
]

CHROMA_PEAK = 255.0
"""CIELAB units: the span of a* or b* coded in 8 bits (-128..127: ICC.1:2022 6.3.4, OpenCV)."""


def ciede2000(reference: Tensor, colored: Tensor) -> Tensor:
    """Mean CIEDE2000 colour difference over the pixels (n,); 0 for equal ones, lower is better."""
    pair = checked_pair(reference, colored, data_range=1.0)
    lab, lab_colored = (color.srgb_to_lab(srgb) for srgb in pair)
    return ciede2000_of_lab(lab, lab_colored).mean((1, 2))


def ciede2000_of_lab(reference: Tensor, colored: Tensor) -> Tensor:
    """The CIEDE2000 difference (...,h,w) of CIELAB colours (...,3,h,w), with kL = kC = kH = 1.

    Source: G. Sharma, W. Wu and E. Dalal, Color Research and Application 30(1), 2005, (2)-(22).
    """
    (l1, a1, b1), (l2, a2, b2) = reference.unbind(-3), colored.unbind(-3)
    g = 0.5 - 0.5 * _seventh((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2)  # (4)
    a1, a2 = (1 + g) * a1, (1 + g) * a2  # (5)
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)  # (6)
    h1, h2 = (torch.atan2(b, a) % math.tau for a, b in ((a1, b1), (a2, b2)))  # (7)
    turn = torch.remainder(h2 - h1 + math.pi, math.tau) - math.pi  # (10)
    dh = 2 * (c1 * c2).sqrt() * torch.sin(turn / 2)  # (11): 0 where either is grey
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2  # (12), (13)
    # Hues exactly opposite are not more than that: Sharma's pair 10, where rounding says so.
    opposite = (h1 - h2).abs() > math.pi + 1e-12
    hue = (h1 + h2) / 2 + torch.where(opposite, math.pi, 0.0)  # (14)
    hue = torch.where(c1 * c2 == 0, h1 + h2, hue) % math.tau
    t = 1 - 0.17 * torch.cos(hue - math.radians(30)) + 0.24 * torch.cos(2 * hue)
    t += 0.32 * torch.cos(3 * hue + math.radians(6)) - 0.20 * torch.cos(4 * hue - math.radians(63))
    turning = torch.exp(-(((hue - math.radians(275)) / math.radians(25)) ** 2))  # (16)
    from_middle = (lightness - 50).square()
    dl = (l2 - l1) / (1 + 0.015 * from_middle / (20 + from_middle).sqrt())  # (8), (18)
    dc = (c2 - c1) / (1 + 0.045 * chroma)  # (9), (19)
    dh = dh / (1 + 0.015 * chroma * t)  # (15), (20)
    rotation = -torch.sin(math.radians(60) * turning) * 2 * _seventh(chroma)  # (17), (21)
    squares = dl.square() + dc.square() + dh.square() + rotation * dc * dh  # (22)
    return squares.clamp(min=0).sqrt()


def chroma_psnr(reference: Tensor, colored: Tensor) -> Tensor:
    """PSNR in dB of a* and b* together (n,), peak 255; higher is better, inf for equal chroma.

    The literature has no one peak for a* and b* (110, 128 and 255 are met): compare only with
    numbers of the same. A peak of 110 gives 7.30 dB less.
    """
    pair = checked_pair(reference, colored, data_range=1.0)
    return chroma_psnr_of_lab(*(color.srgb_to_lab(srgb) for srgb in pair))


def chroma_psnr_of_lab(reference: Tensor, colored: Tensor) -> Tensor:
    """The same of CIELAB colours (n,3,h,w); L* is not looked at."""
    errors = (reference[:, 1:] - colored[:, 1:]).square().mean((1, 2, 3))
    return 10 * torch.log10(CHROMA_PEAK**2 / errors)


def colorfulness(photographs: Tensor) -> Tensor:
    """Colourfulness (n,) on the scale of 0..255: 0 for grey, above 100 for the most vivid.

    Neither end is better. Opponent colours are signed: absolute values, as in some programs, would
    call a picture of red and green duller than it is.
    Source: D. Hasler and S. Süsstrunk, Proc. SPIE 5007, 2003, section 7, M^(3).
    """
    red, green, blue = (255 * checked(photographs, "the batch", data_range=1.0)).unbind(1)
    opponents = torch.stack((red - green, (red + green) / 2 - blue), 1).flatten(2)
    variances, means = torch.var_mean(opponents, 2, correction=0)
    return variances.sum(1).sqrt() + 0.3 * means.square().sum(1).sqrt()


def colorfulness_gap(reference: Tensor, colored: Tensor) -> Tensor:
    """How far (n,) the colourfulness is from that of the reference; 0 is best.

    A grey reference has colourfulness 0: there the gap is all the colour that was put in.
    """
    checked_pair(reference, colored, data_range=1.0)
    return (colorfulness(colored) - colorfulness(reference)).abs()


def _seventh(chroma: Tensor) -> Tensor:
    """sqrt(C^7 / (C^7 + 25^7))."""
    power = chroma.square() * chroma.square() * chroma.square() * chroma
    return (power / (power + 25.0**7)).sqrt()
