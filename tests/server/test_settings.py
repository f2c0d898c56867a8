import pytest
from pydantic import ValidationError

from colorear.errors import ExitCode
from colorear.models.onnx_session import cores
from colorear.server.settings import Settings, SettingsError

LIMITS = {  # as docs/api.md promises them
    "upload_megabytes": 100,
    "upload_seconds": 60,
    "megapixels": 200,
    "hints": 200,
    "variants": 6,
    "seconds": 120,
    "header_seconds": 10,
    "worker_megabytes": 4096,
    "stop_seconds": 30,
    "queue": 64,
    "client_queue": 16,
    "networks": 3,
    "job_megapixels": 24,
    "job_minutes": 15,
    "job_places": 256,
    "films": 8,
    "film_seconds": 120,
    "film_minutes": 30,
}


def test_every_setting_has_a_default_and_a_variable():
    environment = {
        "COLOREAR_UPLOAD_MEGABYTES": "2.5",
        "COLOREAR_ORIGINS": "https://a.example, https://b.example",
        "COLOREAR_TOKEN": "secret",
        "COLOREAR_PAGE": "0",
        "COLOREAR_MODELS": "/somewhere",
    }
    settings = Settings.from_environment(environment, chosen={"model": "able"})
    assert settings.upload_bytes == 2_500_000
    assert settings.origins == ("https://a.example", "https://b.example")
    assert settings.token.get_secret_value() == "secret"
    assert "secret" not in repr(settings)
    assert not settings.page
    assert settings.model == "able"
    assert Settings.from_environment({"COLOREAR_PROXIES": "a,, b ,"}).proxies == ("a", "b")
    assert Settings(hosts=("Old.Example",), origins=["https://a.example"]).hosts == ("old.example",)


def test_the_environment_is_that_of_the_process_unless_another_is_given(monkeypatch):
    monkeypatch.setenv("COLOREAR_QUEUE", "7")
    assert Settings.from_environment().queue == 7
    assert Settings.from_environment({}).queue == 64


def test_what_whoever_says_nothing_gets():
    settings = Settings.from_environment({})
    assert settings.model_dump(include=set(LIMITS)) == LIMITS
    others = {"model", "workers", "page", "token", "origins", "proxies", "hosts"}
    assert set(Settings.model_fields) == {*LIMITS, *others}
    assert settings.workers == cores()
    assert settings.page
    assert settings.token is Settings(token=None).token is None
    assert (settings.origins, settings.proxies, settings.hosts) == ((), (), ())
    with pytest.raises(ValidationError, match="frozen"):
        settings.queue = 1
    with pytest.raises(SettingsError, match="COLOREAR_BATCH holds what it cannot"):
        Settings.from_environment({}, chosen={"batch": 1})


@pytest.mark.parametrize(
    ("least", "too_little"),
    [
        ({"queue": 1}, {"queue": 0}),
        ({"seconds": 0.001}, {"seconds": 0}),
        ({"worker_megabytes": 512}, {"worker_megabytes": 511.9}),
        ({"stop_seconds": 0}, {"stop_seconds": -0.001}),
        ({"job_minutes": 525_600}, {"job_minutes": 525_601}),
        ({"job_minutes": 0.001}, {"job_minutes": 0}),
    ],
)
def test_how_far_a_limit_goes(least, too_little):
    assert Settings(**least)
    with pytest.raises(ValidationError):
        Settings(**too_little)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COLOREAR_QUEUE", "0"),
        ("COLOREAR_QUEUE", "batch"),
        ("COLOREAR_SECONDS", "nan"),
        ("COLOREAR_SECONDS", "inf"),
        ("COLOREAR_WORKER_MEGABYTES", "inf"),
        ("COLOREAR_STOP_SECONDS", "inf"),
        ("COLOREAR_JOB_MINUTES", "nan"),
        ("COLOREAR_SECONDS", "-1"),
        ("COLOREAR_WORKERS", "1.5"),
        ("COLOREAR_JOB_MINUTES", "1e12"),
        ("COLOREAR_TOKEN", "  "),
        ("COLOREAR_TOKEN", "line\nfeed"),
        ("COLOREAR_TOKEN", "secret "),
    ],
)
def test_what_cannot_be_is_told_by_the_name_of_its_variable(variable, value):
    with pytest.raises(SettingsError, match=rf"^{variable} .*correct or unset it$"):
        Settings.from_environment({variable: value})
    assert SettingsError.exit_code is ExitCode.WRONG_USAGE


def test_why_a_token_cannot_be_is_told_without_it():
    for token, said in (
        ("", "a token of 0 characters protects nothing"),
        ("   ", "a token of 3 characters protects nothing"),
        (" hidden", "a header cannot carry a token with control characters, or with spaces at"),
    ):
        with pytest.raises(SettingsError, match=said) as told:
            Settings.from_environment({"COLOREAR_TOKEN": token})
        assert "hidden" not in str(told.value)
        assert told.value.__cause__ is None
    assert Settings.from_environment({"COLOREAR_TOKEN": "contraseña 1"}).token
