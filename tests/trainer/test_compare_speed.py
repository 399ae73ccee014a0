from pathlib import Path

import pytest

from tests.project import ROOT
from trainer.compare_speed import images_per_second
from trainer.errors import TrainerError


@pytest.mark.slow
def test_each_network_has_a_speed(monkeypatch):
    monkeypatch.chdir(ROOT)
    (cnn,) = (ROOT / "models" / "cnn").iterdir()
    speeds = images_per_second({"once": cnn, "twice": cnn})
    assert speeds["once"] > 100
    assert speeds["twice"] == pytest.approx(speeds["once"], rel=0.5)  # it is the same one


@pytest.mark.slow
def test_folder_without_a_network_is_said_to_be(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(TrainerError, match="The speed could not be measured"):
        images_per_second({"none": Path("docs")})
