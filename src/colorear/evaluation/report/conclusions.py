"""What the numbers say, and what they leave open: sentences that the intervals allow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from colorear.evaluation.report.language import Sentence, Value
from colorear.evaluation.report.verdicts import Verdict, verdicts
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import Comparison
from colorear.evaluation.statistics.factorial import (
    EFFECTS,
    Design,
    Effect,
    benefit,
    designs,
    effect,
)
from colorear.evaluation.statistics.strata import by_chroma, by_place, measure

__all__ = ["Conclusions", "caveats", "conclude"]

Paragraph = tuple[Sentence, ...]

_FEW = 30  # photographs; of fewer, percentile intervals are too narrow (Hesterberg 2015, "What
# Teachers Should Know About the Bootstrap", The American Statistician 69: 371-386)
_MANY = 100_000  # more photographs than anybody would judge


@dataclass(frozen=True)
class Conclusions:
    """All that is concluded, in no language yet."""

    findings: tuple[tuple[str, tuple[Paragraph, ...]], ...]
    """Under the key of a heading each; those with nothing to say are left out."""
    verdicts: tuple[tuple[Design, tuple[Verdict, ...]], ...]
    """For each complete design the slides' four conclusions."""
    questions: Paragraph


def conclude(compared: Comparison) -> Conclusions:
    """Everything that may be said about the networks."""
    found = designs(compared.models)
    if not compared.draws:
        findings: tuple[tuple[str, tuple[Paragraph, ...]], ...] = ()
        questions: Paragraph = (Sentence("q_seeds"),)
    else:
        findings = _findings(compared, found)
        questions = _questions(compared, found)
    judged = tuple((design, tuple(verdicts(compared, design))) for design in found)
    return Conclusions(findings, judged, questions)


def _findings(
    compared: Comparison, found: Sequence[Design]
) -> tuple[tuple[str, tuple[Paragraph, ...]], ...]:
    effects = [paragraph for design in found for paragraph in _effects(compared, design)]
    every = (
        ("best_heading", [_best(compared)]),
        ("grey_heading", [_against_grey(compared, name) for name in compared.networks]),
        ("effects_heading", [*effects, _luma(compared, found)]),
        ("colours_heading", [_colours(compared)]),
    )
    said = ((key, tuple(filter(None, paragraphs))) for key, paragraphs in every)
    return tuple((key, paragraphs) for key, paragraphs in said if paragraphs)


def caveats(compared: Comparison) -> Paragraph:
    """What a reader must know before any number: what is missing and what was left out."""
    count, expected = len(compared.photographs), compared.about.data.photographs
    said = []
    if count < 2:
        said.append(Sentence("one_photograph"))
    elif count < _FEW:
        said.append(Sentence("few_photographs", {"count": count}))
    if count != expected:
        said.append(Sentence("partial", {"count": count, "all": expected}))
    if compared.left_out:
        said.append(Sentence("left_out", {"count": compared.left_out}))
    for metric, mask in compared.finite.items():
        if not mask.all():
            lost = int((~mask).sum())
            said.append(Sentence("not_finite", {"metric": metric, "count": lost}))
    if compared.undefined:
        said.append(Sentence("undefined", {"metrics": compared.undefined}))
    if "grey" not in compared.models:
        said.append(Sentence("no_grey"))
    return tuple(said)


def _best(compared: Comparison) -> Paragraph:
    if len(compared.networks) < 2:
        return ()
    wins: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for metric in compared.directed:
        wins.setdefault(compared.best(metric), []).append(metric)
    said = []
    for (name, others), metrics in wins.items():
        told: dict[str, Value] = {"network": name, "metrics": tuple(metrics)}
        told |= {"others": others} if others else {}
        said.append(Sentence("best_within" if others else "best_beyond", told))
    return tuple(said)


def _against_grey(compared: Comparison, name: str) -> Paragraph:
    if "grey" not in compared.models:
        return ()
    said = []
    ratio = compared.ratio(name)
    if ratio:
        key = {-1: "ratio_below", 0: "ratio_within", 1: "ratio_above"}[ratio.side(1.0)]
        said.append(Sentence(key, {"network": name, "ratio": ratio}))
    gains = {m: compared.benefit(m, name, "grey") for m in compared.directed}
    return (*said, *_by_side(gains, {1: "grey_better", -1: "grey_worse", 0: "grey_same"}))


def _effects(compared: Comparison, design: Design) -> list[Paragraph]:
    said: list[Paragraph] = [(Sentence("on_design", {"names": design.names}),)]
    for which in EFFECTS:
        gains = {m: benefit(compared, design, m, which) for m in compared.directed}
        keys = {1: f"{which}_better", -1: f"{which}_worse", 0: f"{which}_none"}
        paragraph = _by_side(gains, keys)
        if "mse" in compared.metrics:
            found = effect(compared, design, "mse", which)
            paragraph = (Sentence(f"{which}_mse", {"effect": found}), *paragraph)
        said.append(paragraph)
    return said


