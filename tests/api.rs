//! The API as a client meets it: the real application over a log on disk, on a port of its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "api/absence.rs"]
mod absence;
#[path = "api/acts.rs"]
mod acts;
#[path = "api/boards.rs"]
mod boards;
#[path = "api/bounded.rs"]
mod bounded;
#[path = "api/changes.rs"]
mod changes;
#[path = "api/course.rs"]
mod course;
#[path = "api/described.rs"]
mod described;
#[path = "api/docs.rs"]
mod docs;
#[path = "api/documents.rs"]
mod documents;
#[cfg(feature = "s3")]
#[path = "api/documents_away.rs"]
mod documents_away;
#[path = "api/due_feeds.rs"]
mod due_feeds;
#[path = "api/event_stream.rs"]
mod event_stream;
#[path = "api/evidence.rs"]
mod evidence;
#[path = "api/evidence_operations.rs"]
mod evidence_operations;
#[path = "api/exceptions.rs"]
mod exceptions;
#[path = "api/exports.rs"]
mod exports;
#[path = "api/failing_log.rs"]
mod failing_log;
#[path = "api/failures.rs"]
mod failures;
#[path = "api/feed.rs"]
mod feed;
#[path = "api/feed_forms.rs"]
mod feed_forms;
#[path = "api/fuzz_seeds.rs"]
mod fuzz_seeds;
#[path = "api/hanging.rs"]
mod hanging;
#[path = "api/header_lists.rs"]
mod header_lists;
#[path = "api/ids.rs"]
mod ids;
#[path = "api/imports.rs"]
mod imports;
#[path = "api/indicators.rs"]
mod indicators;
#[path = "api/input.rs"]
mod input;
#[path = "api/labels.rs"]
mod labels;
#[path = "api/law.rs"]
mod law;
#[path = "api/ledger.rs"]
mod ledger;
#[path = "api/limits.rs"]
mod limits;
#[path = "api/lists.rs"]
mod lists;
#[path = "api/metrics.rs"]
mod metrics;
#[path = "api/metrics_text.rs"]
mod metrics_text;
#[path = "api/mine.rs"]
mod mine;
#[path = "api/paths.rs"]
mod paths;
#[path = "api/permitted.rs"]
mod permitted;
#[path = "api/persons.rs"]
mod persons;
#[path = "api/plan_versions.rs"]
mod plan_versions;
#[path = "api/quotas.rs"]
mod quotas;
#[path = "api/readings.rs"]
mod readings;
#[path = "api/reads.rs"]
mod reads;
#[path = "api/refusals.rs"]
mod refusals;
#[path = "api/registrations.rs"]
mod registrations;
#[cfg(feature = "s3")]
#[path = "support/s3.rs"]
mod s3;
#[path = "api/silence.rs"]
mod silence;
#[path = "api/slice.rs"]
mod slice;
#[path = "api/support.rs"]
mod support;
#[path = "api/tags.rs"]
mod tags;
#[path = "api/totals.rs"]
mod totals;
#[path = "api/two_times.rs"]
mod two_times;
#[path = "api/unseen.rs"]
mod unseen;
#[path = "api/well_known.rs"]
mod well_known;
#[path = "api/whole.rs"]
mod whole;
#[path = "api/wire.rs"]
mod wire;
