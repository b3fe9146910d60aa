"""The guarded HTTP client.

An address is looked up once, and the connection goes to the very address that was checked, so that a name
cannot mean one machine to the check and another to the connection. Redirects are followed by hand, each as a
new errand. Cookies, proxies from the environment, credentials and odd ports are not known here. An errand has a
thread of its own, because no timeout of a socket ends a site that sends one byte a second: when the time is
over, its sockets are shut and the caller goes on.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from contentshop.core.fetch import Fetched, NotFetched, Why
from contentshop.core.text_urls import safe_url

SECONDS = 8.0  # for everything: looking up, connecting, redirects, the last byte
MAX_PAGE = 2 * 1024 * 1024  # bytes, after unpacking
MAX_PICTURE = 5 * 1024 * 1024
MAX_REDIRECTS = 3
CHUNK = 64 * 1024
MAX_RETRY_AFTER = 30 * 24 * 3600  # seconds

PAGES = frozenset({"text/html", "application/xhtml+xml"})
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_PORTS = {"http": 80, "https": 443}
_MOVED = frozenset({301, 302, 303, 307, 308})
_WALLS = frozenset({401, 402, 403, 407, 418, 429, 451, 503})
_PACKED = frozenset({"", "identity", "gzip", "deflate"})
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE | re.ASCII)

StandIns = Mapping[str, tuple[str, int]]


class GuardedFetcher:
    """Fetches from public addresses. ``agent`` is how it introduces itself.

    ``stand_ins`` maps a host name to the (address, port) that answers for it by plain HTTP: how a shop of a test
    is reached by its own name. Everything else stays guarded, also redirects that such a shop answers with.
    """

    def __init__(self, agent: str, *, stand_ins: StandIns | None = None, seconds: float = SECONDS) -> None:
        self._agent = agent
        self._stand_ins = dict(stand_ins or {})
        self._seconds = seconds

    def page(self, url: str) -> Fetched:
        """An HTML page of at most 2 MB. Raises NotFetched."""
        return self._run(_Errand(url, PAGES, MAX_PAGE, self._agent, self._stand_ins, self._seconds))

    def picture(self, url: str) -> Fetched:
        """A JPEG, PNG, WebP or GIF file of at most 5 MB. Raises NotFetched."""
        return self._run(_Errand(url, PICTURES, MAX_PICTURE, self._agent, self._stand_ins, self._seconds))

    def _run(self, errand: _Errand) -> Fetched:
        thread = threading.Thread(target=errand.run, daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():
            errand.end()
            raise NotFetched("slow")
        if errand.found is None:
            raise errand.refusal
        return errand.found


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the public Internet and to nothing that is hidden behind it.

    Beside what the standard library calls global (IANA's special-purpose registries): multicast, reserved blocks
    (in IPv6 also those that carry an IPv4 address: mapped, compatible, NAT64), and site-local fec0::/10, which RFC
    3879 withdrew but machines still route.
    """
    if isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address.sixtofour is not None):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


