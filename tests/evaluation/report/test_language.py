import math

import pytest

from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.language import Sentence, decimals
from colorear.evaluation.report.spanish import SPANISH
from colorear.evaluation.statistics.bootstrap import Estimate


def test_numbers_are_written_as_each_language_does():
    assert ENGLISH.number(-1234567.891, 1) == "−1,234,567.9"
    assert SPANISH.number(-1234567.891, 1) == "−1\u202f234\u202f567,9"
    assert ENGLISH.number(-0.0001, 2) == "0.00"
    assert ENGLISH.number(math.nan, 2) == "–"
    assert ENGLISH.number(-math.inf, 2) == "−∞"


def test_an_interval_decides_how_many_digits_mean_something():
    assert ENGLISH.write(Estimate(0.0061234, 0.0059, 0.0063)) == "0.00612 (0.00590 to 0.00630)"
    assert SPANISH.write(Estimate(24.1416, 23.9, 24.4)) == "24,14 (de 23,90 a 24,40)"
    assert ENGLISH.write(Estimate(24.1416)) == "24.1"
    assert decimals(Estimate(0.0)) == 3


@pytest.mark.parametrize(
    ("names", "english", "spanish"),
    [
        ((), "", ""),
        (("mse",), "MSE", "MSE"),
        (("mse", "chroma_psnr"), "MSE and chroma PSNR", "MSE y PSNR del croma"),
        (("a", "b", "ideal"), "a, b and ideal", "a, b e ideal"),
    ],
)
def test_names_are_listed(names, english, spanish):
    assert ENGLISH.write(names) == english
    assert SPANISH.write(names) == spanish


def test_a_sentence_says_its_values():
    sentence = Sentence("best_beyond", {"network": "a", "metrics": ("mse", "psnr")})
    assert ENGLISH.say(sentence) == "a is best on MSE and PSNR, beyond the intervals."
    assert SPANISH.say(sentence) == "a es la mejor en MSE y PSNR, más allá de los intervalos."
    assert ENGLISH.say("q_dull", network="a", share=47).startswith(
        "How could a reach more than 47\u00a0%"
    )
