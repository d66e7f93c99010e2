//! A program as a whole: acts for it, what is owed for it, and how it went, by the handlers of one
//! enrollment. The path names no subject, so they are about the program's own stream.

use super::{acts, obligations, permitted, trail};
use crate::api::asking::call::{Answered, Call};

/// Records an act for a program as a whole.
///
/// # Errors
/// See the route.
pub async fn record_program_act(call: Call) -> Answered {
    acts::record_act(call).await
}

/// Lists the acts for a program as a whole.
///
/// # Errors
/// See the route.
pub async fn list_program_acts(call: Call) -> Answered {
    acts::list_acts(call).await
}

/// Answers such an act by its id.
///
/// # Errors
/// See the route.
pub async fn get_program_act(call: Call) -> Answered {
    acts::get_act(call).await
}

/// Lists what this caller may do now for a program as a whole.
///
/// # Errors
/// See the route.
pub async fn list_program_permitted_acts(call: Call) -> Answered {
    permitted::list_permitted_acts(call).await
}

/// Answers the audit trail of a program as a whole.
///
/// # Errors
/// See the route.
pub async fn get_program_audit_trail(call: Call) -> Answered {
    trail::get_audit_trail(call).await
}

/// Lists what is owed for a program as a whole.
///
/// # Errors
/// See the route.
pub async fn list_program_obligations(call: Call) -> Answered {
    obligations::list_enrollment_obligations(call).await
}
