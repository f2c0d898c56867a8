"""The slides' four conclusions, each confirmed, refuted or left undecided by the scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from colorear.evaluation.report.language import Sentence, Value
from colorear.evaluation.report.reference_tables import SLIDES_TABLE
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import Comparison
from colorear.evaluation.statistics.factorial import Design, benefit
from colorear.evaluation.statistics.ranking import average_ranks, lead, without
from colorear.evaluation.statistics.significance import ALPHA, PairTest, holm, pair_tests

__all__ = ["NEGLIGIBLE", "Outcome", "Verdict", "verdicts"]

Outcome = Literal["confirmed", "refuted", "undecided"]

NEGLIGIBLE = 0.05
"""Differences within so many standard deviations between photographs count as none."""


@dataclass(frozen=True)
class Verdict:
    """What the scores say about one of the slides' conclusions."""

    claim: int
    """1 to 4, as the slides number them."""
    outcome: Outcome
    reasons: tuple[Sentence, ...]
    """The numbers that decide, and what they are counted over."""


def verdicts(compared: Comparison, design: Design) -> list[Verdict]:
    """The verdicts on all four, over those of the slides' seven metrics that are there.

    1 is confirmed where two of the four differ on some metric by a corrected test and surely by
    more than `NEGLIGIBLE`; refuted where every interval is within it. 2 goes by the lead of
    skip-deep in average rank. 3 is confirmed where skips help on most metrics; refuted where they
    harm or do nothing on most. 4 is confirmed where all four beat the grey copy on most metrics;
    refuted where all four are worse on at least half. All else is undecided.
    """
    metrics = [name for name in SLIDES_TABLE if name in compared.directed]
    if not compared.draws or not metrics:
        why = Sentence("no_intervals" if metrics else "counted")
        return [Verdict(claim, "undecided", (why,)) for claim in (1, 2, 3, 4)]
    counted = Sentence("counted")
    return [
        Verdict(claim, outcome, (*reasons, counted) if claim == 2 else reasons)
        for claim, (outcome, reasons) in enumerate(
            (judge(compared, design, metrics) for judge in _CLAIMS), start=1
        )
    ]


_Reasoned = tuple[Outcome, tuple[Sentence, ...]]


@dataclass(frozen=True)
class _Pair:
    """Two networks on one metric."""

    test: PairTest
    significant: bool
    """By the test, corrected for all pairs and metrics."""
    gain: Estimate
    """By how much the first is better than the second; negative where it is worse."""
    room: float
    """What counts as no difference, in the metric's unit."""

    @property
    def size(self) -> float:
        """The difference in units of what counts as none."""
        return abs(self.gain.value) / (self.room or 1)

    def values(self) -> dict[str, Value]:
        """What a sentence says of the pair, the better network first."""
        ordered = self.test.first, self.test.second
        better, worse = ordered if self.gain.value > 0 else ordered[::-1]
        difference = self.gain.times(1 if self.gain.value > 0 else -1)
        return {
            "metric": self.test.metric,
            "better": better,
            "worse": worse,
            "difference": difference,
        }


def _differences(compared: Comparison, design: Design, metrics: Sequence[str]) -> _Reasoned:
    pairs = _pairs(compared, design, metrics)
    values: dict[str, Value] = {"tests": len(pairs), "margin": NEGLIGIBLE}
    found = [pair for pair in pairs if pair.significant and _beyond(pair.gain, pair.room)]
    if found:
        largest = max(found, key=lambda pair: pair.size)
        values |= {"found": len(found)} | largest.values()
        return "confirmed", (Sentence("1_confirmed", values),)
    nothing = all(_within(pair.gain, pair.room) for pair in pairs)
    outcome: Outcome = "refuted" if nothing else "undecided"
    return outcome, (Sentence(f"1_{outcome}", values),)


