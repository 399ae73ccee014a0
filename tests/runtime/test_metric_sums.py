"""What a scrape of several processes shows: one service."""

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from service.recognition.policy import Decision
from service.runtime.metric_sums import GREATEST_COUNTS, LEAST_COUNTS, Snapshot, added, lasting
from service.runtime.metrics import REQUEST_BUCKETS_S, Metrics, exposition, snapshot_of


def process(*, seconds: list[float], num_held: int = 0, is_ready: bool = True) -> Snapshot:
    """The metrics of a process that has answered requests in these times and has read a digit for each."""
    metrics = Metrics(CollectorRegistry())
    metrics.body_bytes.set(num_held)
    metrics.ready.set(is_ready)
    for one in seconds:
        metrics.count_request("/predict", "POST", 200, one)
        metrics.count_reading("cnn", Decision.ACCEPTED, None, {})
    return snapshot_of(metrics.registry)


def value(snapshot: Snapshot, name: str, **labels: str) -> float | None:
    found = [
        sample.value
        for family in snapshot
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    assert len(found) < 2, found  # shown once, or a scraper refuses it
    return found[0] if found else None


def test_counters_are_added_up():
    total = added([process(seconds=[0.1, 0.1]), process(seconds=[0.1])])

    assert value(total, "digits_requests_total", route="/predict", method="POST", status="200") == 3
    assert value(total, "digits_decisions_total", model="cnn", decision="accepted") == 3


def test_histograms_are_added_up_bucket_by_bucket_and_stay_whole():
    busy = Metrics(CollectorRegistry())
    busy.count_request("/batch", "POST", 200, 1.0)  # which the first process has never seen
    total = added([process(seconds=[0.002]), snapshot_of(busy.registry), process(seconds=[0.002, 0.2])])

    assert value(total, "digits_request_seconds_bucket", route="/predict", le="0.001") == 0
    assert value(total, "digits_request_seconds_bucket", route="/predict", le="0.0025") == 2
    assert value(total, "digits_request_seconds_bucket", route="/predict", le="+Inf") == 3
    assert value(total, "digits_request_seconds_count", route="/predict") == 3
    assert value(total, "digits_request_seconds_sum", route="/predict") == pytest.approx(0.204)
    (family,) = [one for one in total if one.name == "digits_request_seconds"]
    num_lines = len(REQUEST_BUCKETS_S) + 3  # the last bucket, count and sum
    assert [sample.labels["route"] for sample in family.samples] == ["/predict"] * num_lines + ["/batch"] * num_lines


def test_what_processes_hold_is_added_up():
    total = added([process(seconds=[], num_held=3), process(seconds=[], num_held=4)])

    assert value(total, "digits_body_bytes") == 7
    assert value(total, "digits_workers") == 2


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("digits_ready", (1, 0, 1), 0),  # who meets the one that is not ready is not served
        ("digits_ready", (1, 1, 1), 1),
        ("process_start_time_seconds", (20.0, 10.0, 30.0), 10.0),
        ("process_max_fds", (1024, 512, 1024), 512),
        ("digits_build_info", (1, 1, 1), 1),
        ("digits_model_info", (0, 1, 0), 1),
        ("process_open_fds", (10, 20, 30), 60),
        ("digits_webhook_waiting", (1, 0, 1), 2),
    ],
)
def test_gauges(name, values, shown):
    total = added([[GaugeMetricFamily(name, "A gauge.", value=one)] for one in values])

    assert value(total, name) == shown


def test_gauges_that_are_no_amounts_are_called_as_they_are_made():
    metrics = Metrics(CollectorRegistry())

    assert {family.name for family in snapshot_of(metrics.registry)} >= LEAST_COUNTS | GREATEST_COUNTS


def test_samples_that_differ_in_a_label_stay_apart_however_labels_are_ordered():
    one, other = Metric("depth", "Canvases.", "gauge"), Metric("depth", "Canvases.", "gauge")
    one.add_sample("depth", {"model": "cnn", "device": "cpu"}, 1)
    other.add_sample("depth", {"device": "cpu", "model": "cnn"}, 2)
    other.add_sample("depth", {"device": "cpu", "model": "crnn"}, 4)
    total = added([[one], [other]])

    assert [sample.value for sample in total[0].samples] == [3, 4]


def test_snapshots_are_left_as_they_were():
    one = process(seconds=[0.1])
    before = exposition(one)
    added([one, process(seconds=[0.1])])

    assert exposition(one) == before


def test_sum_is_exposed_as_a_single_process_is():
    one = process(seconds=[0.1])
    families = list(text_string_to_metric_families(exposition(added([one, one])).decode()))

    assert [family.name for family in families] == [
        family.name for family in text_string_to_metric_families(exposition(one).decode())
    ]


def test_of_a_process_that_has_ended_only_what_it_counted_lasts():
    departed = lasting(process(seconds=[0.1], num_held=5))

    assert value(departed, "digits_requests_total", route="/predict", method="POST", status="200") == 1
    assert value(departed, "digits_request_seconds_count", route="/predict") == 1
    assert value(departed, "digits_body_bytes") is None
    assert value(departed, "digits_workers") is None
    assert lasting([CounterMetricFamily("a", "A."), GaugeMetricFamily("b", "B.")])[0].name == "a"
