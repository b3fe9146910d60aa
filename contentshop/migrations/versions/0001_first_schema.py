"""first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cart',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart')),
    sa.UniqueConstraint('key', name=op.f('uq_cart_key'))
    )
    op.create_table('click',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('clicked_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('card_key', sa.String(length=20), nullable=False),
    sa.Column('offer_key', sa.String(length=20), nullable=False),
    sa.Column('post_key', sa.String(length=20), nullable=False),
    sa.Column('creator_key', sa.String(length=20), nullable=False),
    sa.Column('visitor', sa.String(length=32), nullable=False),
    sa.Column('hour', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_click')),
    sa.UniqueConstraint('visitor', 'card_key', 'offer_key', 'hour', name=op.f('uq_click_visitor_card_key_offer_key_hour'))
    )
    with op.batch_alter_table('click', schema=None) as batch_op:
        batch_op.create_index('ix_click_card_time', ['card_key', 'clicked_at'], unique=False)
        batch_op.create_index('ix_click_creator_time', ['creator_key', 'clicked_at'], unique=False)

    op.create_table('click_spool_mark',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_click_spool_mark'))
    )
    op.create_table('import_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('last_line', sa.Integer(), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('updated', sa.Integer(), nullable=False),
    sa.Column('unchanged', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('pending', sa.JSON(), nullable=False),
    sa.Column('started_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('finished_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run')),
    sa.UniqueConstraint('digest', name=op.f('uq_import_run_digest'))
    )
    op.create_table('merchant',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('translations', sa.JSON(), nullable=False),
    sa.Column('domain', sa.String(length=120), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchant')),
    sa.UniqueConstraint('domain', name=op.f('uq_merchant_domain')),
    sa.UniqueConstraint('key', name=op.f('uq_merchant_key'))
    )
    op.create_table('outbox_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('happened_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('dispatched_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_event'))
    )
    with op.batch_alter_table('outbox_event', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_event_new', ['id'], unique=False, sqlite_where=sa.text('dispatched_at IS NULL'), postgresql_where=sa.text('dispatched_at IS NULL'))

    op.create_table('product',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('brand', sa.String(length=120), nullable=False),
    sa.Column('category', sa.String(length=120), nullable=False),
    sa.Column('gtin', sa.String(length=14), nullable=True),
    sa.Column('mpn', sa.String(length=80), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('lang', sa.String(length=10), nullable=False),
    sa.Column('attrs', sa.JSON(), nullable=False),
    sa.Column('translations', sa.JSON(), nullable=False),
    sa.Column('alternative_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('discontinued', sa.Boolean(), nullable=False),
    sa.Column('listed', sa.Boolean(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=True),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['alternative_id'], ['product.id'], name=op.f('fk_product_alternative_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('gtin', name=op.f('uq_product_gtin')),
    sa.UniqueConstraint('key', name=op.f('uq_product_key')),
    sa.UniqueConstraint('slug', name=op.f('uq_product_slug')),
    sa.UniqueConstraint('source', name=op.f('uq_product_source'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index('ix_product_listed_newest', ['listed', 'created_at'], unique=False)

    op.create_table('topic',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('slug', sa.String(length=60), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('intro', sa.Text(), nullable=False),
    sa.Column('translations', sa.JSON(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic')),
    sa.UniqueConstraint('slug', name=op.f('uq_topic_slug'))
    )
    op.create_table('user_account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('handle', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('bio', sa.Text(), nullable=False),
    sa.Column('locale', sa.String(length=10), nullable=False),
    sa.Column('blocked', sa.Boolean(), nullable=False),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("role IN ('reader', 'creator', 'editor', 'operator')", name=op.f('ck_user_account_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('email', name=op.f('uq_user_account_email')),
    sa.UniqueConstraint('handle', name=op.f('uq_user_account_handle')),
    sa.UniqueConstraint('key', name=op.f('uq_user_account_key'))
    )
    op.create_table('affiliate_program',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('merchant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('link_template', sa.String(length=500), nullable=False),
    sa.Column('tag', sa.String(length=80), nullable=False),
    sa.Column('tag_param', sa.String(length=40), nullable=False),
    sa.Column('sub_id_param', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchant.id'], name=op.f('fk_affiliate_program_merchant_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_affiliate_program')),
    sa.UniqueConstraint('merchant_id', name=op.f('uq_affiliate_program_merchant_id'))
    )
    op.create_table('asset',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('widths', sa.JSON(), nullable=False),
    sa.Column('alt', sa.String(length=300), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('width > 0 AND height > 0', name=op.f('ck_asset_size')),
    sa.ForeignKeyConstraint(['owner_id'], ['user_account.id'], name=op.f('fk_asset_owner_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asset')),
    sa.UniqueConstraint('key', name=op.f('uq_asset_key'))
    )
    with op.batch_alter_table('asset', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_asset_digest'), ['digest'], unique=False)

    op.create_table('featured_list',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('intro', sa.String(length=500), nullable=False),
    sa.Column('lang', sa.String(length=10), nullable=False),
    sa.Column('editor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['editor_id'], ['user_account.id'], name=op.f('fk_featured_list_editor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_featured_list')),
    sa.UniqueConstraint('key', name=op.f('uq_featured_list_key')),
    sa.UniqueConstraint('slug', name=op.f('uq_featured_list_slug'))
    )
    op.create_table('job',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reaction', sa.String(length=80), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('run_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('done_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failed_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['outbox_event.id'], name=op.f('fk_job_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_job_event_id'), ['event_id'], unique=False)
        batch_op.create_index('ix_job_waiting', ['reaction', 'run_at'], unique=False, sqlite_where=sa.text('done_at IS NULL AND failed_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND failed_at IS NULL'))

    op.create_table('post',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('live_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('lang', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=True),
    sa.Column('published_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('revised_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('article', 'list')", name=op.f('ck_post_kind')),
    sa.CheckConstraint("state <> 'published' OR live_id IS NOT NULL", name=op.f('ck_post_live')),
    sa.CheckConstraint("state IN ('draft', 'published', 'unpublished')", name=op.f('ck_post_state')),
    sa.ForeignKeyConstraint(['author_id'], ['user_account.id'], name=op.f('fk_post_author_id')),
    sa.ForeignKeyConstraint(['draft_id'], ['revision.id'], name=op.f('fk_post_draft_id'), use_alter=True),
    sa.ForeignKeyConstraint(['live_id'], ['revision.id'], name=op.f('fk_post_live_id'), use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('key', name=op.f('uq_post_key')),
    sa.UniqueConstraint('slug', name=op.f('uq_post_slug')),
    sa.UniqueConstraint('source', name=op.f('uq_post_source'))
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_author_id'), ['author_id'], unique=False)
        batch_op.create_index('ix_post_newest', ['state', 'published_at'], unique=False)

    op.create_table('shop_order',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('payment_method', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('items_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('shipping_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('total_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('locale', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('region', sa.String(length=80), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.Column('postcode', sa.String(length=20), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('tracking', sa.String(length=80), nullable=False),
    sa.Column('attempt_key', sa.String(length=40), nullable=False),
    sa.Column('attempt_digest', sa.String(length=64), nullable=False),
    sa.Column('placed_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('pay_by', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('paid_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('shipped_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("payment_method IN ('bank_transfer', 'on_delivery')", name=op.f('ck_shop_order_payment_method')),
    sa.CheckConstraint("state IN ('placed', 'paid', 'shipped', 'cancelled')", name=op.f('ck_shop_order_state')),
    sa.CheckConstraint('items_minor >= 0 AND shipping_minor >= 0', name=op.f('ck_shop_order_amounts')),
    sa.CheckConstraint('total_minor = items_minor + shipping_minor', name=op.f('ck_shop_order_total')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_shop_order_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shop_order')),
    sa.UniqueConstraint('attempt_key', name=op.f('uq_shop_order_attempt_key')),
    sa.UniqueConstraint('key', name=op.f('uq_shop_order_key'))
    )
    with op.batch_alter_table('shop_order', schema=None) as batch_op:
        batch_op.create_index('ix_shop_order_queue', ['state', 'placed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_shop_order_user_id'), ['user_id'], unique=False)

    op.create_table('user_session',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_agent', sa.String(length=200), nullable=False),
    sa.Column('created_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_user_session_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_user_session_token_hash'))
    )
    with op.batch_alter_table('user_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_session_user_id'), ['user_id'], unique=False)

    op.create_table('variant',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sku', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('translations', sa.JSON(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_variant_product_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_variant')),
    sa.UniqueConstraint('key', name=op.f('uq_variant_key')),
    sa.UniqueConstraint('sku', name=op.f('uq_variant_sku'))
    )
    with op.batch_alter_table('variant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_variant_product_id'), ['product_id'], unique=False)

    op.create_table('card',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('post_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('alternative_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['alternative_id'], ['product.id'], name=op.f('fk_card_alternative_id')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_card_post_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_card_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card')),
    sa.UniqueConstraint('key', name=op.f('uq_card_key'))
    )
    with op.batch_alter_table('card', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_card_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_card_product_id'), ['product_id'], unique=False)

    op.create_table('cart_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('cart_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_key', sa.String(length=20), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity BETWEEN 1 AND 99', name=op.f('ck_cart_line_quantity')),
    sa.ForeignKeyConstraint(['cart_id'], ['cart.id'], name=op.f('fk_cart_line_cart_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_cart_line_variant_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart_line')),
    sa.UniqueConstraint('cart_id', 'variant_id', 'card_key', name=op.f('uq_cart_line_cart_id_variant_id_card_key'))
    )
    op.create_table('featured_item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('list_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.CheckConstraint('(post_id IS NULL) <> (product_id IS NULL)', name=op.f('ck_featured_item_one_target')),
    sa.ForeignKeyConstraint(['list_id'], ['featured_list.id'], name=op.f('fk_featured_item_list_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_featured_item_post_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_featured_item_product_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_featured_item')),
    sa.UniqueConstraint('list_id', 'position', name=op.f('uq_featured_item_list_id_position'))
    )
    with op.batch_alter_table('featured_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_featured_item_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_featured_item_product_id'), ['product_id'], unique=False)

    op.create_table('offer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('merchant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('price_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('region', sa.String(length=2), nullable=False),
    sa.Column('availability', sa.String(length=20), nullable=False),
    sa.Column('health', sa.String(length=20), nullable=False),
    sa.Column('checked_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.CheckConstraint("(kind = 'own' AND variant_id IS NOT NULL AND merchant_id IS NULL AND price_minor IS NOT NULL) OR (kind = 'affiliate' AND merchant_id IS NOT NULL AND url <> '')", name=op.f('ck_offer_shape')),
    sa.CheckConstraint("availability IN ('in_stock', 'preorder', 'backorder', 'special_order', 'out_of_stock', 'discontinued', 'unknown')", name=op.f('ck_offer_availability')),
    sa.CheckConstraint("health IN ('alive', 'dead', 'inconclusive')", name=op.f('ck_offer_health')),
    sa.CheckConstraint("kind IN ('own', 'affiliate')", name=op.f('ck_offer_kind')),
    sa.CheckConstraint('price_minor IS NULL OR price_minor >= 0', name=op.f('ck_offer_price')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchant.id'], name=op.f('fk_offer_merchant_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_offer_product_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_offer_variant_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer')),
    sa.UniqueConstraint('key', name=op.f('uq_offer_key'))
    )
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offer_merchant_id'), ['merchant_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offer_product_id'), ['product_id'], unique=False)
        batch_op.create_index('uq_offer_own', ['variant_id', 'currency', 'region'], unique=True, sqlite_where=sa.text("kind = 'own'"), postgresql_where=sa.text("kind = 'own'"))

    op.create_table('order_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('actor', sa.String(length=20), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('happened_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['shop_order.id'], name=op.f('fk_order_event_order_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_event'))
    )
    with op.batch_alter_table('order_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_event_order_id'), ['order_id'], unique=False)

    op.create_table('post_topic',
    sa.Column('post_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('topic', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_topic_post_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'topic', name=op.f('pk_post_topic'))
    )
    with op.batch_alter_table('post_topic', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_topic_topic'), ['topic'], unique=False)

    op.create_table('product_picture',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('asset_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('alt', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_product_picture_asset_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_picture_product_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('product_id', 'position', name=op.f('pk_product_picture'))
    )
    op.create_table('reservation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('holder', sa.String(length=40), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('expires_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('held', 'taken', 'released')", name=op.f('ck_reservation_state')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_reservation_quantity')),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_reservation_variant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reservation')),
    sa.UniqueConstraint('holder', 'variant_id', name=op.f('uq_reservation_holder_variant_id'))
    )
    with op.batch_alter_table('reservation', schema=None) as batch_op:
        batch_op.create_index('ix_reservation_expiry', ['state', 'expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_reservation_holder'), ['holder'], unique=False)
        batch_op.create_index(batch_op.f('ix_reservation_variant_id'), ['variant_id'], unique=False)

    op.create_table('revision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('post_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('summary', sa.String(length=500), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('tested', sa.String(length=500), nullable=False),
    sa.Column('relation', sa.String(length=12), nullable=False),
    sa.Column('topics', sa.JSON(), nullable=False),
    sa.Column('cover_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('cover_alt', sa.String(length=300), nullable=False),
    sa.Column('segments', sa.JSON(), nullable=False),
    sa.Column('headings', sa.JSON(), nullable=False),
    sa.Column('cards', sa.JSON(), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('renderer_version', sa.Integer(), nullable=False),
    sa.Column('saved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('saved_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("relation IN ('none', 'affiliate', 'own', 'gifted', 'lent', 'paid')", name=op.f('ck_revision_relation')),
    sa.ForeignKeyConstraint(['cover_id'], ['asset.id'], name=op.f('fk_revision_cover_id')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_revision_post_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['saved_by'], ['user_account.id'], name=op.f('fk_revision_saved_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revision')),
    sa.UniqueConstraint('post_id', 'number', name=op.f('uq_revision_post_id_number'))
    )
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_revision_post_id'), ['post_id'], unique=False)

    op.create_table('slot',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('list_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('starts_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("place IN ('home')", name=op.f('ck_slot_place')),
    sa.CheckConstraint('ends_at IS NULL OR ends_at > starts_at', name=op.f('ck_slot_period')),
    sa.ForeignKeyConstraint(['list_id'], ['featured_list.id'], name=op.f('fk_slot_list_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot'))
    )
    with op.batch_alter_table('slot', schema=None) as batch_op:
        batch_op.create_index('ix_slot_place_start', ['place', 'starts_at'], unique=False)

    op.create_table('stock',
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('on_hand', sa.Integer(), nullable=False),
    sa.Column('reserved', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('on_hand >= 0', name=op.f('ck_stock_on_hand')),
    sa.CheckConstraint('reserved >= 0 AND reserved <= on_hand', name=op.f('ck_stock_reserved')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_stock_product_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_stock_variant_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('variant_id', name=op.f('pk_stock'))
    )
    with op.batch_alter_table('stock', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stock_product_id'), ['product_id'], unique=False)

    op.create_table('stock_movement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delta', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=40), nullable=False),
    sa.Column('actor', sa.String(length=20), nullable=False),
    sa.Column('moved_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_stock_movement_variant_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_movement'))
    )
    with op.batch_alter_table('stock_movement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stock_movement_variant_id'), ['variant_id'], unique=False)

    op.create_table('order_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('offer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sku', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('variant_name', sa.String(length=120), nullable=False),
    sa.Column('unit_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('total_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('card_key', sa.String(length=20), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_order_line_quantity')),
    sa.CheckConstraint('unit_minor >= 0 AND total_minor = unit_minor * quantity', name=op.f('ck_order_line_total')),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_order_line_offer_id')),
    sa.ForeignKeyConstraint(['order_id'], ['shop_order.id'], name=op.f('fk_order_line_order_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['variant_id'], ['variant.id'], name=op.f('fk_order_line_variant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_line'))
    )
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_line_card_key'), ['card_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_line_order_id'), ['order_id'], unique=False)
    if op.get_bind().dialect.name != "sqlite":
        # Post and revision point at each other; SQLite takes both keys with the tables, others one by one.
        op.create_foreign_key(op.f('fk_post_draft_id'), 'post', 'revision', ['draft_id'], ['id'])
        op.create_foreign_key(op.f('fk_post_live_id'), 'post', 'revision', ['live_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_line_order_id'))
        batch_op.drop_index(batch_op.f('ix_order_line_card_key'))

    op.drop_table('order_line')
    with op.batch_alter_table('stock_movement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stock_movement_variant_id'))

    op.drop_table('stock_movement')
    with op.batch_alter_table('stock', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stock_product_id'))

    op.drop_table('stock')
    with op.batch_alter_table('slot', schema=None) as batch_op:
        batch_op.drop_index('ix_slot_place_start')

    op.drop_table('slot')
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_revision_post_id'))

    op.drop_table('revision')
    with op.batch_alter_table('reservation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reservation_variant_id'))
        batch_op.drop_index(batch_op.f('ix_reservation_holder'))
        batch_op.drop_index('ix_reservation_expiry')

    op.drop_table('reservation')
    op.drop_table('product_picture')
    with op.batch_alter_table('post_topic', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_post_topic_topic'))

    op.drop_table('post_topic')
    with op.batch_alter_table('order_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_event_order_id'))

    op.drop_table('order_event')
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.drop_index('uq_offer_own', sqlite_where=sa.text("kind = 'own'"), postgresql_where=sa.text("kind = 'own'"))
        batch_op.drop_index(batch_op.f('ix_offer_product_id'))
        batch_op.drop_index(batch_op.f('ix_offer_merchant_id'))

    op.drop_table('offer')
    with op.batch_alter_table('featured_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_featured_item_product_id'))
        batch_op.drop_index(batch_op.f('ix_featured_item_post_id'))

    op.drop_table('featured_item')
    op.drop_table('cart_line')
    with op.batch_alter_table('card', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_card_product_id'))
        batch_op.drop_index(batch_op.f('ix_card_post_id'))

    op.drop_table('card')
    with op.batch_alter_table('variant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_variant_product_id'))

    op.drop_table('variant')
    with op.batch_alter_table('user_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_user_session_user_id'))

    op.drop_table('user_session')
    with op.batch_alter_table('shop_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shop_order_user_id'))
        batch_op.drop_index('ix_shop_order_queue')

    op.drop_table('shop_order')
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.drop_index('ix_post_newest')
        batch_op.drop_index(batch_op.f('ix_post_author_id'))

    op.drop_table('post')
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_index('ix_job_waiting', sqlite_where=sa.text('done_at IS NULL AND failed_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND failed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_job_event_id'))

    op.drop_table('job')
    op.drop_table('featured_list')
    with op.batch_alter_table('asset', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_asset_digest'))

    op.drop_table('asset')
    op.drop_table('affiliate_program')
    op.drop_table('user_account')
    op.drop_table('topic')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index('ix_product_listed_newest')

    op.drop_table('product')
    with op.batch_alter_table('outbox_event', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_event_new', sqlite_where=sa.text('dispatched_at IS NULL'), postgresql_where=sa.text('dispatched_at IS NULL'))

    op.drop_table('outbox_event')
    op.drop_table('merchant')
    op.drop_table('import_run')
    op.drop_table('click_spool_mark')
    with op.batch_alter_table('click', schema=None) as batch_op:
        batch_op.drop_index('ix_click_creator_time')
        batch_op.drop_index('ix_click_card_time')

    op.drop_table('click')
    op.drop_table('cart')
