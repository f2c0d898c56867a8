"""Who may come in: a token, and no request that another web site makes a visitor's browser send."""

import ipaddress
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from urllib.parse import urlsplit

from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers

from colorear.server.middleware import App, Receive, Scope, Send, problem_response
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings

__all__ = ["SHARED", "has_token", "is_loopback", "refuse_foreign_sites"]

SHARED = "/shared"
"""Where the installed page is sent what other apps share (Web Share Target)."""


def has_token(authorization: str | None, token: str) -> bool:
    """Whether an Authorization header presents the token.

    Parameters
    ----------
    authorization
        The header as Starlette decodes it, which is as Latin-1 (RFC 9110, section 5.5). `Bearer`
        holds the token itself; `Basic`, which browsers send, any user name and the token as its
        password (RFC 7617).
    token
        The one to compare with, in constant time, in UTF-8 or Latin-1.
    """
    scheme, credentials = get_authorization_scheme_param(authorization)
    presented = credentials.encode("latin-1", "replace")
    if scheme.lower() == "basic":
        try:
            presented = b64decode(presented, validate=True).partition(b":")[2]
        except Base64Error:
            return False
    elif scheme.lower() != "bearer":
        return False
    utf8 = secrets.compare_digest(presented, token.encode())
    latin1 = secrets.compare_digest(presented, token.encode("latin-1", "xmlcharrefreplace"))
    return utf8 or latin1


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without a port, leads to this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("localhost.example.org")
    (True, True, False)
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_foreign_sites(app: App, settings: Settings, *, loopback: bool) -> App:
    """Wrap an application so that scripts and forms of other web sites cannot use it.

    A browser sends its requests with the visitor's own access, whoever wrote the page that makes
    it; so those of a page from elsewhere are refused by what browsers say of them: `Origin`
    (RFC 6454) and `Sec-Fetch-Site` (Fetch Metadata). `settings.origins` are let in. A link to the
    page is followed.

    Parameters
    ----------
    loopback
        Whether only this machine can connect. Then the `Host` must be a name of this machine or
        one of `settings.hosts`: a foreign name that was made to lead here (DNS rebinding) would
        make a foreign page look like our own.
    """

    def check(scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = _name(host)
        if (loopback or settings.hosts) and not (is_loopback(name) or name in settings.hosts):
            raise ProblemError(
                "foreign-host",
                f"the server does not answer for {name[:80]!r}; use the address that it prints, or "
                "name the host in COLOREAR_HOSTS",
            )
        origin = headers.get("origin")
        if origin is not None:
            if origin in settings.origins or (host and urlsplit(origin).netloc == host):
                return
            if _is_shared(scope, headers):
                return
        elif headers.get("sec-fetch-site") != "cross-site" or _is_followed_link(scope, headers):
            return
        raise ProblemError(
            "foreign-site",
            "a page of another web site sent this request; open the page of this server, or name "
            "the site in COLOREAR_ORIGINS",
        )

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                check(scope)
            except ProblemError as error:
                await problem_response(error, scope)(scope, receive, send)
                return
        await app(scope, receive, send)

    return call


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_shared(scope: Scope, headers: Headers) -> bool:
    """Whether the visitor shares photographs from another app with the installed page.

    No web site is behind that: browsers say `none`, which no page can have them say, and have no
    origin to tell.
    """
    path = scope.get("root_path", "") + SHARED
    is_it = scope["method"] == "POST" and scope["path"] == path
    return is_it and headers["origin"] == "null" and headers.get("sec-fetch-site") == "none"


def _is_followed_link(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and headers.get("sec-fetch-dest") == "document"
