"""No more of a request than its body is taken in without end.

The body is counted where it is read (`service.api.intake`). Its line, its headers and the trailers of a chunked body
come before that, in the parser, which keeps them until they are complete; nobody would stop a client that never
completes them. Longer ones than any browser sends are answered with 431 (RFC 6585, section 5), and the connection ends.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024  # twice what nginx takes by default

_DETAIL = f"The request line, headers or trailers are longer than {MAX_HEAD_BYTES} bytes.\n".encode()
_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_DETAIL), _DETAIL)
)


class ShortHeadProtocol(HttpToolsProtocol):
    """uvicorn's protocol, but that it ends a connection that sends much and still no body."""

    _num_without_body = 0
    """Bytes since the last that were body, or ended a head or a request."""

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        self._num_without_body += len(data)
        super().data_received(data)
        if self._num_without_body > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._num_without_body = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._num_without_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._num_without_body = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if not is_answering:  # else what is written now would be taken for a part of that answer
            self.transport.write(_ANSWER)
        self.transport.close()
