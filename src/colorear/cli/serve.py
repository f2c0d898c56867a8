"""The command that serves the page and the API."""

import socket
from typing import Annotated

import typer

from colorear.cli.output import needing, say
from colorear.errors import UsageError

__all__ = ["serve"]


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 7860,
    model: Annotated[
        str | None, typer.Option(help="The network for those who name none; acuarela.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Photographs colored at one time; a core each.")
    ] = None,
) -> None:
    """Serve the page and the REST API (extra: web), until Ctrl-C.

    Limits, a token and more are set by environment variables COLOREAR_...: see docs/api.md.
    """
    with needing("web", "serving the page and the API"):
        from colorear.server.app import serve as serve_until_told
        from colorear.server.model_cache import check_name
        from colorear.server.settings import Settings

        chosen = {"model": model, "workers": jobs}
        settings = Settings.from_environment(
            chosen={name: value for name, value in chosen.items() if value is not None}
        )
        check_name(settings.model)
        _check_free(host, port)
        serve_until_told(settings, host, port, ready=lambda address: say(f"serving at {address}"))


def _check_free(host: str, port: int) -> None:
    """Raise UsageError where nobody can listen: while it starts, a server would say it in a log."""
    try:
        for family, kind, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(address)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be listened at: {error.strerror}; name another place (--host, "
            "--port)"
        ) from error
