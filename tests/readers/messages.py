"""The contract of messages, written a second time: what is accepted, how it is normalised, in which order it comes.

Nothing here is taken from the Rust code; where the two differ, a test finds it. Instants are whole microseconds since
1970-01-01T00:00:00Z, since Python's datetime does not reach all of the years 1-9999 in every zone.
"""

import datetime
import gzip
import io
import json
import re
import zoneinfo
from dataclasses import dataclass

COLUMNS = ("message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes")
FIELDS = set(COLUMNS) | {"org"}
SECOND = 1_000_000
DAY = 86_400 * SECOND
FIRST, LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1
LIMIT_BYTES = {"message_id": 256, "channel": 1024, "thread": 1024, "sender": 1024, "text": 4 << 20, "attributes": 64 << 10}
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


class Refused(Exception):
    """A line that ingest must refuse, with the field it must name."""

    def __init__(self, field, reason):
        super().__init__(f"{field}: {reason}")
        self.field = field


class Number(str):
    """A JSON number as it was written."""


@dataclass
class Message:
    """One accepted message; `values` are the cells in the order of COLUMNS, None is null."""

    sent_at: int
    values: tuple

    def order(self):
        """The total order of the contract: null comes first, texts by their UTF-8 bytes (the same as by code points)."""
        rest = (value for name, value in zip(COLUMNS, self.values) if name != "sent_at")
        return (self.sent_at, *((value is not None, value or "") for value in rest))


def days_of(year, month, day):
    """Days since 1970-01-01, also for the years 0 and 10000 that a local time can have."""
    cycles = (year - 1) // 400
    return datetime.date(year - 400 * cycles, month, day).toordinal() + 146_097 * cycles - 719_163


def parse_time(field, text):
    """An RFC 3339 time as microseconds."""
    if not isinstance(text, str):
        raise Refused(field, "is not text")
    match = TIME.fullmatch(text)
    if not match:
        raise Refused(field, "is not an RFC 3339 time with at most six decimals")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        raise Refused(field, "names no time of day, or a leap second")
    try:
        days = days_of(year, month, day)
    except ValueError as error:
        raise Refused(field, "names no day") from error
    micros = int((match[7] or "").ljust(6, "0"))
    offset = 0
    if match[8]:
        if int(match[9]) > 23 or int(match[10]) > 59:
            raise Refused(field, "has no such offset")
        offset = (int(match[9]) * 3600 + int(match[10]) * 60) * (1 if match[8] == "+" else -1)
    at = days * DAY + (hour * 3600 + minute * 60 + second - offset) * SECOND + micros
    if not FIRST <= at <= LAST:
        raise Refused(field, "lies outside the years 1-9999")
    return at


def format_time(at):
    """UTC with `Z` and six decimals."""
    days, rest = divmod(at, DAY)
    seconds, micros = divmod(rest, SECOND)
    date = datetime.date.fromordinal(days + 719_163)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"
    return f"{date.year:04}-{date.month:02}-{date.day:02}T{clock}Z"


class Zone:
    """The calendar of an IANA zone, by zoneinfo (the package tzdata where the system has no data)."""

    QUARTER = 900 * SECOND

    def __init__(self, name):
        self.rules = zoneinfo.ZoneInfo(name)
        self.quarters, self.names = {}, {}

    def day(self, at):
        """The day that an instant lies in, as YYYY-MM-DD; None outside the years 1-9999."""
        quarter = at // self.QUARTER
        if quarter not in self.quarters:
            first, last = self.offset(quarter * self.QUARTER), self.offset((quarter + 1) * self.QUARTER - 1)
            self.quarters[quarter] = first if first == last else None
        offset = self.quarters[quarter]
        days = (at + (self.offset(at) if offset is None else offset)) // DAY
        if days not in self.names:
            is_written = FIRST // DAY <= days <= LAST // DAY
            self.names[days] = format_time(days * DAY)[:10] if is_written else None
        return self.names[days]

    def offset(self, at):
        """What the zone adds to UTC at an instant; at the ends of Python's calendar what it adds a day nearer."""
        nearer = min(max(at, FIRST + DAY), LAST - DAY)
        utc = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=nearer)
        return utc.astimezone(self.rules).utcoffset() // datetime.timedelta(microseconds=1)


def compact(value):
    """JSON without spaces, keys in the given order, numbers as written, only what must be escaped is."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(key)}:{compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(item) for item in value) + "]"
    return quoted(value)


def quoted(value):
    return json.dumps(value, ensure_ascii=False)


def unrepeated(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refused("attributes", "repeats a key")
    return found


def refuse_constant(name):
    raise Refused("attributes", f"{name} is no JSON")


def parse_line(line, org):
    """The message of one line that is sent to `org`; raises Refused."""
    try:
        found = json.loads(
            line.decode("utf-8"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=refuse_constant,
            object_pairs_hook=unrepeated,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Refused("line", "is no JSON") from error
    if not isinstance(found, dict):
        raise Refused("line", "is no object")
    for name in found:
        if name not in FIELDS:
            raise Refused(name, "is unknown")
    if found.get("org") is not None and text_value("org", found["org"]) != org:
        raise Refused("org", "is another organisation")
    sent_at = parse_time("sent_at", required(found, "sent_at"))
    edited_at = found.get("edited_at")
    values = {name: text_of(found, name) for name in ("channel", "thread", "sender")}
    values["message_id"] = text_value("message_id", required(found, "message_id"))
    if values["message_id"] == "":
        raise Refused("message_id", "is empty")
    values["text"] = text_value("text", required(found, "text"))
    values["sent_at"] = format_time(sent_at)
    values["edited_at"] = None if edited_at is None else format_time(parse_time("edited_at", edited_at))
    kind = found.get("kind")
    values["kind"] = "message" if kind is None else text_value("kind", kind)
    values["attributes"] = attributes_of(found.get("attributes"))
    return Message(sent_at, tuple(values[name] for name in COLUMNS))


def required(found, name):
    if found.get(name) is None:
        raise Refused(name, "is missing")
    return found[name]


def text_of(found, name):
    value = found.get(name)
    return None if value is None else text_value(name, value)


def text_value(name, value):
    if not isinstance(value, str) or isinstance(value, Number):
        raise Refused(name, "is not text")
    return limited(name, value)


def limited(name, value):
    """The value, if UTF-8 can hold it in as many bytes as the field may have."""
    try:
        length = len(value.encode())
    except UnicodeEncodeError as error:
        raise Refused(name, "holds a lone surrogate") from error
    if length > LIMIT_BYTES.get(name, length):
        raise Refused(name, f"is over {LIMIT_BYTES[name]} bytes")
    return value


def attributes_of(value):
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Refused("attributes", "is no object")
    return limited("attributes", compact(value))


def open_lines(path):
    """The bytes of a file of messages: plain, `.gz` or `.zst` by its name."""
    if path.endswith(".zst"):
        import zstandard

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(open(path, "rb"), read_across_frames=True))
    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


def lines_of(path):
    """Lines and their numbers from 1; only LF ends a line, as texts hold other separators raw."""
    with open_lines(path) as file:
        rest = b""
        number = 0
        while block := file.read(1 << 20):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                number += 1
                yield number, line
        if rest:
            yield number + 1, rest


def read(paths, org):
    """All messages of the files sent to `org`, exact repeats included, and what was refused as (file, line, field)."""
    messages, refused = [], []
    for path in paths:
        for number, line in lines_of(path):
            if not line.strip():
                continue
            try:
                messages.append(parse_line(line, org))
            except Refused as reason:
                refused.append({"file": path, "line": number, "field": reason.field, "reason": str(reason)})
    return messages, refused
