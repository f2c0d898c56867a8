"""Hints of films: given once, they hold for their shot and for no other."""

import json

import numpy as np
import pytest

import made_films as made
from colorear.errors import HintError, ModelError
from colorear.hints import TimedHint, read_timed_hints
from colorear.models import load
from colorear.video.coloring import Look, color_pictures
from colorear.video.film import Film
from colorear.video.hint_tracks import follow_hints
from colorear.video.options import VideoOptions

SIZE = (96, 160)
PERSON_WALKS = 2  # pixels a frame, to the right


@pytest.fixture(scope="module")
def walk(free_pictures, tmp_path_factory):
    """30 frames in which somebody walks, then 6 of another shot; the file and where the coat is."""
    person = free_pictures["astronaut"][:, 100:350]
    shot = made.camera(free_pictures["china"], frames=30, size=SIZE, pan=(0.5, 0), person=person)
    other = made.camera(free_pictures["coffee"], frames=6, size=SIZE)
    luma = np.concatenate((made.luma_of(shot.frames), made.luma_of(other.frames)))
    path = tmp_path_factory.mktemp("walk") / "old.mkv"
    made.write(path, [made.coded(one) for one in luma])
    return path


def coat(number):
    """Row and column of a place on the coat in a frame."""
    tall, wide = int(SIZE[0] * 0.7), int(SIZE[1] * 0.35)
    left = int(SIZE[1] * 0.25 + PERSON_WALKS * number)
    return SIZE[0] - tall // 4, left + wide // 2


def hint_at(number, color="firebrick", radius=0.03):
    row, column = coat(number)
    place = (column + 0.5) / SIZE[1], (row + 0.5) / SIZE[0]
    return TimedHint(*place, color, radius, time=number / 24)


def test_a_place_is_followed_to_both_ends_of_its_shot(walk, known_network):
    film = Film(walk)
    look = Look(film.facts, load(known_network), 1.0)
    told = follow_hints(Film(walk), look, [hint_at(15)], None, None)
    times = [picture.time for picture in film.pictures()]
    assert sorted(told.at) == times[:30]
    for number in (0, 7, 15, 22, 29):
        (hint,) = told.at[times[number]]
        row, column = coat(number)
        assert hint.x * SIZE[1] - 0.5 == pytest.approx(column, abs=4)
        assert hint.y * SIZE[0] - 0.5 == pytest.approx(row, abs=4)


@pytest.mark.parametrize("steady", [0.0, 1.0])
def test_a_coat_stays_red(walk, steady):
    """Told in the middle of its shot, with the bundled network; the other shot knows nothing."""
    film, network = Film(walk), load("acuarela", threads=2)
    look = Look(film.facts, network, 1.0)
    told = follow_hints(Film(walk), look, [hint_at(15, "red")], None, None)
    found = {}
    for name, hints in (("told", told.at), ("untold", {})):
        pictures = [*film.pictures()]
        wanted = pictures if steady else [pictures[number] for number in (0, 15, 29, 33)]
        colored = color_pictures(
            wanted, film.facts, network, vividness=1.0, steady=steady, told=hints
        )
        found[name] = {one.picture.time: one.ab for one in colored}
    times = [picture.time for picture in pictures]
    for number in (0, 10, 15, 20, 29) if steady else (0, 15, 29):
        row, column = coat(number)
        place = np.s_[:, row - 3 : row + 4, column - 3 : column + 4]
        a, b = found["told"][times[number]][place].mean((1, 2))
        assert a > 25, (number, a, b)
        assert a > found["untold"][times[number]][place].mean((1, 2))[0] + 10
    np.testing.assert_array_equal(found["told"][times[33]], found["untold"][times[33]])


def test_a_hint_on_a_film_that_lies_on_its_side(lumas, tmp_path, known_network):
    def settings(stream):
        stream.set_display_rotation(90)

    source = made.write(
        tmp_path / "old.mp4", [made.coded(lumas[0])] * 2, codec="libx264", settings=settings
    )
    film = Film(source)
    look = Look(film.facts, load(known_network), 1.0)
    told = follow_hints(Film(source), look, [TimedHint(0.2, 0.7, "red")], None, None)
    upright = look.upright(look.small(next(film.pictures())))
    assert upright.shape == (64, 48)
    for hints in told.at.values():
        assert (hints[0].x, hints[0].y) == pytest.approx((0.2, 0.7), abs=0.02)
    lying = look.lying(TimedHint(0.2, 0.7, "red").place)
    mark = np.zeros((48, 64), np.uint8)
    mark[int(lying.y * 48), int(lying.x * 64)] = 1
    row, column = np.argwhere(look.upright(mark))[0]
    assert (column / 48, row / 64) == pytest.approx((0.2, 0.7), abs=0.03)


def test_hints_in_a_file(tmp_path):
    path = tmp_path / "hints.json"
    path.write_text(json.dumps([{"time": 0.5, "x": 0.5, "y": 0.5, "color": "teal"}]))
    assert read_timed_hints(path) == (TimedHint(0.5, 0.5, "teal", time=0.5),)
    path.write_text('[{"x": 0.5, "y": 0.5, "colour": "teal"}]')
    assert read_timed_hints(path)[0].time == 0
    path.write_text('[{"x": 0.5, "y": 0.5, "colour": "teal", "when": 3}]')
    with pytest.raises(HintError, match=r'"time": 12\.5'):
        read_timed_hints(path)
    with pytest.raises(HintError, match="has the time -1"):
        TimedHint(0.5, 0.5, "teal", time=-1)


def test_what_cannot_be_told_is_said(walk, colorizer, tmp_path):
    with pytest.raises(ModelError, match="takes no hints"):
        colorizer.colorize(walk, tmp_path / "new.mkv", VideoOptions(hints=(hint_at(3),)))
    film = Film(walk)
    look = Look(film.facts, colorizer.network, 1.0)
    late = TimedHint(0.5, 0.5, "red", time=9)
    with pytest.raises(HintError, match=r"for 9 seconds, where .* has no picture"):
        follow_hints(film, look, [late], None, None)
    told = follow_hints(Film(walk), look, [TimedHint(0.5, 0.1, "navy")], None, None)
    assert len(told.unreachable) == 1  # the sky is too bright for it
