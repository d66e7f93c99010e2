#!/usr/bin/env python3
"""A second verifier of Docket's logs and evidence bundles, written apart from the first.

It needs Python 3.9 and the package `cryptography` for Ed25519; everything else is the standard library.

    verify.py (DATA_FOLDER | BUNDLE.zip) [--checkpoint FILE]... [--key KEY]... [--witness KEY]...

It prints one JSON object with the findings, and ends with 0 where there are none, else with 7.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import re
import sqlite3
import struct
import sys
import zipfile
from collections import namedtuple
from datetime import datetime, timezone
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_BUNDLE_BYTES = 2 << 30
MAX_FILES = 200_000

def sha256(data):
    return hashlib.sha256(data).digest()

def leaf_hash(entry):
    return sha256(b"\x00" + entry)
def node_hash(left, right):
    return sha256(b"\x01" + left + right)

def decoded(text):
    """Base64, strictly; None where it is none."""
    with contextlib.suppress(ValueError):
        data = base64.b64decode(text, validate=True)
        return data if base64.b64encode(data).decode() == text else None  # bits that say nothing are zero

def parsed(data):
    """JSON in UTF-8, strictly: no NaN, which is no integer."""
    return json.loads(data.decode(), parse_constant=int)

# The tree (RFC 9162, 2.1)
class Tree:
    """The root over the leaves so far: a stack of perfect subtrees."""

    def __init__(self, other=None, size=0, roots=()):
        self.size = other.size if other else size
        self.stack = list(other.stack) if other else []
        counts = [1 << height for height in reversed(range(64)) if size >> height & 1]
        self.stack += zip(counts, roots)

    def push(self, leaf):
        self.stack.append((1, leaf))
        self.size += 1
        while len(self.stack) > 1 and self.stack[-1][0] == self.stack[-2][0]:
            count, right = self.stack.pop()
            _, left = self.stack.pop()
            self.stack.append((2 * count, node_hash(left, right)))

    def root(self):
        result = self.stack[-1][1] if self.stack else sha256(b"")
        for _, left in reversed(self.stack[:-1]):
            result = node_hash(left, result)
        return result

def implied_root(index, size, leaf, path):
    """The root that a path implies, or None where it has another length than it must."""
    if not 0 <= index < size:
        return None
    # From the top: on which side of each split the leaf stands.
    low, high, sides = 0, size, []
    while high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        sides.append(index < middle)
        low, high = (low, middle) if index < middle else (middle, high)
    if len(sides) != len(path):
        return None
    result = leaf
    for is_left, sibling in zip(reversed(sides), path):
        result = node_hash(result, sibling) if is_left else node_hash(sibling, result)
    return result

# Signed notes (C2SP)
def is_point(public):
    """Whether 32 bytes are a point of the curve (RFC 8032, 5.1.3)."""
    p, y = 2**255 - 19, int.from_bytes(public, "little") % 2**255
    square = (y * y - 1) * pow(1 - 121665 * pow(121666, -1, p) * y * y, -1, p) % p
    return len(public) == 32 and pow(square, (p - 1) // 2, p) in (0, 1)

class Key:
    def __init__(self, name, public, kind=1):
        if not is_point(public) or not name or re.search(r"[\s+]", name):
            raise ValueError("no key")
        self.name, self.public, self.kind = name, public, kind
        self.id = sha256(name.encode() + bytes([10, kind]) + public)[:4]

    @staticmethod
    def parse(text):
        parts = text.strip().split("+", 2)
        typed = decoded(parts[2]) if len(parts) == 3 else None
        if not typed or typed[0] not in (1, 4):
            raise ValueError("no key")
        key = Key(parts[0], typed[1:], typed[0])
        if key.id.hex() != parts[1]:
            raise ValueError("no key")
        return key

    def verifies(self, text, signature):
        if self.kind == 4:  # a witness's: the time comes first (C2SP tlog-cosignature)
            if len(signature) != 72:
                return False
            text = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}"
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
            return True
        except (InvalidSignature, ValueError):
            return False

def keys_of(text):
    keys = []
    for line in text.split("\n"):
        with contextlib.suppress(ValueError):
            keys.append(Key.parse(line))
    return keys

class Checkpoint:
    def __init__(self, note):
        at = note.rfind("\n\n")
        if at < 0 or not note.endswith("\n"):
            raise ValueError("no checkpoint")
        self.text, signatures = note[: at + 1], note[at + 2 : -1].split("\n")
        lines = self.text.split("\n")
        if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
            raise ValueError("no checkpoint")
        self.origin, self.size, self.root = lines[0], int(lines[1]), decoded(lines[2])
        if self.root is None or len(self.root) != 32:
            raise ValueError("no checkpoint")
        self.signatures = []
        for line in signatures:
            match = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
            signature = decoded(match[2]) if match else None
            if signature is None or len(signature) < 4:
                raise ValueError("no checkpoint")
            self.signatures.append((match[1], signature[:4], signature[4:]))

    def signed_by(self, key):
        return any(
            (name, key_id) == (key.name, key.id) and key.verifies(self.text, signature)
            for name, key_id, signature in self.signatures
        )

def checkpoints_of(text):
    """The notes of a file, each followed by an empty line; half a note at the end is none."""
    parts = text.split("\n\n")[:-1]
    return [Checkpoint(f"{a}\n\n{b}\n") for a, b in zip(parts[0::2], parts[1::2])]

# Events
class Event(namedtuple("Event", "sequence stream revision id kind recorded_at data metadata")):
    def leaf(self):
        stream, kind = self.stream.encode(), self.kind.encode()
        entry = struct.pack(">BH", 1, len(stream)) + stream
        entry += struct.pack(">Q", self.revision) + self.id
        entry += struct.pack(">H", len(kind)) + kind
        entry += struct.pack(">q", self.recorded_at)
        return leaf_hash(entry + sha256(self.data) + sha256(self.metadata))

class Report:
    def __init__(self):
        self.findings, self.events, self.covered, self.checkpoints = [], 0, 0, 0
        self.witnessed = set()

    def found(self, kind, text, first=None, last=None):
        finding = {"kind": kind, "reason": text, "first": first, "last": first if last is None else last}
        if finding not in self.findings:
            self.findings.append(finding)

    def witness(self, checkpoint, witnesses):
        self.witnessed |= {witness.name for witness in witnesses if checkpoint.signed_by(witness)}

    def miss_witnesses(self, witnesses):
        for witness in witnesses:
            if witness.name not in self.witnessed:
                self.found("witness", f"{witness.name} signed no checkpoint that holds")

# A log
class Keys:
    """The log's names and keys, each from an event on, as its own events give them."""

    def __init__(self):
        self.epochs = []

    def take_in(self, event, report):
        first = event.sequence == 0
        later = event.stream == "log" and event.kind in ("LossAccepted", "KeyRotated")
        if not (first or later):
            return
        try:
            said = parsed(event.data) if not first or event.kind == "LogCreated" else {}
            origin = self.epochs[-1][1].name if event.kind == "KeyRotated" else said["origin"]
            self.epochs.append((event.sequence, Key(origin, decoded(said["public_key"]) or b"")))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            report.found("unreadable", "it names no origin and key", event.sequence)

    def place(self, checkpoint):
        own = [i for i, (_, key) in enumerate(self.epochs) if key.name == checkpoint.origin]
        covered = [i for i in own if self.epochs[i][0] < checkpoint.size]
        return covered[-1] if covered else own[0] if own else None

    def unsigned(self, checkpoint, report):
        """Whether the key that counts for it did not sign it; says so."""
        at = self.place(checkpoint)
        if at is None or checkpoint.signed_by(self.epochs[at][1]):
            return False
        others = [key for _, key in self.epochs if key.name == checkpoint.origin]
        kind = "key-sizes" if any(checkpoint.signed_by(key) for key in others) else "signature"
        report.found(kind, f"the checkpoint over {checkpoint.size} events is not signed as it should be")
        return True

    def lacks_former(self, checkpoint, covered, report):
        at = self.place(checkpoint)
        if at is None or at == 0 or covered > self.epochs[at][0]:
            return
        former = self.epochs[at - 1][1]
        if former.name == checkpoint.origin and not checkpoint.signed_by(former):
            report.found("signature", "the key before did not sign the change of keys", self.epochs[at][0])

