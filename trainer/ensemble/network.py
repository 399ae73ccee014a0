"""Several digit networks as one graph."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
from keras import KerasTensor

from trainer.architectures.gate import GateNetworks
from trainer.architectures.registry import CANVAS_SHAPE


@dataclass(frozen=True, slots=True)
class Member:
    """A trained digit network of an ensemble.

    Attributes:
        network: from uint8 canvases (batch, 28, 28, 1) to float32 logits (batch, 10).
        temperature: divisor of its logits, fitted on calibration writers: the surest network is not the rightest, and
            without it would speak the loudest.
    """

    network: keras.Model
    temperature: float


def mean_network(members: Sequence[Member]) -> keras.Model:
    """From uint8 canvases (batch, 28, 28, 1) to the mean of the members' log-probabilities, float32 (batch, 10).

    Source: the logarithmic opinion pool with equal weights; Genest and Zidek 1986, "Combining Probability
    Distributions".
    """
    canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
    logits = [_renamed(member.network, index)(canvases, training=False) for index, member in enumerate(members)]
    return keras.Model(canvases, _mean_log_probs(logits, members), name="ensemble")


def gated_mean(lead: GateNetworks, members: Sequence[Member]) -> GateNetworks:
    """The gate of the first member before the mean of all: what `lead` is, with its digit network's opinion replaced.

    The first member runs once, for its opinion and for what its gate looks at.

    Args:
        lead: the first member with its gate.
        members: all of them, that one first.
    """
    canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
    *seen_by_gate, lead_logits = lead.taps(canvases, training=False)
    others = [
        _renamed(member.network, index)(canvases, training=False) for index, member in enumerate(members[1:], start=1)
    ]
    mean = _mean_log_probs([lead_logits, *others], members)
    return replace(lead, taps=keras.Model(canvases, [*seen_by_gate, mean], name="taps_and_mean"))


def _mean_log_probs(logits: Sequence[KerasTensor], members: Sequence[Member]) -> KerasTensor:
    log_probs = [
        keras.ops.log_softmax(scores * (1 / member.temperature)) for scores, member in zip(logits, members, strict=True)
    ]
    # Of plain additions, which all runtimes have that the ensemble is written for.
    return sum(log_probs[1:], log_probs[0]) * (1 / len(log_probs))


def _renamed(network: keras.Model, index: int) -> keras.Model:
    """Within a network no two parts have one name, and members of one architecture would."""
    network.name = f"member_{index}"
    return network
