//! That what must be said in words is not left blank: a reason, an opinion, a finding, a source.

use super::Deciding;
use crate::domain::act::Common;
use crate::domain::refusal::{Refusal, field};
use crate::domain::text::says_something;

impl Deciding<'_> {
    /// Refuses texts that are stated and empty.
    pub(super) fn check_said(&self) -> Result<(), Refusal> {
        let mut said = self.request.act.words();
        common(&self.request.common, &mut said);
        let blank = said.into_iter().filter(|(_, text)| !says_something(text));
        let errors: Vec<_> = blank
            .map(|(at, _)| field(at, "say it in words; this is blank", "须以文字说明，不得留空"))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(self.invalid(errors)) }
    }
}

fn common<'a>(common: &'a Common, said: &mut Vec<(String, &'a str)>) {
    if let Some(archive) = &common.archive {
        said.push(("/archive/source".to_owned(), &archive.source));
    }
    if let Some(kept) = &common.kept_since {
        said.push(("/kept_since/reason".to_owned(), &kept.reason));
    }
    if let Some(document) = &common.document {
        said.push(("/document/title".to_owned(), &document.title));
    }
    for (index, material) in common.materials.iter().enumerate() {
        said.push((format!("/materials/{index}/name"), &material.name));
    }
}
