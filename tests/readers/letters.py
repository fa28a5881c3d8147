"""Reads letters with Python's own parser of messages, which is not ours.

    letters.py FILE...          prints one JSON object for each .eml file, see `read`
"""

import email
import email.policy
import json
import pathlib
import sys


def main():
    for path in sys.argv[1:]:
        print(json.dumps(read(pathlib.Path(path).read_bytes())), flush=True)


def read(raw):
    """What a reader of mail sees; `defects` holds all that the parser complains about.

    {headers: [[name, decoded value]], defects: [..], parts: [type, ..], text, html, attachments: [{name, type, hex}]}
    """
    letter = email.message_from_bytes(raw, policy=email.policy.SMTP)
    headers = [[name, str(value)] for name, value in letter.items()]
    attachments = [
        {"name": part.get_filename(), "type": part.get_content_type(), "hex": part.get_payload(decode=True).hex()}
        for part in letter.iter_attachments()
    ]
    return {
        "headers": headers,
        "defects": [repr(defect) for part in letter.walk() for defect in defects(part)],
        "parts": [part.get_content_type() for part in letter.walk()],
        "text": content(letter, "plain"),
        "html": content(letter, "html"),
        "attachments": attachments,
        "is_ascii": raw.isascii(),
        "longest_line": max(len(line) for line in raw.split(b"\r\n")),
        "has_bare_line_ends": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r") > 0,
    }


def defects(part):
    yield from part.defects
    for _, value in part.items():
        yield from getattr(value, "defects", ())


def content(letter, kind):
    body = letter.get_body(preferencelist=(kind,))
    return body.get_content() if body else None


if __name__ == "__main__":
    main()
