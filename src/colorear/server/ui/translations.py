"""All words of the page, in every language it speaks."""

from collections.abc import Mapping

from colorear.languages import Language
from colorear.server.ui import english, spanish

__all__ = ["MESSAGES"]

MESSAGES: Mapping[Language, Mapping[str, str]] = {
    "en": english.MESSAGES,
    "es": spanish.MESSAGES,
}
"""Language -> key -> words; `{...}` is filled in by the page."""
