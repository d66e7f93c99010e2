//! Which read models of a copy are of the versions that this process makes.

use std::collections::HashMap;

use crate::projection::{DatabaseError, Models, Reader};

/// The read models in a copy that are of a newer version than these.
///
/// # Errors
/// Those of the database.
pub fn newer(reader: &mut dyn Reader, models: &Models) -> Result<Vec<String>, DatabaseError> {
    let there = versions(reader)?;
    let is_newer = |name: &str, version: u32| there.get(name) > Some(&i64::from(version));
    let models = models.iter().filter(|model| is_newer(model.name(), model.version()));
    Ok(models.map(|model| model.name().to_owned()).collect())
}

fn versions(reader: &mut dyn Reader) -> Result<HashMap<String, i64>, DatabaseError> {
    // A copy of before its checksums were kept is of no version that is made now.
    if reader.columns("table_checksum")?.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = reader.rows("SELECT name, version FROM read_model", &[], |row| {
        Ok((row.text("name")?.to_owned(), row.int("version")?))
    });
    Ok(rows?.into_iter().collect())
}

/// The read models in a copy whose tables are missing or of another version.
///
/// # Errors
/// Those of the database.
pub fn stale(reader: &mut dyn Reader, models: &Models) -> Result<Vec<String>, DatabaseError> {
    let there = versions(reader)?;
    let is_stale = |name: &str, version: u32| there.get(name) != Some(&i64::from(version));
    let models = models.iter().filter(|model| is_stale(model.name(), model.version()));
    Ok(models.map(|model| model.name().to_owned()).collect())
}
