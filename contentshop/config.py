"""Settings from the environment: the only reader of it.

Every variable starts with ``CONTENTSHOP_`` and is listed in ``docs/settings.md``. All mistakes are told at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from babel.core import get_global
from environs import Env, EnvError
from marshmallow import ValidationError
from marshmallow.validate import Length, OneOf, Range

from contentshop.core.money import is_currency

DEVELOPMENT_SECRET = "development-only-secret-never-use-in-production"
PREFIX = "CONTENTSHOP_"
LOCALES = ("en", "zh")


class SettingsError(Exception):
    """The environment cannot be used; the message lists everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class ShippingRule:
    """Postage of one currency in minor units: ``flat`` for an order, free from ``free_from`` on (None: never)."""

    flat: int
    free_from: int | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. Paths are absolute; times are in the unit of their name."""

    environment: str = "development"
    secret_key: str = DEVELOPMENT_SECRET
    data_dir: Path = Path("instance")
    media_dir: Path = Path("media")
    database_url: str = ""
    search_url: str = ""
    site_name: str = "contentshop"
    site_url: str = "http://127.0.0.1:8000"
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    locale: str = "en"
    region: str = "US"
    currency: str = "USD"
    regions: tuple[str, ...] = ("US", "CN")
    currencies: tuple[str, ...] = ("USD", "CNY")
    open_creators: bool = True
    mail_url: str = "console://"
    mail_from: str = "contentshop <no-reply@localhost>"
    contact: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    web_processes: int = 2
    pay_within_hours: int = 72
    confirm_days: int = 10
    return_days: int = 7
    fault_days: int = 30
    protection_days: int = 7
    seller: str = ""
    return_address: str = ""
    price_max_age_hours: int = 72
    commission_ppm: int = 50_000
    shipping: dict[str, ShippingRule] = field(default_factory=dict)
    payment_methods: tuple[str, ...] = ()
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_address: str = ""
    alipay_app_id: str = ""
    alipay_private_key: str = ""
    alipay_public_key: str = ""
    alipay_address: str = ""
    wechat_merchant: str = ""
    wechat_app_id: str = ""
    wechat_private_key: str = ""
    wechat_serial: str = ""
    wechat_api_key: str = ""
    wechat_public_key: str = ""
    wechat_public_key_id: str = ""
    wechat_address: str = ""
    gift_card_months: int = 36
    bank_details: str = "Account holder: contentshop demo\nIBAN: DE00 0000 0000 0000 0000 00"
    password_cost: str = "standard"
    rate_limits: bool = True
    page_cache: bool = True
    media_max_mb: int = 500
    live_streams: int = 0
    log_format: str = "console"
    log_level: str = "INFO"
    clock_shift: int = 0
    stand_ins: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def secure(self) -> bool:
        """Whether the site is reached over HTTPS, so that cookies may insist on it."""
        return urlsplit(self.site_url).scheme == "https"

    @property
    def search_dir(self) -> Path:
        return self.data_dir / "search"

    @property
    def spool_dir(self) -> Path:
        """Where clicks wait until the worker has put them into the database."""
        return self.data_dir / "clicks"

    @property
    def search_spool_dir(self) -> Path:
        """Where searches wait until the worker has counted them."""
        return self.data_dir / "searches"


DEFAULT_SHIPPING = '{"USD": {"flat": 599, "free_from": 4900}, "CNY": {"flat": 1000, "free_from": 9900}}'


def from_environment() -> Settings:
    """Read the settings. Raises SettingsError that names every bad variable and says what it takes."""
    env = Env(eager=False, prefix=PREFIX)
    folder = Path(env.str("DATA_DIR", "instance") or "instance").resolve()
    values: dict[str, object] = {
        "environment": env.str("ENV", "development", validate=OneOf(["development", "production"])),
        "secret_key": env.str("SECRET_KEY", DEVELOPMENT_SECRET, validate=Length(min=16)),
        "data_dir": folder,
        "media_dir": Path(env.str("MEDIA_DIR", "media") or "media").resolve(),
        "database_url": env.str("DATABASE_URL", "") or f"sqlite:///{folder / 'contentshop.db'}",
        "search_url": env.str("SEARCH_URL", ""),
        "site_name": env.str("SITE_NAME", "contentshop"),
        "site_url": (env.str("SITE_URL", "") or "").rstrip("/"),
        "trusted_hosts": tuple(env.list("TRUSTED_HOSTS", []) or ()),
        "trusted_proxies": env.int("TRUSTED_PROXIES", 0, validate=Range(min=0, max=5)),
        "locale": env.str("LOCALE", "en", validate=OneOf(LOCALES)),
        "region": env.str("REGION", "US"),
        "currency": env.str("CURRENCY", "USD"),
        "regions": tuple(env.list("REGIONS", ["US", "CN"]) or ()),
        "currencies": tuple(env.list("CURRENCIES", ["USD", "CNY"]) or ()),
        "open_creators": env.bool("OPEN_CREATORS", True),
        "mail_url": env.str("MAIL_URL", "console://"),
        "mail_from": env.str("MAIL_FROM", "contentshop <no-reply@localhost>"),
        "host": env.str("HOST", "127.0.0.1"),
        "port": env.int("PORT", 8000, validate=Range(min=1, max=65535)),
        "web_processes": env.int("WEB_PROCESSES", 2, validate=Range(min=1, max=64)),
        "pay_within_hours": env.int("PAY_WITHIN_HOURS", 72, validate=Range(min=1)),
        "confirm_days": env.int("CONFIRM_DAYS", 10, validate=Range(min=1, max=365)),
        "return_days": env.int("RETURN_DAYS", 7, validate=Range(min=0, max=365)),
        "fault_days": env.int("FAULT_DAYS", 30, validate=Range(min=1, max=3650)),
        "protection_days": env.int("PROTECTION_DAYS", 7, validate=Range(min=0, max=365)),
        "contact": env.str("CONTACT", ""),
        "seller": env.str("SELLER", ""),
        "return_address": env.str("RETURN_ADDRESS", ""),
        "commission_ppm": env.int("COMMISSION_PPM", 50_000, validate=Range(min=0, max=1_000_000)),
        "price_max_age_hours": env.int("PRICE_MAX_AGE_HOURS", 72, validate=Range(min=1)),
        "shipping": env.str("SHIPPING", DEFAULT_SHIPPING),
        "payment_methods": tuple(env.list("PAYMENT_METHODS", []) or ()),
        "stripe_secret_key": env.str("STRIPE_SECRET_KEY", ""),
        "stripe_webhook_secret": env.str("STRIPE_WEBHOOK_SECRET", ""),
        "stripe_address": env.str("STRIPE_ADDRESS", ""),
        "alipay_app_id": env.str("ALIPAY_APP_ID", ""),
        "alipay_private_key": env.str("ALIPAY_PRIVATE_KEY", ""),
        "alipay_public_key": env.str("ALIPAY_PUBLIC_KEY", ""),
        "alipay_address": env.str("ALIPAY_ADDRESS", ""),
        "wechat_merchant": env.str("WECHAT_MERCHANT", ""),
        "wechat_app_id": env.str("WECHAT_APP_ID", ""),
        "wechat_private_key": env.str("WECHAT_PRIVATE_KEY", ""),
        "wechat_serial": env.str("WECHAT_SERIAL", ""),
        "wechat_api_key": env.str("WECHAT_API_KEY", ""),
        "wechat_public_key": env.str("WECHAT_PUBLIC_KEY", ""),
        "wechat_public_key_id": env.str("WECHAT_PUBLIC_KEY_ID", ""),
        "wechat_address": env.str("WECHAT_ADDRESS", ""),
        "gift_card_months": env.int("GIFT_CARD_MONTHS", 36, validate=Range(min=0, max=600)),
        "bank_details": env.str("BANK_DETAILS", Settings().bank_details),
        "password_cost": env.str("PASSWORD_COST", "standard", validate=OneOf(["standard", "cheap"])),
        "rate_limits": env.bool("RATE_LIMITS", True),
        "page_cache": env.bool("PAGE_CACHE", True),
        "media_max_mb": env.int("MEDIA_MAX_MB", 500, validate=Range(min=1, max=100_000)),
        "live_streams": env.int("LIVE_STREAMS", 0, validate=Range(min=0, max=1000)),
        "log_format": env.str("LOG_FORMAT", "console", validate=OneOf(["console", "json"])),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
        "clock_shift": env.int("CLOCK_SHIFT", 0),
        "stand_ins": env.list("STAND_INS", []),
    }
    mistakes: list[str] = []
    try:
        env.seal()
    except EnvError as error:
        detail = getattr(error, "error_messages", None) or {"": [str(error)]}
        mistakes += [f"{name}: {' '.join(map(str, texts))}" for name, texts in detail.items()]
    except ValidationError as error:  # pragma: no cover - environs wraps these, kept for older releases
        mistakes.append(str(error))
    if not mistakes:
        # Links in mails must lead here too when only the port was moved.
        values["site_url"] = values["site_url"] or f"http://127.0.0.1:{values['port']}"
        values["shipping"] = _shipping(str(values["shipping"]), mistakes)
        for name in KEY_FILES:
            values[name] = _key_text(name, str(values[name]), mistakes)
        values["stand_ins"] = _stand_ins(cast(list[str], values["stand_ins"]), mistakes)
        mistakes += _contradictions(values)
    if mistakes:
        raise SettingsError("The settings cannot be used:\n- " + "\n- ".join(mistakes))
    return Settings(**values)  # type: ignore[arg-type]


# Keys may be given as they are, or as the path of the file that holds them.
KEY_FILES = ("alipay_private_key", "alipay_public_key", "wechat_private_key", "wechat_public_key")

# What belongs together: all of it, or none. Addresses of stand-ins are for tests.
PROVIDERS = {
    "Stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "Alipay": ("alipay_app_id", "alipay_private_key", "alipay_public_key"),
    "WeChat Pay": (
        "wechat_merchant",
        "wechat_app_id",
        "wechat_private_key",
        "wechat_serial",
        "wechat_api_key",
        "wechat_public_key",
        "wechat_public_key_id",
    ),
}


def _key_text(name: str, text: str, mistakes: list[str]) -> str:
    """A key in PEM; read from its file when a path was given."""
    if not text or "-----BEGIN" in text:
        return text.replace("\\n", "\n")
    try:
        return Path(text).read_text(encoding="ascii")
    except (OSError, ValueError):
        mistakes.append(f"{PREFIX}{name.upper()}: give the key in PEM, or the path of a file that holds it.")
        return ""


def _unfinished_providers(values: dict[str, object]) -> list[str]:
    found = []
    for provider, names in PROVIDERS.items():
        missing = [f"{PREFIX}{name.upper()}" for name in names if not values[name]]
        if missing and len(missing) < len(names):
            found.append(f"{', '.join(missing)}: {provider} needs it too.")
    if values["environment"] == "production":
        found += [
            f"{PREFIX}{name.upper()}: only tests may play a payment provider; take it out in production."
            for name in ("stripe_address", "alipay_address", "wechat_address")
            if values[name]
        ]
    return found


def _shipping(text: str, mistakes: list[str]) -> dict[str, ShippingRule]:
    try:
        table = json.loads(text)
        rules = {
            str(currency): ShippingRule(int(rule["flat"]), rule.get("free_from")) for currency, rule in table.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        mistakes.append(f"{PREFIX}SHIPPING: write it like {DEFAULT_SHIPPING} (minor units).")
        return {}
    return rules


def _stand_ins(entries: list[str], mistakes: list[str]) -> dict[str, tuple[str, int]]:
    """``host=address:port`` of shops that a test plays."""
    found = {}
    for entry in entries:
        host, _, place = entry.strip().partition("=")
        address, _, port = place.rpartition(":")
        if not host or not address or not port.isdigit():
            mistakes.append(f"{PREFIX}STAND_INS: write it like shop.test=127.0.0.1:8431.")
            return {}
        found[host.lower()] = (address, int(port))
    return found


def _contradictions(values: dict[str, object]) -> list[str]:
    found: list[str] = _unfinished_providers(values)
    if values["environment"] == "production":
        if values["secret_key"] == DEVELOPMENT_SECRET:
            found.append(
                f"{PREFIX}SECRET_KEY: production needs a secret of its own; make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
            )
        if values["clock_shift"]:
            found.append(f"{PREFIX}CLOCK_SHIFT: the clock may only be moved in development.")
        if values["stand_ins"]:
            found.append(f"{PREFIX}STAND_INS: only tests may play other sites; take it out in production.")
        if values["password_cost"] != "standard":
            found.append(f"{PREFIX}PASSWORD_COST: production needs the standard cost.")
    money = [str(values["currency"]), *cast(tuple[str, ...], values["currencies"])]
    found += [
        f"{PREFIX}CURRENCY/CURRENCIES: “{currency}” is not an ISO 4217 currency."
        for currency in money
        if not is_currency(currency)
    ]
    places = [str(values["region"]), *cast(tuple[str, ...], values["regions"])]
    found += [
        f"{PREFIX}REGION/REGIONS: “{region}” is not an ISO 3166 country."
        for region in places
        if region not in get_global("territory_languages")
    ]
    if values["search_url"] and not _is_search_url(str(values["search_url"])):
        found.append(f"{PREFIX}SEARCH_URL: write it like https://user:password@host:9200,host2:9200/name.")
    address = urlsplit(str(values["site_url"]))
    if address.scheme not in {"http", "https"} or not address.hostname:
        found.append(f"{PREFIX}SITE_URL: write the full address, like https://shop.example.")
    return found


def _is_search_url(text: str) -> bool:
    """Addresses of one cluster, separated by commas; later ones may leave out the scheme."""
    first, *others = text.split(",")
    try:
        addresses = [urlsplit(piece.strip() if "://" in piece else f"http://{piece.strip()}") for piece in others]
        addresses.append(urlsplit(first.strip()))
        return all(at.scheme in {"http", "https"} and at.hostname and (at.port or True) for at in addresses)
    except ValueError:  # a port that is no number
        return False
