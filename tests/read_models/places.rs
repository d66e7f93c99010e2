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

    /// Changes the copy that serves behind everybody's back.
    pub fn sql(&self, sql: &str) {
        let serving = self.open().serving().unwrap().unwrap();
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join(&serving.0);
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => {
                let sql = format!("SET search_path TO {serving}; {sql}");
                crate::server::server().sql(&database.name, &sql);
            }
        }
    }

    /// Ways to damage or lose the copy that serves.
    pub fn damages(&self) -> Vec<(&'static str, Damage)> {
        match self {
            Self::Sqlite(_) => vec![
                ("overwritten", |place, copy| place.file(&copy.0, |_| vec![b'x'; 40_000])),
                ("emptied", |place, copy| place.file(&copy.0, |_| Vec::new())),
                ("cut", |place, copy| place.file(&copy.0, |was| was[..was.len() / 2].to_vec())),
                ("begun anew", |place, copy| place.file(&copy.0, |was| was[..100].to_vec())),
                ("deleted", |place, copy| {
                    let Self::Sqlite(folder) = place else { unreachable!() };
                    std::fs::remove_file(folder.path().join(&copy.0)).unwrap();
                }),
                ("serving: bytes", |place, _| place.file("serving", |_| vec![0xff, 0xfe, 0, b'/'])),
                ("serving: empty", |place, _| place.file("serving", |_| Vec::new())),
                ("serving: elsewhere", |place, _| {
                    place.file("serving", |_| b"../../etc/passwd".to_vec());
                }),
            ],
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => vec![
                ("a table", |place, _| place.sql("DROP TABLE enrollment CASCADE")),
                ("the schema", |place, copy| place.sql(&format!("DROP SCHEMA {copy} CASCADE"))),
                ("the checkpoint's row", |place, _| place.sql("DELETE FROM checkpoint")),
                ("the checkpoint", |place, _| place.sql("DROP TABLE checkpoint CASCADE")),
                ("the row of what serves", |place, _| place.sql("DELETE FROM docket.serving")),
                ("all", |place, copy| {
                    place.sql(&format!("DROP SCHEMA docket, {copy}, docket_report CASCADE"));
                }),
                ("what serves", |place, _| place.sql("DROP SCHEMA docket CASCADE")),
            ],
        }
    }

    fn file(&self, name: &str, to: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        #[cfg_attr(not(feature = "postgres"), expect(irrefutable_let_patterns))]
        let Self::Sqlite(folder) = self else { unreachable!() };
        let path = folder.path().join(name);
        let bytes = to(std::fs::read(&path).unwrap());
        // In place, as somebody's hand or a disk does it.
        let file = std::fs::File::options().write(true).truncate(true).open(&path);
        std::io::Write::write_all(&mut file.unwrap(), &bytes).unwrap();
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

pub type Damage = fn(&Place, &CopyId);

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
