"""A film's pictures and their colors, shot by shot."""

import threading

import numpy as np
import pytest

import made_films as made
from colorear.models import load
from colorear.video.coloring import Memory, color_pictures
from colorear.video.film import Film


def test_no_color_crosses_a_cut(free_pictures, known_network, tmp_path):
    """A shot has the colors that it has by itself, whatever comes before it."""
    network = load(known_network, threads=1)
    lumas = [
        [
            made.coded(one)
            for one in made.luma_of(
                made.camera(free_pictures[name], frames=8, size=(48, 64)).frames
            )
        ]
        for name in ("coffee", "china")
    ]
    both = Film(made.write(tmp_path / "both.mkv", [*lumas[0], *lumas[1]]))
    second = Film(made.write(tmp_path / "second.mkv", lumas[1]))
    for steady in (0.0, 1.0):
        found, alone = (
            [*color_pictures(film.pictures(), film.facts, network, vividness=1, steady=steady)]
            for film in (both, second)
        )
        assert [one.cut for one in found] == [True, *[False] * 7] * 2
        for mine, other in zip(found[8:], alone, strict=True):
            np.testing.assert_array_equal(mine.ab, other.ab)


def test_what_must_be_remembered_is_packed(known_network, lumas, tmp_path):
    film = Film(made.write(tmp_path / "old.mkv", [made.coded(one) for one in lumas]))
    network = load(known_network, threads=1)
    *_, last = color_pictures(film.pictures(), film.facts, network, vividness=1, steady=1)
    again = Memory.unpacked(last.memory.packed())
    np.testing.assert_array_equal(again.luma, last.memory.luma)
    np.testing.assert_array_equal(again.agreed.ab, last.memory.agreed.ab)
    np.testing.assert_array_equal(again.agreed.weight, last.memory.agreed.weight)


@pytest.mark.parametrize("steady", [0.0, 0.5, 1.0])
def test_several_threads_make_the_same_colors(known_network, lumas, tmp_path, steady):
    film = Film(made.write(tmp_path / "old.mkv", [made.coded(one) for one in lumas]))
    network = load(known_network, threads=1)
    one, three = (
        [
            *color_pictures(
                film.pictures(), film.facts, network, vividness=1, steady=steady, threads=threads
            )
        ]
        for threads in (1, 3)
    )
    assert len(one) == len(three) == len(lumas)
    for mine, other in zip(one, three, strict=True):
        assert mine.picture.time == other.picture.time
        np.testing.assert_array_equal(mine.ab, other.ab)


def test_threads_end_when_nobody_wants_more(known_network, lumas, tmp_path):
    film = Film(made.write(tmp_path / "old.mkv", [made.coded(one) for one in lumas]))
    network = load(known_network, threads=1)
    found = color_pictures(film.pictures(), film.facts, network, vividness=1, steady=0, threads=2)
    next(found)
    assert any(thread.name.startswith("network") for thread in threading.enumerate())
    found.close()
    assert not any(thread.name.startswith("network") for thread in threading.enumerate())