class Judge:
    """Holds a log, event by event, against every checkpoint."""

    def __init__(self, kept, held, keys, witnesses):
        self.report, self.tree, self.keys, self.witnesses = Report(), Tree(), keys, witnesses
        self.streams, self.epochs, self.lost, self.began = {}, Keys(), False, False
        self.stored, self.first_other = None, None
        self.due = sorted([(c, False) for c in kept] + [(c, True) for c in held], key=lambda d: d[0].size)
        roots = {}
        for checkpoint, _ in self.due:
            known = roots.setdefault((checkpoint.origin, checkpoint.size), checkpoint.root)
            if known != checkpoint.root:
                self.report.found("fork", f"two checkpoints over {checkpoint.size} events")

    def event(self, event, stored):
        expected = self.tree.size
        if event.sequence != expected:
            self.report.found("sequence", f"the next event is {event.sequence}", expected)
            self.lost = True
            return
        revision = self.streams.get(event.stream, 0)
        if event.revision != revision:
            self.report.found("revision", f"{event.stream} lacks {revision}", event.sequence)
        self.streams[event.stream] = event.revision + 1
        self.epochs.take_in(event, self.report)
        try:
            leaf = event.leaf()
        except (struct.error, UnicodeError):
            self.unreadable("its members are none of an event")
            return
        if self.stored is not None:
            self.stored.push(stored if stored is not None else leaf)
        elif stored is not None and stored != leaf:
            self.stored, self.first_other = Tree(self.tree), expected
            self.stored.push(stored)
        self.tree.push(leaf)
        while self.due and self.due[0][0].size <= self.tree.size:
            self.compare(*self.due.pop(0))

    def unreadable(self, text):
        self.report.found("unreadable", text, self.tree.size)
        self.lost = True

    def compare(self, checkpoint, is_held):
        if not self.is_of_this(checkpoint, is_held) or not self.is_signed(checkpoint, is_held):
            return
        root = self.tree.root() if checkpoint.size else sha256(b"")
        if checkpoint.root == root:
            if self.began and not is_held:
                self.epochs.lacks_former(checkpoint, self.report.covered, self.report)
            self.began = self.began or not is_held
            self.report.witness(checkpoint, self.witnesses)
            self.report.covered = checkpoint.size
            self.report.checkpoints += 1
        elif not any(finding["kind"] == "changed" for finding in self.report.findings):
            text = f"not what the checkpoint over {checkpoint.size} events covers"
            if self.stored is not None and self.stored.root() == checkpoint.root:
                self.report.found("changed", text, self.first_other)
            else:
                self.report.found("changed", text, self.report.covered, max(checkpoint.size - 1, 0))

    def is_of_this(self, checkpoint, is_held):
        at = self.epochs.place(checkpoint)
        if at is None:
            self.report.found("other-log", f"a checkpoint of {checkpoint.origin}")
            return False
        renamed = [since for since, key in self.epochs.epochs[at:] if key.name != checkpoint.origin]
        if not renamed or checkpoint.size <= renamed[0]:
            return True
        if is_held:
            self.report.found("shorter", "events that were signed are said to be lost", renamed[0])
        return False

    def is_signed(self, checkpoint, is_held):
        return not self.epochs.unsigned(checkpoint, self.report) or is_held

    def finish(self):
        self.report.events = self.tree.size
        for checkpoint, is_held in reversed(self.due):
            if self.is_of_this(checkpoint, is_held) and self.is_signed(checkpoint, is_held) and not self.lost:
                self.report.found("shorter", f"{self.tree.size} events, and {checkpoint.size} were signed")
                break
        for held in self.keys:
            if not any((key.name, key.public) == (held.name, held.public) for _, key in self.epochs.epochs):
                self.report.found("other-key", "the log does not name the key that is held")
        self.report.miss_witnesses(self.witnesses)
        return self.report

