"""Rate limits for what invites abuse: signing in, signing up, resetting passwords, placing orders,
typing codes, counting.

Counted in each process by itself, so a site with N web processes allows up to N times as many.
"""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, headers_enabled=False)

SIGN_IN = "10 per minute; 60 per hour"
SIGN_UP = "10 per hour"
RESET = "5 per hour"
CHECKOUT = "30 per minute"
CODES = "10 per minute; 60 per hour"
PICKS = "60 per minute"
UPLOADS = "300 per hour"
PAYOUTS = "10 per minute; 30 per hour"
SPEAKING = "20 per minute; 200 per hour"
READ_PAGES = "20 per minute; 300 per hour"
