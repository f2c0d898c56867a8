import pytest

from colorear.server.settings import Settings, SettingsError


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
    assert Settings().queue == 64
    assert (Settings().megapixels, Settings().seconds, Settings().job_megapixels) == (200, 120, 24)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COLOREAR_QUEUE", "0"),
        ("COLOREAR_QUEUE", "batch"),
        ("COLOREAR_SECONDS", "nan"),
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
