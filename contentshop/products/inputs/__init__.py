"""What people, files and forms say about products, parsed and checked; used by every door alike."""

from __future__ import annotations

from contentshop.products.inputs.catalogue import (
    AttributeInput,
    CategoryInput,
    OptionInput,
    combinations,
    parse_options,
    write_choices,
    write_options,
)
from contentshop.products.inputs.codes import gtin_forms, gtin_shown, parse_gtin
from contentshop.products.inputs.fields import LANGUAGE, MAX_QUANTITY, Problems, line, parse_quantity
from contentshop.products.inputs.offers import (
    AVAILABILITIES,
    HEALTHS,
    OFFER_KINDS,
    OfferInput,
    check_offer_url,
    link_host,
    parse_availability,
)
from contentshop.products.inputs.places import LocationInput, SupplierInput
from contentshop.products.inputs.prices import PriceUnit, parse_price
from contentshop.products.inputs.properties import ATTRIBUTE_KINDS, NO, YES, Property, Rules, parse_attrs
from contentshop.products.inputs.shops import LOCKS, OFFER_LOCKS, PRODUCT_LOCKS, FoundInput, MerchantInput
from contentshop.products.inputs.things import ACTIVE, ARCHIVED, DRAFT, STATUSES, ProductInput
from contentshop.products.inputs.variants import TAX_CLASSES, VARIANT_FACTS, VariantInput

__all__ = [
    "ACTIVE",
    "ARCHIVED",
    "ATTRIBUTE_KINDS",
    "AVAILABILITIES",
    "DRAFT",
    "HEALTHS",
    "LANGUAGE",
    "LOCKS",
    "MAX_QUANTITY",
    "NO",
    "OFFER_KINDS",
    "OFFER_LOCKS",
    "PRODUCT_LOCKS",
    "STATUSES",
    "TAX_CLASSES",
    "VARIANT_FACTS",
    "YES",
    "AttributeInput",
    "CategoryInput",
    "FoundInput",
    "LocationInput",
    "MerchantInput",
    "OfferInput",
    "OptionInput",
    "PriceUnit",
    "Problems",
    "ProductInput",
    "Property",
    "Rules",
    "SupplierInput",
    "VariantInput",
    "check_offer_url",
    "combinations",
    "gtin_forms",
    "gtin_shown",
    "line",
    "link_host",
    "parse_attrs",
    "parse_availability",
    "parse_gtin",
    "parse_options",
    "parse_price",
    "parse_quantity",
    "write_choices",
    "write_options",
]
