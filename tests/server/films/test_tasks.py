"""What is done to a film that a visitor sent."""

import pytest

import made_films as made
from colorear.errors import VideoError
from colorear.hints import TimedHint
from colorear.server.films.tasks import FilmRequest, color_film, inspect_film, preview_film


def test_what_is_told_of_a_film(film):
    assert inspect_film(film, 60) == {"seconds": pytest.approx(16 / 24, abs=0.05)} | {
        "width": 64,
        "height": 48,
    }


def test_a_film_that_is_too_long_is_refused_though_it_does_not_tell(lumas, tmp_path):
    told = made.write(tmp_path / "told.mkv", lumas)
    raw = made.write(tmp_path / "raw.h264", lumas, codec="libx264", container="h264")
    for path in (told, raw):
        assert inspect_film(path, 10)
        with pytest.raises(VideoError, match="seconds long, but films of up to 0 seconds"):
            inspect_film(path, 0.3)


def test_a_frame_that_is_too_large_is_refused(tmp_path):
    import numpy as np

    path = made.write(tmp_path / "large.mkv", [np.full((3000, 3002), 99, np.uint8)])
    with pytest.raises(VideoError, match="3002 x 3000 pixels, but films of up to 3840 x 2160"):
        inspect_film(path, 60)


def test_each_shot_is_shown(film, able_network):
    shown = preview_film(film, FilmRequest(able_network))
    assert [shot["start"] for shot in shown["shots"]] == [0, pytest.approx(8 / 24, abs=0.01)]
    assert all(shot["picture"].startswith("data:image/jpeg") for shot in shown["shots"])
    hint = TimedHint(0.5, 0.5, "#2050c0", time=shown["shots"][1]["time"])
    told = preview_film(film, FilmRequest(able_network, (hint,)))
    changed = [
        one["picture"] != other["picture"]
        for one, other in zip(shown["shots"], told["shots"], strict=True)
    ]
    assert changed == [False, True]


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_it_is_colored(film, able_network, tmp_path, lumas, kind):
    heard = []
    target = tmp_path / f"colored.{kind}"
    told = color_film(film, target, FilmRequest(able_network, (), kind), report=heard.append)
    assert (told["frames"], told["lossless"], told["left_out"]) == (16, kind == "mkv", ())
    assert heard == sorted(heard)
    assert 0 <= heard[0] < heard[-1] == 1
    found = made.read(target)
    assert len(found) == 16
    if kind == "mkv":
        assert all((a["planes"][0] == b).all() for a, b in zip(found, lumas, strict=True))


def test_it_ends_where_the_film_is_taken_away(film, able_network, tmp_path):
    request = FilmRequest(able_network)
    with pytest.raises(VideoError, match="taken away while it was colored"):
        color_film(film, tmp_path / "new.mp4", request, report=lambda done: done and film.unlink())
    assert not (tmp_path / "new.mp4").exists()
