//! The content of a read model as one number: SHA-256 over its rows in the order of their keys.
//!
//! Equal content gives equal checksums, on any engine, however the rows got there; which indexes
//! there are and how far other read models are doesn't matter.

use sha2::{Digest as _, Sha256};

use super::Projection;
use super::change::Cell;
use super::error::DatabaseError;
use super::sql::Reader;
use crate::codec::hex;

/// The checksum of a read model's tables, in lower-case hexadecimal. Rows are streamed.
///
/// # Errors
/// Those of the database.
pub fn checksum(
    reader: &mut dyn Reader,
    projection: &dyn Projection,
) -> Result<String, DatabaseError> {
    let mut hasher = Sha256::new();
    let mut buffer = Vec::with_capacity(64 * 1024);
    for table in projection.tables() {
        add(&mut buffer, b'T', table.name.as_bytes());
        let (name, key) = (table.name, table.key.join(", "));
        let sql = format!("SELECT {} FROM {name} ORDER BY {key}", table.names());
        reader.query(&sql, &[], &mut |row| {
            buffer.push(b'R');
            for column in 0..table.columns.len() {
                match row.at(column)? {
                    Cell::Null => buffer.push(b'N'),
                    Cell::Int(value) => add(&mut buffer, b'I', &value.to_be_bytes()),
                    Cell::Text(value) => add(&mut buffer, b'S', value.as_bytes()),
                    Cell::Bytes(value) => add(&mut buffer, b'B', value),
                }
            }
            if buffer.len() > 60 * 1024 {
                hasher.update(&buffer);
                buffer.clear();
            }
            Ok(())
        })?;
    }
    hasher.update(&buffer);
    Ok(hex(&hasher.finalize()))
}

/// A value with its kind and length, so that no two rows are written alike.
fn add(buffer: &mut Vec<u8>, kind: u8, value: &[u8]) {
    buffer.push(kind);
    buffer.extend_from_slice(&(value.len() as u64).to_be_bytes());
    buffer.extend_from_slice(value);
}
