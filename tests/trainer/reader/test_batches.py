from collections import Counter
from dataclasses import replace

from tests.trainer.lines.hands import drawn_hands
from trainer.configs import crnn
from trainer.data.lines.generator import LineGenerator
from trainer.data.lines.style import STACKED
from trainer.reader import batches
from trainer.reader.batches import compose_epoch
from trainer.reader.config import Portion

SHORT, SHORTER, SHORTEST = (replace(STACKED, max_length=length) for length in (3, 2, 1))
CONFIG = replace(
    crnn.CONFIG,
    numbers_per_epoch=40,
    columns_per_batch=512,
    first_style=SHORTEST,
    styles=(Portion(0.25, SHORT), Portion(0.75, SHORTER)),
)


def composed_styles(monkeypatch, epoch):
    """How many numbers of each length at most an epoch asks for."""
    asked = Counter()

    class Noted(LineGenerator):
        def example(self, index):
            asked[self._style.max_length] += 1
            return super().example(index)

    monkeypatch.setattr(batches, "_workshop", (drawn_hands(), []))
    monkeypatch.setattr(batches, "LineGenerator", Noted)
    assert compose_epoch(CONFIG, epoch)
    return asked


def test_the_first_epoch_is_composed_in_the_first_style(monkeypatch):
    assert composed_styles(monkeypatch, epoch=0) == {1: 40}


def test_each_style_of_the_later_epochs_has_its_share(monkeypatch):
    assert composed_styles(monkeypatch, epoch=1) == {3: 10, 2: 30}


def test_the_shares_of_the_shipped_reader_make_a_whole():
    assert sum(portion.share for portion in crnn.CONFIG.styles) == 1.0
