"""LiteRT and ONNX files answer as the network that they were made from."""

import numpy as np
import pytest

from service.runtime.litert_network import LiteRtNetwork
from trainer.compress.onnx_file import OnnxNetwork, quantize, to_onnx
from trainer.operations.in_litert import to_litert

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def onnx_path(gated, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    onnx.save(to_onnx(gated.folded, name="tiny"), path)
    return path


def litert_network(content, folder):
    path = folder / "model.tflite"
    path.write_bytes(content)
    return LiteRtNetwork(path, input_shape=(28, 28, 1))


def test_litert_answers_as_the_network(gated, tmp_path):
    network = litert_network(to_litert(gated.folded), tmp_path)
    np.testing.assert_allclose(network.logits(gated.canvases), gated.logits, atol=1e-3)
    # Another size of batch, and a canvas alone.
    np.testing.assert_allclose(network.logits(gated.canvases[:1]), gated.logits[:1], atol=1e-3)


def test_litert_in_int8_is_near_it_and_a_third_as_large(gated, tmp_path):
    content = to_litert(gated.folded, representative=gated.canvases)
    assert len(content) < 0.35 * len(to_litert(gated.folded))
    spread = gated.logits.std()
    assert np.abs(litert_network(content, tmp_path).logits(gated.canvases) - gated.logits).mean() < 0.1 * spread


def test_onnx_answers_as_the_network(gated, onnx_path):
    network = OnnxNetwork(onnx_path)
    np.testing.assert_allclose(network.logits(gated.canvases), gated.logits, atol=1e-3)
    np.testing.assert_allclose(network.logits(gated.canvases[:1]), gated.logits[:1], atol=1e-3)


def test_onnx_without_folding_answers_as_the_network(gated, tmp_path):
    onnx.save(to_onnx(gated.graph, name="tiny"), tmp_path / "model.onnx")
    np.testing.assert_allclose(OnnxNetwork(tmp_path / "model.onnx").logits(gated.canvases), gated.logits, atol=1e-3)


def test_onnx_in_int8_is_near_it_and_a_third_as_large(gated, onnx_path, tmp_path):
    path = tmp_path / "int8.onnx"
    quantize(onnx_path, path, gated.canvases, head=gated.folded.head)
    assert path.stat().st_size < 0.35 * onnx_path.stat().st_size
    spread = gated.logits.std()
    assert np.abs(OnnxNetwork(path).logits(gated.canvases) - gated.logits).mean() < 0.1 * spread


def test_head_stays_in_float32(gated, onnx_path, tmp_path):
    path = tmp_path / "int8.onnx"
    quantize(onnx_path, path, gated.canvases, head=gated.folded.head)
    kept = {node.name for node in onnx.load(path).graph.node if node.op_type == "Gemm"}
    dense_in_head = {node.output for node in gated.folded.nodes if node.op == "dense"} & gated.folded.head
    assert dense_in_head <= kept
