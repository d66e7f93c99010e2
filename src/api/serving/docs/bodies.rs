//! What examples send where a route needs more than its path: a query, a body. An operation that is not
//! here and takes a body is shown without running: what it records stays for ever.

/// What an example of an operation sends.
#[derive(Clone, Copy)]
pub struct Sends {
    /// The query.
    pub query: &'static str,
    /// The type of the body; nothing where it has none.
    pub media: &'static str,
    /// The body.
    pub body: &'static str,
    /// The status of the answer where it is not the route's own.
    pub status: Option<u16>,
}

const NOTHING: Sends = Sends { query: "", media: "", body: "", status: None };

const fn asks(query: &'static str) -> Sends {
    Sends { query, ..NOTHING }
}

const fn json(body: &'static str) -> Sends {
    Sends { media: "application/json", body, ..NOTHING }
}

/// A note is an act that every enrollment takes; with `validate_only` nothing is recorded of it.
pub const NOTE: Sends = Sends {
    query: "validate_only=true",
    status: Some(200),
    ..json(r#"{"act": "note", "effective_on": "2016-01-05", "text": "Seen in the archive."}"#)
};

/// What the example of an operation sends; nothing where it is not to be run.
pub fn sends(operation: &str) -> Option<Sends> {
    Some(match operation {
        "record_act" | "record_program_act" => NOTE,
        "register_subject" => json(
            r#"{"id": "docs_x", "kind": "province", "name": {"en": "Province of the docs", "zh": "示例省"},
   "invented": true, "source": "the docs page", "effective_on": "2014-01-01"}"#,
        ),
        "rename_subject" => json(
            r#"{"name": {"en": "Another province of the docs", "zh": "示例新省"},
   "source": "the docs page", "effective_on": "2017-01-01"}"#,
        ),
        "adopt_calendar" => json(
            r#"{"year": 2099, "rest_days": ["2099-01-01"], "working_weekends": [], "source": "the docs page"}"#,
        ),
        "record_indicator" => json(
            r#"{"indicator": "pct_international_applications", "period": "2018", "basis": "full year", "value": "1",
   "unit": "applications", "source": "the docs page", "confidence": "attested"}"#,
        ),
        "create_webhook_endpoint" => {
            json(r#"{"url": "https://receiver.example/docket", "description": "reporting"}"#)
        }
        "update_webhook_endpoint" => json(r#"{"enabled": false}"#),
        "rotate_webhook_secret" => json(r#"{"overlap_s": 3600}"#),
        "create_import" => Sends {
            query: "validate_only=true",
            media: "application/x-ndjson",
            body: r#"{"program": "'$PROGRAM'", "subject": "'$SUBJECT'", "key": "docs-1", "act": "note",
   "effective_on": "2016-01-05", "text": "Seen in the archive."}"#,
            status: None,
        },
        "upload_document" => Sends { media: "text/plain", body: "A document.", ..NOTHING },
        "get_absence" | "create_absence" => asks("act=declare_exit&by=2015-12-31"),
        "get_consistency_proof" => asks("from=1&to=2"),
        "list_changes" => asks("since_known_at=2026-01-01T00:00:00%2B08:00"),
        "list_subjects" | "list_enrollments" | "list_obligations" | "list_moves"
        | "list_exceptions" | "list_events" => asks("limit=2"),
        "create_evidence" | "delete_webhook_endpoint" => NOTHING,
        _ => return None,
    })
}
