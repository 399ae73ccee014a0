import pytest

from service.api.batch_formats import BatchFormat, preferred_format


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ("", BatchFormat.JSON),
        ("*/*", BatchFormat.JSON),
        ("application/json", BatchFormat.JSON),
        ("application/x-ndjson", BatchFormat.NDJSON),
        ("text/csv", BatchFormat.CSV),
        ("TEXT/CSV", BatchFormat.CSV),
        ("text/*", BatchFormat.CSV),
        ("application/*", BatchFormat.JSON),
        ("text/csv, application/json;q=0.9", BatchFormat.CSV),
        ("text/csv;q=0.5, application/x-ndjson;q=0.8, */*;q=0.1", BatchFormat.NDJSON),
        ("application/json;q=0, */*", BatchFormat.NDJSON),  # anything but JSON
        ("text/csv;q=0", BatchFormat.JSON),
        ("text/html, image/png", BatchFormat.JSON),  # none of ours: refused would be worse
        ("text/csv;q=abc", BatchFormat.JSON),
        ("text/csv; charset=utf-8; q=1.0", BatchFormat.CSV),
        (",;,=;q", BatchFormat.JSON),
    ],
)
def test_format_follows_the_header(accept, preferred):
    assert preferred_format(accept) is preferred
