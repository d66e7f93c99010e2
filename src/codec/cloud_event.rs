//! Stored envelopes as CloudEvents 1.0 in JSON, appended to a buffer.
//!
//! What must hold: one event is one JSON object without a raw line break in it; `data` are the bytes
//! stored (where a foreign writer put line breaks between tokens, spaces stand for them, and
//! `datahash` is still that of the bytes stored); attribute names are `[a-z0-9]{1,20}`; nothing is
//! said that is not stored. No JSON values are built on the way: a reader of the whole log asks for
//! several hundred thousand of these a second.

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::flat::{Member, Members};
use super::streams::{StreamKind, kind_of_stream, snake_case};
use super::{CodecError, malformed};
use crate::domain::date::Timestamp;
use crate::log::RecordedEvent;

/// The most data that an act's event may have, in bytes: with its attributes a CloudEvent then
/// stays below the 64 KiB that every intermediary must pass on.
pub const MAX_DATA_BYTES: usize = 48 * 1024;

/// The principal of Docket's own events.
const OWN_PRINCIPAL: &str = "docket";

/// How events are written for one deployment.
#[derive(Debug, Clone)]
pub struct CloudEvents {
    type_prefix: String,
    /// The attributes that every event has alike.
    constant: Vec<u8>,
    /// What stands before a schema's file name.
    schemas: Option<Vec<u8>>,
}

