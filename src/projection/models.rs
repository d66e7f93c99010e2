//! A set of read models with the numbers of their tables.

use super::change::{Changes, ModelChanges};
use super::memory::Memory;
use super::step::{Envelope, Input, Step, Told};
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

    /// Hands to every read model what an event says by itself.
    ///
    /// # Errors
    /// Those of the read models.
    pub fn tell(&mut self, told: &Told<'_>, changes: &mut Changes) -> Result<(), ProjectionError> {
        self.each(changes, |model, changes| model.tell(told, changes))
    }

    /// Hands to every read model an event of an enrollment.
    ///
    /// # Errors
    /// Those of the read models.
    pub fn step(
        &mut self,
        step: &Step<'_>,
        memory: &mut Memory,
        changes: &mut Changes,
    ) -> Result<(), ProjectionError> {
        self.each(changes, |model, changes| model.step(step, memory, changes))
    }

    /// Brings the memory of an enrollment up to an event whose rows are written.
    ///
    /// # Errors
    /// Those of the read models.
    pub fn remember(
        &mut self,
        step: &Step<'_>,
        memory: &mut Memory,
    ) -> Result<(), ProjectionError> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let remembered = self.step(step, memory, &mut scratch);
        scratch.clear();
        self.scratch = scratch;
        remembered
    }

    /// Hands to every read model an event of a stream that no enrollment has.
    ///
    /// # Errors
    /// Those of the read models.
    pub fn take_in(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut Changes,
    ) -> Result<(), ProjectionError> {
        self.each(changes, |model, changes| model.take_in(envelope, meta, input, changes))
    }

    /// Adds what they hold back until the batch is written.
    pub fn flush(&mut self, changes: &mut Changes) {
        // Nothing in it can fail.
        let _ = self.each(changes, |model, changes| {
            model.flush(changes);
            Ok(())
        });
    }

    fn each(
        &mut self,
        changes: &mut Changes,
        mut hand: impl FnMut(&mut dyn Projection, &mut ModelChanges<'_>) -> Result<(), ProjectionError>,
    ) -> Result<(), ProjectionError> {
        let mut first = 0;
        for model in &mut self.models {
            let tables = model.tables().len();
            hand(&mut **model, &mut changes.of(first, tables))?;
            first += tables;
        }
        Ok(())
    }
}

fn tables(models: &[Box<dyn Projection>]) -> impl Iterator<Item = &'static Table> {
    models.iter().flat_map(|model| model.tables().iter().copied())
}
