//! What is derived from the log: read models, filled by one pass of the one fold.
//!
//! What must hold: rows and checkpoint move in one transaction, and only from the position that was
//! read; no event is skipped (an event that is not known, or fails, stops the runner at it, and the
//! last state goes on being served); the same log gives the same rows, whether they were filled at
//! one go, in many, after a crash or by a rebuild; no row depends on today.
//!
//! Read models see the state before and after an event ([`Step`]), never event types; only
//! `audit_trail` renders events, `subjects` and `enrollment_places` read the events of streams that
//! no enrollment has. Deliberately not here: one enrollment's status, which is answered from the
//! fold of its stream and never from a table.

mod cache;
mod checksum;
mod error;
mod fold;
mod follow;
mod page;
mod read;
mod rebuild;
mod row;
mod runner;
mod spans;
mod step;
mod store;
mod value;

pub mod audit_trail;
pub mod current_status;
pub mod enrollment_places;
pub mod obligations;
pub mod subjects;
pub mod timeline;

pub use checksum::checksum;
pub use error::{Failure, ProjectionError, StoreError};
pub use fold::{DEFAULT_CACHE_BYTES, Folder};
pub use follow::{Follower, Progress};
pub use page::{Decoded, decode_page};
pub use read::{Answer, ReadModels, Tables};
pub use rebuild::{Compared, Rebuild, Rebuilt, RebuiltModel, rebuild};
pub use runner::{Options, Runner, Status};
pub use step::{Envelope, Input, Path, Projection, Step};
pub use store::{Copies, Mode, Serving, Store};

/// Every read model, ready to be filled.
pub fn all() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(subjects::Subjects),
        Box::new(audit_trail::AuditTrail::default()),
        Box::new(current_status::CurrentStatus::default()),
        Box::new(timeline::Timelines::default()),
        Box::new(obligations::Obligations::default()),
        Box::new(enrollment_places::EnrollmentPlaces),
    ]
}
