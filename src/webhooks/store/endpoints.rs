//! The rows of endpoints.

use uuid::Uuid;

use super::super::WebhookError;
use super::super::sign::Keys;
use super::rows::{Row, Rows, all as found, one, values, wrong};
use super::{Disabled, DisabledReason, Endpoint};

const COLUMNS: &str = "id, url, description, programs, types, created_at_us, disabled_reason,
    disabled_at_us, disabled_sequence, next_sequence, paused_until_us, replays, secret, seed,
    previous_secret, previous_seed, previous_until_us";

fn list(row: &dyn Row, column: &str) -> Result<Vec<String>, WebhookError> {
    serde_json::from_str(&row.string(column)?).map_err(|error| wrong(column, error))
}

fn as_json(list: &[String]) -> String {
    serde_json::Value::from(list.to_vec()).to_string()
}

fn disabled(row: &dyn Row) -> Result<Option<Disabled>, WebhookError> {
    let Some(name) = row.text("disabled_reason")? else { return Ok(None) };
    let reason = DisabledReason::ALL.into_iter().find(|reason| reason.as_str() == name);
    Ok(Some(Disabled {
        reason: reason.ok_or_else(|| wrong("disabled_reason", &name))?,
        at_us: row.int("disabled_at_us")?.unwrap_or_default(),
        sequence: row.count("disabled_sequence")?,
    }))
}

/// Keys by the names of their columns; none where there is no secret.
fn keys(row: &dyn Row, secret: &str, seed: &str) -> Result<Option<Keys>, WebhookError> {
    let Some(secret) = row.exactly(secret)? else { return Ok(None) };
    let seed = row.exactly(seed)?.ok_or_else(|| wrong(seed, "it is null"))?;
    Ok(Some(Keys { secret, seed }))
}

fn endpoint(row: &dyn Row) -> Result<Endpoint, WebhookError> {
    let previous = match keys(row, "previous_secret", "previous_seed")? {
        Some(keys) => Some((keys, row.number("previous_until_us")?)),
        None => None,
    };
    Ok(Endpoint {
        id: row.id("id")?,
        url: row.string("url")?,
        description: row.string("description")?,
        programs: list(row, "programs")?,
        types: list(row, "types")?,
        created_at_us: row.number("created_at_us")?,
        disabled: disabled(row)?,
        next_sequence: row.sequence("next_sequence")?,
        paused_until_us: row.int("paused_until_us")?,
        replays: row.sequence("replays")?,
        keys: keys(row, "secret", "seed")?.ok_or_else(|| wrong("secret", "it is null"))?,
        previous,
    })
}

/// All endpoints, the oldest first.
pub fn all(db: &mut dyn Rows) -> Result<Vec<Endpoint>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM endpoint ORDER BY created_at_us, id");
    found(db, &sql, &[], endpoint)
}

/// One endpoint.
pub fn find(db: &mut dyn Rows, id: Uuid) -> Result<Option<Endpoint>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM endpoint WHERE id = ?1");
    one(db, &sql, values![id], endpoint)
}

/// One endpoint that there must be.
pub fn get(db: &mut dyn Rows, id: Uuid) -> Result<Endpoint, WebhookError> {
    find(db, id)?.ok_or_else(|| WebhookError::NoEndpoint(id.to_string()))
}

/// How many there are.
pub fn count(db: &mut dyn Rows) -> Result<usize, WebhookError> {
    let count =
        one(db, "SELECT COUNT(*) AS n FROM endpoint", &[], |row| row.sequence("n"))?.unwrap_or(0);
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Writes an endpoint, a new one or over the old one.
pub fn put(db: &mut dyn Rows, endpoint: &Endpoint) -> Result<(), WebhookError> {
    let previous = endpoint.previous.as_ref();
    let sql = format!(
        "INSERT INTO endpoint ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (id) DO UPDATE SET
             url = excluded.url, description = excluded.description,
             programs = excluded.programs, types = excluded.types,
             disabled_reason = excluded.disabled_reason,
             disabled_at_us = excluded.disabled_at_us,
             disabled_sequence = excluded.disabled_sequence,
             next_sequence = excluded.next_sequence,
             paused_until_us = excluded.paused_until_us, replays = excluded.replays,
             secret = excluded.secret, seed = excluded.seed,
             previous_secret = excluded.previous_secret,
             previous_seed = excluded.previous_seed,
             previous_until_us = excluded.previous_until_us"
    );
    let values = values![
        endpoint.id,
        endpoint.url.as_str(),
        endpoint.description.as_str(),
        as_json(&endpoint.programs).as_str(),
        as_json(&endpoint.types).as_str(),
        endpoint.created_at_us,
        endpoint.disabled.map(|disabled| disabled.reason.as_str()),
        endpoint.disabled.map(|disabled| disabled.at_us),
        endpoint.disabled.and_then(|disabled| disabled.sequence),
        endpoint.next_sequence,
        endpoint.paused_until_us,
        endpoint.replays,
        endpoint.keys.secret,
        endpoint.keys.seed,
        previous.map(|(keys, _)| keys.secret),
        previous.map(|(keys, _)| keys.seed),
        previous.map(|(_, until_us)| *until_us),
    ];
    db.execute(&sql, values).map(drop)
}

/// Removes an endpoint with its deliveries; whether there was one.
pub fn remove(db: &mut dyn Rows, id: Uuid) -> Result<bool, WebhookError> {
    Ok(db.execute("DELETE FROM endpoint WHERE id = ?1", values![id])? > 0)
}
