"""What is counted and timed, under the names that Prometheus sees.

`docs/operations.md` says what each name means and when to worry; a test compares. Everything here is told
after the fact, costs a request about ten microseconds, and is kept in the registry that is passed in.
"""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from service.recognition.policy import Decision, Reason
from service.runtime.metric_sums import Snapshot
from service.version import VERSION

STAGES = ("decode", "canvas", "queue", "model", "read")
PICTURE_REASONS = (  # those that the reading of a picture can have; there are others for the fields of forms
    Reason.UNCERTAIN,
    Reason.MAX_ERROR_UNPROVEN,
    Reason.BLANK,
    Reason.NOT_A_DIGIT,
    Reason.SEVERAL_DIGITS,
    Reason.CONSTRAINT_FAILED,
)

REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STAGE_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class ModelGauges:
    """What a scrape asks a loaded model; none of it costs a request anything.

    Attributes:
        num_waiting: canvases in the model's queue now.
        num_traces: how often its graph was traced after the service was ready.
    """

    num_waiting: Callable[[], int]
    num_traces: Callable[[], int]


class Metrics:
    """All metrics of one process.

    Args:
        registry: where they are kept, and scraped from; made for this process, not the library's global one.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "digits_requests", "Requests that were answered.", ["route", "method", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "digits_request_seconds",
            "From a request's headers to the end of its answer.",
            ["route"],
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self._rejections = Counter(
            "digits_rejections", "Requests turned away with 429, 503 or 504.", ["status", "code"], registry=registry
        )
        stage_seconds = Histogram(
            "digits_stage_seconds", "Time of a reading by stage.", ["stage"], buckets=STAGE_BUCKETS_S, registry=registry
        )
        self._decisions = Counter("digits_decisions", "Readings by decision.", ["model", "decision"], registry=registry)
        self._low_confidence = Counter(
            "digits_low_confidence", "Readings that were not accepted.", ["model", "reason"], registry=registry
        )
        self._form_fields = Counter(
            "digits_form_fields", "Fields of forms by decision.", ["kind", "decision"], registry=registry
        )
        self._webhook_readings = Counter(
            "digits_webhook_readings", "Low-confidence readings for the webhook.", ["outcome"], registry=registry
        )
        self.webhook_waiting = Gauge(
            "digits_webhook_waiting", "Readings that the webhook has not delivered yet.", registry=registry
        )
        self._batch_size = Histogram(
            "digits_batch_size",
            "Canvases that went through the network together.",
            ["model"],
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )
        self._cascade_answers = Counter(
            "digits_cascade_answers", "Canvases by the member that answered.", ["model", "member"], registry=registry
        )
        self._queue_depth = Gauge("digits_queue_depth", "Canvases that wait for a batch.", ["model"], registry=registry)
        self._model_info = Gauge(
            "digits_model_info", "The models that are loaded.", ["model", "version", "device"], registry=registry
        )
        self.canary_failures = Counter(
            "digits_canary_failures",
            "Rounds of golden canvases of which one came back wrong, late or not at all.",
            registry=registry,
        )
        self.ready = Gauge("digits_ready", "1 where /health/ready says ready.", registry=registry)
        Gauge("digits_workers", "Processes that answer.", registry=registry).set(1)
        self.body_bytes = Gauge("digits_body_bytes", "Uploaded bytes held in memory.", registry=registry)
        build_info = Gauge("digits_build_info", "The code that runs.", ["version", "python"], registry=registry)
        build_info.labels(VERSION, platform.python_version()).set(1)
        self._traces = _TracesAfterReady()
        registry.register(self._traces)
        ProcessCollector(registry=registry)
        # `labels` costs more than what it leads to, so what every request needs is looked up once.
        self._observe_stage = {stage: stage_seconds.labels(stage).observe for stage in STAGES}
        self._of_requests: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._of_readings: dict[tuple[str, Decision, Reason | None], tuple[Callable[[], None], ...]] = {}

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer. Whatever a client can choose must have been brought to a few values before."""
        key = (route, method, status)
        found = self._of_requests.get(key)
        if found is None:
            counter, histogram = self._requests.labels(route, method, str(status)), self._request_seconds.labels(route)
            found = self._of_requests[key] = (counter.inc, histogram.observe)
        found[0]()
        found[1](seconds)

    def count_rejection(self, status: int, code: str) -> None:
        """Count a request that was fine and could not be served now."""
        self._rejections.labels(str(status), code).inc()

    def count_reading(
        self, model: str, decision: Decision, reason: Reason | None, stages_ms: Mapping[str, float]
    ) -> None:
        """Count one reading that was made for a client, with the time of its stages."""
        key = (model, decision, reason)
        found = self._of_readings.get(key)
        if found is None:
            counters = [self._decisions.labels(model, decision.value)]
            if decision is not Decision.ACCEPTED and reason is not None:
                counters.append(self._low_confidence.labels(model, reason.value))
            found = self._of_readings[key] = tuple(counter.inc for counter in counters)
        for increase in found:
            increase()
        observe = self._observe_stage
        for stage, duration_ms in stages_ms.items():
            observe[stage](duration_ms / 1e3)

    def count_field(self, kind: str, decision: Decision) -> None:
        """Count one field of a form."""
        self._form_fields.labels(kind, decision.value).inc()

    def count_webhook(self, outcome: str, num_readings: int) -> None:
        """Count what became of readings that the webhook was told."""
        self._webhook_readings.labels(outcome).inc(num_readings)

    def batch_observer(self, model: str) -> Callable[[int], None]:
        """To be called with the number of canvases of each batch."""
        observe: Callable[[int], None] = self._batch_size.labels(model).observe
        return observe

    def add_cascade(self, name: str, version: int, device: str, *, members: Sequence[str]) -> Callable[[str], None]:
        """Show a cascade that has been loaded; returns what is to be called with the member that answered."""
        self._model_info.labels(name, str(version), device).set(1)
        increase = {member: self._cascade_answers.labels(name, member).inc for member in members}
        return lambda member: increase[member]()

    def add_model(self, name: str, version: int, device: str, *, gauges: ModelGauges) -> None:
        """Show a model that has been loaded."""
        self._model_info.labels(name, str(version), device).set(1)
        self._queue_depth.labels(name).set_function(gauges.num_waiting)
        for reason in PICTURE_REASONS:  # there before the first, so that a rate sees that one too
            self._low_confidence.labels(name, reason.value)
        self._traces.of_model[name] = gauges.num_traces


class _TracesAfterReady(Collector):
    """Asks the models at each scrape: TensorFlow counts its traces itself."""

    def __init__(self) -> None:
        self.of_model: dict[str, Callable[[], int]] = {}

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "digits_traces_after_ready", "Graphs traced after the start; above 0 is a fault.", labels=["model"]
        )
        for model, num_traces in self.of_model.items():
            family.add_metric([model], num_traces())
        yield family


def snapshot_of(registry: CollectorRegistry) -> Snapshot:
    """Everything in a registry but the `_created` times, which nobody asked for."""
    families = list(registry.collect())
    for family in families:
        family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
    return families


def exposition(snapshot: Snapshot) -> bytes:
    """What a scrape gets: the text format of Prometheus."""
    return generate_latest(_Collected(snapshot))


class _Collected(Collector):
    """What has been collected already, for a library that wants to do it itself."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Snapshot:
        return self._snapshot
