"""EMNIST with the commands of every config: train, evaluate, export."""

from dataclasses import replace

import pytest

from service.recognition.errors import InvalidModel
from service.recognition.manifest import CHARACTER_CLASSIFIER, DIGIT_CLASSIFIER, load_manifest, verify_files
from service.runtime.loading import load_model
from tests.trainer.tiny_emnist import BALANCED, write_emnist, write_mapping
from trainer.__main__ import main

# Keras 3.15 makes arrays of TensorFlow 2.21's variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def command(tmp_path, tiny_config, monkeypatch):
    """Runs a command on a tiny network and a tiny part of EMNIST."""

    def run(name, source, *options):
        config = replace(tiny_config, name=source, data=(source,))
        monkeypatch.setattr("trainer.commands.arguments.load_config", lambda _: config)
        arguments = ["--data", str(tmp_path / "data"), "--output", str(tmp_path / "runs")]
        return main([name, source, *arguments, *options])

    return run


def test_digits_are_trained_measured_and_exported_for_the_service(command, tmp_path, capsys):
    write_emnist(tmp_path / "data", "digits")
    assert command("train", "emnist_digits") == 0
    assert command("evaluate", "emnist_digits") == 0
    printed = capsys.readouterr().out
    assert "emnist_digits_test" in printed
    assert "mnist_test " not in printed.replace("emnist", "")
    assert "no score on MNIST says anything about this model" in printed

    assert command("export", "emnist_digits", "--models", str(tmp_path / "models")) == 0
    manifest = load_model(tmp_path / "models" / "emnist_digits" / "1").manifest
    assert manifest.kind == DIGIT_CLASSIFIER
    assert {metric.dataset for metric in manifest.metrics} == {"emnist_digits_test", "emnist_digits_validation"}
    assert manifest.provenance["splits"]["of"] == "emnist_digits train"
    assert manifest.provenance["data"][0]["licence"].startswith("public domain")
    assert "no score on MNIST" in (tmp_path / "models" / "emnist_digits" / "1" / "card.md").read_text()


def test_letters_are_exported_with_their_alphabet_and_refused_by_the_service(command, tmp_path):
    write_mapping(write_emnist(tmp_path / "data", "balanced", num_classes=47), "balanced", BALANCED)
    assert command("train", "emnist_balanced") == 0
    assert command("evaluate", "emnist_balanced") == 0
    assert command("export", "emnist_balanced", "--models", str(tmp_path / "letters")) == 0
    folder = tmp_path / "letters" / "emnist_balanced" / "1"
    manifest = load_manifest(folder)
    verify_files(folder, manifest)
    assert manifest.kind == CHARACTER_CLASSIFIER
    assert manifest.alphabet == BALANCED
    assert manifest.calibration.rows
    assert "one character of" in (folder / "card.md").read_text()
    with pytest.raises(InvalidModel, match=r"reads letters .* Move the folder out of DIGITS_MODELS_DIR"):
        load_model(folder)


def test_letters_are_not_exported_beside_models_that_are_served(command, tmp_path, capsys):
    write_emnist(tmp_path / "data", "balanced", num_classes=47)
    assert command("train", "emnist_balanced") == 0
    (tmp_path / "models" / "cnn" / "2").mkdir(parents=True)
    (tmp_path / "models" / "cnn" / "2" / "manifest.json").write_text("{}")
    assert command("export", "emnist_balanced", "--models", str(tmp_path / "models")) == 1
    assert "refuses to start beside a model that reads letters" in capsys.readouterr().err


def test_a_gate_is_not_trained_on_emnist(capsys):
    assert main(["gate", "emnist_digits", "--data", "anywhere"]) == 1
    assert "A gate stands on one network for MNIST's digits" in capsys.readouterr().err


def test_emnist_is_never_mixed_with_mnist(tiny_config):
    for sources in (("mnist", "emnist_digits"), ("emnist_digits", "emnist_balanced")):
        with pytest.raises(ValueError, match="share writers and images"):
            replace(tiny_config, data=sources)
