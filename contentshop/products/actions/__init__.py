"""Changes to products. None commits; the door does.

``saving`` is what operators do by hand, ``upserting`` what files and the demo do many at a time, ``importing``
the runs over files, ``shops`` the merchants, ``pasting`` what creators bring in by a page, ``looking`` what later
looks at such pages tell. Each change bumps ``product.version`` and records an event.
"""

from __future__ import annotations

from contentshop.products.actions.bulk import ENDINGS as PRICE_ENDINGS
from contentshop.products.actions.bulk import KINDS as BULK_KINDS
from contentshop.products.actions.bulk import BulkInput, BulkRow, apply_bulk, digest_of, preview_bulk, undo_bulk
from contentshop.products.actions.files import add_file, grant_downloads, keep_file, retire_file, use_download
from contentshop.products.actions.importing import (
    BatchReport,
    finish_import,
    import_batch,
    start_import,
)
from contentshop.products.actions.looking import note_look
from contentshop.products.actions.pasting import Found, add_found, correct_found, forget_readings, keep_reading
from contentshop.products.actions.places import save_location, save_supplier, set_location_active
from contentshop.products.actions.restocking import (
    ask_restock,
    confirm_restock,
    drop_alert,
    stop_restock,
    take_alert,
    take_restock,
)
from contentshop.products.actions.saving import (
    remove_picture,
    restore_offer,
    retire_offer,
    save_offer,
    save_product,
    save_variant,
    set_discontinued,
    set_picture,
    set_status,
)
from contentshop.products.actions.shops import approve_merchant, save_merchant, set_merchant_active
from contentshop.products.actions.stocktaking import close_stocktake, drop_stocktake, note_counts, open_stocktake
from contentshop.products.actions.tree import remove_attribute, remove_category, save_attribute, save_category
from contentshop.products.actions.upserting import Upserted, upsert_product, upsert_products
from contentshop.products.actions.varying import Generated, choose_variant_picture, set_options, set_variant_picture

__all__ = [
    "BULK_KINDS",
    "PRICE_ENDINGS",
    "BatchReport",
    "BulkInput",
    "BulkRow",
    "Found",
    "Generated",
    "Upserted",
    "add_file",
    "add_found",
    "apply_bulk",
    "approve_merchant",
    "ask_restock",
    "choose_variant_picture",
    "close_stocktake",
    "confirm_restock",
    "correct_found",
    "digest_of",
    "drop_alert",
    "drop_stocktake",
    "finish_import",
    "forget_readings",
    "grant_downloads",
    "import_batch",
    "keep_file",
    "keep_reading",
    "note_counts",
    "note_look",
    "open_stocktake",
    "preview_bulk",
    "remove_attribute",
    "remove_category",
    "remove_picture",
    "restore_offer",
    "retire_file",
    "retire_offer",
    "save_attribute",
    "save_category",
    "save_location",
    "save_merchant",
    "save_offer",
    "save_product",
    "save_supplier",
    "save_variant",
    "set_discontinued",
    "set_location_active",
    "set_merchant_active",
    "set_options",
    "set_picture",
    "set_status",
    "set_variant_picture",
    "start_import",
    "stop_restock",
    "take_alert",
    "take_restock",
    "undo_bulk",
    "upsert_product",
    "upsert_products",
    "use_download",
]
