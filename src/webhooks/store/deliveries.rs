//! The rows of deliveries.

use uuid::Uuid;

use super::super::WebhookError;
use super::endpoints;
use super::rows::{Row, Rows, all, one, values, wrong};
use super::{Delivery, DeliveryState, Disabled, DisabledReason, Endpoint};

/// Deliveries that succeeded and are still listed, for each endpoint.
const KEPT_DELIVERED: i64 = 1000;
/// The first of each lane of an endpoint, whose turn it is.
const FIRST: &str = "(SELECT MIN(sequence) AS sequence FROM delivery
    WHERE endpoint = ?1 AND state = 'pending' GROUP BY lane) AS turn
    JOIN delivery AS d ON d.endpoint = ?1 AND d.sequence = turn.sequence";

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
    /// Since when it is due.
    pub since_us: i64,
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
pub fn counts(db: &mut dyn Rows, endpoint: Uuid) -> Result<Counts, WebhookError> {
    let sql = "SELECT COUNT(*) AS n FROM delivery WHERE endpoint = ?1 AND state = ?2";
    let mut count = |state: DeliveryState| {
        let count = one(db, sql, values![endpoint, state.as_str()], |row| row.sequence("n"));
        count.map(Option::unwrap_or_default)
    };
    Ok(Counts { pending: count(DeliveryState::Pending)?, failed: count(DeliveryState::Failed)? })
}

/// Keeps what was found and moves the position on, in one transaction. Nothing where the endpoint
/// was replayed or wants something else since it was `seen`: what was found is then not what it
/// wants, and is looked for again.
pub fn take_in(
    db: &mut dyn Rows,
    seen: &Endpoint,
    found: &[Found],
    next_sequence: u64,
    now_us: i64,
) -> Result<(), WebhookError> {
    let Some(stands) = endpoints::find(db, seen.id)? else { return Ok(()) };
    if !stands.looks_on_like(seen) {
        return Ok(());
    }
    db.execute(
        "UPDATE endpoint SET next_sequence = ?2 WHERE id = ?1",
        values![seen.id, next_sequence],
    )?;
    for found in found {
        // No row stands at or above the position; if one does all the same, the event is new, and an
        // endpoint must not stop at it for ever.
        db.execute(
            "INSERT INTO delivery (endpoint, sequence, event_id, event_type, lane, state, attempts,
                 next_attempt_us)
             VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6)
             ON CONFLICT (endpoint, sequence) DO UPDATE SET event_id = excluded.event_id,
                 event_type = excluded.event_type, lane = excluded.lane, state = excluded.state,
                 attempts = excluded.attempts, next_attempt_us = excluded.next_attempt_us,
                 last_attempt_us = NULL, last_status = NULL, last_error = NULL",
            values![
                seen.id,
                found.sequence,
                found.event_id,
                found.event_type.as_str(),
                found.lane.as_str(),
                now_us,
            ],
        )?;
    }
    Ok(())
}

/// The first of each lane, whose turn it is, that are due.
pub fn due(
    db: &mut dyn Rows,
    endpoint: Uuid,
    now_us: i64,
    limit: usize,
) -> Result<Vec<Due>, WebhookError> {
    let sql = format!(
        "SELECT d.sequence, d.attempts, d.next_attempt_us FROM {FIRST}
         WHERE d.next_attempt_us <= ?2 ORDER BY d.next_attempt_us, d.sequence LIMIT ?3"
    );
    all(db, &sql, values![endpoint, now_us, limit], |row| {
        Ok(Due {
            sequence: row.sequence("sequence")?,
            attempts: attempts(row)?,
            since_us: row.number("next_attempt_us")?,
        })
    })
}

/// When the next of them is due.
pub fn next_due_us(db: &mut dyn Rows, endpoint: Uuid) -> Result<Option<i64>, WebhookError> {
    let sql = format!("SELECT MIN(d.next_attempt_us) AS due FROM {FIRST}");
    Ok(one(db, &sql, values![endpoint], |row| row.int("due"))?.flatten())
}

