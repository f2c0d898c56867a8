import shutil

import numpy as np
import pytest

from colorear.errors import DataError
from colorear.evaluation.dataset import find_photographs, gray, truth


def test_of_a_color_folder_the_last_sixth_is_judged_and_the_rest_left_for_training(landscapes):
    dataset = find_photographs(landscapes, size=64)
    assert dataset.names == ("10.png", "11.png")
    assert [path.name for path in dataset.others] == [f"{i}.png" for i in range(10)]
    assert dataset.about.name == "landscapes/color [10:12]"
    assert len(find_photographs(landscapes, size=64, part="all").names) == 12


def test_of_any_other_folder_all_are_judged(landscapes):
    dataset = find_photographs(landscapes / "color", size=64)
    assert (len(dataset.names), dataset.about.name, dataset.others) == (12, "color", ())


def test_the_kind_of_place_is_the_folder_or_the_sources(landscapes, tmp_path):
    assert find_photographs(landscapes, size=64).places == (None, None)
    for i, place in enumerate(("sea", "street")):
        (tmp_path / "sorted" / place).mkdir(parents=True)
        shutil.copy(landscapes / "color" / f"{i}.png", tmp_path / "sorted" / place)
    assert find_photographs(tmp_path / "sorted", size=64).places == ("sea", "street")
    shutil.copytree(landscapes, tmp_path / "landscapes")
    rows = "file\tsource\nlandscapes/color/10.png\tset/forest/7.jpg\n"
    (tmp_path / "index.tsv").write_text(rows)
    assert find_photographs(tmp_path / "landscapes", size=64).places == ("forest", None)


def test_gray_is_rounded_luma_and_has_no_chroma(landscapes):
    dataset = find_photographs(landscapes, size=64)
    pixels = dataset.pixels[0]
    exact = pixels.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(gray(pixels) - exact).max() <= 0.5
    assert truth(dataset, 0).chroma > truth(dataset, 0).lightness * 0


def test_a_folder_without_photographs_is_told(tmp_path):
    with pytest.raises(DataError, match="holds 0 photographs"):
        find_photographs(tmp_path, size=64)
