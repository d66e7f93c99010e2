//! The rows of endpoints.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};
use uuid::Uuid;

use super::super::WebhookError;
use super::super::sign::Keys;
use super::{Disabled, DisabledReason, Endpoint, signed, unsigned};

const COLUMNS: &str = "id, url, description, programs, types, created_at_us, disabled_reason,
    disabled_at_us, disabled_sequence, next_sequence, paused_until_us, replays, secret, seed,
    previous_secret, previous_seed, previous_until_us";

fn wrong(row: &Row<'_>, column: &str, reason: &str) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(
        index,
        Type::Text,
        format!("{column}: {reason}").into(),
    )
}

/// An id as it is kept.
pub fn id(row: &Row<'_>, column: &str) -> rusqlite::Result<Uuid> {
    let text: String = row.get(column)?;
    Uuid::parse_str(&text).map_err(|error| wrong(row, column, &error.to_string()))
}

fn list(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| wrong(row, column, &error.to_string()))
}

fn as_json(list: &[String]) -> String {
    serde_json::Value::from(list.to_vec()).to_string()
}

fn disabled(row: &Row<'_>) -> rusqlite::Result<Option<Disabled>> {
    let Some(name) = row.get::<_, Option<String>>("disabled_reason")? else { return Ok(None) };
    let reason = DisabledReason::ALL.into_iter().find(|reason| reason.as_str() == name);
    Ok(Some(Disabled {
        reason: reason.ok_or_else(|| wrong(row, "disabled_reason", &name))?,
        at_us: row.get::<_, Option<i64>>("disabled_at_us")?.unwrap_or_default(),
        sequence: row.get::<_, Option<i64>>("disabled_sequence")?.map(unsigned),
    }))
}

fn endpoint(row: &Row<'_>) -> rusqlite::Result<Endpoint> {
    let previous = match row.get::<_, Option<[u8; 32]>>("previous_secret")? {
        Some(secret) => {
            let keys = Keys { secret, seed: row.get("previous_seed")? };
            Some((keys, row.get("previous_until_us")?))
        }
        None => None,
    };
    Ok(Endpoint {
        id: id(row, "id")?,
        url: row.get("url")?,
        description: row.get("description")?,
        programs: list(row, "programs")?,
        types: list(row, "types")?,
        created_at_us: row.get("created_at_us")?,
        disabled: disabled(row)?,
        next_sequence: unsigned(row.get("next_sequence")?),
        paused_until_us: row.get("paused_until_us")?,
        replays: unsigned(row.get("replays")?),
        keys: Keys { secret: row.get("secret")?, seed: row.get("seed")? },
        previous,
    })
}

/// All endpoints, the oldest first.
pub fn all(db: &Transaction<'_>) -> Result<Vec<Endpoint>, WebhookError> {
    let mut query =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM endpoint ORDER BY created_at_us, id"))?;
    let rows = query.query_map((), endpoint)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One endpoint.
pub fn find(db: &Transaction<'_>, id: Uuid) -> Result<Option<Endpoint>, WebhookError> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM endpoint WHERE id = ?1"))?;
    Ok(query.query_row([id.to_string()], endpoint).optional()?)
}

/// One endpoint that there must be.
pub fn get(db: &Transaction<'_>, id: Uuid) -> Result<Endpoint, WebhookError> {
    find(db, id)?.ok_or_else(|| WebhookError::NoEndpoint(id.to_string()))
}

/// How many there are.
pub fn count(db: &Transaction<'_>) -> Result<usize, WebhookError> {
    let count: i64 = db.query_row("SELECT COUNT(*) FROM endpoint", (), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Writes an endpoint, a new one or over the old one.
pub fn put(db: &Transaction<'_>, endpoint: &Endpoint) -> Result<(), WebhookError> {
    let previous = endpoint.previous.as_ref();
    db.prepare_cached(
        "INSERT INTO endpoint (id, url, description, programs, types, created_at_us,
             disabled_reason, disabled_at_us, disabled_sequence, next_sequence, paused_until_us,
             replays, secret, seed, previous_secret, previous_seed, previous_until_us)
         VALUES (:id, :url, :description, :programs, :types, :created_at_us,
             :disabled_reason, :disabled_at_us, :disabled_sequence, :next_sequence,
             :paused_until_us, :replays, :secret, :seed, :previous_secret, :previous_seed,
             :previous_until_us)
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
             previous_until_us = excluded.previous_until_us",
    )?
    .execute(named_params! {
        ":id": endpoint.id.to_string(),
        ":url": endpoint.url,
        ":description": endpoint.description,
        ":programs": as_json(&endpoint.programs),
        ":types": as_json(&endpoint.types),
        ":created_at_us": endpoint.created_at_us,
        ":disabled_reason": endpoint.disabled.map(|disabled| disabled.reason.as_str()),
        ":disabled_at_us": endpoint.disabled.map(|disabled| disabled.at_us),
        ":disabled_sequence": endpoint.disabled.and_then(|disabled| disabled.sequence).map(signed),
        ":next_sequence": signed(endpoint.next_sequence),
        ":paused_until_us": endpoint.paused_until_us,
        ":replays": signed(endpoint.replays),
        ":secret": endpoint.keys.secret,
        ":seed": endpoint.keys.seed,
        ":previous_secret": previous.map(|(keys, _)| keys.secret),
        ":previous_seed": previous.map(|(keys, _)| keys.seed),
        ":previous_until_us": previous.map(|(_, until_us)| *until_us),
    })?;
    Ok(())
}

/// Removes an endpoint with its deliveries; whether there was one.
pub fn remove(db: &Transaction<'_>, id: Uuid) -> Result<bool, WebhookError> {
    Ok(db.execute("DELETE FROM endpoint WHERE id = ?1", [id.to_string()])? > 0)
}