class _Errand:
    """One fetch, with its redirects. ``run`` never raises; it leaves ``found`` or ``refusal``."""

    def __init__(
        self, url: str, kinds: frozenset[str], most: int, agent: str, stand_ins: StandIns, seconds: float
    ) -> None:
        self.found: Fetched | None = None
        self.refusal = NotFetched("no_answer")
        self._url, self._kinds, self._most = url, kinds, most
        self._headers = {"User-Agent": agent, "Accept": ", ".join(sorted(kinds)), "Accept-Encoding": "gzip, deflate"}
        self._stand_ins, self._seconds = stand_ins, seconds
        self._sockets: list[socket.socket] = []

    def run(self) -> None:
        _mine.sockets = self._sockets
        try:
            with self._session() as session:
                self.found = self._follow(session)
        except NotFetched as refusal:
            self.refusal = refusal
        except InvalidIPAddress:
            self.refusal = NotFetched("private")
        except requests.Timeout:
            self.refusal = NotFetched("slow")
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            self.refusal = NotFetched(_why_not(error))

    def end(self) -> None:
        """Wake the thread from whatever it waits for; its answer is not wanted any more."""
        for one in list(self._sockets):
            with suppress(OSError):  # closed already
                # Past the TLS layer, whose own farewell would wait for the other side.
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers.clear()
        session.headers.update(self._headers)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in _PORTS:
            session.mount(f"{scheme}://", _PublicAdapter(scheme))
            for host, place in self._stand_ins.items():
                session.mount(f"{scheme}://{host}/", _StandInAdapter(host, place))
        return session

    def _follow(self, session: requests.Session) -> Fetched:
        url = self._url
        for _step in range(MAX_REDIRECTS + 1):
            url = _checked(url)
            with session.get(url, allow_redirects=False, stream=True, timeout=self._seconds) as answer:
                target = answer.headers.get("Location", "")
                if answer.status_code not in _MOVED or not target:
                    return self._read(answer, url)
                # Header bytes are latin-1 to the library, UTF-8 to everybody else.
                url = urljoin(url, target.encode("latin-1", "ignore").decode("utf-8", "replace"))
        raise NotFetched("redirects")

    def _read(self, answer: requests.Response, url: str) -> Fetched:
        _check_status(answer)
        header = answer.headers.get("Content-Type", "")
        if header.partition(";")[0].strip().lower() not in self._kinds:
            raise NotFetched("type")
        if answer.headers.get("Content-Encoding", "").strip().lower() not in _PACKED:
            raise NotFetched("type")
        size = answer.headers.get("Content-Length", "")
        if size.isascii() and size.isdigit() and int(size[:15]) > self._most:
            raise NotFetched("large")
        body = bytearray()
        for chunk in answer.raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._most:
                raise NotFetched("large")
        charset = _CHARSET.search(header)
        return Fetched(url, bytes(body), charset[1].lower() if charset else "")


def _checked(url: str) -> str:
    """The address in the form it is asked for. Raises NotFetched unless it is a plain one of the web."""
    safe = safe_url(url)
    if safe is None or not safe.startswith(("http://", "https://")):
        raise NotFetched("address")
    parts = urlsplit(safe)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if port not in {None, _PORTS[parts.scheme]}:
        raise NotFetched("private")
    return parts._replace(path=parts.path or "/", fragment="").geturl()


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status in {200, 203}:
        return
    if status in {404, 410}:
        raise NotFetched("gone")
    after = answer.headers.get("Retry-After", "").strip()
    seconds = min(int(after[:9]), MAX_RETRY_AFTER) if after.isascii() and after.isdigit() else None
    if status in _WALLS:
        raise NotFetched("blocked", retry_after=seconds)
    raise NotFetched("broken", retry_after=seconds)


def _why_not(error: Exception) -> Why:
    if isinstance(error, requests.exceptions.InvalidURL | UnicodeError):
        return "address"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "unknown_host"
        if isinstance(cause, TimeoutError):
            return "slow"
        cause = cause.__cause__ or cause.__context__
    return "no_answer"


class _Mine(threading.local):
    """The sockets of the errand that this thread runs."""

    sockets: list[socket.socket]


_mine = _Mine()


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _mine.sockets.append(cast(socket.socket, self.sock))


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _mine.sockets.append(cast(socket.socket, self.sock))


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _WatchedAdapter(HTTPAdapter):
    """Keeps the sockets it opens where the errand can shut them."""

    def init_poolmanager(self, *values: Any, **options: Any) -> None:
        super().init_poolmanager(*values, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _PublicAdapter(_WatchedAdapter, IPFilterAdapter):  # type: ignore[misc]
    """Looks the host up, checks the address found and connects to exactly that one."""

    def __init__(self, scheme: str) -> None:
        IPFilterAdapter.__init__(self, is_https_proto=scheme == "https")

    def build_connection_pool_key_attributes(self, request: requests.PreparedRequest, *more: Any, **named: Any) -> Any:
        place, options = super().build_connection_pool_key_attributes(request, *more, **named)
        if not is_public(ipaddress.ip_address(place["host"].strip("[]"))):
            raise InvalidIPAddress(place["host"])
        if place["port"] not in {None, *_PORTS.values()}:
            raise InvalidIPAddress(place["host"])
        return place, options


class _StandInAdapter(_WatchedAdapter):
    """Asks another machine, by plain HTTP, for what a host would answer."""

    def __init__(self, host: str, place: tuple[str, int]) -> None:
        super().__init__()
        self._host, self._place = host, place

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *_more: Any, **_named: Any
    ) -> Any:
        request.headers["Host"] = self._host
        return {"scheme": "http", "host": self._place[0], "port": self._place[1]}, {}
