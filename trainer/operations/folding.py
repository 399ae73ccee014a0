"""A network with its batch normalizations worked into its convolutions: the same answers from fewer operations.

Where normalization stands after the ReLU, as in `strided_cnn`, its factor is split: the size goes back through the ReLU
into the convolution before (relu(s x) = s relu(x) for s > 0), the sign and the shift go on into the one after. So all
channels of a map have a similar range, which a single int8 scale for the map needs.

Source of the scaling through ReLU: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
Correction", arXiv 1906.04721.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.operations.graph import Graph, Node, Shape, prepared


def folded(graph: Graph) -> Graph:
    """The network with biases in their convolutions and dense layers, and without normalizations between these."""
    graph = _with_biases(graph)
    return _without_affines(graph)


def _with_biases(graph: Graph) -> Graph:
    """A constant that is added right after a convolution or dense layer becomes its bias."""
    nodes, constants = list(graph.nodes), dict(graph.constants)
    for index, node in enumerate(nodes):
        if node.op != "add" or node.inputs[1] not in constants:
            continue
        before = _maker(nodes, node.inputs[0])
        shift = constants[node.inputs[1]]
        if before is None or before.op not in ("conv", "dense") or len(_consumers(nodes, before.output)) > 1:
            continue
        if shift.size != graph.shapes[before.output][-1]:
            continue
        bias = f"bias_of_{node.output}"
        constants[bias] = constants[before.inputs[2]] + shift.ravel()
        # Under the name of the sum, so that its consumers find it.
        nodes[index] = replace(before, inputs=(*before.inputs[:2], bias), output=node.output)
    return prepared(graph, nodes, constants)


def _without_affines(graph: Graph) -> Graph:
    nodes, constants, shapes = list(graph.nodes), dict(graph.constants), dict(graph.shapes)
    for node in graph.nodes:
        if node.op != "mul" or node.inputs[1] not in constants:
            continue
        factor = constants[node.inputs[1]].ravel()
        add = _only_consumer(nodes, node.output)
        has_shift = add is not None and add.op == "add" and add.inputs[1] in constants
        shift = constants[add.inputs[1]].ravel() if add is not None and has_shift else np.zeros_like(factor)
        last = add if add is not None and has_shift else node
        convolutions = _consumers(nodes, last.output)
        if not convolutions or any(one.op != "conv" for one in convolutions) or last.output == graph.output:
            continue
        source = node.inputs[0]
        factor = np.broadcast_to(factor, shapes[source][-1:])
        if _push_back(nodes, constants, source, np.abs(factor)):
            factor = np.sign(factor)
        for convolution in convolutions:
            _push_on(nodes, constants, shapes, convolution, source, factor, np.broadcast_to(shift, factor.shape))
    return prepared(replace(graph, shapes=shapes), nodes, constants)


def _push_back(
    nodes: list[Node], constants: dict[str, NDArray[np.float32]], name: str, size: NDArray[np.float32]
) -> bool:
    """Multiply a ReLU's output by scaling the convolution before it; False where there is none to scale."""
    relu = _maker(nodes, name)
    before = _maker(nodes, relu.inputs[0]) if relu is not None and relu.op == "relu" else None
    # What a shift adds by place, from the normalization before.
    place = before if before is not None and before.op == "add" and before.inputs[1] in constants else None
    convolution = _maker(nodes, place.inputs[0]) if place is not None else before
    if relu is None or convolution is None or convolution.op != "conv" or (size == 0).any():
        return False
    if any(len(_consumers(nodes, one)) > 1 for one in (name, relu.inputs[0], convolution.output)):
        return False
    if place is not None:
        constants[f"{place.inputs[1]}_of_{name}"] = constants[place.inputs[1]] * size
        nodes[nodes.index(place)] = replace(place, inputs=(place.inputs[0], f"{place.inputs[1]}_of_{name}"))
    value, kernel, bias = convolution.inputs
    scaled = (f"{kernel}_of_{name}", f"{bias}_of_{name}")
    constants[scaled[0]], constants[scaled[1]] = constants[kernel] * size, constants[bias] * size
    nodes[nodes.index(convolution)] = replace(convolution, inputs=(value, *scaled))
    return True


def _push_on(
    nodes: list[Node],
    constants: dict[str, NDArray[np.float32]],
    shapes: dict[str, Shape],
    convolution: Node,
    source: str,
    factor: NDArray[np.float32],
    shift: NDArray[np.float32],
) -> None:
    """Let a convolution take `source` in place of `source * factor + shift`."""
    convolution = next(node for node in nodes if node.output == convolution.output)
    _, kernel_name, bias_name = convolution.inputs
    kernel, bias = constants[kernel_name], constants[bias_name]
    index = nodes.index(convolution)
    names = (f"{kernel_name}_on_{convolution.output}", f"{bias_name}_on_{convolution.output}")
    constants[names[0]] = kernel * factor[:, np.newaxis]
    if convolution.attributes["padding"] == "VALID" or not shift.any():
        constants[names[1]] = (bias + np.einsum("hwio,i->o", kernel, shift)).astype(np.float32)
        nodes[index] = replace(convolution, inputs=(source, *names))
        return
    # Beyond the edge is 0, not the shift: what the shift adds to the sum depends on the place.
    constants[names[1]] = bias
    place = f"place_of_{convolution.output}"
    constants[place] = _shift_by_place(shapes[convolution.inputs[0]], convolution, kernel, shift)
    unshifted = f"unshifted_{convolution.output}"
    nodes[index] = replace(convolution, inputs=(source, *names), output=unshifted)
    nodes.insert(index + 1, Node("add", (unshifted, place), convolution.output))
    shapes[unshifted] = shapes[convolution.output]


def _shift_by_place(
    shape: Shape, convolution: Node, kernel: NDArray[np.float32], shift: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What a map of this shape that is `shift` everywhere becomes: float32 (height, width, channels)."""
    import tensorflow as tf

    height, width = shape[1:3]
    everywhere = np.broadcast_to(shift, (1, height, width, len(shift))).astype(np.float32)
    return np.asarray(tf.nn.conv2d(everywhere, kernel, convolution.attributes["strides"], "SAME"))[0]


def _maker(nodes: list[Node], name: str) -> Node | None:
    return next((node for node in nodes if node.output == name), None)


def _consumers(nodes: list[Node], name: str) -> list[Node]:
    return [node for node in nodes if name in node.inputs]


def _only_consumer(nodes: list[Node], name: str) -> Node | None:
    consumers = _consumers(nodes, name)
    return consumers[0] if len(consumers) == 1 else None
