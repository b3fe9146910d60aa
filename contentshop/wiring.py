"""Settings → Engines: the only file that names engines."""

from __future__ import annotations

from contentshop import __version__
from contentshop.config import PREFIX, Settings, SettingsError
from contentshop.core.backends.fetch import GuardedFetcher
from contentshop.core.backends.mail import ConsoleMailer, SmtpMailer
from contentshop.core.clock import Clock, ShiftedClock, SystemClock
from contentshop.core.fetch import Fetcher
from contentshop.core.mail import Mailer
from contentshop.engines import Engines
from contentshop.media.backends.folder import FolderStorage
from contentshop.payments.backends.manual import ManualPaymentGateway
from contentshop.payments.gateways import Gateways
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import SearchBackend


def build(
    settings: Settings, *, clock: Clock | None = None, mail: Mailer | None = None, fetcher: Fetcher | None = None
) -> Engines:
    """The engines that ``settings`` ask for; a clock, a mailer or a fetcher may be handed in by tests.

    Raises SettingsError when one of them is not installed.
    """
    return Engines(
        clock=clock or _clock(settings),
        search=_search(settings),
        storage=FolderStorage(settings.media_dir),
        payment=Gateways([ManualPaymentGateway(settings.bank_details)]),
        mail=mail or _mailer(settings),
        fetcher=fetcher or _fetcher(settings),
    )


def _search(settings: Settings) -> SearchBackend:
    if not settings.search_url:
        return WhooshSearchBackend(settings.search_dir)
    # An extra: the site runs without it. What is not asked for is not loaded.
    try:
        from contentshop.search.backends.opensearch import OpenSearchBackend
    except ModuleNotFoundError as error:
        if error.name != "opensearchpy":
            raise
        raise SettingsError(
            f"{PREFIX}SEARCH_URL asks for OpenSearch, whose client is not installed; install it with "
            "`.venv/bin/pip install -c constraints.txt -e '.[opensearch]'`."
        ) from error
    try:
        return OpenSearchBackend(settings.search_url)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}SEARCH_URL cannot be used: {error}.") from error


def _clock(settings: Settings) -> Clock:
    return ShiftedClock(settings.clock_shift) if settings.clock_shift else SystemClock()


def _fetcher(settings: Settings) -> Fetcher:
    agent = f"Mozilla/5.0 (compatible; contentshop/{__version__}; +{settings.site_url}/)"
    return GuardedFetcher(agent, stand_ins=settings.stand_ins)


def _mailer(settings: Settings) -> Mailer:
    if settings.mail_url.startswith("smtp://"):
        return SmtpMailer(settings.mail_url, settings.mail_from)
    return ConsoleMailer()
