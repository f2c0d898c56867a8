import json
import socket

import pytest

from colorear.errors import ModelError
from colorear.hints import Hint
from colorear.inference import verify
from colorear.inference.colorizer import Colorizer
from colorear.server.api import routes
from colorear.server.api.responses import HEADERS
from server.conftest import EXAMPLES

HINTS = json.dumps([{"x": 0.3, "y": 0.5, "color": "firebrick"}])


def problem(answer, status, kind):
    """The detail of a problem, of this kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == f"urn:problem-type:colorear:{kind}"
    assert told["status"] == status
    assert set(told) == {"type", "title", "status", "detail"}
    return told["detail"]


def test_a_photograph_comes_back_in_color_and_checked(serve, tmp_path):
    served = serve()
    answer = served.colorize(hints=HINTS, vividness="1.2", name="abuela niña.JPG")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="abuela ni_a-color.JPG"; '
        "filename*=UTF-8''abuela%20ni%C3%B1a-color.JPG"
    )
    colored = tmp_path / "colored.jpg"
    colored.write_bytes(answer.content)
    checked = verify.verify(EXAMPLES / "china.jpg", colored)
    assert checked.ok
    assert checked.provenance.network == "able"
    luma = {"identical_dct": True, "max_luma_difference": 0, "ok": True}
    assert json.loads(answer.headers["colorear-luma"]) == luma
    assert answer.headers["colorear-model"] == "able"
    assert len(answer.headers["colorear-model-sha256"]) == 64
    assert json.loads(answer.headers["colorear-scores"]) == {}
    assert float(answer.headers["colorear-megapixels"]) == pytest.approx(0.273, abs=0.001)
    assert float(answer.headers["colorear-seconds"]) > 0
    served.wait_until(served.everybody_has_left)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "/etc/passwd.onnx"}, "no network called '/etc/passwd.onnx' here"),
        ({"model": "plain-shallow", "hints": HINTS}, "plain-shallow takes no hints"),
        ({"vividness": "loud"}, "the field 'vividness' holds 'loud'"),
        ({"size": "2"}, "the field 'size' is unknown"),
    ],
)
def test_wrong_fields_are_told(serve, fields, said):
    served = serve()
    detail = problem(served.colorize(**fields), 422, "wrong-field")
    assert said in detail
    assert str(served.folder) not in detail
    served.wait_until(served.everybody_has_left)


def test_suggestions_are_those_that_python_has(serve):
    served = serve()
    photograph = EXAMPLES / "china.jpg"
    files = {"photograph": ("old.jpg", photograph.read_bytes())}
    with served.client() as client:
        asked = {"x": "0.3", "y": "0.5", "hints": HINTS}
        told = client.post("/v1/suggestions", files=files, data=asked).json()
        hint = Hint(0.3, 0.5, "firebrick")
        known = Colorizer("able").suggestions(photograph, (0.3, 0.5), hints=[hint])
        assert told == {"model": "able", "colors": known}
        assert len(known) == 3
        again = client.post("/v1/suggestions", files=files, data=asked | {"hints": ""}).json()
        assert again["colors"] == Colorizer("able").suggestions(photograph, (0.3, 0.5))
        for fields, said in [
            ({"x": "0.3"}, "the field 'y' is missing"),
            ({"x": "0.3", "why": "0.5"}, "the field 'why' is unknown"),
            ({"x": "0.3", "y": "0.5", "hint": HINTS}, "name it 'hints'"),
            ({"x": "0.3", "y": "0.5", "model": "acuarella"}, "no network called"),
            ({"x": "0.3", "y": "0.5", "model": "plain-shallow"}, "does not tell what is likely"),
        ]:
            answer = client.post("/v1/suggestions", files=files, data=fields)
            assert said in problem(answer, 422, "wrong-field")
    served.wait_until(served.everybody_has_left)


def test_large_photographs_become_jobs(serve, gate):
    served = serve(job_megapixels=0.1)
    answer = served.colorize()
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers
    with served.client() as client:
        place = answer.headers["location"]
        assert gate.reached.acquire(timeout=60)
        state = client.get(place).json()
        assert (state["state"], state["progress"], state["ahead"]) == ("running", 0, 0)
        problem(client.get(f"{place}/result"), 409, "not-finished")
        gate.open.set()
        served.wait_for_jobs()
        state = client.get(place).json()
        assert (state["state"], state["progress"]) == ("done", 1)
        assert state["expires"]
        result = client.get(state["result"])
        assert result.status_code == 200
        assert result.headers["colorear-model"] == "able"
        assert client.delete(place).status_code == 204
        problem(client.get(place), 404, "not-found")
        problem(client.get(f"{place}/result"), 404, "not-found")
    served.wait_until(served.everybody_has_left)


def test_a_job_can_be_preferred_waits_its_turn_and_can_be_given_up(serve, gate):
    served = serve()
    places = []
    for number in range(3):
        answer = served.colorize(name=f"{number}.jpg", headers={"Prefer": "wait=1, Respond-Async"})
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        places.append(answer.headers["location"])
        if number == 0:
            assert gate.reached.acquire(timeout=60)
    with served.client() as client:
        state = client.get(places[2]).json()
        assert (state["state"], state["ahead"]) == ("waiting", 1)
        assert client.delete(places[1]).status_code == 204
        assert client.get(places[2]).json()["ahead"] == 0
        gate.open.set()
        served.wait_for_jobs()
        assert gate.order == ["0.jpg", "2.jpg"]


def test_a_failed_job_says_why(serve):
    served = serve()
    damaged = (EXAMPLES / "coffee.png").read_bytes()[:-40_000]
    answer = served.colorize(damaged, name="cut.png", headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    served.wait_for_jobs()
    with served.client() as client:
        state = client.get(answer.headers["location"]).json()
        assert state["state"] == "failed"
        assert "'cut.png' is damaged" in state["problem"]["detail"]
        problem(client.get(f"{answer.headers['location']}/result"), 415, "not-a-photograph")


def test_the_queue_is_fair_and_says_when_it_is_full(serve, gate, in_background):
    served = serve(queue=3, client_queue=3)
    greedy = [in_background(served.colorize, name="g0", address="10.0.0.1")]
    assert gate.reached.acquire(timeout=60)
    for number in (1, 2):
        job = in_background(served.colorize, name=f"g{number}", address="10.0.0.1")
        greedy.append(job)
        served.wait_until(lambda n=number: served.service.pool.waiting == n)
    crowd = served.colorize(name="g3", address="10.0.0.1")
    assert "one client may have 3" in problem(crowd, 429, "too-many-of-yours")
    assert int(crowd.headers["retry-after"]) >= 1
    modest = in_background(served.colorize, name="m0", address="10.0.0.2")
    served.wait_until(lambda: served.service.pool.waiting == 3)
    full = served.colorize(name="n0", address="10.0.0.3")
    assert "there is room for 3" in problem(full, 503, "queue-full")
    assert int(full.headers["retry-after"]) >= 1
    gate.open.set()
    assert [answer.result(60).status_code for answer in (*greedy, modest)] == [200] * 4
    assert gate.order == ["g0", "g1", "m0", "g2"]
    served.wait_until(served.everybody_has_left)


def test_who_hangs_up_while_waiting_is_not_colored_for(serve, gate, in_background):
    served = serve()
    first = in_background(served.colorize, name="first")
    assert gate.reached.acquire(timeout=60)
    line = raw(served, form("gone.jpg", (EXAMPLES / "china.jpg").read_bytes()))
    served.wait_until(lambda: served.service.pool.waiting == 1)
    line.close()
    served.wait_until(lambda: served.service.pool.waiting == 0)
    gate.open.set()
    assert first.result(60).status_code == 200
    assert gate.order == ["first"]
    served.wait_until(served.everybody_has_left)


def test_a_slow_upload_holds_no_worker_and_ends(serve):
    served = serve(upload_seconds=1)
    whole = form("slow.jpg", (EXAMPLES / "china.jpg").read_bytes())
    with raw(served, whole[:2000]) as slow:
        assert served.colorize().status_code == 200  # with the only worker
        slow.settimeout(60)
        assert b" 408 " in slow.recv(100)
    served.wait_until(served.everybody_has_left)


def test_a_token_closes_everything_but_health(serve):
    served = serve(token="secret")
    with served.client() as client:
        for path in ("/v1/models", "/v1/jobs/any", "/v1/jobs/any/result", "/metrics"):
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}):
                answer = client.get(path, headers=headers)
                problem(answer, 401, "token-needed")
                assert answer.headers["www-authenticate"] == "Bearer"
        problem(served.colorize(), 401, "token-needed")
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}
        right = {"Authorization": "Bearer secret"}
        assert client.get("/v1/models", headers=right).status_code == 200
        assert served.colorize(headers=right).status_code == 200


def test_other_sites_are_kept_out_unless_they_are_named(serve):
    origin = {"Origin": "https://a.example"}
    with serve().client() as client:
        answer = client.get("/v1/models", headers=origin)
        problem(answer, 403, "foreign-site")
        assert "access-control-allow-origin" not in answer.headers
        own = {"Origin": str(client.base_url), "Sec-Fetch-Site": "same-origin"}
        assert client.get("/v1/models", headers=own).status_code == 200
    with serve(origins="https://a.example").client() as client:
        answer = client.get("/v1/models", headers=origin | {"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://a.example"
        other = client.get("/v1/models", headers={"Origin": "https://b.example"})
        problem(other, 403, "foreign-site")
        assert "access-control-allow-origin" not in other.headers


def test_a_site_that_is_named_may_do_and_read_what_programs_may(serve):
    origin = {"Origin": "https://a.example", "Sec-Fetch-Site": "cross-site"}
    wishes = {"Access-Control-Request-Headers": "authorization, content-type, prefer"}
    with serve(origins="https://a.example").client() as client:
        for method, status in (("GET", 200), ("POST", 200), ("DELETE", 200), ("PUT", 400)):
            asked = origin | wishes | {"Access-Control-Request-Method": method}
            assert client.options("/v1/colorize", headers=asked).status_code == status
        answer = client.get("/v1/models", headers=origin)
        seen = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
        others = {"Location", "Preference-Applied", "Retry-After"}
        assert seen == {*HEADERS} | others


def test_whom_a_client_says_to_speak_for_is_believed_of_proxies_alone(serve, gate, in_background):
    served = serve(proxies="192.0.2.1", client_queue=1)
    first = in_background(served.colorize, address="198.51.100.1")
    assert gate.reached.acquire(timeout=60)
    problem(served.colorize(address="198.51.100.2"), 429, "too-many-of-yours")
    gate.open.set()
    assert first.result(60).status_code == 200


def test_no_documents_whose_scripts_come_from_elsewhere(serve):
    with serve().client() as client:
        for path in ("/redoc", "/openapi.json", "/docs/oauth2-redirect"):
            problem(client.get(path), 404, "not-found")
        assert "<script" not in client.get("/docs").text


def test_a_foreign_name_that_leads_here_is_not_answered(serve):
    with serve().client() as client:
        foreign = {"Host": "rebound.example:80", "Origin": "http://rebound.example:80"}
        problem(client.get("/v1/models", headers=foreign), 421, "foreign-host")
        assert client.get("/v1/models", headers={"Host": "localhost:7860"}).status_code == 200
    with serve(hosts="Photos.example").client() as client:
        named = {"Host": "photos.example"}
        assert client.get("/v1/models", headers=named).status_code == 200


def test_a_method_that_a_route_does_not_have_is_told_so(serve):
    with serve(page=True).client() as client:
        for method, path in (("PUT", "/v1/colorize"), ("DELETE", "/v1/models"), ("POST", "/")):
            answer = client.request(method, path)
            problem(answer, 405, "method-not-allowed")
            assert answer.headers["allow"]
        problem(client.get("/v1/colorise"), 404, "not-found")


@pytest.mark.parametrize("token", ["clé-niña", "ключ"])
def test_a_token_may_have_letters_of_any_language(serve, token):
    with serve(token=token).client() as client:
        for header in (f"Bearer {token}", f"bearer {token}"):
            answer = client.get("/v1/models", headers={"Authorization": header.encode()})
            assert answer.status_code == 200
        problem(
            client.get("/v1/models", headers={"Authorization": "Bearer ?"}), 401, "token-needed"
        )


def test_the_page_wants_the_token_as_its_password(serve):
    with serve(page=True, token="sésamo").client() as client:
        for path in ("/", "/page/settings", "/page/static/start.js", "/page/files/x"):
            answer = client.get(path)
            problem(answer, 401, "token-needed")
            assert answer.headers["www-authenticate"].startswith("Basic ")
            problem(client.get(path, auth=("anybody", "wrong")), 401, "token-needed")
        problem(client.post("/page/actions/begin", json={}), 401, "token-needed")
        right = ("anybody", "sésamo")
        assert client.get("/", auth=right).status_code == 200
        assert client.post("/page/actions/begin", json={}, auth=right).json()["session"]


def test_answers_are_safe_in_a_browser(serve):
    with serve().client() as client:
        headers = client.get("/v1/models").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_the_networks_are_told(serve):
    with serve().client() as client:
        told = client.get("/v1/models").json()
    assert told["default"] == "able"
    names = {model["name"]: model for model in told["models"]}
    assert {"able", "acuarela"} <= set(names)
    assert names["acuarela"]["scores"]["landscapes-val"]


def test_what_is_measured(serve):
    served = serve()
    served.colorize()
    with served.client() as client:
        told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'colorear_photographs_total{model="able"} 1.0' in told.text
    assert 'method="POST",route="/v1/colorize",status="200"} 1.0' in told.text


def test_what_nobody_foresaw_is_told_to_the_log_alone(serve, monkeypatch, caplog):
    def fail(*_, **__):
        raise RuntimeError("secret /root/path")

    monkeypatch.setattr("colorear.server.api.service.colorize_upload", fail)
    served = serve()
    answer = served.colorize()
    assert "something went wrong" in problem(answer, 500, "server-error")
    assert "secret" not in answer.text + str(answer.headers)
    assert "secret /root/path" in caplog.text
    served.wait_until(served.everybody_has_left)


def form(name: str, content: bytes, boundary: str = "edge") -> bytes:
    """A whole request."""
    body = (
        f"--{boundary}\r\nContent-Disposition: form-data; "
        f'name="photograph"; filename="{name}"\r\n\r\n'.encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    head = (
        "POST /v1/colorize HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def raw(served, sent: bytes) -> socket.socket:
    """A line to the server on which so much was sent."""
    host, port = served.address.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=60)
    line.sendall(sent)
    return line


def test_what_a_network_lacks_is_told_to_the_log_only(serve, monkeypatch, caplog):
    def available_models():
        raise ModelError("the card /secret.json cannot be read")

    served = serve()
    monkeypatch.setattr(routes, "available_models", available_models)
    with served.client() as client:
        told = problem(client.get("/v1/models"), 500, "server-error")
    assert "whose log tells what" in told
    assert "/secret.json" in caplog.text
