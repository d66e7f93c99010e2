//! The trace id of a request: taken from W3C Trace Context, or made here.

use actix_web::{HttpMessage, HttpRequest};
use std::fmt;

/// A W3C trace id: 32 lower-case hex digits, not all zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceId(String);

impl TraceId {
    /// The trace id of a `traceparent` value, if the value is well formed.
    pub fn parse(traceparent: &str) -> Option<TraceId> {
        let mut fields = traceparent.trim().split('-');
        let (version, trace, parent, flags) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let well_formed = hex(version, 2)
            && version != "ff"
            && hex(trace, 32)
            && hex(parent, 16)
            && hex(flags, 2)
            && trace.bytes().any(|b| b != b'0')
            && parent.bytes().any(|b| b != b'0')
            && (version != "00" || fields.next().is_none());
        well_formed.then(|| TraceId(trace.to_owned()))
    }

    /// The trace id of a request; the same for each call on that request.
    pub fn of(request: &HttpRequest) -> TraceId {
        if let Some(known) = request.extensions().get::<TraceId>() {
            return known.clone();
        }
        let trace = request
            .headers()
            .get("traceparent")
            .and_then(|v| v.to_str().ok())
            .and_then(TraceId::parse)
            .unwrap_or_else(TraceId::random);
        request.extensions_mut().insert(trace.clone());
        trace
    }

    #[expect(clippy::disallowed_methods, reason = "the HTTP edge: the id is only for log lines")]
    /// A trace id for a request that came without one.
    pub fn random() -> TraceId {
        TraceId(uuid::Uuid::new_v4().simple().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn takes_only_a_well_formed_traceparent() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(TraceId::parse(&good).unwrap().as_str(), TRACE);
        for bad in [
            String::new(),
            TRACE.to_owned(),
            good.to_uppercase(),
            good.replace(TRACE, &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replacen("00", "ff", 1),
            format!("{good}-more"),
        ] {
            assert_eq!(TraceId::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn is_the_same_for_the_whole_request() {
        let made = TestRequest::get().to_http_request();
        assert_eq!(TraceId::of(&made), TraceId::of(&made));
        assert!(hex(TraceId::of(&made).as_str(), 32));
        let given = TestRequest::get()
            .insert_header(("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")))
            .to_http_request();
        assert_eq!(TraceId::of(&given).as_str(), TRACE);
    }
}
