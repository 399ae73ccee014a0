"""Pages of forms, with networks that have no room."""

import pytest

from service.recognition.errors import QueueFull, RequestError
from service.runtime.threads import PictureThreads
from service.stacks import forms
from service.stacks.entries import SentFile
from service.stacks.form_template import FormTemplate
from service.stacks.forms import FormLimits, FormStack
from service.stacks.turns import NO_DEADLINE, StackTurns
from tests.pictures import png
from tests.stacks.tally_form import TEMPLATE_JSON, blank_page, filled_page

pytestmark = pytest.mark.anyio


class Cells:
    """Has no room a few times, and then refuses for good.

    Args:
        num_full: how often it has none.
    """

    def __init__(self, num_full: int) -> None:
        self.num_full = num_full

    async def read_inks(self, *_: object, **__: object) -> list:
        if self.num_full:
            self.num_full -= 1
            raise QueueFull("There is no room.", retry_after_s=0.01)
        raise RequestError("There is room now.")


async def test_page_is_found_once_however_often_the_networks_have_no_room(monkeypatch):
    found = []

    def find(*args: object) -> object:
        found.append(args)
        return find_template(*args)

    find_template = forms.find_template
    monkeypatch.setattr(forms, "find_template", find)
    threads = PictureThreads(num_threads=1, queue_limit=8)
    template = FormTemplate("tally", TEMPLATE_JSON, (png(blank_page()),), max_pixels=25_000_000).prepare()
    stack = FormStack(
        [template],
        cells=Cells(num_full=3),
        lines=None,
        turns=StackTurns(queue_limit=8, num_threads=1),
        threads=threads,
        limits=FormLimits(10_000_000, 25_000_000, max_pages=5, timeout_s=110.0),
        max_error=0.01,
    )
    (entry,) = [entry async for entry in stack.entries([SentFile(0, "a", png(filled_page({"a": 1})))], NO_DEADLINE)]
    threads.close()

    assert str(entry.outcome) == "There is room now."
    assert len(found) == 1