def _by_side(gains: dict[str, Estimate], keys: dict[int, str]) -> Paragraph:
    """One sentence for the metrics that gain, one for those that lose, one for the others."""
    sides: dict[int, list[str]] = {side: [] for side in keys}
    for metric, gain in gains.items():
        sides[gain.side()].append(metric)
    return tuple(
        Sentence(keys[side], {"metrics": tuple(metrics)})
        for side, metrics in sides.items()
        if metrics
    )


def _luma(compared: Comparison, found: Sequence[Design]) -> Paragraph:
    """What skips do, with and without the luma promise, for networks judged both ways."""
    if "mse" not in compared.metrics:
        return ()
    return tuple(
        Sentence(
            "luma_kept",
            {
                "kept": effect(compared, kept, "mse", "skips"),
                "raw": effect(compared, design, "mse", "skips"),
            },
        )
        for design in found
        if (kept := Design(design.prefix, design.suffix + "@luma")) in found
    )


def _share(compared: Comparison, name: str) -> float | None:
    """A network's colourfulness in percent of the truth's.

    The truth's is not in the scores; but the gap of a grey copy, which has none, is the truth's.
    """
    needed = {"colourfulness", "colourfulness_gap"} <= set(compared.metrics)
    if "grey" not in compared.models or not needed:
        return None
    none = compared.mean("colourfulness", "grey").value
    truth = compared.mean("colourfulness_gap", "grey").value
    if abs(none) > 0.01 or truth <= 0:
        return None
    return 100 * compared.mean("colourfulness", name).value / truth


def _colours(compared: Comparison) -> Paragraph:
    shares = tuple(
        f"{name} {share:.0f}"
        for name in compared.networks
        if (share := _share(compared, name)) is not None
    )
    said = [Sentence("dull", {"shares": shares})] if shares else []
    if not {"psnr", "colourfulness_gap"} <= set(compared.metrics):
        return tuple(said)
    first, vivid = compared.best("psnr")[0], compared.best("colourfulness_gap")[0]
    ahead = first != vivid and compared.benefit("psnr", first, vivid).side() > 0
    if ahead and compared.benefit("colourfulness_gap", vivid, first).side() > 0:
        said.append(Sentence("trap", {"network": first, "other": vivid}))
    return tuple(said)


def _questions(compared: Comparison, found: Sequence[Design]) -> Paragraph:
    first = compared.best(measure(compared))[0]
    said = [Sentence("q_seeds")]
    if found and "mse" in compared.metrics:
        said += _unclear(compared, found[0])
    share = _share(compared, first)
    if share is not None and share < 90:
        said.append(Sentence("q_dull", {"network": first, "share": round(share)}))
    said += _contrasts(compared, first)
    if "grey" in compared.models:
        beaten = tuple(
            metric
            for metric in compared.directed
            if all(compared.benefit(metric, name, "grey").side() < 0 for name in compared.networks)
        )
        said += [Sentence("q_structure", {"metrics": beaten})] if beaten else []
    return tuple(said)


def _unclear(compared: Comparison, design: Design) -> Paragraph:
    """How many photographs would show an effect of the size seen: intervals shrink as 1/sqrt(n)."""
    said = []
    names: tuple[Effect, Effect] = ("skips", "depth")
    for which in names:
        found = effect(compared, design, "mse", which)
        if found.side() == 0 and found.value:
            have = len(compared.photographs)
            needed = have * ((found.high - found.low) / 2 / found.value) ** 2
            if needed < _MANY:
                digits = 10 ** (math.floor(math.log10(needed)) - 1)
                told: dict[str, Value] = {
                    "effect": which,
                    "count": math.ceil(needed / digits) * digits,
                    "have": have,
                }
                said.append(Sentence("q_effect", told))
    return tuple(said)


def _contrasts(compared: Comparison, name: str) -> Paragraph:
    """Places and chroma between whose extremes the intervals do not meet."""
    said = []
    told: dict[str, Value] = {"metric": measure(compared), "network": name}
    places = sorted(by_place(compared), key=lambda group: -group.errors[name].value)
    if places and places[0].errors[name].low > places[-1].errors[name].high:
        hard, easy = places[0], places[-1]
        of_places: dict[str, Value] = {"hard": hard.name, "easy": easy.name}
        of_places |= {"high": hard.errors[name], "low": easy.errors[name]}
        said.append(Sentence("q_place", told | of_places))
    groups = by_chroma(compared)
    if groups and groups[-1].errors[name].low > groups[0].errors[name].high:
        ends: dict[str, Value] = {
            "low": groups[0].errors[name],
            "high": groups[-1].errors[name],
        }
        said.append(Sentence("q_chroma", told | ends))
    return tuple(said)
