"""A django-oscar shop as its documentation sets one up, to stand beside ours in ``flow.py``.

Runs in an environment of its own with django-oscar in it, never in ours. ``python oscar_site.py COUNT`` makes the
database named by ``OSCAR_DATABASE`` with COUNT products; ``application`` serves it. SQLite is asked for the same
durability as ours (WAL, FULL, writers queue at the start), pages are not in debug mode, mails go nowhere.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import oscar
from django.conf import settings

APPS = (
    *("catalogue", "catalogue.reviews", "analytics", "checkout", "address", "shipping", "communication", "partner"),
    *("basket", "payment", "offer", "order", "customer", "search", "voucher", "wishlists", "dashboard"),
    *(f"dashboard.{name}" for name in ("reports", "users", "orders", "catalogue", "offers", "partners", "pages")),
    *(f"dashboard.{name}" for name in ("ranges", "reviews", "vouchers", "communications", "shipping")),
)


def _config(name: str) -> str:
    """``dashboard.users`` → its configuration class."""
    parts = name.split(".")
    words = "".join(part.title() for part in (reversed(parts) if parts[0] == "dashboard" else parts))
    return f"oscar.apps.{name}.apps.{words}Config"


settings.configure(
    SECRET_KEY="for benchmarks only",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="oscar_site",
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["OSCAR_DATABASE"],
            "ATOMIC_REQUESTS": True,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    INSTALLED_APPS=[
        *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")),
        *(f"django.contrib.{name}" for name in ("staticfiles", "sites", "flatpages")),
        "oscar.config.Shop",
        *map(_config, APPS),
        *("widget_tweaks", "haystack", "treebeard", "sorl.thumbnail", "django_tables2"),
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "oscar.apps.basket.middleware.BasketMiddleware",
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    *("django.template.context_processors.request", "django.contrib.auth.context_processors.auth"),
                    *(
                        "django.contrib.messages.context_processors.messages",
                        "oscar.apps.search.context_processors.search_form",
                    ),
                    *("oscar.apps.checkout.context_processors.checkout", "oscar.core.context_processors.metadata"),
                    "oscar.apps.communication.notifications.context_processors.notifications",
                ]
            },
        }
    ],
    AUTHENTICATION_BACKENDS=("oscar.apps.customer.auth_backends.EmailBackend",),
    HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    MEDIA_ROOT=str(Path(oscar.__file__).parent / "static" / "oscar" / "img"),
    **{name: value for name, value in vars(__import__("oscar.defaults", fromlist=["*"])).items() if name.isupper()}
    | {"OSCAR_ALLOW_ANON_CHECKOUT": True, "OSCAR_DEFAULT_CURRENCY": "USD", "OSCAR_SAVE_SENT_EMAILS_TO_DB": False},
)

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("i18n/", include("django.conf.urls.i18n")), path("", include(apps.get_app_config("oscar").urls[0]))]
application = get_wsgi_application()


def fill(count: int) -> None:
    """Tables, a country and ``count`` products in stock."""
    from django.core.management import call_command
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0)
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="US", iso_3166_1_a3="USA", printable_name="United States", name="US", is_shipping_country=True
    )
    kind = get_model("catalogue", "ProductClass").objects.create(name="Things")
    partner = get_model("partner", "Partner").objects.create(name="Us")
    for number in range(count):
        words = {"title": f"Thing {number}", "upc": f"BENCH-{number}", "description": "For every day."}
        product = get_model("catalogue", "Product").objects.create(product_class=kind, **words)
        get_model("partner", "StockRecord").objects.create(
            product=product, partner=partner, partner_sku=f"BENCH-{number}", price="50.00", num_in_stock=1_000_000
        )


if __name__ == "__main__":
    sys.modules["oscar_site"] = sys.modules["__main__"]
    fill(int(sys.argv[1]))