impl CloudEvents {
    /// Types begin with `type_prefix` and a dot; `source` names the log; `schemas` is the address
    /// under which the event schemas are served, if there is one.
    pub fn new(type_prefix: &str, source: &str, schemas: Option<&str>) -> Self {
        let mut constant = Vec::new();
        constant.extend_from_slice(br#","specversion":"1.0","datacontenttype":"application/json""#);
        attribute(&mut constant, "source", source);
        let schemas = schemas.map(|address| {
            let mut text = Vec::new();
            escaped(&mut text, address);
            text
        });
        Self { type_prefix: type_prefix.to_owned(), constant, schemas }
    }

    /// Appends the type as readers know it: `docket.enrollment.plan_submitted`.
    pub fn write_type(&self, kind: &str, event_type: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(self.type_prefix.as_bytes());
        out.push(b'.');
        out.extend_from_slice(kind.as_bytes());
        out.push(b'.');
        snake_case(event_type, out);
    }

    /// Appends an event as one JSON object.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] where metadata or data are not JSON; nothing is appended then.
    pub fn write(&self, event: &RecordedEvent, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let meta = Members::read(&event.metadata)
            .map_err(|error| malformed(event, &format!("metadata: {error}")))?;
        // The whole is only JSON if this is.
        serde_json::from_slice::<&RawValue>(&event.data).map_err(|e| malformed(event, &e))?;
        out.reserve(768 + event.data.len());
        self.write_envelope(event, &meta, out);
        write_meta(&meta, out);
        out.extend_from_slice(br#","datahash":""#);
        hex(out, &Sha256::digest(&event.data));
        out.extend_from_slice(br#"","data":"#);
        let from = out.len();
        out.extend_from_slice(&event.data);
        one_line(&mut out[from..]);
        out.push(b'}');
        Ok(())
    }

    fn write_envelope(&self, event: &RecordedEvent, meta: &Members<'_>, out: &mut Vec<u8>) {
        let stream = event.stream.as_str();
        let kind = kind_of_stream(stream);
        out.extend_from_slice(br#"{"id":""#);
        let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
        out.extend_from_slice(event.event_id.hyphenated().encode_lower(&mut id).as_bytes());
        out.extend_from_slice(br#"","sequence":""#);
        sequence(out, event.sequence);
        out.extend_from_slice(br#"","type":""#);
        let from = out.len();
        self.write_type(kind.label(), &event.event_type, out);
        escape_from(out, from);
        out.push(b'"');
        out.extend_from_slice(&self.constant);
        if let Some(schemas) = &self.schemas {
            out.extend_from_slice(br#","dataschema":""#);
            out.extend_from_slice(schemas);
            escaped(out, &event.event_type);
            out.extend_from_slice(b".v");
            out.extend_from_slice(meta.escaped(Member::SchemaVersion).unwrap_or("1").as_bytes());
            out.extend_from_slice(br#".json""#);
        }
        if let Some((_, rest)) = stream.split_once('-') {
            out.extend_from_slice(br#","subject":""#);
            if let StreamKind::Enrollment { program, .. } = &kind {
                escaped(out, program.as_str());
                out.push(b'/');
            }
            escaped(out, rest);
            out.push(b'"');
        }
        // `time` is when the occurrence happened, and what happened is that an act was recorded;
        // from when it counts is `effectivedate`, which may be an interval.
        let mut instant = [0; 27];
        time(&mut instant, event.recorded_at_us);
        for name in [&br#","time":""#[..], br#"","recordedtime":""#] {
            out.extend_from_slice(name);
            out.extend_from_slice(&instant);
        }
        out.push(b'"');
        attribute(out, "partitionkey", stream);
        attribute(out, "streamid", stream);
        out.extend_from_slice(br#","streamrevision":"#);
        decimal(out, event.revision);
        if let Some(program) = kind.program() {
            attribute(out, "program", program);
        }
    }
}

/// What the metadata say, copied as it is escaped there.
fn write_meta(meta: &Members<'_>, out: &mut Vec<u8>) {
    let auth_type = match meta.escaped(Member::Principal) {
        None => None,
        Some(OWN_PRINCIPAL) => Some("system"),
        // A token does not say whether a person or a program holds it.
        Some(_) => Some("unknown"),
    };
    let corrects = meta.escaped(Member::Corrects).and_then(|reference| reference.rsplit_once('#'));
    let members: [(&[u8], Option<&str>); 11] = [
        (br#","effectivedate":""#, meta.escaped(Member::EffectiveOn)),
        (br#","measureversion":""#, meta.escaped(Member::Measure)),
        (br#","article":""#, meta.escaped(Member::Article)),
        (br#","authtype":""#, auth_type),
        (br#","authid":""#, meta.escaped(Member::Principal)),
        (br#","actorrole":""#, meta.escaped(Member::Role)),
        (br#","actoroffice":""#, meta.escaped(Member::OfficeId)),
        (br#","correctsid":""#, corrects.map(|(_, id)| id)),
        (br#","correlationid":""#, meta.escaped(Member::Correlation)),
        (br#","causationid":""#, meta.escaped(Member::Causation)),
        (br#","traceparent":""#, meta.escaped(Member::Trace)),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            out.extend_from_slice(name);
            out.extend_from_slice(value.as_bytes());
            out.push(b'"');
        }
    }
    if meta.escaped(Member::Exercise).is_some() {
        out.extend_from_slice(br#","exercise":true"#);
    }
}

fn attribute(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    escaped(out, value);
    out.push(b'"');
}

/// Appends the inside of a JSON string.
fn escaped(out: &mut Vec<u8>, text: &str) {
    let from = out.len();
    out.extend_from_slice(text.as_bytes());
    escape_from(out, from);
}

/// Escapes what was appended from there on; hardly ever is there anything to escape.
fn escape_from(out: &mut Vec<u8>, from: usize) {
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    if !out[from..].iter().any(special) {
        return;
    }
    for byte in out.split_off(from) {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                hex(out, &[byte]);
            }
            _ => out.push(byte),
        }
    }
}

/// In JSON a raw line break can only stand between tokens, where a space says the same.
fn one_line(json: &mut [u8]) {
    for byte in json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// 20 digits.
fn sequence(out: &mut Vec<u8>, sequence: u64) {
    let mut digits = [b'0'; 20];
    put(&mut digits, sequence);
    out.extend_from_slice(&digits);
}

fn decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [b'0'; 20];
    put(&mut digits, number);
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(19);
    out.extend_from_slice(&digits[first..]);
}

/// Fills a run of bytes with the last digits of a number.
fn put(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// As [`Timestamp`] writes it: `2026-01-31T15:59:59.000000Z`. By hand, since twice for each event
/// the general way would cost more than everything else.
fn time(out: &mut [u8; 27], recorded_at_us: i64) {
    const DAY: i64 = 86_400_000_000;
    let micros = Timestamp::from_micros(recorded_at_us).micros();
    let (days, of_day) = (micros.div_euclid(DAY), micros.rem_euclid(DAY).unsigned_abs());
    // Howard Hinnant's civil_from_days; every instant here is after the year 0.
    let days = (days + 719_468).unsigned_abs();
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * of_year + of_year / 4 - of_year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = of_year + era * 400 + u64::from(month <= 2);
    let seconds = of_day / 1_000_000;
    *out = *b"0000-00-00T00:00:00.000000Z";
    put(&mut out[0..4], year);
    put(&mut out[5..7], month);
    put(&mut out[8..10], day);
    put(&mut out[11..13], seconds / 3600);
    put(&mut out[14..16], seconds / 60 % 60);
    put(&mut out[17..19], seconds % 60);
    put(&mut out[20..26], of_day % 1_000_000);
}

#[cfg(test)]
#[path = "cloud_event/tests.rs"]
mod tests;
