"""The metrics of several processes as those of one service.

Counters and histograms are added up, and so are most gauges: what waits in two queues waits, and what two processes
hold in memory is held. A few gauges are no amounts; the tables below name them.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

Snapshot: TypeAlias = Sequence[Metric]
"""The metrics of one process, or of several, at one moment: families with their samples."""

LEAST_COUNTS = frozenset({"digits_ready", "process_start_time_seconds", "process_max_fds"})
"""Gauges of which the least is shown: who is not ready, who began first, who may open the fewest."""
GREATEST_COUNTS = frozenset({"digits_build_info", "digits_model_info"})
"""Gauges that are 1 in each process, and 1 for all of them."""
LASTING_TYPES = frozenset({"counter", "histogram"})

_Labels: TypeAlias = tuple[tuple[str, str], ...]


def added(snapshots: Iterable[Snapshot]) -> list[Metric]:
    """One snapshot in place of several, with what is in any of them.

    Families and samples come in the order in which they are first seen, so that the buckets of a histogram stay
    together, as the text format wants them.
    """
    families: dict[str, Metric] = {}
    samples: dict[str, dict[tuple[str, _Labels], Sample]] = {}
    for snapshot in snapshots:
        for family in snapshot:
            if family.name not in families:
                families[family.name] = Metric(family.name, family.documentation, family.type)
            of_family = samples.setdefault(family.name, {})
            for sample in family.samples:
                key = sample.name, tuple(sorted(sample.labels.items()))
                before = of_family.get(key)
                of_family[key] = sample if before is None else _joined(family.name, before, sample)
    for name, family in families.items():
        family.samples = list(samples[name].values())
    return list(families.values())


def lasting(snapshot: Snapshot) -> list[Metric]:
    """What stays true of a process that has ended: what it has counted, not what it held."""
    return [family for family in snapshot if family.type in LASTING_TYPES]


def _joined(family: str, one: Sample, other: Sample) -> Sample:
    if family in LEAST_COUNTS:
        value = min(one.value, other.value)
    elif family in GREATEST_COUNTS:
        value = max(one.value, other.value)
    else:
        value = one.value + other.value
    return one._replace(value=value)
