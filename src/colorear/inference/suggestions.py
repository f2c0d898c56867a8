"""What else the colours could be: suggestions for one place, variants of a whole photograph."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from colorear.errors import ModelError
from colorear.hints import Hint, Wishes, pixel_of, reachable
from colorear.models import Network, Prediction
from colorear.models.resize import resized

__all__ = ["can_choose", "lacking", "predict", "suggestions"]

Planes = NDArray[np.float32]
AB = tuple[float, float]

_APART = 16.0  # CIELAB units between two suggestions: less looks like one
_SUGGESTIONS = 6
_UNLIKELY = 0.01  # so likely, with all that look like it, is no suggestion
_PLAUSIBLE = 0.33  # of the likeliest: what is less likely looks wrong, and begins the last variants
_OTHERWISE = 8.0  # CIELAB units between what two variants begin with: less is hardly another one
_PLACES = 4  # that a variant decides, one after the other
_BEGINNINGS = 12  # places at one of which it begins
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

    A variant is made of hints that nobody gave: at a doubtful place it is another colour than the
    network's own, the network is told of it, and then of the likeliest one at the place that is the
    most doubtful now, and so on. So what belongs together is coloured alike. No two begin
    alike, as long as there is another colour that has not begun one.
    """
    if wishes.variant and not can_choose(network):
        raise ModelError(
            f"{network.card.name} does not tell what else is likely, so it makes no variants; "
            "choose a network that does"
        )
    hints, prediction = wishes.hints, network(lightness, wishes.hints, wishes.vividness)
    beginnings = _beginnings(prediction, hints) if wishes.variant else []
    if not beginnings:
        return prediction
    strength = max(1, wishes.vividness)
    place, ab = beginnings[(wishes.variant - 1) % len(beginnings)]
    for _ in range(_PLACES):
        level = float(lightness[pixel_of(place, *lightness.shape)])
        colour = reachable(level, (strength * ab[0], strength * ab[1]))
        hints = (replace(place, colour=colour), *hints)  # beneath what is known
        prediction = network(lightness, hints, wishes.vividness)
        following = _most_doubtful(prediction, hints)
        if following is None:
            break
        place, ab = following, _modes(prediction, following)[0][0]
    return prediction


def _beginnings(prediction: Prediction, hints: Sequence[Hint]) -> list[tuple[Hint, AB]]:
    """Places and what else they could be: what is plausible, at the most doubtful places first.

    Of these, colours that look like an earlier one come last: things that are alike at several
    places end in one. After them, by likelihood, what looks wrong.
    """
    new: list[tuple[Hint, AB]] = []
    again: list[tuple[Hint, AB]] = []
    unlikely: list[tuple[float, Hint, AB]] = []
    for place in _doubtful(prediction, hints):
        (likeliest, most), *others = _modes(prediction, place)
        row, column = pixel_of(place, *prediction.ab.shape[1:])
        if not new and np.linalg.norm(prediction.ab[:, row, column] - likeliest) >= _OTHERWISE:
            new.append((place, likeliest))
        for ab, likely in others:
            if likely < _PLAUSIBLE * most:
                unlikely.append((likely / most, place, ab))
            elif all(np.hypot(*np.subtract(ab, earlier)) >= _OTHERWISE for _, earlier in new):
                new.append((place, ab))
            else:
                again.append((place, ab))
    unlikely.sort(key=lambda other: -other[0])
    return new + again + [(place, ab) for _, place, ab in unlikely]


def _doubtful(prediction: Prediction, hints: Sequence[Hint]) -> list[Hint]:
    """Some places away from all hints and from one another, the most doubtful first."""
    places: list[Hint] = []
    while len(places) < _BEGINNINGS:
        place = _most_doubtful(prediction, (*hints, *places))
        if place is None:
            break
        places.append(place)
    return places


def _modes(prediction: Prediction, place: Hint) -> list[tuple[AB, float]]:
    """Colours a*, b* that stand out at a place, and how likely they are with all that look alike.

    The likeliest comes first.
    """
    likelihood, palette = prediction.likelihood, prediction.palette
    if likelihood is None or palette is None:
        raise ModelError("the network does not tell what is likely; choose one that does")
    row, column = pixel_of(place, *likelihood.shape[1:])
    rows, columns = (slice(max(0, i - 1), i + 2) for i in (row, column))
    left = likelihood[:, rows, columns].mean((1, 2), dtype=np.float64)
    modes: list[tuple[AB, float]] = []
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
