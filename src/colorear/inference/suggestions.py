"""What else the colors could be: suggestions for one place, variants of a whole photograph."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from colorear.errors import HintError, ModelError
from colorear.hints import Hint, Place, pixel_at, reachable
from colorear.inference.options import ColorizeOptions
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
_SEEN = 24  # places across the shorter side among which the most uncertain is looked for
_NEAR = 0.2  # of the shorter side: how far apart these are, at least
_RADIUS = 0.02  # of the hints that a variant is made of


def can_choose(network: Network) -> bool:
    """Whether the network makes variants: it must tell what is likely, and take hints."""
    return network.card.hints and network.tells_likelihood and network.tells_uncertainty


def lacking(network: Network, options: ColorizeOptions, *, uncertainty: bool = False) -> str | None:
    """What of the options, or of `uncertainty`, the network cannot do.

    Returns
    -------
    str or None
        Words that follow the network's name, "takes no hints" say; None if it can do all.
    """
    cannot = {
        "takes no hints": options.hints and not network.card.hints,
        "makes no variants": options.variants > 1 and not can_choose(network),
        "does not tell how sure it is": uncertainty and not network.tells_uncertainty,
    }
    return next((what for what, lacks in cannot.items() if lacks), None)


def suggestions(prediction: Prediction, lightness: Planes, place: Place) -> list[str]:
    """What the network holds for likely at a place.

    Parameters
    ----------
    prediction
        What the network made of `lightness`.
    lightness : (h, w), 0..100
        L* of the photograph, upright.
    place
        In fractions of its size.

    Returns
    -------
    list of str
        Up to six colors `#rrggbb` that exist at the lightness of the place, the likeliest first;
        no two are much alike.

    Raises
    ------
    ModelError
        If the network does not tell what is likely.
    """
    level = float(lightness[pixel_at(place, *lightness.shape)])
    colors = (reachable(level, ab) for ab, _ in _modes(prediction, place))
    return list(dict.fromkeys(colors))[:_SUGGESTIONS]


def predict(
    network: Network, lightness: Planes, options: ColorizeOptions, variant: int = 0
) -> Prediction:
    """Let the network color a photograph.

    A variant is made of hints that nobody gave: at an uncertain place it is another color than the
    network's own, the network is given that hint, and then the likeliest color at the place that is
    the most uncertain now, and so on. So what belongs together is colored alike. No two variants
    begin alike, as long as there is another color that has not begun one.

    Parameters
    ----------
    lightness : (h, w), 0..100
        L* of the photograph, upright, at the size that `network.fit` gives.
    options
        Their hints and vividness count; the model is chosen and the variants are counted elsewhere.
    variant
        0 for what the network holds for best, from 1 on for other plausible colors.

    Raises
    ------
    ModelError
        If the network takes no hints, or makes no variants, and such are asked for.
    HintError
        If `variant` is below 0.
    """
    if variant < 0:
        raise HintError(f"variant {variant} came, but 0, for the best colors, or more is needed")
    if variant and not can_choose(network):
        raise ModelError(
            f"{network.card.name} does not tell what else is likely, so it makes no variants; "
            "choose a network that does"
        )
    hints, prediction = options.hints, network(lightness, options.hints, options.vividness)
    beginnings = _beginnings(prediction, hints) if variant else []
    if not beginnings:
        return prediction
    strength = max(1, options.vividness)
    place, ab = beginnings[(variant - 1) % len(beginnings)]
    for _ in range(_PLACES):
        level = float(lightness[pixel_at(place, *lightness.shape)])
        color = reachable(level, (strength * ab[0], strength * ab[1]))
        hints = (Hint(*place, color, _RADIUS), *hints)  # beneath what is known
        prediction = network(lightness, hints, options.vividness)
        following = _most_uncertain(prediction, [hint.place for hint in hints])
        if following is None:
            break
        place, ab = following, _modes(prediction, following)[0][0]
    return prediction


def _beginnings(prediction: Prediction, hints: Sequence[Hint]) -> list[tuple[Place, AB]]:
    """Places and what else they could be: what is plausible, at the most uncertain places first.

    Of these, colors that look like an earlier one come last: things that are alike at several
    places end in one. After them, by likelihood, what looks wrong.
    """
    new: list[tuple[Place, AB]] = []
    again: list[tuple[Place, AB]] = []
    unlikely: list[tuple[float, Place, AB]] = []
    for place in _uncertain_places(prediction, hints):
        (likeliest, most), *others = _modes(prediction, place)
        row, column = pixel_at(place, *prediction.ab.shape[1:])
        if not new and np.linalg.norm(prediction.ab[:, row, column] - likeliest) >= _OTHERWISE:
            new.append((place, likeliest))
        for ab, likelihood in others:
            if likelihood < _PLAUSIBLE * most:
                unlikely.append((likelihood / most, place, ab))
            elif all(np.hypot(*np.subtract(ab, earlier)) >= _OTHERWISE for _, earlier in new):
                new.append((place, ab))
            else:
                again.append((place, ab))
    unlikely.sort(key=lambda other: -other[0])
    return new + again + [(place, ab) for _, place, ab in unlikely]


def _uncertain_places(prediction: Prediction, hints: Sequence[Hint]) -> list[Place]:
    """Some places away from all hints and from one another, the most uncertain first."""
    places: list[Place] = []
    known = [hint.place for hint in hints]
    while len(places) < _BEGINNINGS:
        place = _most_uncertain(prediction, known + places)
        if place is None:
            break
        places.append(place)
    return places


def _modes(prediction: Prediction, place: Place) -> list[tuple[AB, float]]:
    """Colors a*, b* that stand out at a place, and how likely they are with all that look alike.

    The likeliest comes first.
    """
    likelihood, palette = prediction.likelihood, prediction.palette
    if likelihood is None or palette is None:
        raise ModelError("the network does not tell what is likely; choose one that does")
    row, column = pixel_at(place, *likelihood.shape[1:])
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


def _most_uncertain(prediction: Prediction, known: Sequence[Place]) -> Place | None:
    """Where the network is least sure, away from what is known; None if that lies all over."""
    if prediction.uncertainty is None:
        return None
    shrink = max(1, min(prediction.uncertainty.shape[1:]) / _SEEN)
    height, width = (max(1, round(side / shrink)) for side in prediction.uncertainty.shape[1:])
    small = resized(prediction.uncertainty, height, width)[0]
    around = np.pad(small, 1, mode="edge")
    shifted = [around[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    mean = np.sum(shifted, 0) / 9
    rows, columns = np.ogrid[:height, :width]
    near = max(1, _NEAR * min(height, width))
    for place in known:
        row, column = pixel_at(place, height, width)
        mean = np.where(np.hypot(rows - row, columns - column) < near, -np.inf, mean)
    row, column = divmod(int(mean.argmax()), width)
    if not np.isfinite(mean[row, column]):
        return None
    return Place((column + 0.5) / width, (row + 0.5) / height)
