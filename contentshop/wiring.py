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
from contentshop.payments.port import PaymentGateway
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
        payment=_payment(settings),
        mail=mail or _mailer(settings),
        fetcher=fetcher or _fetcher(settings),
    )


def _payment(settings: Settings) -> Gateways:
    """Every gateway that is configured; the manual one always is, unless ``payment_methods`` leaves it out."""
    gateways: list[PaymentGateway] = []
    try:
        # Extras: the site runs without them. What is not asked for is not loaded.
        if settings.stripe_secret_key:
            from contentshop.payments.backends.stripe import StripePaymentGateway

            gateways.append(
                StripePaymentGateway(
                    settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_address
                )
            )
        if settings.wechat_merchant:
            gateways.append(_wechat(settings))
        if settings.alipay_app_id:
            from contentshop.payments.backends.alipay import AlipayPaymentGateway

            gateways.append(
                AlipayPaymentGateway(
                    settings.alipay_app_id,
                    settings.alipay_private_key,
                    settings.alipay_public_key,
                    f"{settings.site_url}/hooks/payments/alipay",
                    settings.alipay_address,
                )
            )
    except ModuleNotFoundError as error:
        if error.name not in {"stripe", "alipay", "wechatpayv3"}:
            raise
        raise SettingsError(
            f"The settings ask for a payment provider whose library ({error.name}) is not installed; install it with "
            "`.venv/bin/pip install -c constraints.txt -e '.[payments]'`."
        ) from error
    except ValueError as error:
        raise SettingsError(f"A key of a payment provider cannot be used: {error}.") from error
    gateways.append(ManualPaymentGateway(settings.bank_details))
    unknown = set(settings.payment_methods) - set(Gateways(gateways).methods)
    if unknown:
        raise SettingsError(f"{PREFIX}PAYMENT_METHODS: {', '.join(sorted(unknown))} cannot be offered as it is set up.")
    return Gateways(gateways, settings.payment_methods)


def _wechat(settings: Settings) -> PaymentGateway:
    from contentshop.payments.backends.wechat import WechatPaymentGateway

    return WechatPaymentGateway(
        merchant=settings.wechat_merchant,
        app_id=settings.wechat_app_id,
        private_key=settings.wechat_private_key,
        certificate_serial=settings.wechat_serial,
        api_key=settings.wechat_api_key,
        public_key=settings.wechat_public_key,
        public_key_id=settings.wechat_public_key_id,
        notify_url=f"{settings.site_url}/hooks/payments/wechat_pay",
        address=settings.wechat_address,
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
