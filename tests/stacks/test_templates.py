import json
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from service.documents import document
from service.logs import EXTRA_FIELD
from service.recognition.errors import InvalidParameter, InvalidTemplate, RequestError
from service.stacks import templates
from service.stacks.templates import (
    TemplateNotFound,
    TemplatesReadOnly,
    TemplateStore,
    TemplatesUnavailable,
    TooManyTemplates,
    chosen,
)
from tests.pictures import draw_seven, png
from tests.stacks.tally_form import pdf

# The least that is a template, so that it is looked at in no time.
PAGE = draw_seven(200)
BLANK = png(PAGE)
BOX = {"x": 0.1, "y": 0.1, "width": 0.3, "height": 0.3}
FIELDS = [{"name": name, "kind": "digit", "box": BOX} for name in ("a", "b")]
TEMPLATE = {"pages": [{"width_mm": 60, "height_mm": 60}], "fields": FIELDS}
TEMPLATE_JSON = json.dumps({**TEMPLATE, "rules": [{"rule": "equal", "of": ["a"], "equals": "b"}]}).encode()
OTHER_JSON = json.dumps(TEMPLATE).encode()


def store_in(folder, **options) -> TemplateStore:
    return TemplateStore(folder, **{"max_pixels": 25_000_000, "lists": {}, **options})


@pytest.fixture
def store(tmp_path) -> TemplateStore:
    return store_in(tmp_path / "templates")


def test_stored_template_comes_back_as_it_was_sent(store):
    saved, is_new = store.save("tally", TEMPLATE_JSON, [BLANK])
    loaded = store.load("tally")

    assert is_new
    assert store.names() == ["tally"]
    assert (loaded.name, loaded.source, loaded.page_files) == ("tally", TEMPLATE_JSON, (BLANK,))
    assert loaded.template == saved.template
    assert np.array_equal(next(loaded.pictures()), PAGE)


def test_template_takes_the_place_of_the_one_of_its_name(store):
    store.save("tally", TEMPLATE_JSON, [BLANK])
    assert store.load("tally").template.rules
    _, is_new = store.save("tally", OTHER_JSON, [BLANK])

    assert not is_new
    assert not store.load("tally").template.rules


def test_other_processes_see_what_is_stored_replaced_and_deleted(tmp_path):
    one, other = store_in(tmp_path), store_in(tmp_path)
    one.save("tally", TEMPLATE_JSON, [BLANK])
    assert other.load("tally").template.rules
    one.save("tally", OTHER_JSON, [BLANK])
    assert not other.load("tally").template.rules
    one.delete("tally")
    with pytest.raises(TemplateNotFound):
        other.load("tally")


def test_template_is_read_once_while_it_stays_the_same(store):
    store.save("tally", TEMPLATE_JSON, [BLANK])

    assert store.load("tally") is store.load("tally")


def test_the_same_template_is_the_same_file(tmp_path):
    contents = set()
    for name in ("one", "two"):
        store_in(tmp_path / name).save("tally", TEMPLATE_JSON, [BLANK])
        contents.add((tmp_path / name / "tally.template").read_bytes())

    assert len(contents) == 1


def test_only_so_many_blank_pages_are_kept_in_memory(store, monkeypatch):
    monkeypatch.setattr(templates, "MAX_READY_PAGES", 2)
    for name in ("a", "b", "c"):
        store.save(name, TEMPLATE_JSON, [BLANK])
    first = store.load("a")
    store.load("b")
    assert store.load("a") is first
    store.load("c")  # b has not been used for longest
    assert store.load("a") is first
    assert list(store._ready) == ["c", "a"]


@pytest.mark.parametrize(
    "name", ["", "Tally", "a b", "../a", "a/b", "a.b", "-a", "_a", "x" * 65, "täl", "auto", ".", "..", "a\n", "a\x00"]
)
def test_name_that_is_none_leads_nowhere(store, tmp_path, name):
    with pytest.raises(InvalidParameter, match="`name` is"):
        store.save(name, TEMPLATE_JSON, [BLANK])
    with pytest.raises(TemplateNotFound):
        store.load(name)
    with pytest.raises(TemplateNotFound):
        store.delete(name)
    assert list(tmp_path.rglob("*")) == []


def test_bad_template_is_not_stored_and_the_old_one_stays(store):
    store.save("tally", TEMPLATE_JSON, [BLANK])
    with pytest.raises(InvalidTemplate):
        store.save("tally", b'{"fields": []}', [BLANK])

    assert store.load("tally").source == TEMPLATE_JSON


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ([BLANK, BLANK], "pages: has 1 entries, and 2 blank pages were sent"),
        ([pdf([PAGE] * 2)], "limit is 1"),
        ([BLANK[:-100]], "damaged or cut short"),
        ([b""], "0 bytes"),
    ],
    ids=["two pictures", "two pages", "cut short", "empty"],
)
def test_blank_pages_must_be_those_of_the_template(store, pages, told):
    with pytest.raises(RequestError, match=told):
        store.save("tally", TEMPLATE_JSON, pages)
    assert store.names() == []


