//! The name of a copy of the read models.

/// The name of a copy in its store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CopyId(pub String);

impl std::fmt::Display for CopyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
