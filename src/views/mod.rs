//! What REST, pages and commands say alike: problems, how sequences are written, and the parts of
//! answers that several of them show. Nothing here knows a request.

pub mod brief;
pub mod changes;
pub mod compared;
pub mod draw;
pub mod ends;
pub mod exceptions;
pub mod headers;
pub mod inside;
pub mod labels;
pub mod look;
pub mod media;
pub mod parameter;
pub mod problem;
pub mod reading;
pub mod sequence;
pub mod spoken;
pub mod standing;
