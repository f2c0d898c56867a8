import pytest

from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.spanish import SPANISH
from colorear.evaluation.report.verdicts import verdicts
from colorear.evaluation.statistics.factorial import Design
from made_scores import FOUR, SEVEN, by_quality, made_comparison


def judged(qualities, claim, **options):
    """The outcome of one claim and its reasons in both languages."""
    values = by_quality(dict(zip((*FOUR, "gray"), qualities, strict=False)), **options)
    verdict = verdicts(made_comparison(values), Design())[claim - 1]
    told = (" ".join(map(language.say, verdict.reasons)) for language in (ENGLISH, SPANISH))
    return verdict.outcome, *told


CASES = [
    (
        1,
        (0, 1, 2, 3),
        {},
        "confirmed",
        "Of 42 comparisons of two networks on one metric 42 differ",
        "skip-deep before plain-shallow, by 3.00",
        "De 42 comparaciones de dos redes en una métrica, 42 muestran una diferencia",
    ),
    (
        1,
        (0, 0.001, 0, 0.001),
        {},
        "refuted",
        "In all 42 comparisons of two networks on one metric the difference is within 0.05 of",
        "a standard deviation between photographs",
        "la diferencia no pasa de 0,05 desviaciones estándar",
    ),
    (
        1,
        (0, 0, 0, 0),
        {"noise": 1.0},
        "undecided",
        "None of 42 comparisons",
        "but nor are all intervals within it",
        "pero tampoco quedan todos los intervalos por debajo",
    ),
    (
        2,
        (0, 1, 2, 3),
        {},
        "confirmed",
        "skip-deep has average rank 1.00 (1.00 to 1.00) of 4 over MSE, RMSE, PSNR, FSIMc, UQI,",
        "does not change when any one metric is left out",
        "skip-deep tiene un rango medio de 1,00 (de 1,00 a 1,00) entre 4 sobre MSE",
    ),
    (
        2,
        (3, 1, 2, 0),
        {},
        "refuted",
        "the best of the others, plain-shallow, is before it by 3.00",
        "MSE, RMSE and PSNR are forms of one error",
        "la mejor de las demás, plain-shallow, la supera en 3,00",
    ),
    (
        2,
        (0, 0, 0, 0),
        {"noise": 1.0, "seed": 3},
        "undecided",
        "ranks: the interval holds 0",
        "its lead over the best of the others",
        "el intervalo contiene el 0",
    ),
    (
        3,
        (0, 0, 1, 1),
        {},
        "confirmed",
        "Of 7 metrics, skips help on 7 beyond the intervals and harm on 0.",
        "On MSE the main effect of skips is −1.00",
        "De 7 métricas, la concatenación ayuda en 7 más allá de los intervalos y perjudica en 0.",
    ),
    (
        3,
        (1, 1, 0, 0),
        {},
        "refuted",
        "by enough to matter; on 7 they harm, or change, for better or worse, less than 0.05",
        "On MSE the main effect of skips is 1.00",
        "en 7 perjudica, o cambia, para mejor o para peor, menos de 0,05 desviaciones estándar",
    ),
    (
        3,
        (0, 0, 0, 0),
        {"noise": 1.0},
        "undecided",
        "beyond the intervals and harm on",
        "neither is most of them",
        "ni lo uno ni lo otro es la mayoría",
    ),
    (
        4,
        (1, 1, 2, 2, 0),
        {},
        "confirmed",
        "All four beat the grey copy, beyond the intervals, on more than half of 7 metrics.",
        "skip-deep: better than the grey copy on 7, worse on 0.",
        "Los cuatro superan a la copia gris, más allá de los intervalos, en más de la mitad de 7",
    ),
    (
        4,
        (1, 1, 2, 2, 3),
        {},
        "refuted",
        "All four are worse than the grey copy, beyond the intervals, on at least half",
        "plain-deep: better than the grey copy on 0, worse on 7.",
        "no hacer nada habría dado mejores resultados",
    ),
    (
        4,
        (-1, -1, 2, 2, 0),
        {},
        "undecided",
        "Against the grey copy the four do not agree, or the intervals do not tell (over 7",
        "skip-deep: better than the grey copy on 7, worse on 0.",
        "Frente a la copia gris los cuatro no coinciden",
    ),
    (4, (1, 1, 2, 2), {}, "undecided", "hold no grey copy", "Judge", "no incluyen la copia gris"),
]


@pytest.mark.parametrize(
    ("claim", "qualities", "options", "outcome", "english", "more", "spanish"),
    CASES,
    ids=lambda case: case if isinstance(case, str) and " " not in case else "",
)
def test_each_conclusion_can_come_out_each_way(
    claim, qualities, options, outcome, english, more, spanish
):
    found, in_english, in_spanish = judged(qualities, claim, **options)
    assert found == outcome, in_english
    assert english in in_english
    assert more in in_english
    assert spanish in in_spanish


def test_a_metric_that_decides_alone_is_named():
    values = by_quality(dict(zip(FOUR, (0, 0, 0, 1), strict=True)), metrics=("psnr", "vif"))
    better = values["skip-shallow"]["vif"] + 5
    values["skip-shallow"]["vif"] = better
    verdict = verdicts(made_comparison(values), Design())[1]
    assert "when one of these is left out: PSNR" in " ".join(map(ENGLISH.say, verdict.reasons))


def test_one_photograph_decides_nothing():
    compared = made_comparison(by_quality(dict.fromkeys(FOUR, 0.0), count=1, metrics=SEVEN))
    assert [verdict.outcome for verdict in verdicts(compared, Design())] == ["undecided"] * 4
