//! What is derived from the log: read models, filled by one pass of the one fold.
//!
//! What must hold: rows and checkpoint move in one transaction, and only from the position that was
//! read; no event is skipped (an event that is not known, or fails, stops the runner at it, and the
//! last state goes on being served); the same log gives the same rows, whether they were filled at
//! one go, in many, after a crash or by a rebuild; no row depends on today.
//!
//! Read models say what changes and never ask a table, so they are the same on every engine
//! ([`store`]). They see the states that an event makes ([`Turn`]), never event types; only
//! `audit_trail` renders events, `subjects` and `enrollment_places` read the events of streams that
//! no enrollment has. Deliberately not here: one enrollment's status, which is answered from the
//! fold of its stream and never from a table.

mod change;
mod checksum;
mod copy_id;
mod counted;
mod ddl;
mod declare;
mod error;
mod export;
mod fate;
mod fold;
mod follow;
mod indicators;
mod life;
mod models;
mod page;
mod read;
mod rebuild;
mod rows;
mod runner;
mod sql;
mod status;
mod step;
mod table;
mod turn;
mod value;

pub mod audit_trail;
pub mod current_status;
pub mod enrollment_places;
pub mod event_facts;
pub mod obligations;
pub mod reporting;
pub mod status_history;
pub mod store;
pub mod subjects;
pub mod timeline;

pub use change::{Cell, Cells, Changes, Doing, ModelChanges, RowWriter, TableChanges};
pub use checksum::{checksum, kept_checksum};
pub use copy_id::CopyId;
pub use error::{DatabaseError, Failure, ProjectionError, StoreError};
pub use export::{ExportError, Snapshot, report, snapshot};
pub use fold::{DEFAULT_CACHE_BYTES, Folder};
pub use follow::{Follower, Progress};
pub use models::Models;
pub use page::{Decoded, decode_page};
pub use read::{Answer, At, ReadModels, Tables};
pub use rebuild::{
    ChangedColumn, Compare, Compared, Diffed, Difference, Rebuild, Rebuilt, RebuiltModel, Value,
    What, diff, rebuild, verify,
};
pub use reporting::{REPORTS, Report};
pub use rows::Rows;
pub use runner::{Extent, Options, Runner, STILL, extent};
pub use sql::{Reader, Record};
pub use status::Status;
pub use step::{Envelope, Input, Projection, Told};
pub use store::{Copies, Mode, SqliteCopies};
pub use table::{Change, Column, Kind, Table};
pub use turn::{Head, Path, Turn};

/// Every read model, ready to be filled.
pub fn all() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(subjects::Subjects),
        Box::new(event_facts::EventFacts::default()),
        Box::new(audit_trail::AuditTrail),
        Box::new(status_history::StatusHistory),
        Box::new(current_status::CurrentStatus),
        Box::new(timeline::Timelines),
        Box::new(obligations::Obligations),
        Box::new(enrollment_places::EnrollmentPlaces),
        Box::new(indicators::Indicators),
        // Last: its views are over the tables of all others.
        Box::new(reporting::Reporting),
    ]
}
