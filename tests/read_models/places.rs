//! A place for copies on each engine.

use std::sync::Arc;

use docket::projection::store::{Claim, CopyWriter, Holder, TakesFrom};
use docket::projection::{Copies, CopyId, Mode, Models, SqliteCopies};

/// A place that nobody else has, gone with this value.
pub enum Place {
    Sqlite(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Postgres(crate::server::Database),
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    #[cfg(feature = "postgres")]
    pub fn postgres() -> Self {
        Self::Postgres(crate::server::server().database())
    }

    /// The store, as one more process opens it.
    pub fn open(&self) -> Arc<dyn Copies> {
        match self {
            Self::Sqlite(folder) => Arc::new(SqliteCopies::new(folder.path())),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => {
                use docket::projection::store::{PostgresCopies, PostgresOptions};
                Arc::new(
                    PostgresCopies::new(&database.address, PostgresOptions::default()).unwrap(),
                )
            }
        }
    }

    /// A copy that serves, with the tables of these read models, and a writer that has it.
    pub fn serving(&self, models: Models) -> (Arc<dyn Copies>, Box<dyn CopyWriter>) {
        let copies = self.open();
        let lock = copies.lock_rebuild().unwrap();
        let made = copies.create(&*lock, Mode::Following, &models).unwrap();
        let id = made.id().clone();
        drop(made);
        copies.serve(&*lock, &id).unwrap();
        drop(lock);
        let writer = claimed(&*copies, &id, "writer");
        (copies, writer)
    }
}

/// A copy opened for writing by a holder.
pub fn claimed(copies: &dyn Copies, copy: &CopyId, name: &str) -> Box<dyn CopyWriter> {
    let mut writer = copies.open(copy).unwrap();
    assert_eq!(writer.claim(holder(name)).unwrap(), Claim::Ours);
    writer
}

/// Someone who takes the right to write from nobody else.
pub fn holder(name: &str) -> Holder<'_> {
    Holder { name, from: TakesFrom::Nobody }
}

/// Someone who takes it from whoever has it.
pub fn taker(name: &str) -> Holder<'_> {
    Holder { name, from: TakesFrom::Anybody }
}
