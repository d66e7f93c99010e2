//! `event_facts`: what each event of the log says by itself, as a row.
//!
//! Each row is a function of one event, so it is written once, in the log's order, and never changed;
//! what became of an event is said by `audit_trail`.

use super::ProjectionError;
use super::change::{ModelChanges, RowWriter};
use super::step::{Projection, Told};
use super::table::Table;
use crate::domain::event::Fact;

mod dictionary;
mod tables;

use dictionary::{Dictionary, law, office};
use tables::{FACTS, LAWS, OFFICES};

/// Fills `event_fact`, `recorded_by` and `law`.
#[derive(Default)]
pub struct EventFacts {
    offices: Dictionary,
    laws: Dictionary,
}

impl Projection for EventFacts {
    fn name(&self) -> &'static str {
        "event_facts"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/event_facts/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/event_facts/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&tables::FACT_TABLE, &tables::OFFICE_TABLE, &tables::LAW_TABLE]
    }

    fn tell(
        &mut self,
        told: &Told<'_>,
        changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        let Told { envelope, meta, fact, enrollment } = *told;
        let document = fact.and_then(|fact| fact.document.as_ref());
        let office = self.offices.id(&office(meta), |id, said| {
            said.write(id, &mut changes.put(OFFICES));
        });
        let law = law(meta)
            .map(|law| self.laws.id(&law, |id, said| said.write(id, &mut changes.put(LAWS))));
        let mut row = changes.insert(FACTS);
        row.number(envelope.sequence).text(envelope.stream.as_str()).number(envelope.revision);
        row.id(envelope.event_id).number_if(enrollment);
        row.flag(meta.exercise).text(&envelope.event_type);
        row.text_if(fact.map(|fact| fact.act.kind().as_str()));
        list(fact, &mut row);
        row.number(office).number_if(law);
        row.date(&meta.effective_on).day(meta.effective_on.latest());
        row.date_if(meta.decided_on.as_ref()).day_if(meta.received_on);
        row.int(envelope.recorded_at_us).int(envelope.known_at_us);
        row.text(meta.provenance.as_str()).flag(meta.archive);
        row.text_if(filled(&meta.corrects)).text_if(filled(&meta.rests_on));
        row.text_if(document.and_then(|document| document.number.as_deref()));
        row.text_if(document.map(|document| document.title.as_str()));
        Ok(())
    }
}

/// Writes what an act is listed by; of a correction that of the act that it puts in place.
fn list(fact: Option<&Fact>, row: &mut RowWriter<'_>) {
    let standing = fact.map(|fact| fact.mended.as_ref().map_or(fact, |mended| &mended.fact));
    let effects = standing.map(|fact| &fact.effects);
    let result = effects.and_then(|effects| effects.result.as_ref());
    // A report is due in the year after the one that it is on.
    let reported = effects.and_then(|effects| effects.meets.iter().find_map(|met| met.due_year));
    let year = result.and_then(|result| result.year).or(reported.map(|due| due - 1));
    match year {
        Some(year) => row.int(i64::from(year)),
        None => row.null(),
    };
    row.text_if(result.map(|result| result.result.as_str()));
    row.text_if(effects.and_then(|effects| effects.round.as_deref()));
    row.text_if(effects.and_then(|effects| effects.batch.as_deref()));
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
