"""OpenTelemetry spans for requests and the stages of readings, where an operator asks for them.

Asked for by OpenTelemetry's own variable `OTEL_EXPORTER_OTLP_ENDPOINT`, whose kin (headers, sampling, service
name) its libraries read themselves. They come with the extra `otel`, and are imported here and only then.
"""

import time
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from service.recognition.errors import StartupError
from service.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE_NAME = "digit-recognition-service"


class Tracing:
    """Makes spans and hands them to a provider.

    Args:
        provider: takes the spans; it is shut down with the service.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("service", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, scope: MutableMapping[str, Any]) -> "Span":
        """A span for one request, below the caller's where the header `traceparent` names one."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return self._tracer.start_span(
            scope["method"],
            context=self._propagator.extract(headers),
            kind=self._trace.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.path": scope["path"]},
        )

    def end(self, span: "Span", route: str, status: int, state: Mapping[str, Any]) -> None:
        """Close the span of a request, and put the stages of its reading below it.

        The stages have been timed one after the other. Their spans are laid end to end from the moment the
        picture had arrived; what lies between them is left out.
        """
        span.update_name(f"{span.name} {route}")  # type: ignore[attr-defined]
        attributes = {"http.route": route, "http.response.status_code": status, "request_id": state["request_id"]}
        span.set_attributes(attributes)
        if status >= 500:
            span.set_status(self._trace.StatusCode.ERROR)
        began_ns = state.get("reading_began_ns")
        if began_ns is not None:
            above = self._trace.set_span_in_context(span)
            for stage, duration_ms in state.get("stages_ms", {}).items():
                ended_ns = began_ns + int(duration_ms * 1e6)
                self._tracer.start_span(stage, context=above, start_time=began_ns).end(ended_ns)
                began_ns = ended_ns
        span.end()

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


def tracing_from(environment: Mapping[str, str]) -> Tracing | None:
    """Tracing as the environment asks for it; None where it does not.

    Raises:
        StartupError: it asks, and the extra `otel` is not installed.
    """
    endpoint = environment.get(ENDPOINT_VARIABLE)
    if not endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise StartupError(
            f"{ENDPOINT_VARIABLE} is {endpoint!r}, but {error.name} is not installed. Install the extra `otel`, or "
            "unset the variable."
        ) from error
    names = {"service.name": environment.get("OTEL_SERVICE_NAME", SERVICE_NAME), "service.version": VERSION}
    provider = TracerProvider(resource=Resource.create(names))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def now_ns() -> int:
    """The time as spans have it."""
    return time.time_ns()
