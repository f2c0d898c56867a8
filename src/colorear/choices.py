"""What else the colours could be: suggestions for one place, variants of a whole photograph."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from colorear.errors import ModelError
from colorear.hints import Hint, Wishes, pixel_of, reachable
from colorear.models import Network, Prediction
from colorear.models.resample import resized

__all__ = ["can_choose", "lacking", "predict", "suggestions"]

Planes = NDArray[np.float32]

_APART = 16.0  # CIELAB units between two suggestions: less looks like one
_SUGGESTIONS = 6
_UNLIKELY = 0.01  # so likely, with all that look like it, is no suggestion
_PLAUSIBLE = 0.25  # so likely beside the likeliest is what a variant takes; others look wrong
_PLACES = 4  # that a variant decides otherwise, one after the other
_SEEN = 24  # places across the shorter side among which the most doubtful is looked for
_NEAR = 0.2  # of the shorter side: how far apart these are, at least


def can_choose(network: Network) -> bool:
    """Whether the network makes variants: it must tell what is likely, and take hints."""
    return network.card.hints and network.tells_likelihood and network.tells_uncertainty


def lacking(
    network: Network, *, hints: bool = False, variants: bool = False, confidence: bool = False
) -> str | None:
    """What of these the network cannot do, in words that follow its name; None if it can do all."""
    cannot = {
        "takes no hints": hints and not network.card.hints,
        "makes no variants": variants and not can_choose(network),
        "does not tell how sure it is": confidence and not network.tells_uncertainty,
    }
    return next((what for what, lacks in cannot.items() if lacks), None)


def suggestions(prediction: Prediction, lightness: Planes, place: Hint) -> list[str]:
    """What the network holds for likely at a place of L* `(h, w)`: up to six `#rrggbb`.

    The likeliest comes first, and no two are much alike. Raises ModelError if the network does not
    tell what is likely.
    """
    level = float(lightness[pixel_of(place, *lightness.shape)])
    colours = (reachable(level, ab) for ab, _ in _modes(prediction, place))
    return list(dict.fromkeys(colours))[:_SUGGESTIONS]


def predict(network: Network, lightness: Planes, wishes: Wishes) -> Prediction:
    """The colour of L* `(h, w)`, as `wishes` want it. Raises ModelError if the network cannot.

    A variant is made of hints that nobody gave: at the most doubtful place a colour is drawn from
    those that the network holds for likely there, and the network told of it, then at the place
    that is the most doubtful now, and so on. So what belongs together is coloured alike. Variant n
    begins with the n-th likeliest colour; whatever else is random follows from n alone.
    """
    hints = wishes.hints
    if not wishes.variant:
        return network(lightness, hints, wishes.vividness)
    if not can_choose(network):
        raise ModelError(
            f"{network.card.name} does not tell what else is likely, so it makes no variants; "
            "choose a network that does"
        )
    chance = np.random.default_rng(wishes.variant)
    for number in range(_PLACES):
        prediction = network(lightness, hints, wishes.vividness)
        place = _most_doubtful(prediction, hints)
        if place is None:
            break
        modes = _modes(prediction, place)
        modes = [mode for mode in modes if mode[1] >= _PLAUSIBLE * modes[0][1]]
        likely = np.array([likelihood for _, likelihood in modes])
        drawn = chance.choice(len(modes), p=likely / likely.sum())
        ab, _ = modes[drawn if number else wishes.variant % len(modes)]
        level = float(lightness[pixel_of(place, *lightness.shape)])
        hints = (replace(place, colour=reachable(level, ab)), *hints)  # beneath what is known
    return network(lightness, hints, wishes.vividness)


def _modes(prediction: Prediction, place: Hint) -> list[tuple[tuple[float, float], float]]:
    """Colours a*, b* that stand out at a place, and how likely they are with all that look alike.

    The likeliest comes first.
    """
    likelihood, palette = prediction.likelihood, prediction.palette
    if likelihood is None or palette is None:
        raise ModelError("the network does not tell what is likely; choose one that does")
    row, column = pixel_of(place, *likelihood.shape[1:])
    rows, columns = (slice(max(0, i - 1), i + 2) for i in (row, column))
    left = likelihood[:, rows, columns].mean((1, 2), dtype=np.float64)
    modes: list[tuple[tuple[float, float], float]] = []
    while not modes or left.max() > 0:
        best = int(left.argmax())
        alike = np.linalg.norm(palette - palette[best], axis=1) < _APART
        alike &= left > 0
        together = float(left[alike].sum())
        if together < _UNLIKELY and modes:
            break
        a, b = (palette[alike] * left[alike, None]).sum(0) / together
        modes.append(((float(a), float(b)), together))
        left[alike] = 0
    return modes


def _most_doubtful(prediction: Prediction, hints: Sequence[Hint]) -> Hint | None:
    """Where the network is least sure, away from all hints; None if these lie all over."""
    uncertainty = prediction.uncertainty
    if uncertainty is None:
        return None
    shrink = max(1, min(uncertainty.shape[1:]) / _SEEN)
    height, width = (max(1, round(side / shrink)) for side in uncertainty.shape[1:])
    doubt = resized(uncertainty, height, width)[0]
    around = np.pad(doubt, 1, mode="edge")
    doubt = sum(around[i : i + height, j : j + width] for i in range(3) for j in range(3)) / 9
    rows, columns = np.ogrid[:height, :width]
    for hint in hints:
        row, column = pixel_of(hint, height, width)
        near = max(1, _NEAR * min(height, width))
        doubt = np.where(np.hypot(rows - row, columns - column) < near, -np.inf, doubt)
    row, column = divmod(int(doubt.argmax()), width)
    if not np.isfinite(doubt[row, column]):
        return None
    return Hint((column + 0.5) / width, (row + 0.5) / height, "gray", radius=0.02)
