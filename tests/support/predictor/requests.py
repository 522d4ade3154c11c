"""Headers of a request, as the server reads them."""

from email.message import Message


def given_headers(**headers: str) -> Message:
    """Underscores stand for hyphens."""
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message
