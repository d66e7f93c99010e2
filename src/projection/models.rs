//! A set of read models with the numbers of their tables.

use super::change::{Changes, ModelChanges};
use super::rows::Rows;
use super::step::{Envelope, Input, Told};
use super::table::Table;
use super::turn::{Head, Turn};
use super::{Projection, ProjectionError};
use crate::domain::event::EventMeta;

/// Read models that are filled together.
pub struct Models {
    models: Vec<Box<dyn Projection>>,
}

impl Models {
    /// A set of these.
    pub fn new(models: Vec<Box<dyn Projection>>) -> Self {
        Self { models }
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
        let mut told_all = Ok(());
        self.each(changes, |model, changes| {
            if told_all.is_ok() {
                told_all = model.tell(told, changes);
            }
        });
        told_all
    }

    /// Hands to every read model what an event makes of its enrollment.
    pub fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut Changes) {
        self.each(changes, |model, changes| model.turn(turn, rows, changes));
    }

    /// Hands to every read model how far an enrollment was taken in.
    pub fn newest(&mut self, newest: &Head, changes: &mut Changes) {
        self.each(changes, |model, changes| model.newest(newest, changes));
    }

    /// Hands to every read model an event of a stream that no enrollment has.
    pub fn take_in(
        &mut self,
        envelope: &Envelope,
        meta: &EventMeta,
        input: &Input<'_>,
        changes: &mut Changes,
    ) {
        self.each(changes, |model, changes| model.take_in(envelope, meta, input, changes));
    }

    fn each(
        &mut self,
        changes: &mut Changes,
        mut hand: impl FnMut(&mut dyn Projection, &mut ModelChanges<'_>),
    ) {
        let mut first = 0;
        for model in &mut self.models {
            let tables = model.tables().len();
            hand(&mut **model, &mut changes.of(first, tables));
            first += tables;
        }
    }
}

fn tables(models: &[Box<dyn Projection>]) -> impl Iterator<Item = &'static Table> {
    models.iter().flat_map(|model| model.tables().iter().copied())
}
