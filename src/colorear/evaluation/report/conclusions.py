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

_SET = 500  # photographs; of fewer, distances between sets are biased upwards
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
    of_designs = tuple((design, tuple(verdicts(compared, design))) for design in found)
    return Conclusions(findings, of_designs, questions)


def _findings(
    compared: Comparison, found: Sequence[Design]
) -> tuple[tuple[str, tuple[Paragraph, ...]], ...]:
    effects = [paragraph for design in found for paragraph in _effects(compared, design)]
    every = (
        ("best_heading", [_best(compared)]),
        ("gray_heading", [_against_gray(compared, name) for name in compared.networks]),
        ("effects_heading", [*effects, _luma(compared, found)]),
        ("colorfulness_heading", [_colorfulness(compared)]),
    )
    sentences = ((key, tuple(filter(None, paragraphs))) for key, paragraphs in every)
    return tuple((key, paragraphs) for key, paragraphs in sentences if paragraphs)


def caveats(compared: Comparison) -> Paragraph:
    """What a reader must know before any number: what is missing and what was left out."""
    count, expected = len(compared.photographs), compared.about.data.photographs
    sentences = []
    if count < 2:
        sentences.append(Sentence("one_photograph"))
    elif count < _FEW:
        sentences.append(Sentence("few_photographs", {"count": count}))
    if count != expected:
        sentences.append(Sentence("partial", {"count": count, "all": expected}))
    if compared.left_out:
        sentences.append(Sentence("left_out", {"count": compared.left_out}))
    for metric, mask in compared.finite.items():
        if not mask.all():
            lost = int((~mask).sum())
            sentences.append(Sentence("not_finite", {"metric": metric, "count": lost}))
    if compared.undefined:
        sentences.append(Sentence("undefined", {"metrics": compared.undefined}))
    sentences += [*_few_for_sets(compared), *_fewer_trainings(compared)]
    if "gray" not in compared.models:
        sentences.append(Sentence("no_gray"))
    return tuple(sentences)


def _few_for_sets(compared: Comparison) -> Paragraph:
    count = len(compared.photographs)
    measured = any(compared.facts(name).frechet is not None for name in compared.models)
    if count >= _SET or not measured:
        return ()
    return (Sentence("few_for_sets", {"count": count, "enough": _SET}),)


def _fewer_trainings(compared: Comparison) -> Paragraph:
    counts = {name: len(compared.trainings[name]) for name in compared.networks}
    most = max(counts.values())
    fewer = tuple(name for name, count in counts.items() if count < most)
    return (Sentence("fewer_trainings", {"networks": fewer, "count": most}),) if fewer else ()


def _best(compared: Comparison) -> Paragraph:
    if len(compared.networks) < 2:
        return ()
    wins: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for metric in compared.directed:
        wins.setdefault(compared.best(metric), []).append(metric)
    sentences = []
    for (name, others), metrics in wins.items():
        values: dict[str, Value] = {"network": name, "metrics": tuple(metrics)}
        values |= {"others": others} if others else {}
        sentences.append(Sentence("best_within" if others else "best_beyond", values))
    return tuple(sentences)


def _against_gray(compared: Comparison, name: str) -> Paragraph:
    if "gray" not in compared.models:
        return ()
    sentences = []
    ratio = compared.ratio(name)
    if ratio:
        key = {-1: "ratio_below", 0: "ratio_within", 1: "ratio_above"}[ratio.side(1.0)]
        sentences.append(Sentence(key, {"network": name, "ratio": ratio}))
    gains = {m: compared.benefit(m, name, "gray") for m in compared.directed}
    return (*sentences, *_by_side(gains, {1: "gray_better", -1: "gray_worse", 0: "gray_same"}))


