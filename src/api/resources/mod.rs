//! What is asked for: one file per resource, with its handlers and what they answer.

pub(super) mod about;
pub(super) mod act_schema;
pub(super) mod act_view;
pub(super) mod acts;
pub(super) mod changes;
pub(super) mod documents;
pub(super) mod events;
pub(super) mod evidence;
pub(super) mod exceptions;
pub(super) mod exports;
pub(super) mod health;
pub(super) mod indicators;
pub(super) mod ledger;
pub(super) mod lists;
pub(super) mod obligations;
pub(super) mod permitted;
pub(super) mod plan_versions;
pub(super) mod programs;
pub(super) mod quotas;
pub(super) mod revisions;
pub(super) mod status;
pub(super) mod subjects;
pub(super) mod timeline;
pub(super) mod trail;
pub(super) mod webhooks;
pub(super) mod whole;
