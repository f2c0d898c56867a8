"""The errors that colorear raises on purpose: each is one sentence for the person who caused it."""

__all__ = [
    "BatchError",
    "ColorearError",
    "DataError",
    "HintError",
    "JudgeError",
    "MetricError",
    "MissingExtraError",
    "ModelError",
    "PhotographError",
    "RecipeError",
    "SigningError",
    "TrainingError",
]


class ColorearError(Exception):
    """Something a person can mend: the text says what came, what was expected and what to do."""


class PhotographError(ColorearError):
    """A file cannot be read, or written, as a photograph."""


class BatchError(ColorearError):
    """Many photographs cannot be coloured in one run: the folders, or another run, forbid it."""


class SigningError(ColorearError):
    """A certificate or key cannot sign."""


class HintError(ColorearError):
    """What is wished of the colours cannot be had: a hint without a place or colour, say."""


class ModelError(ColorearError):
    """A network or its card is missing, damaged, or breaks the contract."""


class DataError(ColorearError):
    """A folder of photographs cannot be learnt from or judged on."""


class RecipeError(ColorearError):
    """A recipe has an unknown key or a value out of range."""


class TrainingError(ColorearError):
    """A training run cannot start, go on or be resumed."""


class MetricError(ColorearError):
    """Photographs, or features of them, are not what a metric is defined on."""


class JudgeError(ColorearError):
    """Scores cannot be read, joined or compared."""


class MissingExtraError(ColorearError):
    """A feature needs packages that come with one of colorear's extras."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed; "
            f"install them with: pip install 'colorear[{extra}]'"
        )
