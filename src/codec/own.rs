//! The bodies of the registry's own types, which no act becomes.

use schemars::generate::SchemaGenerator;
use serde::Serialize;

use crate::domain::event::{ApprovalAbandoned, MeasureSucceeded, ObligationLapsed};
use crate::domain::event_type::Own;
use crate::domain::indicator::{Observation, ObservationCorrected};
use crate::domain::logbook::{
    CalendarAdopted, ClockConfirmed, KeyRotated, LogCreated, LossAccepted, MeasureAdopted,
};
use crate::domain::person::{HoldLifted, HoldPlaced, PersonErased, PersonOpened};
use crate::domain::quota::{PlaceReserved, PlacesRestated, ReservationReleased};
use crate::domain::registry::registry;
use crate::domain::subject::{Registration, Renaming, SubjectCorrected};

/// The body of an event that no act becomes.
pub trait OwnBody: Serialize {
    /// The type of the event.
    const OWN: Own;
}

macro_rules! bodies {
    (
        $( acts of $acts_on:ident { $($act:tt)* } )*
        $( own of $on:ident { $( $own:ident($body:ty) $version:literal $label:tt; )* } )*
    ) => {
        $($( impl OwnBody for $body { const OWN: Own = Own::$own; } )*)*

        /// The JSON Schema of the body.
        pub fn own_schema(own: Own, generator: SchemaGenerator) -> schemars::Schema {
            match own { $($( Own::$own => generator.into_root_schema_for::<$body>(), )*)* }
        }
    };
}

registry!(bodies);
