//! Lives of invented cluster areas, from the first application to the present: what was done, when
//! and by whom. Four kinds of life, so that most of what an area can go through is in the log.
//! Deterministic: the same number gives the same life.

use docket::domain::date::Day;
use serde_json::{Value, json};

/// Who performs an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Area,
    Department,
    National,
    Registrar,
}

/// One act of a life.
pub struct Planned {
    pub on: Day,
    pub who: Who,
    pub body: Value,
    /// Whether it corrects the inspection before it.
    pub corrects: bool,
}

/// An area whose title stands in the end, so that acts can go on.
pub fn stands(area: usize) -> bool {
    area % 20 < 10
}

/// The acts of an area, in order; exactly so many.
pub fn life(area: usize, acts: usize, digest: &str) -> Vec<Planned> {
    let shift = i64::try_from(area * 7 % 28).unwrap_or(0);
    let mut life = Life { shift, digest, acts: Vec::new() };
    match area % 20 {
        0..10 => life.excellent(2014),
        10..15 => life.rectified(),
        15..18 => life.cancelled(),
        _ => life.rejected_first(),
    }
    life.acts.sort_by_key(|planned| planned.on);
    life.fill(acts);
    life.acts
}

struct Life<'a> {
    shift: i64,
    digest: &'a str,
    acts: Vec<Planned>,
}

