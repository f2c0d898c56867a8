"""Sentences and numbers as a language writes them."""

import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from colorear.evaluation.statistics.bootstrap import Estimate

__all__ = ["Language", "Sentence", "Value", "decimals"]

_EXACT = 1e-9  # of the value: an interval narrower than that is due to rounding

Value = str | int | float | Estimate | tuple[str, ...]


@dataclass(frozen=True)
class Sentence:
    """What is to be said, in no language yet: a key of `Language.phrases` and what it names."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


def decimals(estimate: Estimate) -> int:
    """As many as give the interval two digits that mean something; three digits without one.

    >>> decimals(Estimate(0.0061234, 0.0059, 0.0063)), decimals(Estimate(24.14159))
    (5, 1)
    """
    unit = (estimate.high - estimate.low) / 2
    if not unit > _EXACT * abs(estimate.value):
        unit = abs(estimate.value) / 10
    if not unit or not math.isfinite(unit):
        return 3
    return min(max(1 - math.floor(math.log10(unit) + _EXACT), 0), 8)


@dataclass(frozen=True)
class Language:
    """How one language writes what the report has to say."""

    code: str
    name: str
    point: str
    """Between the whole number and its fraction."""
    group: str
    """Between thousands."""
    conjunction: str
    interval: str
    names: Mapping[str, str]
    """Of metrics and of the do-nothing rows; those of networks are the same in all languages."""
    phrases: Mapping[str, str]
    definitions: Mapping[str, str]
    """Metric -> what it is in the standard convention, and where it is computed."""

    def say(self, sentence: Sentence | str, **values: Value) -> str:
        """The sentence, its values written as this language does."""
        if isinstance(sentence, str):
            sentence = Sentence(sentence, values)
        values = {name: self.write(value) for name, value in sentence.values.items()}
        text = self.phrases[sentence.key].format_map(values)
        return text.replace(" %", "\N{NO-BREAK SPACE}%").replace(
            " < ", "\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}"
        )

    def write(self, value: Value) -> str:
        """A name, a list of names, a number or a number with its interval."""
        if isinstance(value, str):
            return self.names.get(value, value)
        if isinstance(value, tuple):
            return self.listed([self.write(name) for name in value])
        if isinstance(value, Estimate):
            text = self.number(value.value, decimals(value))
            return f"{text} ({self.range(value)})" if value.bounded else text
        if isinstance(value, int):
            return self.number(value, 0)
        return self.exact(value)

    def exact(self, value: float) -> str:
        """A number that was given, not measured: as it is, to six digits."""
        return f"{value:.6g}".replace(".", self.point).replace("-", "−")

    def number(self, value: float, places: int) -> str:
        """A number with so many decimals; a true minus sign, no minus before zero."""
        if not math.isfinite(value):
            return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
        text = f"{value:,.{places}f}"
        if not float(text.replace(",", "")):
            text = text.removeprefix("-")
        exchange = {",": self.group, ".": self.point, "-": "−"}
        return "".join(exchange.get(character, character) for character in text)

    def range(self, estimate: Estimate, places: int | None = None) -> str:
        """Both ends of an interval."""
        count = decimals(estimate) if places is None else places
        low, high = (self.number(end, count) for end in (estimate.low, estimate.high))
        return self.interval.format(low=low, high=high)

    def listed(self, names: list[str]) -> str:
        """Names as an enumeration."""
        if len(names) < 2:
            return "".join(names)
        # Spanish: "e" before the sound of i (RAE, Diccionario panhispánico de dudas, "y")
        sound = names[-1].lower().removeprefix("h")
        last = "e" if self.conjunction == "y" and sound.startswith("i") else self.conjunction
        return f"{', '.join(names[:-1])} {last} {names[-1]}"

    def fields(self, key: str) -> set[str]:
        """The values that a phrase asks for."""
        return {name for _, name, _, _ in string.Formatter().parse(self.phrases[key]) if name}
