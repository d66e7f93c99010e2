//! What the application keeps beside acts: subjects in their provinces, calendars over a restart.

#[path = "support/app.rs"]
mod app;

use std::sync::Arc;

use app::{World, registrar};
use docket::app::ActError;
use docket::log::{EventLog, MemoryLog};
use serde_json::json;

/// An area in an area would put its department's acts under another local government (C5).
#[tokio::test]
async fn an_area_lies_in_a_province() {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    world.register("xp", "province", None).await;
    world.register("area1", "cluster_area", Some("xp")).await;
    let area = json!({"id": "area2", "kind": "cluster_area", "name": {"en": "2", "zh": "2"},
        "province": "area1", "invented": true, "source": "a test", "effective_on": "2010"});
    let registration = serde_json::from_value(area).unwrap();
    let error =
        world.app.registrar().register_subject(&registrar(), registration, "k").await.unwrap_err();
    assert!(matches!(&error, ActError::Invalid(field) if field.pointer == "/province"), "{error}");
}

/// Due dates of terms that run far are moved by calendars of late years (G13).
#[tokio::test]
async fn every_calendar_that_was_adopted_is_there_after_a_restart() {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let world = World::over(log.clone()).await;
    for year in [1999, 2051] {
        let calendar = json!({"year": year, "rest_days": [], "working_weekends": [],
            "source": "a test"});
        let adopted = serde_json::from_value(calendar).unwrap();
        world.app.registrar().adopt_calendar(&registrar(), adopted, "k").await.unwrap();
    }
    let world = world.again(log).await;
    let calendars = world.app.library().calendars(None);
    for year in [1999, 2051] {
        assert!(calendars.of_year(year).is_some(), "{year}");
    }
}
