//! The rows of deliveries.

use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};
use uuid::Uuid;

use super::super::WebhookError;
use super::endpoints::{self, id as id_in};
use super::{Delivery, DeliveryState, Disabled, DisabledReason, Endpoint, signed, unsigned};

/// Deliveries that succeeded and are still listed, for each endpoint.
const KEPT_DELIVERED: i64 = 1000;

/// An event that an endpoint wants.
#[derive(Debug, Clone)]
pub struct Found {
    /// The event.
    pub sequence: u64,
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// What it waits with.
    pub lane: String,
}

/// A delivery whose turn it is.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// The event.
    pub sequence: u64,
    /// How often it was tried.
    pub attempts: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// What was tried.
    pub due: Due,
    /// When.
    pub at_us: i64,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// What went wrong, if so.
    pub error: Option<String>,
    /// What follows.
    pub outcome: Outcome,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        at_us: i64,
        /// Until when nothing at all is sent to this endpoint.
        pause_until_us: Option<i64>,
    },
    /// It is given up, and its endpoint disabled.
    GivenUp(DisabledReason),
}

/// How many deliveries wait, and how many were given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting.
    pub pending: u64,
    /// Given up.
    pub failed: u64,
}

/// Counts an endpoint's deliveries.
pub fn counts(db: &Transaction<'_>, endpoint: Uuid) -> Result<Counts, WebhookError> {
    let count = |state: DeliveryState| -> rusqlite::Result<u64> {
        db.prepare_cached("SELECT COUNT(*) FROM delivery WHERE endpoint = ?1 AND state = ?2")?
            .query_row((endpoint.to_string(), state.as_str()), |row| row.get(0).map(unsigned))
    };
    Ok(Counts { pending: count(DeliveryState::Pending)?, failed: count(DeliveryState::Failed)? })
}

/// Keeps what was found and moves the position on, unless it was moved meanwhile.
pub fn take_in(
    db: &Transaction<'_>,
    seen: &Endpoint,
    found: &[Found],
    next_sequence: u64,
    now_us: i64,
) -> Result<(), WebhookError> {
    let moved = db
        .prepare_cached(
            "UPDATE endpoint SET next_sequence = ?3
             WHERE id = ?1 AND next_sequence = ?2 AND replays = ?4",
        )?
        .execute((
            seen.id.to_string(),
            signed(seen.next_sequence),
            signed(next_sequence),
            signed(seen.replays),
        ))?;
    if moved == 0 {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO delivery (endpoint, sequence, event_id, event_type, lane, state, attempts,
             next_attempt_us)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6)",
    )?;
    for found in found {
        insert.execute((
            seen.id.to_string(),
            signed(found.sequence),
            found.event_id.to_string(),
            &found.event_type,
            &found.lane,
            now_us,
        ))?;
    }
    Ok(())
}