def test_writing_that_fails_leaves_nothing_behind_and_is_for_the_operator(store, monkeypatch, caplog):
    store.save("tally", TEMPLATE_JSON, [BLANK])
    before = store._folder.joinpath("tally.template").read_bytes()

    def fail(file: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(TemplatesUnavailable, match="Tell the operator") as raised:
        store.save("tally", OTHER_JSON, [BLANK])
    assert "no space left" not in str(raised.value)
    assert "no space left" in str(getattr(caplog.records[-1], EXTRA_FIELD))

    assert [path.name for path in store._folder.iterdir()] == ["tally.template"]
    assert store._folder.joinpath("tally.template").read_bytes() == before


def test_readers_see_whole_templates_while_they_are_replaced(tmp_path):
    writer, reader = store_in(tmp_path), store_in(tmp_path)
    writer.save("tally", TEMPLATE_JSON, [BLANK])
    is_done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not is_done.is_set():
            seen.add(reader.load("tally").source)

    reading = threading.Thread(target=read)
    reading.start()
    for source in (OTHER_JSON, TEMPLATE_JSON):
        writer.save("tally", source, [BLANK])
    is_done.set()
    reading.join()
    assert seen <= {TEMPLATE_JSON, OTHER_JSON}


@pytest.mark.parametrize("content", [b"", b"PK", b"not a ZIP at all"])
def test_file_that_is_no_template_says_so(store, content):
    store._folder.mkdir()
    (store._folder / "tally.template").write_bytes(content)

    with pytest.raises(InvalidTemplate, match="'tally' is damaged"):
        store.load("tally")


def test_without_a_folder_none_are_stored():
    store = store_in(None)

    assert store.names() == []
    with pytest.raises(TemplateNotFound, match="None are stored"):
        store.load("tally")
    for change in (lambda: store.save("tally", TEMPLATE_JSON, [BLANK]), lambda: store.delete("tally")):
        with pytest.raises(TemplatesReadOnly, match="DIGITS_TEMPLATES_DIR"):
            change()


def test_there_is_a_limit_to_how_many_are_stored(store, monkeypatch):
    monkeypatch.setattr(templates, "MAX_TEMPLATES", 1)
    store.save("a", TEMPLATE_JSON, [BLANK])
    store.save("a", OTHER_JSON, [BLANK])
    with pytest.raises(TooManyTemplates):
        store.save("b", TEMPLATE_JSON, [BLANK])


def test_templates_are_chosen_by_name_or_all_of_them(store):
    for name in ("b", "a"):
        store.save(name, TEMPLATE_JSON, [BLANK])

    assert [one.name for one in chosen(["b"], store)] == ["b"]
    assert [one.name for one in chosen(["b", "a", "b"], store)] == ["b", "a"]
    assert [one.name for one in chosen(["auto"], store)] == ["a", "b"]
    with pytest.raises(TemplateNotFound, match=r"no template 'c'. Stored are: a, b."):
        chosen(["a", "c"], store)
    with pytest.raises(TemplateNotFound, match="none are stored"):
        chosen(["auto"], store_in(None))


def test_deleting_that_fails_is_for_the_operator(store, monkeypatch):
    store.save("tally", TEMPLATE_JSON, [BLANK])

    def fail(self: Path) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(TemplatesUnavailable):
        store.delete("tally")


def test_one_damaged_file_does_not_keep_the_others_from_being_chosen_from(store, caplog):
    store.save("good", TEMPLATE_JSON, [BLANK])
    (store._folder / "bad.template").write_bytes(b"not a ZIP at all")

    assert [one.name for one in chosen(["auto"], store)] == ["good"]
    assert getattr(caplog.records[-1], EXTRA_FIELD)["template"] == "bad"
    with pytest.raises(InvalidTemplate, match="'bad' is damaged"):
        chosen(["good", "bad"], store)


@pytest.mark.parametrize("names", [["auto"], ["a", "b", "c"]])
def test_no_more_pages_are_chosen_from_than_are_kept(store, monkeypatch, names):
    monkeypatch.setattr(templates, "MAX_READY_PAGES", 2)
    for name in ("a", "b", "c"):
        store.save(name, TEMPLATE_JSON, [BLANK])
    with pytest.raises(InvalidParameter, match="more than 2 pages together"):
        chosen(names, store)


def blank_of(width: int, height: int) -> np.ndarray:
    """A page with print on it."""
    return cv2.resize(PAGE, (width, height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (blank_of(1, 1), "its longer side must have 120 px"),
        (blank_of(100, 100), "a blank page of 100 x 100 px"),
        (blank_of(200, 300), "other proportions"),
        (np.full((200, 200), 255, np.uint8), "too little print"),
    ],
    ids=["a pixel", "too coarse", "of another shape", "empty"],
)
def test_blank_page_by_which_no_form_can_be_found_is_not_stored(store, page, told):
    with pytest.raises(InvalidTemplate, match=told) as raised:
        store.save("tally", TEMPLATE_JSON, [png(page)])
    assert "pages[0]" in str(raised.value)
    assert store.names() == []


def test_pages_are_decoded_one_at_a_time(store, monkeypatch):
    decoded = []
    two = {**TEMPLATE, "pages": TEMPLATE["pages"] * 2}
    template = store.brought(json.dumps(two).encode(), [BLANK, BLANK])
    monkeypatch.setattr(document, "decode_page", lambda data, **_: decoded.append(data) or PAGE)
    next(template.pictures())

    assert len(decoded) == 1
