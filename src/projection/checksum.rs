//! The content of a read model as one number: SHA-256 over its rows in the order of their keys.
//!
//! Equal content gives equal checksums, however the rows got there; where they lie in the file,
//! which indexes there are and how far other read models are doesn't matter.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

use super::Projection;

/// The checksum of a read model's tables, in lower-case hexadecimal. Rows are streamed.
///
/// # Errors
/// Those of the database.
pub fn checksum(connection: &Connection, projection: &dyn Projection) -> rusqlite::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = Vec::with_capacity(64 * 1024);
    for (table, key) in projection.tables() {
        add(&mut buffer, b'T', table.as_bytes());
        let mut select = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {key}"))?;
        let columns = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            buffer.push(b'R');
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Null => buffer.push(b'N'),
                    ValueRef::Integer(value) => add(&mut buffer, b'I', &value.to_be_bytes()),
                    ValueRef::Real(value) => add(&mut buffer, b'F', &value.to_be_bytes()),
                    ValueRef::Text(value) => add(&mut buffer, b'S', value),
                    ValueRef::Blob(value) => add(&mut buffer, b'B', value),
                }
            }
            if buffer.len() > 60 * 1024 {
                hasher.update(&buffer);
                buffer.clear();
            }
        }
    }
    hasher.update(&buffer);
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A value with its kind and length, so that no two rows are written alike.
fn add(buffer: &mut Vec<u8>, kind: u8, value: &[u8]) {
    buffer.push(kind);
    buffer.extend_from_slice(&(value.len() as u64).to_be_bytes());
    buffer.extend_from_slice(value);
}
