//! The events that a copy lacks: all of them, or those after its checkpoint.

use std::sync::Arc;

use super::Rebuild;
use super::whole::Whole;
use crate::projection::StoreError;
use crate::projection::fold::{DEFAULT_CACHE_BYTES, Folder};
use crate::projection::follow::Following;
use crate::projection::models::Models;
use crate::projection::store::CopyWriter;

/// Events taken in at a time, at most.
const STEP_EVENTS: u64 = 4096;

/// What is filled, and with what.
pub(super) struct Filling<'a, 'b> {
    pub rebuild: &'a Rebuild<'b>,
    pub copy: &'a mut dyn CopyWriter,
    pub models: &'a mut Models,
    pub progress: &'a mut dyn FnMut(u64, u64) -> bool,
}

impl Filling<'_, '_> {
    /// Takes in the events from the copy's position up to `to`.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], [`StoreError::Interrupted`]. What was written before stands.
    pub fn fill(self, to: u64) -> Result<(), StoreError> {
        let Self { rebuild, copy, models, progress } = self;
        if copy.checkpoint().position.is_none() {
            return Whole { rebuild, copy, models, progress }.fill(to);
        }
        let (log, runtime) = (Arc::clone(&rebuild.log), rebuild.runtime.clone());
        let folder = Folder::new(log, runtime, DEFAULT_CACHE_BYTES);
        let mut following = Following::new(folder, rebuild.projections);
        while let Some(done) = copy.checkpoint().position.filter(|done| *done < to) {
            let limit = usize::try_from((to - done).min(STEP_EVENTS)).unwrap_or(usize::MAX);
            let step = following.step(copy, limit);
            step.map_err(|(sequence, source)| StoreError::Stopped { sequence, source })?;
            if !progress(copy.checkpoint().position.map_or(0, |done| done + 1), to + 1) {
                return Err(StoreError::Interrupted);
            }
        }
        Ok(())
    }
}