def _effects(compared: Comparison, design: Design) -> list[Paragraph]:
    sentences: list[Paragraph] = [(Sentence("on_design", {"names": design.names}),)]
    for which in EFFECTS:
        gains = {m: benefit(compared, design, m, which) for m in compared.directed}
        keys = {1: f"{which}_better", -1: f"{which}_worse", 0: f"{which}_none"}
        paragraph = _by_side(gains, keys)
        if "mse" in compared.metrics:
            found = effect(compared, design, "mse", which)
            paragraph = (Sentence(f"{which}_mse", {"effect": found}), *paragraph)
        sentences.append(paragraph)
    return sentences


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
    needed = {"colorfulness", "colorfulness_gap"} <= set(compared.metrics)
    if "gray" not in compared.models or not needed:
        return None
    none = compared.mean("colorfulness", "gray").value
    truth = compared.mean("colorfulness_gap", "gray").value
    if abs(none) > 0.01 or truth <= 0:
        return None
    return 100 * compared.mean("colorfulness", name).value / truth


def _colorfulness(compared: Comparison) -> Paragraph:
    shares = tuple(
        f"{name} {share:.0f}"
        for name in compared.networks
        if (share := _share(compared, name)) is not None
    )
    sentences = [Sentence("dull", {"shares": shares})] if shares else []
    if not {"psnr", "colorfulness_gap"} <= set(compared.metrics):
        return tuple(sentences)
    first, vivid = compared.best("psnr")[0], compared.best("colorfulness_gap")[0]
    ahead = first != vivid and compared.benefit("psnr", first, vivid).side() > 0
    if ahead and compared.benefit("colorfulness_gap", vivid, first).side() > 0:
        sentences.append(Sentence("trap", {"network": first, "other": vivid}))
    return tuple(sentences)


def _questions(compared: Comparison, found: Sequence[Design]) -> Paragraph:
    first = compared.best(measure(compared))[0]
    sentences = [_about_trainings(compared)]
    if found and "mse" in compared.metrics:
        sentences += _unclear(compared, found[0])
    share = _share(compared, first)
    if share is not None and share < 90:
        sentences.append(Sentence("q_dull", {"network": first, "share": round(share)}))
    sentences += _contrasts(compared, first)
    if "gray" in compared.models:
        beaten = tuple(
            metric
            for metric in compared.directed
            if all(compared.benefit(metric, name, "gray").side() < 0 for name in compared.networks)
        )
        sentences += [Sentence("q_structure", {"metrics": beaten})] if beaten else []
    return tuple(sentences)


def _about_trainings(compared: Comparison) -> Sentence:
    """What is open about other trainings: all, or what more than a few would add."""
    counts = [len(compared.trainings[name]) for name in compared.networks]
    if max(counts) == 1:
        return Sentence("q_seeds")
    if min(counts) == max(counts):
        return Sentence("q_equal_seeds", {"count": max(counts)})
    return Sentence("q_more_seeds", {"fewest": min(counts), "most": max(counts)})


def _unclear(compared: Comparison, design: Design) -> Paragraph:
    """How many photographs would show an effect of the size seen: intervals shrink as 1/sqrt(n)."""
    sentences = []
    names: tuple[Effect, Effect] = ("skips", "depth")
    for which in names:
        found = effect(compared, design, "mse", which)
        if found.side() == 0 and found.value:
            have = len(compared.photographs)
            needed = have * ((found.high - found.low) / 2 / found.value) ** 2
            if needed < _MANY:
                digits = 10 ** (math.floor(math.log10(needed)) - 1)
                values: dict[str, Value] = {
                    "effect": which,
                    "count": math.ceil(needed / digits) * digits,
                    "have": have,
                }
                sentences.append(Sentence("q_effect", values))
    return tuple(sentences)


def _contrasts(compared: Comparison, name: str) -> Paragraph:
    """Places and chroma between whose extremes the intervals do not meet."""
    sentences = []
    values: dict[str, Value] = {"metric": measure(compared), "network": name}
    places = sorted(by_place(compared), key=lambda group: -group.errors[name].value)
    if places and places[0].errors[name].low > places[-1].errors[name].high:
        hard, easy = places[0], places[-1]
        of_places: dict[str, Value] = {"hard": hard.name, "easy": easy.name}
        of_places |= {"high": hard.errors[name], "low": easy.errors[name]}
        sentences.append(Sentence("q_place", values | of_places))
    groups = by_chroma(compared)
    if groups and groups[-1].errors[name].low > groups[0].errors[name].high:
        ends: dict[str, Value] = {
            "low": groups[0].errors[name],
            "high": groups[-1].errors[name],
        }
        sentences.append(Sentence("q_chroma", values | ends))
    return tuple(sentences)
