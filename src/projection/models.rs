//! A set of read models with the numbers of their tables.

use super::change::Changes;
use super::error::DatabaseError;
use super::memory::Memory;
use super::sql::Reader;
use super::step::{Envelope, Input, Step};
use super::table::Table;
use super::{Projection, ProjectionError};
use crate::domain::event::EventMeta;

/// Read models that are filled together.
pub struct Models {
    models: Vec<Box<dyn Projection>>,
    scratch: Changes,
}

impl Models {
    /// A set of these.
    pub fn new(models: Vec<Box<dyn Projection>>) -> Self {
        let scratch = Changes::new(tables(&models));
        Self { models, scratch }
    }

    /// The read models, in the order of their tables.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Projection> {
        self.models.iter().map(|model| &**model)
    }

    /// The tables of all, in the order of their numbers.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> {
        tables(&self.models)
    }

    /// Parts them: those that are picked, and the others.
    pub fn partition(self, pick: impl Fn(&str) -> bool) -> (Self, Self) {
        let (picked, others) = self.models.into_iter().partition(|model| pick(model.name()));
        (Self::new(picked), Self::new(others))
    }

    /// No changes yet, to the tables of all.
    pub fn changes(&self) -> Changes {
        Changes::new(self.tables())
    }

    /// Reads what they keep in mind of all enrollments.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(&mut self, reader: &mut dyn Reader) -> Result<(), DatabaseError> {
        self.models.iter_mut().try_for_each(|model| model.load(reader))
    }

    /// Hands an event to every read model.
    ///
    /// # Errors
    /// Those of the read models.
    pub fn project(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        memory: &mut Memory,
        changes: &mut Changes,
    ) -> Result<(), ProjectionError> {
        let mut first = 0;
        for model in &mut self.models {
            let tables = model.tables().len();
            model.project(envelope, meta, input, memory, &mut changes.of(first, tables))?;
            first += tables;
        }
        Ok(())
    }

    /// Brings the memory of an enrollment up to an event whose rows are written.
    pub fn remember(&mut self, step: &Step<'_>, memory: &mut Memory) {
        let mut first = 0;
        for model in &self.models {
            let tables = model.tables().len();
            model.remember(step, memory, &mut self.scratch.of(first, tables));
            first += tables;
        }
        self.scratch.clear();
    }

    /// Adds what they hold back until the batch is written.
    pub fn flush(&mut self, changes: &mut Changes) {
        let mut first = 0;
        for model in &mut self.models {
            let tables = model.tables().len();
            model.flush(&mut changes.of(first, tables));
            first += tables;
        }
    }
}

fn tables(models: &[Box<dyn Projection>]) -> impl Iterator<Item = &'static Table> {
    models.iter().flat_map(|model| model.tables().iter().copied())
}
