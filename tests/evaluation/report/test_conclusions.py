import numpy as np
import pytest

from colorear.evaluation.report.conclusions import caveats, conclude
from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.spanish import SPANISH
from made_scores import FOUR, by_quality, made_comparison


def findings(compared, language=ENGLISH):
    return "\n".join(
        language.say(sentence)
        for _, paragraphs in conclude(compared).findings
        for paragraph in paragraphs
        for sentence in paragraph
    )


def questions(compared, language=ENGLISH):
    return "\n".join(map(language.say, conclude(compared).questions))


def warnings(compared):
    return "\n".join(map(ENGLISH.say, caveats(compared)))


def test_the_best_is_told_with_those_that_cannot_be_told_from_it():
    values = by_quality({"a": 1.0, "b": 0.0, "gray": 0.5}, metrics=("mse", "vif"))
    values["b"]["vif"] = values["a"]["vif"] + np.tile([0.1, -0.101], 20)
    compared = made_comparison(values)
    assert "a is best on MSE, beyond the intervals." in findings(compared)
    assert "a has the best mean on VIF, but the intervals do not tell it from b." in findings(
        compared
    )
    assert "a es la mejor en MSE, más allá de los intervalos." in findings(compared, SPANISH)


def test_every_network_is_held_against_the_gray_copy():
    gray = np.random.default_rng(0).random(40) + 0.5
    noise = 0.3 * np.random.default_rng(1).standard_normal(40)
    compared = made_comparison(
        {
            "good": {"mse": 0.5 * gray},
            "bad": {"mse": 1.5 * gray},
            "vague": {"mse": gray + noise - noise.mean()},
            "gray": {"mse": gray},
        }
    )
    told = findings(compared)
    assert (
        "The MSE of good is 0.500 (0.500 to 0.500) times that of a grey copy: less, beyond" in told
    )
    assert "The MSE of bad is 1.50 (1.50 to 1.50) times that of a grey copy: more" in told
    assert "The MSE of vague is 1.000" in told
    assert "the interval holds 1." in told
    assert "Not to be told from it on MSE." in told
    assert "es 0,500 (de 0,500 a 0,500) veces el de una copia gris: menor" in findings(
        compared, SPANISH
    )


def test_the_effects_are_told_and_where_none_can_be_claimed():
    values = by_quality(dict(zip(FOUR, (0.0, 0.0, 1.0, 1.5), strict=True)), metrics=("mse", "vif"))
    for name in FOUR:
        values[name]["vif"] = values["plain-deep"]["vif"] + 0.0
    told = findings(made_comparison(values))
    assert "On MSE the main effect of skips is −1.25 (−1.25 to −1.25)" in told
    assert "Skips make things better on MSE." in told
    assert "No effect of skips can be claimed on VIF." in told
    assert "Skips are worth more in the deep network than in the shallow one on MSE." in told


def test_what_skips_do_for_the_lightness_is_told_where_both_were_judged():
    raw = dict(zip(FOUR, (0.0, 0.0, 1.0, 1.0), strict=True))
    kept = dict(zip((f"{name}@luma" for name in FOUR), (2.0, 2.0, 2.1, 2.1), strict=True))
    compared = made_comparison(by_quality(raw | kept))
    assert "skips on MSE is −0.100 (−0.100 to −0.100), without it −1.00" in findings(compared)
    assert [design.suffix for design, _ in conclude(compared).verdicts] == ["", "@luma"]


def test_dull_colors_are_told_in_percent_and_asked_about():
    truth = np.linspace(10, 30, 40)
    values = {
        name: {
            "psnr": 20 + psnr + np.linspace(0, 3, 40),
            "colorfulness": share * truth,
            "colorfulness_gap": (1 - share) * truth,
        }
        for name, psnr, share in (("dull", 2, 0.4), ("vivid", 0, 0.9), ("gray", -1, 0))
    }
    compared = made_comparison(values)
    assert "real photographs: dull 40 and vivid 90." in findings(compared)
    assert "dull is ahead on PSNR and vivid on the colourfulness gap" in findings(compared)
    assert "How could dull reach more than 40\u00a0%" in questions(compared)


def test_questions_come_from_the_numbers():
    error = np.tile([1.0, 3.0], 20) + np.linspace(0, 4, 40)
    noise = np.random.default_rng(5).standard_normal((4, 40))
    values = {name: {"mse": error + 2 + noise[i]} for i, name in enumerate(FOUR)}
    compared = made_comparison(
        values | {"gray": {"mse": error / 3}}, places=("coast", "street"), resamples=400
    )
    told = questions(compared)
    assert "Each network was trained once" in told
    assert "Why is street so much harder than coast? The mean MSE of" in told
    assert "From the greyest fifth to the most colourful the mean MSE of" in told
    assert "photographs would be needed to tell one of the size seen from none; 40 were" in told
    assert "On MSE the grey copy beats every network beyond the intervals." in told
    assert "¿Por qué street resulta tanto más difícil que coast?" in questions(compared, SPANISH)


def test_what_is_missing_is_said_first():
    values = by_quality({"a": 0.0, "gray": 0.0}, count=40, metrics=("mse", "psnr"))
    values["gray"]["psnr"][:2] = np.inf
    missing, sets = warnings(made_comparison(values)).splitlines()
    assert missing == (
        "Photographs left out on PSNR, for every network: 2. For at least one of them the value is "
        "infinite or missing, as the PSNR of two equal pictures is."
    )
    assert sets.startswith("Fréchet and kernel distance are of 40 photographs only")
    enough = warnings(made_comparison(by_quality({"a": 0.0, "gray": 0.0}, count=500)))
    assert "Fréchet" not in enough
    few = made_comparison(by_quality({"a": 0.0}, count=3))
    assert "Only 3 photographs were judged" in warnings(few)
    assert "The scores hold no grey copy" in warnings(few)


def test_networks_that_were_trained_less_often_are_named():
    values = by_quality({"a-seed1": 0.0, "a-seed2": 0.1, "b": 1.0, "gray": 0.0}, count=500)
    compared = made_comparison(values)
    assert "Trained fewer than 2 times: b." in warnings(compared)
    assert "Each network was trained 1 to 2 times" in questions(compared)
    twice = {f"{name}-seed{seed}": 0.1 * seed for name in "ab" for seed in (1, 2)}
    compared = made_comparison(by_quality(twice | {"gray": 0.0}))
    assert "Each network was trained 2 times" in questions(compared)
    assert "Cada red se entrenó 2 veces" in questions(compared, SPANISH)


def test_from_one_photograph_nothing_is_concluded():
    compared = made_comparison(by_quality(dict.fromkeys((*FOUR, "gray"), 0.0), count=1))
    assert "no intervals are possible" in warnings(compared)
    concluded = conclude(compared)
    assert concluded.findings == ()
    assert {verdict.outcome for _, each in concluded.verdicts for verdict in each} == {"undecided"}


@pytest.mark.parametrize("language", [ENGLISH, SPANISH], ids=lambda language: language.code)
def test_no_sentence_is_left_with_a_hole(language):
    values = by_quality(dict.fromkeys((*FOUR, "gray"), 0.0), noise=1.0)
    told = findings(made_comparison(values), language) + questions(
        made_comparison(values), language
    )
    assert "{" not in told
    assert "  " not in told
    assert " ," not in told