/// Records how attempts ended; those from before a replay or a redelivery count no more. Whether the
/// endpoint was disabled by it.
pub fn record(db: &mut dyn Rows, seen: &Endpoint, ended: &[Ended]) -> Result<bool, WebhookError> {
    let Some(mut endpoint) = endpoints::find(db, seen.id)? else { return Ok(false) };
    if endpoint.replays != seen.replays {
        return Ok(false);
    }
    let was_enabled = endpoint.disabled.is_none();
    for ended in ended {
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

fn update(db: &mut dyn Rows, endpoint: Uuid, ended: &Ended) -> Result<u64, WebhookError> {
    let (state, next_attempt_us) = match ended.outcome {
        Outcome::Delivered => (DeliveryState::Delivered, None),
        Outcome::Again { at_us, .. } => (DeliveryState::Pending, Some(at_us)),
        Outcome::GivenUp(_) => (DeliveryState::Failed, None),
    };
    db.execute(
        "UPDATE delivery SET state = ?1, attempts = attempts + 1, next_attempt_us = ?2,
             last_attempt_us = ?3, last_status = ?4, last_error = ?5
         WHERE endpoint = ?6 AND sequence = ?7 AND state = 'pending' AND attempts = ?8
             AND next_attempt_us = ?9",
        values![
            state.as_str(),
            next_attempt_us,
            ended.at_us,
            ended.status,
            ended.error.as_deref(),
            endpoint,
            ended.due.sequence,
            ended.due.attempts,
            ended.due.since_us,
        ],
    )
}

fn forget_delivered(db: &mut dyn Rows, endpoint: Uuid) -> Result<(), WebhookError> {
    let sql = "DELETE FROM delivery WHERE endpoint = ?1 AND state = 'delivered' AND sequence <=
             (SELECT sequence FROM delivery WHERE endpoint = ?1 AND state = 'delivered'
              ORDER BY sequence DESC LIMIT 1 OFFSET ?2)";
    db.execute(sql, values![endpoint, KEPT_DELIVERED]).map(drop)
}

fn attempts(row: &dyn Row) -> Result<u32, WebhookError> {
    u32::try_from(row.number("attempts")?).map_err(|error| wrong("attempts", error))
}

fn delivery(row: &dyn Row) -> Result<Delivery, WebhookError> {
    let state = row.string("state")?;
    let status = row.int("last_status")?.map(u16::try_from).transpose();
    Ok(Delivery {
        sequence: row.sequence("sequence")?,
        event_id: row.id("event_id")?,
        event_type: row.string("event_type")?,
        state: DeliveryState::parse(&state).ok_or_else(|| wrong("state", &state))?,
        attempts: attempts(row)?,
        next_attempt_us: row.int("next_attempt_us")?,
        last_attempt_us: row.int("last_attempt_us")?,
        last_status: status.map_err(|error| wrong("last_status", error))?,
        last_error: row.text("last_error")?,
    })
}

const COLUMNS: &str = "sequence, event_id, event_type, state, attempts, next_attempt_us,
    last_attempt_us, last_status, last_error";

/// Deliveries of an endpoint, the newest event first, before an event.
pub fn list(
    db: &mut dyn Rows,
    endpoint: Uuid,
    state: Option<DeliveryState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Delivery>, WebhookError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM delivery
         WHERE endpoint = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR sequence < ?3)
         ORDER BY sequence DESC LIMIT ?4"
    );
    let state = state.map(DeliveryState::as_str);
    all(db, &sql, values![endpoint, state, before, limit], delivery)
}

/// One delivery.
pub fn find(
    db: &mut dyn Rows,
    endpoint: Uuid,
    sequence: u64,
) -> Result<Option<Delivery>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM delivery WHERE endpoint = ?1 AND sequence = ?2");
    one(db, &sql, values![endpoint, sequence], delivery)
}

/// Makes a delivery due now, as if it had never been tried. One that still waits keeps its place
/// before the later ones of its subject; one that was made already stands apart from them.
pub fn redeliver(
    db: &mut dyn Rows,
    endpoint: Uuid,
    event: &Found,
    now_us: i64,
) -> Result<(), WebhookError> {
    let sql = "INSERT INTO delivery (endpoint, sequence, event_id, event_type, lane, state,
             attempts, next_attempt_us)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6)
         ON CONFLICT (endpoint, sequence) DO UPDATE SET attempts = 0,
             next_attempt_us = excluded.next_attempt_us, state = 'pending',
             lane = CASE delivery.state WHEN 'delivered' THEN excluded.lane ELSE delivery.lane END";
    let apart = format!("again/{}", event.sequence);
    let values = values![
        endpoint,
        event.sequence,
        event.event_id,
        event.event_type.as_str(),
        apart.as_str(),
        now_us,
    ];
    db.execute(sql, values).map(drop)
}

/// Goes back to an event: everything from there on is found and delivered anew.
pub fn replay(db: &mut dyn Rows, endpoint: &mut Endpoint, from: u64) -> Result<(), WebhookError> {
    let sql = "DELETE FROM delivery WHERE endpoint = ?1 AND sequence >= ?2";
    db.execute(sql, values![endpoint.id, from])?;
    endpoint.next_sequence = from;
    endpoint.replays += 1;
    endpoints::put(db, endpoint)
}

/// What was given up is due again, as if it had never been tried; so is what waits.
pub fn revive(db: &mut dyn Rows, endpoint: Uuid, now_us: i64) -> Result<(), WebhookError> {
    let sql = "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_us = ?2
         WHERE endpoint = ?1 AND state <> 'delivered'";
    db.execute(sql, values![endpoint, now_us]).map(drop)
}

/// Writes all endpoints and deliveries of one store into another that has none of them.
#[cfg(feature = "postgres")]
pub fn copy(from: &mut dyn Rows, to: &mut dyn Rows) -> Result<(), WebhookError> {
    for endpoint in endpoints::all(from)? {
        endpoints::put(to, &endpoint)?;
        let sql = format!("SELECT {COLUMNS}, lane FROM delivery WHERE endpoint = ?1");
        from.query(&sql, values![endpoint.id], &mut |row| {
            let one = delivery(row)?;
            let sql = format!(
                "INSERT INTO delivery ({COLUMNS}, lane, endpoint)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            );
            let values = values![
                one.sequence,
                one.event_id,
                one.event_type.as_str(),
                one.state.as_str(),
                one.attempts,
                one.next_attempt_us,
                one.last_attempt_us,
                one.last_status,
                one.last_error.as_deref(),
                row.string("lane")?.as_str(),
                endpoint.id,
            ];
            to.execute(&sql, values).map(drop)
        })?;
    }
    Ok(())
}
