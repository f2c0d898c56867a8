import base64

import cv2
import numpy as np

from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.galleries import extremes_table, galleries
from colorear.evaluation.report.spanish import SPANISH
from made_scores import made_comparison

VALUES = {"a": {"mse": np.array([0.5, 0.1, 0.9])}, "gray": {"mse": np.ones(3)}}


def pictures(model, photograph):
    gray = np.full((16, 16), 100, np.uint8)
    color = np.zeros((16, 16, 3), np.uint8)
    color[..., 0] = 200 if (model, photograph) == ("a", "002.jpg") else 0
    return gray, color, color


def test_the_worst_photograph_is_shown_gray_colored_and_true():
    (gallery,) = galleries(made_comparison(VALUES), pictures, (ENGLISH, SPANISH))
    assert gallery.model == "a"
    worst = gallery.extremes["worst"][0]
    assert worst.photograph == "002.jpg"
    assert worst.captions == {"en": "0.900 / 1.00", "es": "0,900 / 1,00"}
    encoded = np.frombuffer(base64.b64decode(worst.jpeg), np.uint8)
    strip = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert strip.shape == (16, 56, 3)
    assert np.abs(strip[8, 8].astype(int) - 100).max() < 6
    assert np.abs(strip[8, 28].astype(int) - (200, 0, 0)).max() < 12


def test_without_pictures_the_names_are_told():
    table = extremes_table(made_comparison(VALUES), ENGLISH)
    assert table.head == ("network", "best", "median", "worst")
    assert table.rows[0][3].text.startswith("002.jpg (0.900), ")
