"""Everything that can go wrong, in one tree.

    DigitsError
    ├── RequestError                    the client can mend it
    │   ├── MalformedBody               no body, broken multipart, not exactly one `file` part
    │   ├── UndecodableImage            a known format, but damaged or cut short
    │   ├── UndecodableDocument         a PDF that is damaged, has no pages, or cannot be drawn
    │   │   └── EncryptedDocument       a PDF that asks for a password
    │   ├── UnsupportedImageFormat      not a picture, or a format that is not read here
    │   ├── TooLarge                    more bytes, pixels or files than the limits allow
    │   │   └── TooManyPages            a document of more pages than the limit allows
    │   ├── InvalidParameter            a query parameter is out of range
    │   ├── InvalidTemplate             a form's template is wrong, and where
    │   ├── RegistrationFailed          the picture does not show the template's page
    │   └── ModelNotFound               no such model, or not of the kind asked for
    ├── BlankImage                      nothing to place on a canvas (becomes a verdict, not an error answer)
    ├── Unavailable                     try again a little later
    │   ├── NotReady                    models are still loading, or the service is draining
    │   ├── QueueFull                   more work waits than the queue may hold
    │   └── DeadlineExceeded            the answer would come too late to be of use
    └── StartupError                    the operator can mend it; the service does not start
        ├── InvalidModel                a model folder is damaged, foreign or does not repeat its golden outputs
        ├── InvalidAllowedList          a list of allowed numbers is missing, too large, or holds what is no number
        └── DeviceNotFound              the device that was asked for is not on this machine

Raise the most specific class; translate a library's error once, where it enters, with `raise ... from`.
Messages are written for the person who gets them: what happened, the value, what would be accepted.
The HTTP status of each class is known to `service/api/errors.py` alone.
"""


class DigitsError(Exception):
    """Root of all errors that this project raises on purpose."""


class RequestError(DigitsError):
    """The request cannot be answered as it is; its sender can mend it."""


class MalformedBody(RequestError):
    """The body is empty, is not the multipart it claims to be, or does not hold exactly one picture."""


class UndecodableImage(RequestError):
    """The bytes begin like a picture of a known format and cannot be decoded to the end."""


class UndecodableDocument(RequestError):
    """The document is damaged, has no pages, or holds a page that cannot be drawn."""


class EncryptedDocument(UndecodableDocument):
    """The document asks for a password."""


class UnsupportedImageFormat(RequestError):
    """The bytes are no picture, or one of a format that is not read here."""


class TooLarge(RequestError):
    """More bytes, pixels or files than the limits allow."""


class TooManyPages(TooLarge):
    """A document has more pages than the limit allows."""


class InvalidParameter(RequestError):
    """A parameter has a value outside its range."""


class InvalidTemplate(RequestError):
    """A template cannot be used as it is.

    Attributes:
        path: where the wrong value stands, as in `fields[3].box.width`; "" for the template as a whole.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class RegistrationFailed(RequestError):
    """The template's page was not found in the picture, so that no field can be trusted to be where it should."""


class ModelNotFound(RequestError):
    """No model of this name is loaded, or it does not do what was asked of it."""


class BlankImage(DigitsError):
    """The picture carries no ink."""


class Unavailable(DigitsError):
    """The request is fine and cannot be answered now.

    Attributes:
        retry_after_s: seconds after which trying again makes sense.
    """

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotReady(Unavailable):
    """Models are still loading, or the service is shutting down."""


class QueueFull(Unavailable):
    """More readings wait already than `DIGITS_QUEUE_LIMIT` allows."""


class DeadlineExceeded(Unavailable):
    """The reading did not come within `DIGITS_TIMEOUT_MS`."""


class StartupError(DigitsError):
    """The service cannot start; the operator can mend it."""


class InvalidModel(StartupError):
    """A model folder is damaged, foreign, or does not repeat its golden outputs."""


class InvalidAllowedList(StartupError):
    """A list of allowed numbers cannot be read, is too large, or holds what is no number."""


class DeviceNotFound(StartupError):
    """The device named by `DIGITS_DEVICE` is not on this machine."""
