"""The typed bundle of ports that doors and the worker are given. Which engine stands behind each: ``wiring``."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.clock import Clock
from contentshop.core.fetch import Fetcher
from contentshop.core.mail import Mailer
from contentshop.media.port import Storage
from contentshop.payments.gateways import Gateways
from contentshop.search.port import SearchBackend


@dataclass(frozen=True, slots=True)
class Engines:
    """One object for each port."""

    clock: Clock
    search: SearchBackend
    storage: Storage
    payment: Gateways
    mail: Mailer
    fetcher: Fetcher