def _pairs(compared: Comparison, design: Design, metrics: Sequence[str]) -> list[_Pair]:
    tests = [test for metric in metrics for test in pair_tests(compared, metric, design.names)]
    adjusted = holm([test.p for test in tests])
    return [
        _Pair(
            test,
            p < ALPHA,
            compared.benefit(test.metric, test.first, test.second),
            _room(compared, design, test.metric),
        )
        for test, p in zip(tests, adjusted, strict=True)
    ]


def _ranks(compared: Comparison, design: Design, metrics: Sequence[str]) -> _Reasoned:
    names, own = design.names, design.name("skip-deep")
    ranks = average_ranks(compared, metrics, names)
    ahead = lead(compared, metrics, names, own)
    outcome = _SIDES[ahead.side()]
    values: dict[str, Value] = {
        "network": own,
        "rank": ranks[own],
        "count": len(names),
        "metrics": tuple(metrics),
        "lead": ahead.times(-1) if outcome == "refuted" else ahead,
    }
    if outcome == "refuted":
        values["other"] = min((n for n in names if n != own), key=lambda n: ranks[n].value)
    first = min(names, key=lambda n: ranks[n].value)
    changing = tuple(
        metric
        for metric, left in without(compared, metrics, names).items()
        if left[first] > min(left.values())
    )
    robust = Sentence("2_unstable", {"metrics": changing}) if changing else Sentence("2_stable")
    return outcome, (Sentence(f"2_{outcome}", values), robust)


def _skips(compared: Comparison, design: Design, metrics: Sequence[str]) -> _Reasoned:
    helps = harms = nothing = 0
    for metric in metrics:
        gain, room = benefit(compared, design, metric, "skips"), _room(compared, design, metric)
        if _within(gain, room):
            nothing += 1
        else:
            helps += gain.side() > 0
            harms += gain.side() < 0
    against = harms + nothing
    outcome: Outcome = "undecided"
    if helps > len(metrics) / 2:
        outcome = "confirmed"
    elif against > len(metrics) / 2:
        outcome = "refuted"
    values: dict[str, Value] = {"count": len(metrics), "helps": helps}
    values |= (
        {"against": against, "margin": NEGLIGIBLE} if outcome == "refuted" else {"harms": harms}
    )
    return outcome, (Sentence(f"3_{outcome}", values), *_effect_on_mse(compared, design))


def _effect_on_mse(compared: Comparison, design: Design) -> tuple[Sentence, ...]:
    if "mse" not in compared.metrics:
        return ()
    gain = benefit(compared, design, "mse", "skips")
    return (Sentence("skips_mse", {"effect": gain.times(-1)}),)


def _against_gray(compared: Comparison, design: Design, metrics: Sequence[str]) -> _Reasoned:
    if "gray" not in compared.models:
        return "undecided", (Sentence("no_gray"),)
    better, worse = {}, {}
    for name in design.names:
        sides = [compared.benefit(metric, name, "gray").side() for metric in metrics]
        better[name], worse[name] = sides.count(1), sides.count(-1)
    outcome: Outcome = "undecided"
    if min(better.values()) > len(metrics) / 2:
        outcome = "confirmed"
    elif min(worse.values()) >= len(metrics) / 2:
        outcome = "refuted"
    of_each = [
        Sentence("4_network", {"network": name, "better": better[name], "worse": worse[name]})
        for name in design.names
    ]
    return outcome, (Sentence(f"4_{outcome}", {"count": len(metrics)}), *of_each)


_CLAIMS: tuple[Callable[[Comparison, Design, Sequence[str]], _Reasoned], ...] = (
    _differences,
    _ranks,
    _skips,
    _against_gray,
)

_SIDES: Mapping[int, Outcome] = {1: "confirmed", 0: "undecided", -1: "refuted"}


def _room(compared: Comparison, design: Design, metric: str) -> float:
    """What counts as nothing, in the metric's unit."""
    return NEGLIGIBLE * compared.spread(metric, design.names)


def _within(gain: Estimate, room: float) -> bool:
    return -room <= gain.low and gain.high <= room


def _beyond(gain: Estimate, room: float) -> bool:
    return gain.low > room or gain.high < -room
