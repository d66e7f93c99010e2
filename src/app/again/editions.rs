//! The editions of a program's measure as they were adopted, one after another.

use std::sync::Arc;

use crate::app::adoption::Shelf;
use crate::app::{Library, StartError};
use crate::domain::ids::ProgramId;
use crate::domain::measure::{Edition, Versions};

/// Every adopted edition, with the sequence of its adoption.
pub(super) struct Editions(Vec<(u64, Arc<Edition>)>);

impl Editions {
    pub async fn of(library: &Library, program: &ProgramId) -> Result<Self, StartError> {
        Ok(Self(Shelf::of_library(library).every_edition(program).await?))
    }

    pub fn newest_where(&self, is_it: impl Fn(&Edition) -> bool) -> Option<Arc<Edition>> {
        let mut newest_first = self.0.iter().rev();
        newest_first.find(|(_, edition)| is_it(edition)).map(|(_, edition)| edition.clone())
    }

    /// The versions by which an act was judged before a sequence, with an edition in the place of those
    /// of its version, where one is given.
    pub fn before(&self, sequence: u64, tried: Option<Arc<Edition>>) -> Arc<Versions> {
        let mut newest: Vec<_> = tried.into_iter().collect();
        for (adopted, edition) in self.0.iter().rev() {
            let known = newest.iter().any(|one| one.measure.version == edition.measure.version);
            if *adopted < sequence && !known {
                newest.push(edition.clone());
            }
        }
        Arc::new(Versions::new(newest))
    }
}
