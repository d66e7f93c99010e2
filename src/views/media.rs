//! The media types in which something is answered.

/// JSON.
pub const JSON: &str = "application/json";
/// One line of JSON for each event.
pub const NDJSON: &str = "application/x-ndjson";
/// The same by its other name.
pub const JSONL: &str = "application/jsonl";
/// CloudEvents in their batched form.
pub const CLOUD_EVENTS: &str = "application/cloudevents-batch+json";
/// Server-sent events.
pub const EVENT_STREAM: &str = "text/event-stream";
/// A page for people.
pub const HTML: &str = "text/html";
/// A table as text.
pub const CSV: &str = "text/csv";
/// A workbook of a spreadsheet.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Several files in one.
pub const ZIP: &str = "application/zip";
/// A table in columns.
pub const PARQUET: &str = "application/vnd.apache.parquet";
/// A calendar (iCalendar, RFC 5545).
pub const CALENDAR: &str = "text/calendar";
/// A feed (Atom, RFC 4287).
pub const ATOM: &str = "application/atom+xml";
/// A picture of lines and texts.
pub const SVG: &str = "image/svg+xml";
/// Links of a resource (RFC 9264).
pub const LINKSET: &str = "application/linkset+json";
/// Lines of text.
pub const TEXT: &str = "text/plain";
/// Bytes of which nothing more is known.
pub const OCTETS: &str = "application/octet-stream";
/// What says why something is not answered (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";
