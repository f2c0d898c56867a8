"""What workers of a server under test do instead of coloring at once: in their own processes."""

from pathlib import Path

from colorear.server.api.tasks import colorize_upload


def wait(gate: str, *arguments, **keywords):
    """Color when somebody has written to the named pipe `gate`, and closed it."""
    print("working", flush=True)
    with Path(gate).open() as file:
        file.read()
    return colorize_upload(*arguments, **keywords)


def hang(photograph, *arguments, **keywords):
    """Never come back from a photograph that is called stuck.jpg."""
    print("working", flush=True)
    while photograph.name == "stuck.jpg":
        pass
    return colorize_upload(photograph, *arguments, **keywords)
