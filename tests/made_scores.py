"""Scores that several tests use: made, so that what must come out is known."""

import numpy as np
import pandas as pd

from colorear.evaluation.scores import VALUES, About, DataSet, Invocation, Network, Scores, Truth
from colorear.evaluation.statistics.comparison import comparison

SEVEN = ("mse", "rmse", "psnr", "fsim", "uqi", "ssim", "vif")
HIGHER = {"psnr", "fsim", "uqi", "ssim", "vif", "chroma_psnr"}
FOUR = ("plain-shallow", "plain-deep", "skip-shallow", "skip-deep")


def made_scores(values, *, convention="standard", places=(), chroma=None, **about):
    """From model -> metric -> values, one for each photograph; NaN in the other columns."""
    models = list(values)
    count = len(next(iter(next(iter(values.values())).values())))
    names = [f"{i:03}.jpg" for i in range(count)]
    frames = [
        pd.DataFrame(
            {
                "model": model,
                "photograph": names,
                "convention": convention,
                "size": 160,
                **dict.fromkeys(VALUES, np.nan),
                "picture": None,
                **of_model,
            }
        )
        for model, of_model in values.items()
    ]
    shades = np.linspace(1, 40, count) if chroma is None else chroma
    truth = {
        name: Truth(
            chroma=float(shades[i]),
            lightness=50.0,
            place=places[i % len(places)] if places else None,
        )
        for i, name in enumerate(names)
    }
    told = {
        "data": DataSet(name="made", photographs=count, fingerprint="aa"),
        "size": 160,
        "convention": convention,
        "models": {
            name: Network(parameters=1234567, milliseconds=8.25, frechet=12.5, kid=0.0125)
            for name in models
        },
        "invocations": (
            Invocation(
                date="2026-01-02",
                command="colorear evaluate",
                colorear="0.0",
                versions={"numpy": "2.0"},
            ),
        ),
        "truth": truth,
    }
    return Scores(pd.concat(frames, ignore_index=True), About(**told | about))


def by_quality(qualities, *, metrics=SEVEN, count=40, noise=0.0, spread=1.0, seed=1):
    """Model -> metric -> values that are better by the model's quality, on every metric.

    Photographs differ by a standard deviation of `spread`; `noise` is each model's own.
    """
    random = np.random.default_rng(seed)
    photographs = spread * random.standard_normal(count)
    return {
        model: {
            metric: 20
            + photographs
            + (quality if metric in HIGHER else -quality)
            + noise * random.standard_normal(count)
            for metric in metrics
        }
        for model, quality in qualities.items()
    }


def made_comparison(values, *, resamples=400, **options):
    return comparison(made_scores(values, **options), resamples=resamples)
