"""Orders that have arrived, by hand, and photos: what tests of reviews have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.orders.models import Order, OrderEvent, OrderLine
from contentshop.products.models import Offer, Product
from tests.factories import Factory


def photo(colour: str = "red", form: str = "JPEG", size: tuple[int, int] = (400, 300)) -> BytesIO:
    """A picture file."""
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, form)
    return BytesIO(data.getvalue())


def received(
    make: Factory,
    user: User | None,
    *products: Product,
    state: str = "completed",
    at: datetime | None = None,
    cancelled: int = 0,
) -> str:
    """An order of one of each of ``products``; its key. ``at`` is when it arrived, by default a day ago."""
    arrived = at or make.now - timedelta(days=1)
    done = state == "completed"
    with make.unit()():
        order = Order(
            key=new_key(),
            user_id=user.id if user else None,
            state=state,
            payment_method="bank_transfer",
            currency="USD",
            items_minor=1000 * len(products),
            shipping_minor=0,
            total_minor=1000 * len(products),
            paid_minor=1000 * len(products),
            email=user.email if user else "guest@example.org",
            name="Ada Lovelace",
            country="US",
            city="Portland",
            address="12 Engine Street",
            attempt_key=new_key(24),
            attempt_digest="0" * 64,
            placed_at=arrived - timedelta(days=4),
            paid_at=arrived - timedelta(days=4),
            shipped_at=arrived - timedelta(days=2),
            completed_at=arrived if done else None,
        )
        for product in products:
            offer = db.session.query(Offer).filter_by(product_id=product.id, kind="own").first()
            assert offer is not None
            assert offer.variant_id is not None
            order.lines.append(
                OrderLine(
                    variant_id=offer.variant_id,
                    offer_id=offer.id,
                    sku=product.slug,
                    title=product.title,
                    unit_minor=1000,
                    quantity=1,
                    total_minor=1000,
                    shipped_quantity=0 if cancelled else 1,
                    cancelled_quantity=cancelled,
                )
            )
        order.events.append(OrderEvent(kind="placed", actor="system", happened_at=arrived - timedelta(days=4)))
        db.session.add(order)
    return order.key
