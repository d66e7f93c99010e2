//! What an error of the client means. Its texts hold whole answers of the store, with what was signed
//! and by which key; only the answer's code and message are taken from them.

use super::super::Obstacle;
use object_store::client::{HttpError, HttpErrorKind};
use std::error::Error;

/// What came of a request that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// There is no such object, or no such upload.
    Absent,
    /// There is an object of this name already, or somebody is writing one.
    Exists,
    /// The store does not know this kind of request.
    NotImplemented,
    /// The store could not be reached, or not used.
    Unreachable { obstacle: Obstacle, reason: String },
}

impl Failed {
    pub fn of(error: &object_store::Error) -> Failed {
        let text = error.to_string();
        let code = between(&text, "<Code>", "</Code>");
        let status = status_of(&text);
        if code == Some("NoSuchBucket") {
            return unreachable(Obstacle::NoBucket, "there is no such bucket (NoSuchBucket)");
        }
        match error {
            object_store::Error::NotFound { .. } => return Failed::Absent,
            object_store::Error::AlreadyExists { .. }
            | object_store::Error::Precondition { .. } => return Failed::Exists,
            _ => {}
        }
        if status == Some(501) || code == Some("NotImplemented") {
            return Failed::NotImplemented;
        }
        let Some(status) = status else { return of_transport(error, &text) };
        let mut reason = format!("it answers {status}");
        if let Some(code) = code {
            reason = format!("{reason} {code}");
        }
        if let Some(message) = between(&text, "<Message>", "</Message>") {
            let message: String = message.chars().take(200).collect();
            reason = format!("{reason}: {message}");
        }
        let obstacle = match (status, code) {
            (401 | 403, _) | (400, Some("AuthorizationHeaderMalformed" | "ExpiredToken")) => {
                Obstacle::Refused
            }
            (408 | 429 | 500.., _) | (200, Some(_)) => Obstacle::Failing,
            _ => Obstacle::NotAStore,
        };
        unreachable(obstacle, &reason)
    }
}

/// That no answer came within the time that is given for one.
pub(super) fn too_late(seconds: f32) -> Failed {
    unreachable(Obstacle::NoAnswer, &format!("no answer came within {seconds} s"))
}

fn unreachable(obstacle: Obstacle, reason: &str) -> Failed {
    Failed::Unreachable { obstacle, reason: reason.to_owned() }
}

fn of_transport(error: &object_store::Error, text: &str) -> Failed {
    let mut innermost: &(dyn Error + 'static) = error;
    let mut kind = None;
    while let Some(source) = innermost.source() {
        innermost = source;
        kind = kind.or_else(|| source.downcast_ref::<HttpError>().map(HttpError::kind));
    }
    if text.contains("redirect without LOCATION") {
        return unreachable(
            Obstacle::NotAStore,
            "it redirects without saying where to: the region is wrong",
        );
    }
    let obstacle = match kind {
        Some(HttpErrorKind::Timeout) => Obstacle::NoAnswer,
        Some(_) => Obstacle::NoConnection,
        // Neither a status nor a failed transport: the answer could not be read.
        None => Obstacle::NotAStore,
    };
    let innermost: String = innermost.to_string().chars().take(200).collect();
    unreachable(obstacle, &innermost)
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

/// The status in the client's text; its type for it is private.
fn status_of(text: &str) -> Option<u16> {
    if text.contains("Server returned error response") {
        return Some(200);
    }
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}
