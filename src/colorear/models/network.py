"""A network that is loaded: L* of any size in, a*b* on the same pixels out.

Padding, running, growing back and cropping are written here once, for every network.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from colorear.color import lightness_to_luma, luma_to_lightness
from colorear.errors import ModelError
from colorear.hints import Hint, known_planes
from colorear.models.adapters import ADAPTERS
from colorear.models.card import Card
from colorear.models.contract import (
    NEGATIVE,
    SRGB,
    contract_feeds,
    contract_outputs,
    takes_vividness,
)
from colorear.models.framing import find_frame
from colorear.models.interface import LARGEST, Question, ask, check_interface, fixed_size
from colorear.models.onnx_session import Session
from colorear.models.resize import resized

__all__ = ["SAFE", "Network", "Prediction"]

SAFE = 0.5
"""The vividness at which a network that takes it gives the mean of what is plausible."""

_LONGEST = 4  # times the preferred size: bounds the memory that a panorama takes

Planes = NDArray[np.float32]


class Prediction(NamedTuple):
    """The colour of a picture, on its own pixel grid; None stands for what is not told."""

    ab: Planes
    """`(2, h, w)`, CIELAB units."""
    uncertainty: Planes | None
    """`(1, h, w)`, expected distance of the true a*b* in CIELAB units."""
    likelihood: Planes | None
    """`(k, h', w')`, on a coarser grid over the same picture, adding up to 1 at each place."""
    palette: Planes | None
    """`(k, 2)`: the a* and b* whose likelihood it is."""
    negative: tuple[float, float] | None = None
    """Of which `Network.is_negative` makes an answer; the first is above 0 where it may be one."""


class Network:
    """The network described by `card`, ready to run. Raises ModelError if the two disagree.

    `colorear.models.load` makes one from a name or a file.
    """

    def __init__(self, card: Card, session: Session) -> None:
        check_interface(session, card.kind)
        self.card = card
        self._session = session
        self._fixed = fixed_size(session)
        self._told = contract_outputs(session) if card.kind == "contract" else ["ab"]

    def seeing(self, size: int) -> "Network":
        """The same network, which sees pictures with shorter sides of so many pixels.

        One that takes a single size goes on seeing that. Raises ModelError for sizes that no
        network needs.
        """
        if not 1 <= size <= LARGEST // _LONGEST:
            raise ModelError(
                f"pictures with shorter sides of {size} pixels were to be shown to {self.card.name}"
                f", but 1 to {LARGEST // _LONGEST} can be; choose such a size"
            )
        if size == self.card.size or not self.has_sizes:
            return self
        return Network(msgspec.structs.replace(self.card, size=size), self._session)

    @property
    def has_sizes(self) -> bool:
        """Whether it can see pictures at another size than its card's."""
        return self._fixed is None

    def fit(self, height: int, width: int) -> tuple[int, int]:
        """The height and width at which the network wants to see a picture of that size.

        Its shorter side becomes the card's `size`, also where it was smaller: the bundled network
        errs less on small pictures that are enlarged. Its longer side becomes at most four times
        that. Both are multiples of what the network works in, so that it sees no padding; the
        shape changes by half a multiple at most. Other people's networks want a square, whatever
        the shape: their own code stretches to one.
        """
        if self._fixed:
            return self._fixed
        size = self.card.size
        if self.card.kind in ADAPTERS:
            return size, size
        step = self.card.multiple_of
        scale = min(size / min(height, width), _LONGEST * size / max(height, width))
        rows, columns = (step * max(1, round(scale * side / step)) for side in (height, width))
        return rows, columns

    def __call__(
        self, lightness: Planes, hints: Sequence[Hint] = (), vividness: float = 1.0
    ) -> Prediction:
        """The colour of L* `(h, w)`, 0..100, of any size; `fit` tells which size is best.

        `hints` is what is known of the picture. `vividness` is 0 for grey, 1 for the colours that
        the network holds for those of life, more for stronger ones, but for those that hints tell.
        Raises ModelError if the network takes no hints, if it fails, or if its answer breaks the
        contract.

        Margins, as of a scanned album page, are not shown to it: they stay grey, unless a hint lies
        on one.
        """
        return self._within_margins(lightness, hints, vividness, self._told)

    def ab(self, lightness: Planes, hints: Sequence[Hint] = (), vividness: float = 1.0) -> Planes:
        """The a*b* `(2, h, w)` of a call alone, which takes less time."""
        return self._within_margins(lightness, hints, vividness, ["ab"]).ab

    def _within_margins(
        self, lightness: Planes, hints: Sequence[Hint], vividness: float, told: list[str]
    ) -> Prediction:
        if hints and not self.card.hints:
            raise ModelError(
                f"{self.card.name} takes no hints; choose a network that does (colorear models)"
            )
        lightness = np.asarray(lightness, np.float32)
        frame = find_frame(lightness)
        if frame is None or not all(frame.holds(hint.place) for hint in hints):
            return self._predict(lightness, hints, vividness, told)
        shown = resized(frame.inside(lightness), *self.fit(*frame.size))
        moved = [frame.shifted(hint) for hint in hints]
        prediction = self._predict(shown, moved, vividness, told)
        return Prediction(
            frame.around(prediction.ab),
            None if prediction.uncertainty is None else frame.around(prediction.uncertainty),
            None if prediction.likelihood is None else frame.spread(prediction.likelihood),
            prediction.palette,
            prediction.negative,
        )

    def _predict(
        self, lightness: Planes, hints: Sequence[Hint], vividness: float, told: list[str]
    ) -> Prediction:
        shown = self._shown(np.asarray(lightness, np.float32))
        known = self._known(hints, lightness.shape, shown.shape)
        known[:2] /= max(1, vividness)  # the answer is made so many times stronger
        question = Question(shown[None, None], known[None], vividness)
        answer = ask(self._session, self.card.kind, question, told)
        ab = self._returned(answer.ab[0], shown.shape, lightness.shape)
        uncertainty, likelihood = answer.uncertainty, answer.likelihood
        if uncertainty is not None:
            uncertainty = self._returned(uncertainty[0], shown.shape, lightness.shape)
        if likelihood is not None:
            likelihood = self._within(likelihood[0], shown.shape, lightness.shape)
        negative = None
        if answer.negative is not None:
            suspect, compared = answer.negative[0]
            negative = float(suspect), float(compared)
        return Prediction(ab, uncertainty, likelihood, answer.palette, negative)

    def is_negative(self, lightness: Planes, prediction: Prediction) -> bool:
        """Whether light and dark are exchanged in L* `(h, w)`, of which it made that prediction.

        Where they may be, it is shown the inverted picture, too, and the two answers are compared:
        that takes a call of its own for about one photograph in ten. Never for networks that do
        not tell.
        """
        if prediction.negative is None or prediction.negative[0] <= 0:
            return False
        frame = find_frame(lightness)
        inside = resized(frame.inside(lightness), *self.fit(*frame.size)) if frame else lightness
        inverted = luma_to_lightness(1 - lightness_to_luma(inside)).astype(np.float32)
        feeds = contract_feeds(self._session, self._shown(inverted)[None, None])
        (other,) = self._session.run(feeds, [NEGATIVE])  # without its colours, which take time
        return bool(prediction.negative[1] - other[0, 1] > 1)

    @property
    def tells_uncertainty(self) -> bool:
        """Whether it says how far off its colours may be."""
        return "uncertainty" in self._told

    @property
    def tells_likelihood(self) -> bool:
        """Whether it says how likely other colours are."""
        return "likelihood" in self._told

    @property
    def has_safe_colors(self) -> bool:
        """Whether a vividness of `SAFE` gives the mean of what it holds for plausible."""
        return self.card.kind == "contract" and takes_vividness(self._session)

    @property
    def makes_srgb(self) -> bool:
        """Whether `srgb` can be asked for."""
        return any(port.name == SRGB for port in self._session.outputs)

    def srgb(self, lightness: Planes) -> Planes:
        """The photograph (3, h, w) that the network itself makes of L* (h, w), about in 0..1.

        Its luma is the network's, not that of the picture. Raises ModelError if it makes none.
        """
        if not self.makes_srgb:
            raise ModelError(
                f"{self.card.name} gives a* and b* alone, so it has no photograph of its own; "
                f"use the one that colorear makes with them"
            )
        shown = self._shown(np.asarray(lightness, np.float32))
        feeds = contract_feeds(self._session, shown[None, None])
        (srgb,) = self._session.run(feeds, [SRGB])
        return self._returned(srgb[0], shown.shape, lightness.shape)

    def _shown(self, lightness: Planes) -> Planes:
        """The picture at a size that the network takes: stretched if it takes only one."""
        if self._fixed:
            return resized(lightness, *self._fixed)
        height, width = lightness.shape
        step = self.card.multiple_of
        return np.pad(lightness, ((0, -height % step), (0, -width % step)), mode="edge")

    def _known(
        self, hints: Sequence[Hint], size: tuple[int, ...], shown: tuple[int, ...]
    ) -> Planes:
        """a*, b*, mask (3, h, w) as shown."""
        if self._fixed:
            return known_planes(hints, *shown)
        known = known_planes(hints, *size)
        return np.pad(known, ((0, 0), (0, shown[0] - size[0]), (0, shown[1] - size[1])))

    def _within(self, planes: Planes, shown: tuple[int, ...], wanted: tuple[int, ...]) -> Planes:
        """A coarse grid over the picture as shown, less what lies on the padding."""
        if self._fixed:
            return planes
        rows, columns = (
            -(-side * count // whole)
            for side, count, whole in zip(wanted, planes.shape[1:], shown, strict=True)
        )
        return planes[:, :rows, :columns]

    def _returned(self, planes: Planes, shown: tuple[int, ...], wanted: tuple[int, ...]) -> Planes:
        """The network's `(c, h/s, w/s)` on the grid of the picture that came in."""
        height, width = shown
        stride = self.card.stride
        if planes.shape[-2:] != (height // stride, width // stride):
            raise ModelError(
                f"{self._session.name} answered {planes.shape[-2:]} to {height, width}, expected "
                f"{height // stride, width // stride}, since its card gives stride {stride}; "
                f"mend the card or export the network again"
            )
        if self._fixed:
            return resized(planes, wanted[0], wanted[1])
        return np.ascontiguousarray(resized(planes, height, width)[:, : wanted[0], : wanted[1]])
