import timeit

import pytest
from prometheus_client import CollectorRegistry

from service.recognition.policy import Decision, Reason
from service.runtime.metrics import Metrics, ModelGauges, exposition, snapshot_of

STAGES_MS = {"decode": 0.1, "canvas": 0.2, "queue": 0.0, "model": 0.4, "read": 0.05}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_requests_are_counted_and_timed_by_route(metrics):
    for status in (200, 200, 429):
        metrics.count_request("/predict", "POST", status, 0.002)

    assert value(metrics, "digits_requests_total", route="/predict", method="POST", status="200") == 2
    assert value(metrics, "digits_requests_total", route="/predict", method="POST", status="429") == 1
    assert value(metrics, "digits_request_seconds_count", route="/predict") == 3
    assert value(metrics, "digits_request_seconds_bucket", route="/predict", le="0.0025") == 3
    assert value(metrics, "digits_request_seconds_bucket", route="/predict", le="0.001") == 0


def test_readings_are_counted_by_decision_and_timed_by_stage(metrics):
    for _ in range(2):
        metrics.count_reading("cnn", Decision.ACCEPTED, None, STAGES_MS)
    metrics.count_reading("cnn", Decision.REVIEW, Reason.UNCERTAIN, STAGES_MS)
    metrics.count_reading("cnn", Decision.REJECTED, Reason.NOT_A_DIGIT, STAGES_MS)
    metrics.count_reading("dnn", Decision.REJECTED, Reason.BLANK, {"decode": 1.0, "canvas": 1.0, "queue": 0.0})

    assert value(metrics, "digits_decisions_total", model="cnn", decision="accepted") == 2
    assert value(metrics, "digits_decisions_total", model="cnn", decision="review") == 1
    assert value(metrics, "digits_low_confidence_total", model="cnn", reason="uncertain") == 1
    assert value(metrics, "digits_low_confidence_total", model="cnn", reason="not_a_digit") == 1
    assert value(metrics, "digits_low_confidence_total", model="dnn", reason="blank") == 1
    assert value(metrics, "digits_stage_seconds_count", stage="decode") == 5
    assert value(metrics, "digits_stage_seconds_count", stage="model") == 4
    assert value(metrics, "digits_stage_seconds_sum", stage="model") == pytest.approx(0.0016)


def test_fields_of_forms_are_counted_by_kind_and_decision(metrics):
    for decision in (Decision.ACCEPTED, Decision.REVIEW, Decision.ACCEPTED):
        metrics.count_field("boxed_digits", decision)

    assert value(metrics, "digits_form_fields_total", kind="boxed_digits", decision="accepted") == 2
    assert value(metrics, "digits_form_fields_total", kind="boxed_digits", decision="review") == 1


def test_loaded_models_are_asked_at_each_scrape(metrics):
    gauges = {"waiting": 3, "traces": 0}
    asked = ModelGauges(lambda: gauges["waiting"], lambda: gauges["traces"])
    metrics.add_model("cnn", 2, "gpu:0", gauges=asked)

    assert value(metrics, "digits_model_info", model="cnn", version="2", device="gpu:0") == 1
    assert value(metrics, "digits_queue_depth", model="cnn") == 3
    assert value(metrics, "digits_traces_after_ready_total", model="cnn") == 0
    # There before it is first needed.
    assert value(metrics, "digits_low_confidence_total", model="cnn", reason="several_digits") == 0
    gauges.update(waiting=0, traces=1)
    assert value(metrics, "digits_queue_depth", model="cnn") == 0
    assert value(metrics, "digits_traces_after_ready_total", model="cnn") == 1


def test_cascade_is_shown_and_its_members_answers_are_counted_from_zero(metrics):
    count = metrics.add_cascade("auto", 3, "cpu", members=["cnn", "ensemble"])

    assert value(metrics, "digits_model_info", model="auto", version="3", device="cpu") == 1
    assert value(metrics, "digits_cascade_answers_total", model="auto", member="ensemble") == 0
    for member in ("cnn", "cnn", "ensemble"):
        count(member)
    assert value(metrics, "digits_cascade_answers_total", model="auto", member="cnn") == 2
    assert value(metrics, "digits_cascade_answers_total", model="auto", member="ensemble") == 1


def test_two_processes_worth_of_metrics_do_not_meet():
    one, other = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    one.count_rejection(429, "queue_full")

    assert value(one, "digits_rejections_total", status="429", code="queue_full") == 1
    assert value(other, "digits_rejections_total", status="429", code="queue_full") is None


def test_exposition_leaves_creation_times_out(metrics):
    metrics.count_rejection(429, "queue_full")
    text = exposition(snapshot_of(metrics.registry)).decode()

    assert 'digits_rejections_total{code="queue_full",status="429"} 1.0' in text
    assert "_created" not in text


def test_a_request_costs_less_than_twenty_microseconds(metrics):
    def one_request() -> None:
        metrics.count_reading("cnn", Decision.ACCEPTED, None, STAGES_MS)
        metrics.count_request("/predict", "POST", 200, 0.002)

    one_request()
    # The best of several: what is asked is what the code costs, not what else the machine is doing.
    assert min(timeit.repeat(one_request, number=500, repeat=10)) / 500 < 20e-6