impl Life<'_> {
    fn day(&self, on: &str) -> Day {
        Day::parse(on).expect("a day in the plan of a life").plus_days(self.shift)
    }

    fn put(&mut self, on: &str, who: Who, act: &str, content: Value) {
        let on = self.day(on);
        self.put_on(on, who, act, content);
    }

    fn put_on(&mut self, on: Day, who: Who, act: &str, mut body: Value) {
        body["act"] = json!(act);
        body["effective_on"] = json!(on.to_string());
        self.acts.push(Planned { on, who, body, corrects: false });
    }

    fn material(&self, kind: &str) -> Value {
        json!({"kind": kind, "name": format!("{kind}.pdf"), "media_type": "application/pdf", "digest": self.digest})
    }

    fn document(&self, title: &str) -> Value {
        json!({"number": "演练发〔2014〕12号", "title": title, "issuing_office": "National office of the exercise", "digest": self.digest, "media_type": "application/pdf"})
    }

    fn apply(&mut self, on: &str) {
        let materials = ["application", "initial_work_plan", "commitment"];
        let materials: Vec<Value> = materials.iter().map(|kind| self.material(kind)).collect();
        let content = json!({
            "applicant_kind": "hi_tech_zone",
            "requirements": {
                "management": "A bureau of its own, a plan for five years, a fund.",
                "demand": "Three industries with demand for services.",
                "agencies": 31 + self.shift,
                "services": ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"],
            },
            "materials": materials,
        });
        self.put(on, Who::Area, "apply", content);
    }

    fn recommend(&mut self, on: &str) {
        let letter = self.material("letter_of_recommendation");
        let content = json!({"opinion": "Verified on site; recommended.", "materials": [letter]});
        self.put(on, Who::Department, "recommend", content);
    }

    fn approve(&mut self, on: &str) {
        let document = self.document("Ratification of cluster areas (invented)");
        self.put(on, Who::National, "approve", json!({"round": &on[..4], "document": document}));
    }

    fn plan(&self) -> Value {
        json!({
            "contents": {"goals": "Forty agencies more in three years.", "tasks": "Services for three industries.", "funds": "Five million a year."},
            "indicators": {"agencies": "80", "practitioners": "1200"},
            "guidelines": ["environment", "resources", "brands"],
        })
    }

    fn designate(&mut self, on: &str, what: &str) {
        let text = format!("The {what} is named in the notice of the area's government.");
        self.put(on, Who::Area, "designate", json!({"designates": what, "text": text}));
    }

    fn report(&mut self, year: i32) {
        let content = json!({
            "year": year - 1,
            "summary": format!("Work of {}: the plan is on time; twelve agencies settled.", year - 1),
            "next_year_plan": format!("Arrangements for {year}: matchmaking for two industries."),
        });
        self.put(&format!("{year}-01-12"), Who::Area, "submit_report", content);
    }

    fn inspect(&mut self, year: i32) {
        let findings =
            format!("Inspected in {year}: indicators are on their way, funds were paid.");
        let content = json!({"findings": findings});
        self.put(&format!("{year}-05-20"), Who::National, "inspect", content.clone());
        self.put(&format!("{year}-09-03"), Who::National, "inspect", content);
    }

    fn amend(&mut self, year: i32) {
        let content = json!({
            "opinion": "Two indicators are raised.",
            "explanation": "The agencies came sooner than planned.",
            "plan": self.plan(),
        });
        self.put(&format!("{year}-04-02"), Who::Area, "submit_amendment", content);
        self.put(&format!("{year}-06-05"), Who::National, "accept_amendment", json!({}));
    }

    fn accept(&mut self, on: &str, result: &str, plan_version: u32, rectify_by: Option<&str>) {
        let mut content = judged(result, rectify_by.map(|day| self.day(day)));
        content["findings"] = json!({"implementation": "Goals and indicators are met.", "practices": "One window for all services.", "planning": "Services for the whole province."});
        content["plan_version"] = json!(plan_version);
        self.put(on, Who::National, "accept", content);
    }

    fn review(&mut self, on: &str, result: &str, rectify_by: Option<&str>) {
        let mut content = judged(result, rectify_by.map(|day| self.day(day)));
        content["findings"] = json!("The title is borne with effect on the province.");
        self.put(on, Who::National, "review", content);
    }

    fn confirm(&mut self, on: &str) {
        let from = self.day(on).to_string();
        self.put(on, Who::National, "confirm", json!({"title_from": from}));
    }

    /// Application to approval and the plan, then three years with an amendment each.
    fn construction(&mut self, first: i32) {
        self.apply(&format!("{first}-10-13"));
        self.recommend(&format!("{first}-11-11"));
        self.approve(&format!("{first}-12-01"));
        self.designate(&format!("{first}-12-02"), "department");
        self.designate(&format!("{first}-12-03"), "funds");
        let plan = self.plan();
        self.put(&format!("{}-02-10", first + 1), Who::Department, "submit_plan", plan);
        for year in first + 1..=first + 3 {
            self.amend(year);
        }
    }

    fn years(&mut self, from: i32, to: i32) {
        for year in from..=to {
            self.report(year);
            self.inspect(year);
        }
    }

    /// Accepted as excellent, confirmed, reviewed twice.
    fn excellent(&mut self, first: i32) {
        self.construction(first);
        self.years(first + 1, 2025);
        self.accept(&format!("{}-02-14", first + 4), "excellent", 4, None);
        self.confirm(&format!("{}-03-15", first + 4));
        self.review(&format!("{}-05-10", first + 7), "qualified", None);
        if first + 10 < 2026 {
            self.review(&format!("{}-07-12", first + 10), "excellent", None);
        }
        self.report(2026);
    }

    /// Returned at first; unqualified, rectified, then an experimental area that asks again.
    fn rectified(&mut self) {
        self.apply("2014-09-30");
        self.put(
            "2014-10-05",
            Who::Department,
            "return",
            json!({"reason": "The plan names no funds."}),
        );
        self.construction(2014);
        self.years(2015, 2025);
        self.accept("2018-02-14", "unqualified", 4, Some("2018-09-30"));
        let done = json!({"text": "Every finding was mended."});
        self.put("2018-08-01", Who::Area, "report_rectification", done);
        self.accept("2018-10-10", "qualified", 4, None);
        for year in [2020, 2023] {
            let asked = json!({"text": "The area asks for another check and acceptance."});
            self.put(&format!("{year}-03-02"), Who::Area, "request_acceptance", asked);
            self.accept(&format!("{year}-05-04"), "qualified", 4, None);
        }
        self.report(2026);
    }

    /// A demonstrative area that loses its title and begins anew.
    fn cancelled(&mut self) {
        self.construction(2014);
        self.years(2015, 2021);
        self.accept("2018-02-14", "excellent", 4, None);
        self.confirm("2018-03-15");
        self.review("2021-05-10", "unqualified", Some("2021-12-31"));
        let done = json!({"text": "Every finding was mended."});
        self.put("2021-11-01", Who::Area, "report_rectification", done);
        self.report(2022);
        self.review("2022-03-01", "unqualified", None);
        self.apply("2023-10-13");
        self.recommend("2023-11-11");
        self.approve("2023-12-01");
        self.designate("2023-12-02", "agencies");
        self.years(2024, 2025);
        self.report(2026);
    }

    /// Rejected, approved two years later; its record is mended twice and has two late entries.
    fn rejected_first(&mut self) {
        self.apply("2014-10-13");
        self.recommend("2014-11-11");
        self.put(
            "2014-12-15",
            Who::National,
            "reject",
            json!({"reason": "Other areas are further on."}),
        );
        self.excellent(2016);
        for year in [2019, 2022] {
            let on = self.day(&format!("{year}-11-20"));
            let reason = "The finding of another area was entered.";
            let body = json!({"act": "correct", "effective_on": on.to_string(), "reason": reason});
            self.acts.push(Planned { on, who: Who::National, body, corrects: true });
        }
        for year in [2020, 2023] {
            let on = self.day(&format!("{year}-12-10"));
            let seen = self.day(&format!("{year}-06-20")).to_string();
            let findings = "Entered late: the inspection of June.";
            let body = json!({"act": "inspect", "effective_on": seen, "findings": findings});
            self.acts.push(Planned { on, who: Who::National, body, corrects: false });
        }
    }

    /// Brings the life to its number of acts: the newest fall away, or notes are added.
    fn fill(&mut self, acts: usize) {
        self.acts.truncate(acts);
        let mut day = self.acts.last().map_or_else(|| self.day("2014-01-01"), |last| last.on);
        while self.acts.len() < acts {
            day = day.plus_days(1);
            let text = "Entered from the file of the area: correspondence without effect.";
            self.put_on(day, Who::Registrar, "note", json!({"text": text}));
        }
    }
}

fn judged(result: &str, rectify_by: Option<Day>) -> Value {
    match rectify_by {
        Some(day) => json!({"result": result, "rectify_by": day.to_string()}),
        None => json!({"result": result}),
    }
}
