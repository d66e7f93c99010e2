//! What a failure of the documents folder is over HTTP.

use super::{Code, Problem};
use crate::app::documents::DocumentError;

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Problem {
        let text = error.to_string();
        match error {
            DocumentError::Mismatch { claimed, computed } => Problem::new(Code::DigestMismatch)
                .detail(text)
                .member("claimed", claimed.to_string())
                .member("computed", computed.to_string()),
            DocumentError::TooLarge { limit_bytes } => {
                Problem::new(Code::PayloadTooLarge).detail(text).member("limit_bytes", limit_bytes)
            }
            DocumentError::BrokenOff(_) => Problem::new(Code::MalformedRequest).detail(text),
            DocumentError::NotFound(_) => Problem::new(Code::NotFound).detail(text),
            // Nothing was kept and space may be made, so sending again can help.
            DocumentError::StorageFull(_) => Problem::new(Code::EventStoreUnavailable).cause(text),
            DocumentError::Damaged(_) | DocumentError::Io { .. } => Problem::internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::Digest;

    #[test]
    fn each_failure_has_its_status() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let source = std::io::Error::other("x");
        for (error, status) in [
            (DocumentError::Mismatch { claimed: one, computed: two }, 422),
            (DocumentError::TooLarge { limit_bytes: 7 }, 413),
            (DocumentError::BrokenOff("gone".to_owned()), 400),
            (DocumentError::NotFound(one), 404),
            (DocumentError::StorageFull("docs".into()), 503),
            (DocumentError::Damaged(one), 500),
            (DocumentError::Io { doing: "read", path: "docs".into(), source }, 500),
        ] {
            let text = error.to_string();
            assert_eq!(Problem::from(error).status().as_u16(), status, "{text}");
        }
    }
}
