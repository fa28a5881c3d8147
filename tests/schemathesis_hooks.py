"""What Schemathesis does not know by itself: bodies of lines, and answers that are files."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """Text is sent as it is; anything else, made up to be wrong, as a line of JSON."""
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


@schemathesis.deserializer("application/zip", "application/gzip", "multipart/byteranges")
def file(context, response):
    """Only that it is there: other tests read the files."""
    return response.content.decode("latin-1")
