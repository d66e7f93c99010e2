//! How long calls of the server may take, and for how long they are begun again.

use std::time::Duration;

/// How long one try may take; the server itself gives up after 2 s.
pub(super) const TRY: Duration = Duration::from_secs(3);
/// How much longer the client may take to say that the time of a try is over.
pub(super) const TRY_GRACE: Duration = Duration::from_millis(500);
/// How long a read may take, and for how long it is begun again: as long as a cluster takes to find
/// another leader, about twice.
pub(super) const READ: Duration = Duration::from_secs(5);
pub(super) const TRIED_FOR: Duration = Duration::from_secs(5);
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// How long a look at what stands may take when the log is opened.
pub(super) const LOOK: Duration = Duration::from_secs(5);
/// The longest pause after failures.
pub(super) const MAX_PAUSE: Duration = Duration::from_secs(2);
