"""What is seen anywhere in a picture, told everywhere, and a last layer that each picture makes.

Convolutions at 1/32 of a small picture see most of it, but weigh what they see by its distance.
Transformer layers (A. Vaswani et al., Attention Is All You Need, NeurIPS 2017, arXiv:1706.03762; in
the order of R. Xiong et al., On Layer Normalization in the Transformer Architecture, ICML 2020,
arXiv:2002.04745) let places that look alike agree. A few learned queries are tokens beside the
places, as in N. Carion et al., End-to-End Object Detection with Transformers, ECCV 2020
(doi:10.1007/978-3-030-58452-8_13), and for colors in X. Kang et al., DDColor, ICCV 2023
(arXiv:2212.11613): what they gather becomes the weights of a 1x1 convolution from the decoder's
features to a*, b*, so that tone and palette can follow from the whole picture.
"""

from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["GlobalContext", "LastLayer"]

Layer = TypeVar("Layer", bound=nn.Module)

_QUERIES = 8
_HEADS = 8


class LastLayer(NamedTuple):
    """A 1x1 convolution from features to a*, b*, of each picture its own."""

    weight: Tensor
    """(n,2,c)"""
    bias: Tensor
    """(n,2)"""

    def applied_to(self, planes: Tensor) -> Tensor:
        """(n,2,h,w) of planes (n,c,h,w)."""
        n, _, h, w = planes.shape
        flat = torch.matmul(self.weight, planes.flatten(2))
        return flat.reshape(n, 2, h, w) + self.bias[..., None, None]


class GlobalContext(nn.Module):
    """Attention over all places of the coarsest features (n,c,h,w), and the picture's last layer.

    At first the features pass unchanged, and the last layer adds nothing.
    """

    def __init__(self, channels: int, width: int, *, layers: int) -> None:
        """For features of so many `channels`, and a last layer that is given `width` channels."""
        super().__init__()
        self.queries = nn.Parameter(0.02 * torch.randn(1, _QUERIES, channels))
        # tells places apart: attention alone does not know where its tokens are
        self.place = _zero(nn.Conv2d(channels, channels, 3, padding=1, groups=channels))
        self.layers = nn.ModuleList(TransformerLayer(channels) for _ in range(layers))
        self.last_layer = _zero(nn.Linear(_QUERIES * channels, 2 * width + 2))

    def forward(self, planes: Tensor) -> tuple[Tensor, LastLayer]:
        """The features (n,c,h,w) with their context, and the last layer."""
        n, c, h, w = planes.shape  # len() would become a constant of an exported network
        planes = planes + self.place(planes)
        places = planes.flatten(2).transpose(1, 2)
        queries = self.queries.to(places.dtype).expand(n, -1, -1)
        tokens = torch.cat((queries, places), 1)
        for layer in self.layers:
            tokens = layer(tokens)
        queries, places = tokens[:, :_QUERIES], tokens[:, _QUERIES:]
        numbers = self.last_layer(queries.flatten(1))
        last_layer = LastLayer(numbers[:, :-2].reshape(n, 2, -1), numbers[:, -2:])
        return places.transpose(1, 2).reshape(n, c, h, w), last_layer


class TransformerLayer(nn.Module):
    """Attention, then two dense layers, each added to the tokens (n,t,c) that it is given.

    Dense layers are 1x1 convolutions, whose weights an exported file keeps by their names.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention_norm, self.dense_norm = LayerNorm(channels), LayerNorm(channels)
        self.project = nn.Conv2d(channels, 3 * channels, 1)
        self.merge = _zero(nn.Conv2d(channels, channels, 1))
        self.widen = nn.Conv2d(channels, 2 * channels, 1)
        self.narrow = _zero(nn.Conv2d(2 * channels, channels, 1))

    def forward(self, tokens: Tensor) -> Tensor:
        """The tokens (n,t,c)."""
        n, t, _ = tokens.shape
        parts = _dense(self.project, self.attention_norm(tokens)).reshape(n, t, 3, _HEADS, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + _dense(self.merge, seen.transpose(1, 2).flatten(2))
        wide = functional.gelu(_dense(self.widen, self.dense_norm(tokens)))
        return tokens + _dense(self.narrow, wide)


class LayerNorm(nn.LayerNorm):
    """PyTorch's, in its weights' precision, as under autocast on a GPU.

    On a processor PyTorch adds the gradients of weight and bias up in the precision of the tokens,
    and in bfloat16 256 + 1 is 256 (`findings/bfloat16-gradients-stop.sh`).
    """

    def forward(self, tokens: Tensor) -> Tensor:
        """The tokens (n,t,c), normalized."""
        if tokens.dtype != self.weight.dtype:  # else an exported network would have a node for it
            tokens = tokens.to(self.weight.dtype)
        return super().forward(tokens)


def _dense(layer: nn.Conv2d, tokens: Tensor) -> Tensor:
    """A 1x1 convolution of tokens (n,t,c)."""
    planes: Tensor = layer(tokens.transpose(1, 2)[..., None])
    return planes[..., 0].transpose(1, 2)


def _zero(layer: Layer) -> Layer:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
