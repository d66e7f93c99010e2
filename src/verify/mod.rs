//! The verifier: finds any event of a log that was changed, removed, reordered or inserted below a
//! checkpoint, from the bytes and the keys alone.
//!
//! What must hold: nothing here uses anything else of this program, so that a fault of the server's cannot
//! hide itself; what judges is small enough to be read in an afternoon (`tests/tidy` counts its lines).
//! What opens logs, folders, bundles and servers is in [`open`] and judges nothing. No event is written
//! anew: what was hashed is what is kept, and that is hashed.

pub mod absence;
pub mod bundle;
pub mod event;
pub mod finding;
pub mod judge;
pub mod keys;
pub mod note;
pub mod open;
pub mod proof;
pub mod tree;

pub use event::Event;
pub use finding::{Finding, Kind, Report};
pub use judge::{Held, Judge};
pub use note::{Checkpoint, Key};
