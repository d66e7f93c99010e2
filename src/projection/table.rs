//! The tables of a read model, as the engines need to know them.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number: a sequence, a revision, microseconds, or 0 and 1 for no and yes.
    Int,
    /// A text: a name, a day (`YYYY-MM-DD`), a date (EDTF), JSON.
    Text,
    /// Bytes: an id.
    Bytes,
}

/// A table: its columns in order, what orders its rows uniquely, and how rows are changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The name.
    pub name: &'static str,
    /// The columns in the order in which a row is written.
    pub columns: &'static [(&'static str, Kind)],
    /// The columns of the primary key, in order.
    pub key: &'static [&'static str],
    /// The changes that are made to rows already written.
    pub changes: &'static [Change],
}

/// A change to rows already written: an update, or a deletion where nothing is set.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The columns that are set, in the order in which their values are given.
    pub set: &'static [&'static str],
    /// Which rows, in SQL that every engine takes; each `?` is one of the values that follow.
    pub filter: &'static str,
}

impl Change {
    /// The one column by which rows are found, if that is all the filter says.
    pub fn by_key(&self) -> Option<&'static str> {
        let column = self.filter.strip_suffix(" = ?")?;
        (!column.contains(' ')).then_some(column)
    }
}

impl Table {
    /// The number of the one column by which rows are known and changed, if that is so.
    pub fn single_key(&self) -> Option<usize> {
        let [key] = self.key else { return None };
        let is_by_key = |change: &Change| change.by_key() == Some(key);
        let number = self.columns.iter().position(|(name, _)| name == key)?;
        self.changes.iter().all(is_by_key).then_some(number)
    }

    /// The kind of a column.
    pub fn kind(&self, column: &str) -> Option<Kind> {
        self.columns.iter().find(|(name, _)| *name == column).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_by_one_column_is_known_as_such() {
        assert_eq!(Change { set: &["a"], filter: "id = ?" }.by_key(), Some("id"));
        assert_eq!(Change { set: &["a"], filter: "id = ? AND b = ?" }.by_key(), None);
    }
}
