//! The phase graph of a measure as SVG: one lane a phase, from left to right the way through it.
//!
//! What must hold: every move that an act makes is in the picture, with its outcome and article; a
//! move that leads back is a tag that names its target, so that no line runs against the reading
//! direction. Acts that move nothing stand in a table below. No scripts, nothing loaded from
//! elsewhere; every text from the file is escaped.

mod layout;
mod picture;
mod svg;
mod text;
mod words;

use crate::domain::ids::Language;
use crate::domain::measure::Measure;

/// Draws a measure.
pub fn draw(measure: &Measure, language: Language) -> String {
    let mut picture = picture::Picture::of(measure, language);
    let lanes = layout::place(&mut picture);
    svg::render(measure, language, &picture, &lanes)
}
