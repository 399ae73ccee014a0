"""A body read at a glance is read as the parser reads it, or not at all."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.sole_part import sole_part
from service.api.uploads import _read_part
from service.recognition.errors import DigitsError

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (HEAD + b"picture" + END, b"picture"),
        (HEAD + b"picture\r\n" + END, b"picture\r\n"),
        (HEAD + b"a\r\n\r\nb" + END, b"a\r\n\r\nb"),
        (HEAD + b"picture\r\n--b--", b"picture"),  # without the last line's end
        (HEAD.replace(b"Content-D", b"content-d") + b"x" + END, b"x"),
        (HEAD + END, None),  # no content
        (HEAD + b"picture", None),  # no end
        (HEAD + b"picture" + END + b"epilogue", None),
        (b"preamble\r\n" + HEAD + b"picture" + END, None),
        (HEAD + b"one\r\n" + HEAD + b"two" + END, None),  # two parts
        (HEAD + b"pic\r\n--bture" + END, None),  # something like a boundary inside
        (HEAD.replace(b"\r\n", b"\n") + b"picture" + END, None),
        (HEAD.replace(b"Content-Type", b"Content-Disposition") + b"x" + END, None),  # which of the two?
        (HEAD.replace(b"Content-Disposition", b"X-Other") + b"x" + END, None),
        (HEAD.replace(b"a.png", "\u00e4.png".encode()) + b"x" + END, None),
        (HEAD.replace(b"a.png", b"a" * 2000) + b"x" + END, None),
        (b"", None),
    ],
)
def test_bodies(body, content):
    found = sole_part(body, b"b")

    assert (found and found.content) == content
    assert found is None or found.disposition == 'form-data; name="file"; filename="a.png"'


@pytest.mark.parametrize("boundary", [b"", b" ", b"x" * 71, b"\r\n", b"a b"])
def test_odd_boundaries_are_for_the_parser(boundary):
    assert (
        sole_part(HEAD.replace(b"--b", b"--" + boundary) + b"x" + END.replace(b"--b", b"--" + boundary), boundary)
        is None
    )


def read(body: bytes, *, at_a_glance: bool) -> object:
    async def chunks():
        yield body

    try:
        announced = str(len(body)) if at_a_glance else ""
        return asyncio.run(_read_part(chunks(), b"b", 100, announced=announced))
    except DigitsError as error:
        return type(error), str(error)


pieces = st.sampled_from(
    [
        HEAD,
        END,
        b"--b",
        b"\r\n",
        b"\r\n\r\n",
        b"--",
        b"picture",
        b'Content-Disposition: form-data; name="other"',
        b"\x00",
    ]
)
bodies = st.one_of(
    st.lists(pieces | st.binary(max_size=5), max_size=8).map(b"".join),
    st.binary(max_size=120).map(lambda content: HEAD + content + END),
    st.lists(pieces, max_size=4).map(lambda parts: HEAD + b"".join(parts) + END),
)


@given(bodies)
def test_outcome_is_that_of_the_parser(body):
    assert read(body, at_a_glance=True) == read(body, at_a_glance=False)
