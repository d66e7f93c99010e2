//! What a wall clock does against one that nobody can set: pure arithmetic on the difference of the two.

use super::{ClockError, MAX_AHEAD_US};

/// How far the wall clock may move between two looks before it has jumped.
pub const MAX_JUMP_US: i64 = 5_000_000;
/// How long it must have stood still after a jump before it is followed: who steps a clock twice, and a
/// time server that corrects itself, do it within that.
pub const SETTLE_US: i64 = 30_000_000;

/// The wall clock's difference from elapsed time ("offset"), as far as it is followed.
#[derive(Debug)]
pub(super) struct Watch {
    followed: i64,
    /// Where it jumped to, and when (elapsed time).
    jumped: Option<(i64, i64)>,
    /// The offset by which what is known was right, while the followed one is too far ahead of it.
    known: Option<i64>,
}

impl Watch {
    pub fn new(offset: i64) -> Self {
        Self { followed: offset, jumped: None, known: None }
    }

    /// Holds the clock against what is known to have been right.
    pub fn compare_with(&mut self, known: i64) {
        self.known = (self.followed.saturating_sub(known) > MAX_AHEAD_US).then_some(known);
    }

    /// Takes the present offset in; by how much it is ahead of what is known, 0 unless that is too much.
    pub fn look(&mut self, offset: i64, elapsed: i64) -> Result<i64, ClockError> {
        let jump_us = offset - self.followed;
        // Back among what is known needs no patience: there it was right before.
        let is_back = self.known.is_some_and(|known| (offset - known).abs() <= MAX_AHEAD_US);
        if jump_us.abs() > MAX_JUMP_US && !is_back {
            let since = match self.jumped {
                Some((to, since)) if (offset - to).abs() <= MAX_JUMP_US => since,
                _ => elapsed,
            };
            if elapsed - since < SETTLE_US {
                self.jumped = Some((offset, since));
                return Err(ClockError::Jumped { jump_us });
            }
            if jump_us > MAX_AHEAD_US && self.known.is_none() {
                self.known = Some(self.followed);
            }
        }
        self.jumped = None;
        self.followed = offset;
        let ahead_us = self.known.map_or(0, |known| offset - known);
        if ahead_us <= MAX_AHEAD_US {
            self.known = None;
            return Ok(0);
        }
        Ok(ahead_us)
    }
}
