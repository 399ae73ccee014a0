"""Who hears of a reading that was not accepted: the log, and a receiver where the operator has named one.

Both are told the same facts. What was read is not among them, unless the operator wants it so: a log lives longer than
an answer, and is read by others.
"""

import logging
from typing import Any

from service.alerts.origin import current_origin
from service.alerts.webhook import Facts, Webhook
from service.forms.values import FieldReading
from service.logs import EXTRA_FIELD
from service.recognition.number import NumberReading
from service.recognition.policy import Decision
from service.runtime.readings import Recognized

logger = logging.getLogger(__name__)


class Alerts:
    """Tells of low-confidence readings, and keeps silent about all others.

    Args:
        webhook: posts what it is told; None where there is no receiver.
        shows_readings: whether what was read is told too.
    """

    def __init__(self, *, webhook: Webhook | None = None, shows_readings: bool = False) -> None:
        self._webhook = webhook
        self._shows_readings = shows_readings

    def hear(self, recognized: Recognized) -> None:
        """Tell of the reading of a picture, if it was not accepted."""
        reading = recognized.reading
        if reading.decision is Decision.ACCEPTED:
            return
        facts = {
            "model": recognized.model,
            "version": recognized.version,
            **_verdict(reading),
            "max_error": recognized.max_error,
        }
        if self._shows_readings:
            facts["reading"] = reading.text if isinstance(reading, NumberReading) else _text(reading.digit)
        self._tell(facts)

    def hear_field(self, reading: FieldReading, *, template: str, max_error: float) -> None:
        """Tell of the field of a form, if it was not accepted.

        Args:
            reading: of the field.
            template: name of the form's template; empty for one that the request brought along.
            max_error: error rate among accepted readings that was asked for.
        """
        if reading.decision is Decision.ACCEPTED:
            return
        facts = {"template": template, "field": reading.field.name, **_verdict(reading), "max_error": max_error}
        if self._shows_readings:
            facts["reading"] = reading.value
        self._tell(facts)

    def close(self) -> None:
        """Post what waits, for a moment; see `Webhook.close`."""
        if self._webhook is not None:
            self._webhook.close()

    def _tell(self, facts: dict[str, Any]) -> None:
        told = {**_origin(), **facts}
        if logger.isEnabledFor(logging.INFO):
            logger.info("low confidence", extra={EXTRA_FIELD: told})
        if self._webhook is not None:
            self._webhook.tell(told)


def _verdict(reading: Any) -> Facts:
    return {
        "decision": reading.decision,
        "reason": reading.reason,
        "confidence": reading.confidence,
        "threshold": reading.threshold,
    }


def _text(digit: int | None) -> str:
    return "" if digit is None else str(digit)


def _origin() -> Facts:
    """The request, and the part of its stack, that the task at work reads for; what does not apply is left out."""
    origin = current_origin()
    found = {
        "request_id": origin.request_id,
        "route": None if origin.route is None else origin.route(),
        "file": origin.file,
        "page": origin.page,
    }
    return {name: value for name, value in found.items() if value is not None}
