//! What a data subject's stream comes to: which holds stand, and whether the data are erased.

use super::{Ground, PersonEvent};
use crate::domain::date::Timestamp;
use crate::domain::event::EventMeta;
use crate::domain::text::NonBlank;

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// Issuer and subject of the token.
    pub principal: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: NonBlank,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The revision at which it was placed.
    pub revision: u64,
    /// Who placed it.
    pub placed: Hand,
    /// Who lifted it, if anyone has.
    pub lifted: Option<Hand>,
}

/// That the data were erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The legal ground.
    pub ground: Ground,
    /// By whom, when, and on what it was decided.
    pub by: Hand,
}

/// Where a data subject stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonStanding {
    /// The holds, oldest first.
    pub holds: Vec<Hold>,
    /// That the data were erased.
    pub erased: Option<Erasure>,
}

impl PersonStanding {
    /// Takes in the next event of the stream.
    pub fn take_in(&mut self, revision: u64, event: &PersonEvent, meta: &EventMeta) {
        let hand = |reason: &NonBlank| Hand {
            principal: meta.principal.to_string(),
            at: meta.recorded_at,
            reason: reason.clone(),
        };
        match event {
            PersonEvent::HoldPlaced(placed) => {
                self.holds.push(Hold { revision, placed: hand(&placed.reason), lifted: None });
            }
            PersonEvent::HoldLifted(lifted) => {
                let mut holds = self.holds.iter_mut();
                if let Some(hold) = holds.find(|hold| hold.revision == lifted.hold) {
                    hold.lifted.get_or_insert(hand(&lifted.reason));
                }
            }
            PersonEvent::Erased(erased) => {
                let erasure = Erasure { ground: erased.ground, by: hand(&erased.statement) };
                self.erased.get_or_insert(erasure);
            }
        }
    }

    /// The holds that stand.
    pub fn standing_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.lifted.is_none())
    }
}
