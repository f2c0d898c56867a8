"""`python -m colorear` is the command `colorear`."""

from colorear.cli import app

__all__ = ["main"]


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
