"""Reading product files."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contentshop.core.errors import Invalid
from contentshop.products import imports
from contentshop.products.imports import ImportOptions, RowError, check_options, read_batches, read_rows, scan_file
from contentshop.products.inputs import ProductInput

OPTIONS = ImportOptions("feed", currency="USD", price_unit="minor")
CHINESE = "这是一个很好的台灯，光线柔和，价格便宜，适合学生使用。"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(content, name)``: a file in a folder of its own."""

    def do(content: str | bytes, name: str = "file.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return do


def rows_of(path: Path) -> list[tuple[int, Any]]:
    return list(read_rows(scan_file(path)))


def outcome(path: Path, options: ImportOptions = OPTIONS) -> tuple[dict[int, ProductInput], dict[int, str]]:
    """(rows by line, errors by line)."""
    batches = list(read_batches(scan_file(path), options))
    rows = {number: row for batch in batches for number, row in batch.rows}
    return rows, {error.line: error.message for batch in batches for error in batch.errors}


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_json_lines_plain_and_gzipped_whatever_the_name(write: Callable[..., Path]) -> None:
    content = lines({"id": "1", "title": "Lamp"}, {"id": "2", "title": CHINESE}).encode()
    for name, data in (("a.jsonl", content), ("b.jsonl.gz", gzip.compress(content)), ("c.dat", gzip.compress(content))):
        path = write(data, name)
        scan = scan_file(path)
        assert (scan.shape, scan.encoding, scan.lines) == ("jsonl", "utf-8", 2)
        assert [row for _, row in rows_of(path)] == [{"id": "1", "title": "Lamp"}, {"id": "2", "title": CHINESE}]
    assert scan_file(write(content, "d.jsonl")).digest == scan.digest


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_encodings_are_recognised(write: Callable[..., Path], encoding: str) -> None:
    rows = [{"id": str(number), "title": f"{CHINESE} {number}"} for number in range(3)]
    found = rows_of(write(lines(*rows).encode(encoding)))
    assert found == [(number + 1, row) for number, row in enumerate(rows)]
    csv = "id,title\n" + "".join(f"{row['id']},{row['title']}\n" for row in rows)
    found = rows_of(write(csv.encode(encoding), "file.csv"))
    assert found == [(number + 2, row) for number, row in enumerate(rows)]


def test_lines_in_another_encoding_are_told_and_the_rest_is_read(write: Callable[..., Path]) -> None:
    good = lines({"id": "1", "title": "Café"}).encode()
    bad = lines({"id": "2", "title": "Größe"}).encode("latin-1")
    rows, errors = outcome(write(good * 1 + bad + lines({"id": "3", "title": "Plain"}).encode()))
    assert list(rows) == [1, 3]
    assert errors == {2: "The line is not valid UTF-8."}
    rows, errors = outcome(write("id,title\n1,Größe\n2,Plain\n".encode("latin-1"), "l.csv"))
    assert (list(rows), errors) == ([3], {2: "The line is not valid UTF-8."})


def test_broken_rows_are_told_with_their_line(write: Callable[..., Path]) -> None:
    content = "\n".join(
        [
            '{"id": "1", "title": "Lamp"}',
            "",
            '{"id": "3", "title": ',
            '["id", "4"]',
            '{"id": "5", "title": "x", "price": NaN}',
            '{"id": "6", "title": "x", "price": ' + "9" * 5000 + "}",
            "[" * 100_000,
            '{"id": "8"}',
            '{"id": "9", "title": "\\u0000\\ud800"}',
            "not json",
            '{"id": "11", "title": "Desk"}',
        ]
    )
    rows, errors = outcome(write(content))
    assert {number: row.title for number, row in rows.items()} == {1: "Lamp", 11: "Desk"}
    assert sorted(errors) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert errors[3].startswith("This is not JSON: ")
    assert errors[4] == 'This is not a JSON object, like {"title": …}.'
    assert errors[8] == "title: Write a title."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("title,sku,price\nLamp,L1,999\nDesk,D1,nine\n", (3, "price")),
        ("标题,货号,价格\n台灯,L1,nine\n", (2, "价格")),
        ("Title,Variant SKU,Variant Price\nLamp,L1,9.99\nDesk,D1,nine\n", (3, "Variant Price")),
        ("Title,SKU,Price,EAN\nLamp,L1,999,123\n", (2, "EAN")),
        (
            "Handle,Title,SKU,Variant Price\nlamp,Lamp,S,9.99\nlamp,,M,\nlamp,,L,nine\n",
            (4, "Variant Price"),
        ),
        ("row,slug,title,sku,price\nproduct,lamp,Lamp,,\nvariant,lamp,,L1,\noffer,lamp,,L1,nine\n", (4, "price")),
        ('{"title": "Lamp", "SKU": "L1", "Price": "nine"}\n', (1, "Price")),
        # Here this is the name that the file itself has.
        ('{"title": "Lamp", "offers": [{"sku": "L1", "price": "nine"}]}\n', (1, "offers.1.price")),
    ],
)
def test_what_is_wrong_is_told_by_the_line_and_column_of_the_file(
    write: Callable[..., Path], content: str, told: tuple[int, str]
) -> None:
    (batch,) = read_batches(scan_file(write(content, "file.csv" if content[0] != "{" else "file.jsonl")), OPTIONS)
    (error,) = batch.errors
    assert (error.line, error.message.partition(":")[0]) == told


