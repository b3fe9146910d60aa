"""Settings → Engines: the only file that names engines."""

from __future__ import annotations

from contentshop.config import Settings
from contentshop.core.backends.mail import ConsoleMailer, SmtpMailer
from contentshop.core.clock import Clock, ShiftedClock, SystemClock
from contentshop.core.mail import Mailer
from contentshop.engines import Engines
from contentshop.media.backends.folder import FolderStorage
from contentshop.orders.backends.manual import ManualPaymentGateway
from contentshop.search.backends.whoosh import WhooshSearchBackend


def build(settings: Settings, *, clock: Clock | None = None, mail: Mailer | None = None) -> Engines:
    """The engines that ``settings`` ask for; a clock or a mailer may be handed in by tests."""
    return Engines(
        clock=clock or _clock(settings),
        search=WhooshSearchBackend(settings.search_dir),
        storage=FolderStorage(settings.media_dir),
        payment=ManualPaymentGateway(settings.bank_details),
        mail=mail or _mailer(settings),
    )


def _clock(settings: Settings) -> Clock:
    return ShiftedClock(settings.clock_shift) if settings.clock_shift else SystemClock()


def _mailer(settings: Settings) -> Mailer:
    if settings.mail_url.startswith("smtp://"):
        return SmtpMailer(settings.mail_url, settings.mail_from)
    return ConsoleMailer()
