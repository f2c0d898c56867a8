"""How scores are made, as their file tells: the photographs, the call, the libraries."""

import importlib.metadata
import shlex
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

import colorear
from colorear.evaluation.dataset import EvaluationSet, truth
from colorear.evaluation.kept_pictures import encode
from colorear.evaluation.scores import About, Convention, Invocation

__all__ = ["describe"]

_LIBRARIES = {
    "standard": ("numpy", "torch", "onnxruntime", "opencv-python-headless"),
    "slides": ("numpy", "torch"),
}


def describe(
    dataset: EvaluationSet,
    convention: Convention,
    size: int,
    options: Sequence[str],
    shown: Collection[str],
) -> About:
    """What stands in the file beside scores that are made now.

    Parameters
    ----------
    options
        Of the command that makes them.
    shown
        The photographs of which pictures are kept.
    """
    versions = {}
    for library in _LIBRARIES[convention]:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    invocation = Invocation(
        date=datetime.now(UTC).date().isoformat(),
        command=shlex.join(["colorear", "evaluate", *options]),
        colorear=colorear.__version__,
        versions=versions,
    )
    return About(
        data=dataset.about,
        size=size,
        convention=convention,
        invocations=(invocation,),
        truth={
            name: msgspec.structs.replace(
                truth(dataset, i), picture=encode(dataset.pixels[i]) if name in shown else None
            )
            for i, name in enumerate(dataset.names)
        },
    )
