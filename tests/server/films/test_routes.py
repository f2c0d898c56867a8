"""Films come, are shown, colored and fetched, and nothing of them stays."""

import time

import pytest

import made_films as made
from colorear.server.films import jobs, page
from server.conftest import ThreadWorker


@pytest.fixture
def served(serve, monkeypatch):
    monkeypatch.setattr(jobs, "WorkerProcess", ThreadWorker)
    return lambda **settings: serve(page=True, **settings)


def films_of(served):
    return served.server.config.app.state.films


def send(client, path, **headers):
    files = {"photograph": (path.name, path.read_bytes())}
    return client.post("/page/films", files=files, headers=headers).json()


def finished(client, secret):
    end = time.monotonic() + 60
    while (told := client.get(f"/page/films/{secret}").json())["state"] in ("waiting", "coloring"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return told


def test_a_film_comes_in_gray_and_goes_home_in_color(served, film, lumas, able_network, tmp_path):
    server = served()
    with server.client() as client:
        told = send(client, film)
        assert (told["name"], told["width"], told["height"]) == ("abuela.mkv", 64, 48)
        at = f"/page/films/{told['film']}"
        assert client.get(at).json()["state"] == "here"
        assert client.get(f"{at}/file").status_code == 404
        shown = client.post(f"{at}/preview", json={"model": able_network}).json()
        assert (len(shown["shots"]), shown["hints"]) == (2, True)
        hint = {"x": 0.5, "y": 0.5, "color": "#2050c0", "time": shown["shots"][0]["time"]}
        wish = {"model": able_network, "hints": [hint], "kind": "mkv"}
        assert client.post(f"{at}/color", json=wish).json() == {}
        done = finished(client, told["film"])
        assert (done["state"], done["file"], done["progress"]) == ("done", "abuela-color.mkv", 1)
        answer = client.get(f"{at}/file")
        assert 'filename="abuela-color.mkv"' in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"
        (tmp_path / "got.mkv").write_bytes(answer.content)
        found = made.read(tmp_path / "got.mkv")
        assert all((a["planes"][0] == b).all() for a, b in zip(found, lumas, strict=True))
        assert client.post(f"{at}/remove").json() == {}
        assert "send it again" in client.get(at).json()["gone"]
        assert client.get(f"{at}/file").status_code == 404
        server.wait_until(server.everybody_has_left)


def test_what_is_no_film_is_told_in_the_visitor_s_language(served, tmp_path):
    words = tmp_path / "words.mp4"
    words.write_text("no film")
    with served().client() as client:
        said = send(client, words)["problem"]
        assert said.startswith("'words.mp4' ")
        assert str(tmp_path) not in said
        in_spanish = send(client, words, **{"Accept-Language": "es"})["problem"]
        assert in_spanish.startswith("«words.mp4» ")


def test_limits(served, film, able_network):
    server = served(film_seconds=0.3, films=1)
    with server.client() as client:
        assert "films of up to 0 seconds" in send(client, film)["problem"]
        server.wait_until(server.everybody_has_left)
    server = served(films=3, hints=1)
    with server.client() as client:
        first, _ = send(client, film), send(client, film)
        assert "2 of your films are here already" in send(client, film)["problem"]
        other = {"X-Forwarded-For": "192.0.2.7"}
        assert "film" in send(client, film, **other)
        yet_another = {"X-Forwarded-For": "192.0.2.8"}
        assert "no more are taken" in send(client, film, **yet_another)["problem"]
        hints = [{"x": 0, "y": 0, "color": "red"}] * 2
        for action in ("preview", "color"):
            wish = {"model": able_network, "hints": hints}
            told = client.post(f"/page/films/{first['film']}/{action}", json=wish).json()
            assert "2 hints came, but at most 1 are taken" in told["problem"]
            told = client.post(f"/page/films/{first['film']}/{action}", json={}).json()
            assert "the page asked for what cannot be" in told["problem"]


def test_a_wrong_time_and_a_film_that_is_colored_already(served, film, able_network):
    with served().client() as client:
        at = f"/page/films/{send(client, film)['film']}"
        hint = {"x": 0.5, "y": 0.5, "color": "#2050c0", "time": 99}
        wish = {"model": able_network, "hints": [hint]}
        said = client.post(f"{at}/preview", json=wish).json()["problem"]
        assert "where 'abuela.mkv' has no picture" in said
        client.post(f"{at}/color", json=wish)
        failed = finished(client, at.rpartition("/")[2])
        assert (failed["state"], failed["failed"]) == ("failed", said)
        client.post(f"{at}/color", json={"model": able_network})
        assert finished(client, at.rpartition("/")[2])["state"] == "done"


def test_it_is_forgotten_when_nobody_asks(served, film, monkeypatch):
    server = served()
    monkeypatch.setattr(films_of(server), "_idle", 0.3)
    with server.client() as client:
        secret = send(client, film)["film"]
        server.wait_until(server.everybody_has_left)
        assert "gone" in client.get(f"/page/films/{secret}").json()


def test_removing_it_ends_its_coloring(served, film, able_network, monkeypatch):
    server = served()
    begun, ended = [], []

    def slow(path, *_, report):
        begun.append(path)
        report(0.1)
        while path.exists():
            time.sleep(0.01)
        ended.append(path)
        return {}

    slow.__module__ = jobs.__name__
    monkeypatch.setattr(jobs, "color_film", slow)
    with server.client() as client:
        at = f"/page/films/{send(client, film)['film']}"
        client.post(f"{at}/color", json={"model": able_network})
        server.wait_until(lambda: begun)
        server.wait_until(lambda: client.get(at).json()["state"] == "coloring")
        again = client.post(f"{at}/color", json={"model": able_network}).json()
        assert "being colored already" in again["problem"]
        client.post(f"{at}/remove")
        server.wait_until(lambda: ended)
        server.wait_until(server.everybody_has_left)


def test_a_server_without_the_extra_says_so(served, film, monkeypatch):
    monkeypatch.setattr(page, "_able", lambda: False)
    with served().client() as client:
        assert client.get("/page/films/settings").json()["able"] is False
        assert "install the extra 'video'" in send(client, film)["problem"]


def test_the_page_is_behind_the_lock(served, film):
    with served(token="secret").client() as client:
        for path in ("/films", "/page/films/settings", "/page/films/static/films.js"):
            assert client.get(path).status_code == 401
        files = {"photograph": (film.name, film.read_bytes())}
        assert client.post("/page/films", files=files).status_code == 401
        assert client.get("/films", auth=("any", "secret")).status_code == 200
        assert client.get("/page/films/static/films.html", auth=("", "secret")).status_code == 404
