"""What whoever runs the server may decide: limits, who may come in, which networks stay loaded."""

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from colorear.errors import ColorearError, ExitCode
from colorear.models.onnx_session import cores

__all__ = ["Settings", "SettingsError"]

_PREFIX = "COLOREAR_"

_YEAR = 525_600  # minutes

Positive = Annotated[int, Field(ge=1)]
PositiveReal = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SettingsError(ColorearError):
    """An environment variable holds what cannot be a setting."""

    exit_code = ExitCode.WRONG_USAGE


class Settings(BaseModel):
    """Every limit of the server. The field `queue` is COLOREAR_QUEUE in the environment, and so on.

    >>> Settings.from_environment({"COLOREAR_MEGAPIXELS": "50"}).megapixels
    50.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "acuarela"
    """The network for those who name none."""
    upload_megabytes: PositiveReal = 100
    """The most bytes of an upload, all its fields together, in millions."""
    upload_seconds: PositiveReal = 60
    """How long an upload may take to arrive."""
    megapixels: PositiveReal = 200
    """The most pixels of a photograph, in millions."""
    hints: Positive = 200
    """The most hints for one photograph."""
    variants: Positive = 6
    """The most variants of one photograph that can be asked for at once."""
    seconds: PositiveReal = 120
    """How long one photograph may take, from when a worker begins with it; then it is ended."""
    header_seconds: PositiveReal = 10
    """How long the header of a photograph may take to be read."""
    worker_megabytes: Annotated[float, Field(ge=512, allow_inf_nan=False)] = 4096
    """The most memory of one worker, in millions of bytes; where the system is Linux."""
    stop_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30
    """How long a server that is being stopped goes on with what runs; then that is ended."""
    workers: Positive = Field(default_factory=cores)
    """How many photographs are colored at the same time; all processor cores share them."""
    queue: Positive = 64
    """How many photographs may wait."""
    client_queue: Positive = 16
    """How many photographs of one client may wait or be colored; how many jobs it may have, kept
    results among them."""
    networks: Positive = 3
    """How many networks each worker keeps in memory."""
    job_megapixels: PositiveReal = 24
    """Larger photographs, in millions of pixels, are answered with a job."""
    job_minutes: Annotated[float, Field(gt=0, le=_YEAR)] = 15
    """How long a finished job is kept, a year at most."""
    job_places: Positive = 256
    """How many jobs there may be, finished ones among them."""
    films: Positive = 8
    """How many films the page may have here; two of each client."""
    film_seconds: PositiveReal = 120
    """The longest film that the page takes."""
    film_minutes: PositiveReal = 30
    """How long the page may work on a film, from when a worker begins with it; then it is ended."""
    page: bool = True
    """Whether there is a page beside the API."""
    token: SecretStr | None = None
    """What a client must present as `Authorization: Bearer`, and a visitor of the page as the
    password; None lets everybody in."""
    origins: tuple[str, ...] = ()
    """Web sites whose scripts may use the API, such as `https://example.org`; by comma."""
    proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-For is believed; by comma."""
    hosts: tuple[str, ...] = ()
    """Names, besides those of this machine, by which the server may be addressed; by comma. Without
    any, a server that other machines can reach takes every name."""

    @field_validator("origins", "proxies", "hosts", mode="before")
    @classmethod
    def _apart(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("token")
    @classmethod
    def _some(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not (secret := value.get_secret_value()).strip():
            raise ValueError(f"a token of {len(secret)} characters protects nothing")
        if value is not None and (secret != secret.strip() or not secret.isprintable()):
            raise ValueError(
                "a header cannot carry a token with control characters, or with spaces at its ends"
            )
        return value

    @field_validator("hosts")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.lower() for host in value)

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        chosen: Mapping[str, object] | None = None,
    ) -> Self:
        """The settings that the environment variables name; `chosen` ones go first.

        Raises SettingsError.
        """
        told = os.environ if environment is None else environment
        named = {
            field: told[_PREFIX + field.upper()]
            for field in cls.model_fields
            if _PREFIX + field.upper() in told
        }
        try:
            return cls.model_validate(named | dict(chosen or {}))
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)[0]  # it may be the token
            variable = _PREFIX + str(wrong["loc"][0]).upper()
            raise SettingsError(
                f"{variable} holds what it cannot ({wrong['msg']}); correct or unset it"
            ) from None

    @property
    def upload_bytes(self) -> int:
        """The most bytes of an upload."""
        return round(self.upload_megabytes * 1e6)