def each_row(connection, count=0):
    columns = "sequence, stream, revision, event_id, type, recorded_at, data, metadata"
    query = f"SELECT {columns} FROM event NOT INDEXED ORDER BY sequence"
    try:
        for count, row in enumerate(connection.execute(query), 1):
            yield row
    except (sqlite3.Error, UnicodeError):  # the latter where its message is of bytes that are no text
        # The module reads one row more than it has given.
        yield from connection.execute(f"{query} LIMIT 1 OFFSET {count}").fetchmany(1)
        raise

class Text(bytes):
    """What is stored as text, not as a blob."""

def rows_of(path):
    """The rows of a log, as they stand, without looking into any index of them."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.text_factory, names = Text, {}
    for sequence, key, revision, event_id, kind, recorded_at, data, metadata in each_row(connection):
        try:
            if key not in names:
                names[key], = connection.execute("SELECT name FROM stream WHERE key = ?", [key]).fetchone()
            kinds = [type(one) for one in (names[key], kind, event_id, key, sequence, revision, recorded_at)]
            is_event = kinds == [Text, Text, bytes, int, int, int, int] and isinstance(data, bytes)
            if not is_event or len(event_id) != 16 or min(revision, sequence) < 0:
                raise ValueError("no event")
            stream, kind, metadata = names[key].decode(), kind.decode(), b"" + metadata
        except (ValueError, TypeError, sqlite3.Error):
            yield None
            return
        yield Event(sequence, stream, revision, event_id, kind, recorded_at, data, metadata)

def judge_folder(folder, held, keys, witnesses):
    ledger = os.path.join(folder, "ledger")
    notes = [note for name in ("checkpoints", "cosigned") if (note := Path(ledger, name)).exists()]
    kept = [checkpoint for note in notes for checkpoint in checkpoints_of(note.read_bytes().decode())]
    stored = tree.read_bytes() if (tree := Path(ledger, "tree-0")).exists() else b""
    judge = Judge(kept, held, keys, witnesses)
    try:
        for number, event in enumerate(rows_of(os.path.join(folder, "log.sqlite"))):
            hash_kept = stored[32 * number : 32 * number + 32]
            if event is None:
                judge.unreadable("what stands in its place can't be an event")
            else:
                judge.event(event, hash_kept if len(hash_kept) == 32 else None)
            if judge.lost:
                break
    except (sqlite3.Error, UnicodeError) as error:
        judge.unreadable(str(error))
    return judge.finish()

# A bundle
class NoBundle(Exception):
    """The text and the kind of a finding."""

def files_of(path):
    """The files of an archive below its one folder, within limits."""
    files, left = {}, MAX_BUNDLE_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_FILES:
                raise NoBundle("too many files", "oversized")
            for info in archive.infolist():
                parts = info.filename.split("/")
                is_plain = not re.search(r"[\\:\0]", info.filename)
                if not is_plain or any(part in ("", ".", "..") for part in parts) or len(parts) < 2:
                    raise NoBundle(f"{info.filename!r} would climb out of the bundle", "climbs")
                with archive.open(info) as file:
                    data = file.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise NoBundle(f"{info.filename!r} makes the bundle larger than any is", "oversized")
                if info.filename in files:
                    raise NoBundle(f"{info.filename!r} is in the archive twice", "malformed")
                files[info.filename] = data
    except Exception as error:  # zipfile and zlib have errors of their own
        raise error if isinstance(error, NoBundle) else NoBundle(f"cut short or damaged: {error}", "truncated")
    tops = {name.split("/")[0] for name in files}
    if len(tops) != 1:
        raise NoBundle("it is not one folder", "malformed")
    files = {name.split("/", 1)[1]: data for name, data in files.items()}
    if not files.get("bagit.txt", b"").startswith(b"BagIt-Version: 1.0\n"):
        raise NoBundle("bagit.txt is missing or another", "malformed")
    return files

def raw_member(line, name):
    """The text of a member of the outermost object, as it stands."""
    decoder = json.JSONDecoder()
    at = 1
    while at < len(line):
        key, at = decoder.raw_decode(line, at)
        begins = at + 1
        _, at = decoder.raw_decode(line, begins)
        if key == name:
            return line[begins:at]
        at += 1
    raise ValueError(f"no member {name}")

def event_of(line):
    said = json.loads(line)
    at = datetime.fromisoformat(said["recorded_at"].replace("Z", "+00:00")) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    micros = (at.days * 86_400 + at.seconds) * 1_000_000 + at.microseconds
    data, metadata = raw_member(line, "data").encode(), raw_member(line, "metadata").encode()
    event_id = bytes.fromhex(said["id"].replace("-", ""))
    return Event(int(said["sequence"]), said["stream"], said["revision"], event_id, said["type"], micros, data, metadata)

def proof_of(text):
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("no proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    index = re.fullmatch(r"index (0|[1-9][0-9]*)", lines.pop(0))
    path = [decoded(line) for line in lines]
    if not index or any(item is None or len(item) != 32 for item in path):
        raise ValueError("no proof")
    return int(index[1]), path, Checkpoint(note)

def judge_lists(files, report):
    for name, is_listed in [
        ("manifest-sha256.txt", lambda path: path.startswith("data/")),
        ("tagmanifest-sha256.txt", lambda path: not path.startswith(("data/", "tagmanifest-"))),
    ]:
        if name not in files:
            report.found("file", f"{name} is missing")
            continue
        lines = files[name].decode(errors="replace").split("\n")
        listed = dict(reversed(line.split("  ", 1)) for line in lines if "  " in line)
        for path in sorted(set(filter(is_listed, files)) | set(listed)):
            if path not in files or path not in listed or sha256(files[path]).hex() != listed[path]:
                report.found("file", f"{path} is not what {name} lists")

def judge_bundle(path, held, keys, witnesses):
    report, named, events = Report(), Keys(), []
    try:
        files = files_of(path)
    except NoBundle as error:
        text, kind = error.args
        report.found(kind, text)
        return report
    judge_lists(files, report)
    for needed in ("data/checkpoint", "data/keys.txt", "data/events.ndjson"):
        if needed not in files:
            report.found("file", f"{needed} is missing")
            return report
    try:
        checkpoint = Checkpoint(files["data/checkpoint"].decode())
    except ValueError:
        report.found("malformed", "data/checkpoint is no checkpoint")
        return report
    known = keys or keys_of(files["data/keys.txt"].decode(errors="replace"))
    if not any(key.name == checkpoint.origin for key in known):
        report.found("other-log", f"the checkpoint is of {checkpoint.origin}")
    elif any(checkpoint.signed_by(key) for key in known):
        report.checkpoints = 1
    else:
        report.found("signature", "the checkpoint is not signed by the key")
    for other in held:
        if other.origin != checkpoint.origin:
            report.found("other-log", f"the checkpoint that is held is of {other.origin}")
        elif other.size == checkpoint.size and other.root != checkpoint.root:
            report.found("fork", f"two checkpoints over {other.size} events")
    report.covered, revisions = checkpoint.size, {}
    for line in files["data/events.ndjson"].decode(errors="replace").split("\n"):
        if line:
            judge_line(line, files, checkpoint, revisions, named, events, report)
    named.unsigned(checkpoint, report)
    for name, data in files.items():
        if name.startswith("data/documents/"):
            if sha256(data).hex() != name.split("/")[-1].split(".")[0]:
                report.found("file", f"{name} is not the document of that digest")
    if "data/absence.json" in files:
        try:
            judge_absence(json.loads(files["data/absence.json"]), files, events, checkpoint, report)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            report.found("malformed", "data/absence.json says nothing that can be")
    report.witness(checkpoint, witnesses)
    report.miss_witnesses(witnesses)
    return report

def judge_absence(claim, files, events, checkpoint, report):
    """No event of a type that counts on one of some days stands in a stream, up to a sequence."""
    first, last, up_to = claim.get("effective_from") or "", claim["effective_by"], claim["recorded_up_to"]
    if not re.fullmatch("[0-9]+", up_to) or int(up_to) >= 1 << 64:
        raise ValueError("no number")
    up_to = int(up_to)
    for day in [last] + ([first] if first else []):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) or not datetime.fromisoformat(day):
            raise ValueError("no day")
    entries = [decoded(line) for line in files.get("data/entries.txt", b"").decode().split("\n") if line]
    roots = [decoded(root) for root in claim.get("roots_before", [])]
    if None in entries or any(root is None or len(root) != 32 for root in roots):
        raise ValueError("no entries")

    def within(date):
        begins, _, ends = date.partition("/") if isinstance(date, str) else ("..", "", "..")
        ends = ends or begins
        return (begins == ".." or begins <= last) and (ends == ".." or ends >= first[: len(ends)])

    def part(data, *names):
        for name in names:
            data = data.get(name) if isinstance(data, dict) else None
        return data

    own = [event for event in events if event.stream == claim["stream"]]
    if own and own[0].revision != 0:
        report.found("absence", "the stream's first event is not there")
    begins = 0
    for event in (event for event in own if event.sequence <= up_to):
        begins, data = event.sequence + 1, parsed(event.data)
        mended = part(data, "content", "replacement")
        is_it = event.kind == claim["event_type"] and within(parsed(event.metadata).get("effective_on"))
        is_mended = part(mended, "act", "act") == claim["act"]
        if is_it or (is_mended and within(part(mended, "common", "effective_on"))):
            report.found("absence", "it is on record")
    if up_to >= checkpoint.size:
        report.found("absence", "the checkpoint does not cover it")
    elif begins <= up_to and not is_rest(entries, roots, begins, up_to, claim["stream"], checkpoint):
        report.found("absence", "what follows is not proved to be of other streams")

def is_rest(entries, roots, begins, up_to, stream, checkpoint):
    if bin(begins).count("1") != len(roots):
        return False
    tree = Tree(size=begins, roots=roots)
    for entry in entries:
        name = entry[3 : 3 + int.from_bytes(entry[1:3], "big")]
        if tree.size <= up_to and (len(entry) < 3 or name == stream.encode()):
            return False
        tree.push(leaf_hash(entry))
    return (tree.size, tree.root()) == (checkpoint.size, checkpoint.root)

def judge_line(line, files, checkpoint, revisions, keys, events, report):
    try:
        event = event_of(line)
        leaf = event.leaf()
    except (ValueError, KeyError, TypeError, AttributeError, struct.error):
        report.found("malformed", "a line of data/events.ndjson is no event")
        return
    name = f"data/proofs/{event.sequence:020}.tlog-proof"
    try:
        index, path, proved = proof_of(files[name].decode())
    except (KeyError, ValueError, IndexError):
        report.found("malformed", f"{name} is missing, or is no proof")
    else:
        if index != event.sequence:
            report.found("proof", f"{name} proves event {index}")
        elif (proved.origin, proved.size, proved.root) != (checkpoint.origin, checkpoint.size, checkpoint.root):
            report.found("fork", f"{name} is of another checkpoint than the bundle's")
        elif implied_root(index, proved.size, leaf, path) != proved.root:
            report.found("changed", "it is not the event that the checkpoint covers", event.sequence)
        else:
            report.events += 1
    if revisions.setdefault(event.stream, event.revision) != event.revision:
        report.found("revision", f"the bundle lacks an event of {event.stream}")
    revisions[event.stream] = event.revision + 1
    keys.take_in(event, report)
    events.append(event)

def main():
    parser = argparse.ArgumentParser(description="Verify a Docket log or evidence bundle.")
    parser.add_argument("what")
    for option in ("--checkpoint", "--key", "--witness"):
        parser.add_argument(option, action="append", default=[])
    arguments = parser.parse_args()
    held = []
    for path in arguments.checkpoint:
        held += checkpoints_of(Path(path).read_bytes().decode().strip("\n") + "\n\n")
    keys, witnesses = [[Key.parse(key) for key in list_of] for list_of in (arguments.key, arguments.witness)]
    judge = judge_folder if os.path.isdir(arguments.what) else judge_bundle
    report = judge(arguments.what, held, keys, witnesses)
    print(json.dumps({name: getattr(report, name) for name in ("events", "covered", "findings", "checkpoints")}))
    return 7 if report.findings else 0

if __name__ == "__main__":
    sys.exit(main())