def test_what_is_wrong_with_several_lines_names_each(write: Callable[..., Path]) -> None:
    content = "item_group_id,title,id,price,gtin,color\n1,Lamp,a,9,,red\n1,Lamp,b,nine,,blue\n1,Lamp,c,9,12,green\n"
    (batch,) = read_batches(scan_file(write(content, "file.csv")), OPTIONS)
    (error,) = batch.errors
    assert error.line in {3, 4}
    assert "price: “nine”" in error.message
    assert "gtin: " in error.message
    assert f"line {7 - error.line}: " in error.message


def test_a_line_without_end_is_cut(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports.lines, "MAX_LINE", 100)
    for encoding in ("utf-8", "utf-16"):
        content = '{"id":1,"title":"a"}\n{"title":"' + "x" * 1000 + '"}\n{"id":3,"title":"b"}'
        scan = scan_file(write(content.encode(encoding)))
        assert scan.lines == 3
        assert list(read_rows(scan)) == [
            (1, {"id": 1, "title": "a"}),
            (2, RowError(2, "The line is too long.")),
            (3, {"id": 3, "title": "b"}),
        ]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.jsonl"),
        (b"\n \n", "blank.csv"),
        (gzip.compress(b'{"title": "x"}\n' * 5000, mtime=0)[:60], "cut.jsonl.gz"),
        (b"\x1f\x8b rubbish", "bad.gz"),
        (b'[{"title": "x"}]', "list.json"),
        (b"a,b\n1,2\n", "columns.csv"),
        (b'"title', "open.csv"),
    ],
)
def test_files_that_cannot_be_used_are_refused_at_once(write: Callable[..., Path], content: bytes, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_options(scan_file(write(content, name)), OPTIONS)
    assert list(refused.value.fields) == ["file"]
    # Where it is kept for the moment is nobody's business.
    assert "/" not in str(refused.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        scan_file(tmp_path / "nothing.jsonl")
    with pytest.raises(Invalid):
        scan_file(tmp_path)


def test_csv_cells_lines_and_delimiters(write: Callable[..., Path]) -> None:
    content = 'id;title;description\n1;"Lamp; ""big""";"two\nlines"\n\n2;Desk\n3;Shelf;;extra\n4;"a"b;\n5;Chair;last'
    assert rows_of(write(content, "a.csv")) == [
        (2, {"id": "1", "title": 'Lamp; "big"', "body": "two\nlines"}),
        (5, {"id": "2", "title": "Desk"}),
        (6, RowError(6, "The row has 4 cells, the first line names 3.")),
        (7, RowError(7, "The row cannot be read: ';' expected after '\"'.")),
        (8, {"id": "5", "title": "Chair", "body": "last"}),
    ]
    assert rows_of(write("id\ttitle\n1\tLamp\n", "b.tsv")) == [(2, {"id": "1", "title": "Lamp"})]


def test_an_open_quote_costs_the_rows_it_swallows_and_no_more(write: Callable[..., Path]) -> None:
    content = 'id,title\n1,Lamp\n2,"Desk\n' + "".join(f"{n},Shelf {n}\n" for n in range(3, 20_000))
    rows, errors = outcome(write(content, "a.csv"))
    assert rows[2].title == "Lamp"
    assert list(errors)[:1] == [3]
    assert len(rows) > 5_000


def test_googles_feed(write: Callable[..., Path]) -> None:
    content = (
        "id,title,description,link,image_link,price,availability,brand,gtin,mpn\n"
        "g1,Lamp,Bright,https://www.shop.example/l,https://x.example/i.jpg,199.00 CNY,in_stock,Acme,4006381333931,L1\n"
        "g2,Desk,,https://www.shop.example/d,,99 USD,out of stock,,,\n"
    )
    path = write(content, "feed.csv")
    check_options(scan_file(path), ImportOptions("feed"))
    rows, errors = outcome(path, ImportOptions("feed", default_quantity=4))
    assert errors == {}
    assert (rows[2].source, rows[2].gtin, rows[2].mpn, rows[2].body) == ("feed:g1", "04006381333931", "L1", "Bright")
    assert [(o.kind, o.sku, o.price_minor, o.currency, o.quantity) for row in rows.values() for o in row.offers] == [
        ("own", "g1", 19900, "CNY", 4),
        ("own", "g2", 9900, "USD", 0),
    ]
    rows, _ = outcome(path, ImportOptions("feed", merchant="shop"))
    (offer,) = rows[3].offers
    assert (offer.kind, offer.merchant, offer.url, offer.availability) == (
        "affiliate",
        "shop",
        "https://www.shop.example/d",
        "out_of_stock",
    )
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert offer.checked_at == modified


def test_shopifys_export_has_a_product_over_several_lines(write: Callable[..., Path]) -> None:
    content = (
        "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Value,Variant SKU,Variant Price,"
        "Variant Inventory Qty,Image Src,Variant Barcode\n"
        "shirt,Shirt,<p>Soft<br>cotton</p>,Acme,Tops,TRUE,Small,SH-S,19.90,3,https://x.example/1.jpg,\n"
        "shirt,,,,,,Large,,21.90,0,https://x.example/2.jpg,\n"
        "shirt,,,,,,,,,,https://x.example/3.jpg,\n"
        "mug,Mug,,Acme,Kitchen,FALSE,Default Title,MUG,9.50,7,,4006381333931\n"
    )
    path = write(content, "shop.csv")
    options = ImportOptions("shop", currency="EUR")
    check_options(scan_file(path), options)
    rows, errors = outcome(path, options)
    assert errors == {}
    shirt, mug = rows[2], rows[5]
    assert (shirt.source, shirt.body, shirt.status) == ("shop:shirt", "Soft\ncotton", "active")
    assert [(v.sku, v.name) for v in shirt.variants] == [("SH-S", "Small"), ("shirt-2", "Large")]
    assert [(o.sku, o.price_minor, o.currency, o.quantity) for o in shirt.offers] == [
        ("SH-S", 1990, "EUR", 3),
        ("shirt-2", 2190, "EUR", 0),
    ]
    assert (mug.status, mug.gtin, mug.offers[0].sku) == ("draft", "04006381333931", "MUG")
    assert mug.offers[0].price_minor == 950


def test_the_unit_of_a_price_must_be_told(write: Callable[..., Path]) -> None:
    bare = write(lines({"id": "1", "title": "Lamp", "price": 4995}))
    for options, fields in (
        (ImportOptions("x"), ["currency", "price_unit"]),
        (ImportOptions("x", currency="USD"), ["price_unit"]),
        (ImportOptions("x", price_unit="minor"), ["currency"]),
    ):
        with pytest.raises(Invalid) as refused:
            check_options(scan_file(bare), options)
        assert sorted(refused.value.fields) == fields
    assert "--price-unit minor" in refused.value.message or "--currency" in refused.value.message
    check_options(scan_file(bare), OPTIONS)
    nested = write(lines({"title": "Lamp", "offers": [{"sku": "A", "price": 5, "currency": "USD"}]}), "n.jsonl")
    with pytest.raises(Invalid):
        check_options(scan_file(nested), ImportOptions("x"))
    for fine in ({"price_minor": 5, "currency": "USD"}, {"price": "5 USD"}, {"title": "no price"}, {"offers": ["?"]}):
        check_options(scan_file(write(lines({"title": "Lamp"} | fine), "f.jsonl")), ImportOptions("x"))


@pytest.mark.parametrize(
    ("unit", "price", "minor"), [("minor", 4995, 4995), ("major", 4995, 499500), ("major", 919.0, 91900)]
)
def test_prices_in_both_units(write: Callable[..., Path], unit: Any, price: float, minor: int) -> None:
    path = write(lines({"id": "1", "title": "Lamp", "price": price}, {"id": "2", "title": "L", "price_minor": 7}))
    rows, _ = outcome(path, ImportOptions("x", currency="USD", price_unit=unit))
    assert [row.offers[0].price_minor for row in rows.values()] == [minor, 7]


def test_our_own_shape(write: Callable[..., Path]) -> None:
    row = {
        "slug": "lamp",
        "title": "Lamp",
        "price": 5,
        "variants": [{"sku": "A", "name": "Red", "price": 7}, {"sku": "B"}],
    }
    rows, errors = outcome(write(lines(row)))
    assert errors == {}
    assert (rows[1].source, rows[1].slug) == (None, "lamp")
    assert [(o.sku, o.price_minor, o.quantity) for o in rows[1].offers] == [("A", 7, 0)]


def test_lines_of_one_handle_are_one_product_and_those_without_stand_alone(write: Callable[..., Path]) -> None:
    text = "Handle,Title,Variant SKU\nlamp,Lamp,L-1\nlamp,,L-2\n,Chair,C-1\n,Desk,D-1\n"
    found = rows_of(write(text, "shopify.csv"))
    assert [(number, row["title"], len(row.get("variants", ()))) for number, row in found] == [
        (2, "Lamp", 2),
        (4, "Chair", 0),
        (5, "Desk", 0),
    ]


def test_rows_are_known_by_id_handle_sku_or_title(write: Callable[..., Path]) -> None:
    rows, _ = outcome(
        write(
            lines(
                {"id": 7, "sku": "S", "title": "A", "price": 1},
                {"sku": "T", "title": "B", "price": 1},
                {"title": "Only a title"},
            )
        )
    )
    assert [(row.source, row.slug) for row in rows.values()] == [
        ("feed:7", ""),
        ("feed:T", ""),
        (None, "only-a-title"),
    ]
    assert [o.sku for row in rows.values() for o in row.offers] == ["S", "T"]


def test_what_the_file_says_twice_is_refused_the_second_time(write: Callable[..., Path]) -> None:
    content = lines(
        {"id": "1", "title": "A", "sku": "S", "price": 1},
        {"id": "2", "title": "B", "sku": "S", "price": 1},
        {"id": "1", "title": "C"},
        {"slug": "d", "title": "D"},
        {"slug": "d", "title": "E"},
        {"id": "2", "title": "F"},
    )
    path = write(content)
    rows, errors = outcome(path)
    assert list(rows) == [1, 4, 6]
    assert errors == {
        2: "The SKU “S” is in line 1 already.",
        3: "The id “1” is in line 1 already.",
        5: "The slug “d” is in line 4 already.",
    }
    late = list(read_batches(scan_file(path), OPTIONS, after=2))
    assert [error.line for batch in late for error in batch.errors] == [3, 5]


def test_batches_cover_every_line_once(write: Callable[..., Path]) -> None:
    path = write(lines(*({"id": str(n), "title": f"T{n}"} for n in range(1, 11))) + "\n\n")
    scan = scan_file(path)
    batches = list(read_batches(scan, OPTIONS, size=4))
    assert [(batch.last_line, [number for number, _ in batch.rows]) for batch in batches] == [
        (4, [1, 2, 3, 4]),
        (8, [5, 6, 7, 8]),
        (12, [9, 10]),
    ]
    for done in (0, 3, 8, 12):
        left = [number for batch in read_batches(scan, OPTIONS, after=done, size=4) for number, _ in batch.rows]
        assert left == list(range(done + 1, 11))


def test_names_of_columns_in_many_tongues(write: Callable[..., Path]) -> None:
    path = write("商品ID,商品名称,品牌,价格,库存,描述\nz1,台灯,明亮,919.5,3,很亮\n", "zh.csv")
    rows, errors = outcome(path, ImportOptions("zh", currency="CNY", price_unit="major", lang="zh"))
    assert errors == {}
    row = rows[2]
    assert (row.source, row.title, row.brand, row.body, row.lang) == ("zh:z1", "台灯", "明亮", "很亮", "zh")
    assert (row.offers[0].price_minor, row.offers[0].quantity) == (91950, 3)


def test_our_own_name_for_a_thing_goes_before_another(write: Callable[..., Path]) -> None:
    (found,) = rows_of(write(lines({"name": "other", "title": "Lamp", "type": "x", "Category": "Light"})))
    assert found[1]["title"] == "Lamp"


def test_when_merchants_prices_were_seen(write: Callable[..., Path]) -> None:
    offer = {"kind": "affiliate", "url": "https://a.example/", "currency": "USD"}
    path = write(lines({"title": "A", "offers": [offer, offer | {"region": "US", "checked_hours_ago": 2}]}))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    rows, _ = outcome(path)
    first, second = rows[1].offers
    assert first.checked_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (second.checked_at, second.checked_ago) == (None, timedelta(hours=2))


def test_an_import_is_known_by_content_and_options(write: Callable[..., Path]) -> None:
    one, same, other = (scan_file(write(text, name)) for text, name in (("{}", "a"), ("{}", "b"), ("{ }", "c")))
    digest = imports.run_digest(one, OPTIONS)
    assert imports.run_digest(same, OPTIONS) == digest
    assert imports.run_digest(other, OPTIONS) != digest
    assert imports.run_digest(one, ImportOptions("feed", currency="USD", price_unit="major")) != digest


@given(st.binary(max_size=300), st.sampled_from(["a.jsonl", "a.csv"]))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(content)
    try:
        scan = scan_file(path)
        check_options(scan, OPTIONS)
        batches = list(read_batches(scan, OPTIONS))
    except Invalid as refused:
        assert set(refused.fields) <= {"file", "price_unit", "currency"}  # noqa: PT017 - either outcome is right
    else:
        assert batches[-1].last_line == scan.lines
