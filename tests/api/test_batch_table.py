import csv
import io

import pytest

from service.api.batch_table import HEADER, csv_line, plain, rows_of

DIGIT = {"digit": 7, "confidence": 0.5, "decision": "review", "reason": "uncertain"}
ERROR = {"status": 415, "code": "c", "detail": "d"}


@pytest.mark.parametrize(
    ("entry", "row"),
    [
        (
            {"index": 3, "filename": "a.png", "status": "ok", "result": DIGIT},
            "3,a.png,,,,7,0.5,review,uncertain,200,,",
        ),
        (
            {"index": 0, "filename": None, "status": "ok", "result": {**DIGIT, "digit": None}},
            "0,,,,,,0.5,review,uncertain,200,,",
        ),
        (
            {"index": 0, "filename": "a", "status": "ok", "result": {**DIGIT, "text": "007"}},
            "0,a,,,,007,0.5,review,uncertain,200,,",
        ),
        (
            {"index": 1, "filename": "a", "page": 2, "status": "error", "error": ERROR},
            "1,a,2,,,,,,,415,c,d",
        ),
    ],
    ids=["digit", "no digit", "number", "error on a page"],
)
def test_entry_is_a_row(entry, row):
    (cells,) = rows_of(entry)
    assert csv_line(cells) == f"{row}\r\n".encode()
    assert len(cells) == len(HEADER)


def test_form_has_a_row_for_every_field():
    fields = [
        {"name": "a", "value": "12", "confidence": 0.99, "decision": "accepted", "reason": None},
        {"name": "b", "value": "", "confidence": 0.9, "decision": "accepted", "reason": "blank"},
    ]
    result = {"template": "tally", "page": 1, "fields": fields, "checks": []}
    rows = rows_of({"index": 0, "filename": "a.pdf", "page": 4, "status": "ok", "result": result})

    assert [b"".join(csv_line(row) for row in rows).decode()] == [
        "0,a.pdf,4,tally,a,12,0.99,accepted,,200,,\r\n0,a.pdf,4,tally,b,,0.9,accepted,blank,200,,\r\n"
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", '=HYPERLINK("http://x","y")'])
def test_name_that_a_spreadsheet_would_compute_becomes_text(name):
    ((_, cell),) = csv.reader(io.StringIO(csv_line(["0", name]).decode(), newline=""))
    assert cell == f"'{name}"
    assert plain(cell) == name


def test_commas_quotes_and_line_ends_stay_in_their_cell():
    name = 'a,"b"\r\nc'
    ((_, cell),) = csv.reader(io.StringIO(csv_line(["0", name]).decode(), newline=""))
    assert cell == name
