//! The clerk's part in a story: what lapsed is recorded, and what must hold then is checked.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use docket::domain::date::CivilDate;
use docket::domain::duty::{DutyStatus, items, lapse_has_ground, lapses};
use docket::domain::event::{Event, Recorded};
use docket::domain::ids::{EventRef, Office};

use crate::story::{Story, day};

/// Looks on a day and records what lapsed: the due dates, in the order in which they are recorded.
pub fn clerk(story: &mut Story, on: &str) -> Vec<String> {
    let found = lapses(&story.history, &story.calendars, day(on));
    story.today(&story.now.civil_day().max(day(on)).to_string());
    for lapse in &found {
        assert!(lapse_has_ground(&story.state, lapse), "{lapse:?}");
        let revision = story.history.events().len() as u64;
        let mut meta = story.event(0).meta.clone();
        meta.office = Office::Docket;
        meta.effective_on = CivilDate::from(lapse.lapsed_on());
        meta.recorded_at = story.now;
        (meta.archive, meta.received_on, meta.decided_on) = (false, None, None);
        let opened = story.history.version_in_force(lapse.opened_by).unwrap();
        meta.rests_on = EventRef::write_list(&[story.reference(opened)]).into();
        let event = Recorded {
            revision,
            sequence: Some(revision + 10),
            id: uuid::Uuid::from_u128(0x1a95_0000 + u128::from(revision)),
            event: Event::ObligationLapsed(Box::new(lapse.clone())),
            meta,
        };
        story.push(event);
    }
    assert_eq!(lapses(&story.history, &story.calendars, day(on)), [], "nothing lapses twice");
    let state = story.on(on);
    for item in items(&state, day(on), &story.calendars) {
        assert!(item.status != DutyStatus::Overdue || item.lapsed_by.is_some(), "{item:?}");
    }
    found.iter().map(|lapse| format!("{} {}", lapse.obligation, lapse.due)).collect()
}