/// The first of each lane, whose turn it is, that are due.
pub fn due(
    db: &Transaction<'_>,
    endpoint: Uuid,
    now_us: i64,
    limit: usize,
) -> Result<Vec<Due>, WebhookError> {
    let mut query = db.prepare_cached(
        "SELECT d.sequence, d.attempts FROM
             (SELECT MIN(sequence) AS first FROM delivery
              WHERE endpoint = ?1 AND state = 'pending' GROUP BY lane) AS lane
             JOIN delivery AS d ON d.endpoint = ?1 AND d.sequence = lane.first
         WHERE d.next_attempt_us <= ?2 ORDER BY d.next_attempt_us, d.sequence LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map((endpoint.to_string(), now_us, limit), |row| {
        Ok(Due { sequence: unsigned(row.get(0)?), attempts: row.get(1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next of them is due.
pub fn next_due_us(db: &Transaction<'_>, endpoint: Uuid) -> Result<Option<i64>, WebhookError> {
    let mut query = db.prepare_cached(
        "SELECT MIN(d.next_attempt_us) FROM
             (SELECT MIN(sequence) AS first FROM delivery
              WHERE endpoint = ?1 AND state = 'pending' GROUP BY lane) AS lane
             JOIN delivery AS d ON d.endpoint = ?1 AND d.sequence = lane.first",
    )?;
    Ok(query.query_row([endpoint.to_string()], |row| row.get(0))?)
}

/// Records how attempts ended; those from before a replay or a redelivery count no more. Whether the
/// endpoint was disabled by it.
pub fn record(db: &Transaction<'_>, seen: &Endpoint, all: &[Ended]) -> Result<bool, WebhookError> {
    let Some(mut endpoint) = endpoints::find(db, seen.id)? else { return Ok(false) };
    if endpoint.replays != seen.replays {
        return Ok(false);
    }
    let was_enabled = endpoint.disabled.is_none();
    for ended in all {
        let changed = update(db, seen.id, ended)?;
        match ended.outcome {
            _ if changed == 0 => {}
            Outcome::Delivered => {}
            Outcome::Again { pause_until_us, .. } => {
                endpoint.paused_until_us = endpoint.paused_until_us.max(pause_until_us);
            }
            Outcome::GivenUp(reason) if endpoint.disabled.is_none() => {
                let (at_us, sequence) = (ended.at_us, Some(ended.due.sequence));
                endpoint.disabled = Some(Disabled { reason, at_us, sequence });
            }
            Outcome::GivenUp(_) => {}
        }
    }
    endpoints::put(db, &endpoint)?;
    forget_delivered(db, seen.id)?;
    Ok(was_enabled && endpoint.disabled.is_some())
}

fn update(db: &Transaction<'_>, endpoint: Uuid, ended: &Ended) -> Result<usize, WebhookError> {
    let (state, next_attempt_us) = match ended.outcome {
        Outcome::Delivered => (DeliveryState::Delivered, None),
        Outcome::Again { at_us, .. } => (DeliveryState::Pending, Some(at_us)),
        Outcome::GivenUp(_) => (DeliveryState::Failed, None),
    };
    let changed = db
        .prepare_cached(
            "UPDATE delivery SET state = :state, attempts = attempts + 1,
                 next_attempt_us = :next_attempt_us, last_attempt_us = :last_attempt_us,
                 last_status = :last_status, last_error = :last_error
             WHERE endpoint = :endpoint AND sequence = :sequence AND state = 'pending'
                 AND attempts = :attempts",
        )?
        .execute(named_params! {
            ":state": state.as_str(),
            ":next_attempt_us": next_attempt_us,
            ":last_attempt_us": ended.at_us,
            ":last_status": ended.status,
            ":last_error": ended.error,
            ":endpoint": endpoint.to_string(),
            ":sequence": signed(ended.due.sequence),
            ":attempts": ended.due.attempts,
        })?;
    Ok(changed)
}

fn forget_delivered(db: &Transaction<'_>, endpoint: Uuid) -> Result<(), WebhookError> {
    db.prepare_cached(
        "DELETE FROM delivery WHERE endpoint = ?1 AND state = 'delivered' AND sequence <=
             (SELECT sequence FROM delivery WHERE endpoint = ?1 AND state = 'delivered'
              ORDER BY sequence DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((endpoint.to_string(), KEPT_DELIVERED))?;
    Ok(())
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get("state")?;
    Ok(Delivery {
        sequence: unsigned(row.get("sequence")?),
        event_id: id_in(row, "event_id")?,
        event_type: row.get("event_type")?,
        // The table allows no other.
        state: DeliveryState::parse(&state).unwrap_or(DeliveryState::Failed),
        attempts: row.get("attempts")?,
        next_attempt_us: row.get("next_attempt_us")?,
        last_attempt_us: row.get("last_attempt_us")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
    })
}

const COLUMNS: &str = "sequence, event_id, event_type, state, attempts, next_attempt_us,
    last_attempt_us, last_status, last_error";

/// Deliveries of an endpoint, the newest event first, before an event.
pub fn list(
    db: &Transaction<'_>,
    endpoint: Uuid,
    state: Option<DeliveryState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Delivery>, WebhookError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM delivery
         WHERE endpoint = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR sequence < ?3)
         ORDER BY sequence DESC LIMIT ?4"
    ))?;
    let rows = query.query_map(
        (
            endpoint.to_string(),
            state.map(DeliveryState::as_str),
            before.map(signed),
            i64::try_from(limit).unwrap_or(i64::MAX),
        ),
        delivery,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One delivery.
pub fn find(
    db: &Transaction<'_>,
    endpoint: Uuid,
    sequence: u64,
) -> Result<Option<Delivery>, WebhookError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM delivery WHERE endpoint = ?1 AND sequence = ?2"
    ))?;
    Ok(query.query_row((endpoint.to_string(), signed(sequence)), delivery).optional()?)
}

/// Makes a delivery due now, as if it had never been tried. One that still waits keeps its place
/// before the later ones of its subject; one that was made already stands apart from them.
pub fn redeliver(
    db: &Transaction<'_>,
    endpoint: Uuid,
    event: &Found,
    now_us: i64,
) -> Result<(), WebhookError> {
    db.execute(
        "INSERT INTO delivery (endpoint, sequence, event_id, event_type, lane, state, attempts,
             next_attempt_us)
         VALUES (:endpoint, :sequence, :event_id, :event_type, :apart, 'pending', 0, :now_us)
         ON CONFLICT (endpoint, sequence) DO UPDATE SET attempts = 0, next_attempt_us = :now_us,
             lane = CASE state WHEN 'delivered' THEN :apart ELSE lane END, state = 'pending'",
        named_params! {
            ":endpoint": endpoint.to_string(),
            ":sequence": signed(event.sequence),
            ":event_id": event.event_id.to_string(),
            ":event_type": event.event_type,
            ":apart": format!("again/{}", event.sequence),
            ":now_us": now_us,
        },
    )?;
    Ok(())
}

/// Goes back to an event: everything from there on is found and delivered anew.
pub fn replay(
    db: &Transaction<'_>,
    endpoint: &mut Endpoint,
    from: u64,
) -> Result<(), WebhookError> {
    db.execute(
        "DELETE FROM delivery WHERE endpoint = ?1 AND sequence >= ?2",
        (endpoint.id.to_string(), signed(from)),
    )?;
    endpoint.next_sequence = from;
    endpoint.replays += 1;
    endpoints::put(db, endpoint)
}

/// What was given up is due again, as if it had never been tried; so is what waits.
pub fn revive(db: &Transaction<'_>, endpoint: Uuid, now_us: i64) -> Result<(), WebhookError> {
    db.execute(
        "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_us = ?2
         WHERE endpoint = ?1 AND state <> 'delivered'",
        (endpoint.to_string(), now_us),
    )?;
    Ok(())
}
