//! Subjects: the divisions and areas that take part, as their registrations say.
//!
//! What must hold: a subject is what the events of its stream say, each corrected one replaced by its
//! latest correction (G1); both stay readable. Deliberately not here: who may register.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::{CivilDate, Day};
use super::division::{self, CORPS};
use super::ids::{EventRef, Id, Office, SubjectId, Text};
use super::measure::Program;
use super::refusal::{FieldError, field};
use super::words::{Given, said};

mod history;

/// The kind of what stands for a program as a whole; nothing is registered as such.
const OF_PROGRAM: &str = "program";

pub use history::{SubjectHistory, SubjectRecord};

/// A zone that a subject belongs to, with its source (P16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// The zone.
    pub zone: Id,
    /// Who says so.
    pub source: String,
}

/// A registration: code with its revision, names, kind, province, responsible office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The id: a GB/T 2260 code, `XPCC`, or an area's own.
    #[schemars(with = "String")]
    pub id: SubjectId,
    /// `province`, `corps`, `cluster_area` …
    pub kind: Id,
    /// The names.
    pub name: Text,
    /// The GB/T 2260 code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Id>,
    /// The revision of GB/T 2260 that the code is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_revision: Option<Id>,
    /// The province in which it lies; for a province its own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub province: Option<SubjectId>,
    /// The office responsible for an area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_office: Option<Text>,
    /// Zones, each with its source; empty: unassigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// Whether it is invented, for an exercise (G16).
    #[serde(default)]
    pub invented: bool,
    /// Where the facts are from.
    pub source: String,
    /// From when they hold.
    #[schemars(with = "String")]
    pub effective_on: CivilDate,
}

/// A new name from a day on; the old one stays for earlier days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    /// The new names.
    pub name: Text,
    /// Another responsible office, if that changed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_office: Option<Text>,
    /// Where the fact is from.
    pub source: String,
    /// From when it holds.
    #[schemars(with = "String")]
    pub effective_on: CivilDate,
}

/// That a registration, a renaming or a correction was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectCorrection {
    /// What is corrected, `stream@revision#id`: the version in force, that is the event itself or its
    /// last correction.
    #[schemars(with = "String")]
    pub corrects: EventRef,
    /// Why.
    pub reason: String,
    /// What should have been recorded, as a whole. Without it a renaming is annulled, and a correction
    /// too: what it corrected stands again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
}

/// What should have been recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// The registration.
    Registration(Registration),
    /// The renaming.
    Renaming(Renaming),
}

/// A correction, and which acts it shakes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectCorrected {
    /// The correction.
    pub correction: SubjectCorrection,
    /// The acts on record whose office or subject was judged by what is another now,
    /// `stream@revision#id`; they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub unsettles: Vec<EventRef>,
}

/// An event of a subject's stream `subject-<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectEvent {
    /// It is registered.
    Registered(Registration),
    /// It has another name.
    Renamed(Renaming),
    /// One of these was wrong.
    Corrected(Box<SubjectCorrected>),
}

/// What a registration, a renaming, or the correction of one says of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectContent<'a> {
    /// Everything.
    Registration(&'a Registration),
    /// Another name from a day on.
    Renaming(&'a Renaming),
}

impl<'a> SubjectContent<'a> {
    /// The day from which it holds.
    pub fn from(self) -> Day {
        match self {
            Self::Registration(r) => r.effective_on.earliest().unwrap_or(Day::MIN),
            Self::Renaming(r) => r.effective_on.latest(),
        }
    }

    /// The name, and where it is from.
    pub fn name(self) -> (&'a Text, &'a str) {
        match self {
            Self::Registration(r) => (&r.name, &r.source),
            Self::Renaming(r) => (&r.name, &r.source),
        }
    }

    /// The responsible office, where it names one.
    pub fn office(self) -> Option<&'a Text> {
        match self {
            Self::Registration(r) => r.responsible_office.as_ref(),
            Self::Renaming(r) => r.responsible_office.as_ref(),
        }
    }
}

/// What the events of a subject's stream say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The registration.
    pub registration: Registration,
    /// Names by the day from which each holds, oldest first.
    pub names: Vec<(Day, Text)>,
    /// Responsible offices likewise.
    pub offices: Vec<(Day, Text)>,
    /// The revision of the newest event.
    pub revision: u64,
    /// The id of the newest event.
    pub event_id: uuid::Uuid,
}

impl Subject {
    /// The subject as registered.
    pub fn registered(registration: Registration) -> Self {
        let (names, offices) = (Vec::new(), Vec::new());
        let (revision, event_id) = (0, uuid::Uuid::nil());
        let said = registration.clone();
        let mut subject = Self { registration, names, offices, revision, event_id };
        subject.takes_in(SubjectContent::Registration(&said));
        subject
    }

    /// A program, as the subject of what is done for it as a whole: it has no registration.
    pub fn of_program(program: &Program) -> Self {
        Self::registered(Registration {
            id: SubjectId::from(&program.id),
            kind: Id::from(OF_PROGRAM),
            name: program.name.clone(),
            code: None,
            code_revision: None,
            province: None,
            responsible_office: None,
            zones: Vec::new(),
            invented: program.is_exercise(),
            source: program.article.clone(),
            effective_on: CivilDate::from(Day::MIN),
        })
    }

    /// Whether it is a program as a whole.
    pub fn is_program(&self) -> bool {
        self.registration.kind == OF_PROGRAM
    }

    /// Takes in a name and an office, each from its day on.
    pub fn takes_in(&mut self, said: SubjectContent<'_>) {
        self.names.push((said.from(), said.name().0.clone()));
        self.offices.extend(said.office().map(|office| (said.from(), office.clone())));
        // Of two from the same day the one recorded later is the newer.
        self.names.sort_by_key(|(day, _)| *day);
        self.offices.sort_by_key(|(day, _)| *day);
    }

    /// The name on a day; before the first registered one, the first.
    pub fn name_on(&self, day: Day) -> &Text {
        on(&self.names, day).unwrap_or(&self.registration.name)
    }

    /// The responsible office on a day, if one is registered.
    pub fn office_on(&self, day: Day) -> Option<&Text> {
        on(&self.offices, day)
    }

    /// The id.
    pub fn id(&self) -> &SubjectId {
        &self.registration.id
    }
}

fn on(named: &[(Day, Text)], day: Day) -> Option<&Text> {
    named.iter().rev().find(|(from, _)| *from <= day).or_else(|| named.first()).map(|(_, t)| t)
}

impl Registration {
    /// The division for which an office of this kind acts on the subject; none: it acts everywhere.
    pub fn division_of(&self, office: Office) -> Option<&SubjectId> {
        match office {
            Office::NationalOffice | Office::Registrar | Office::Docket => None,
            Office::ProvincialDepartment => self.province.as_ref().or(Some(&self.id)),
            Office::Province | Office::LocalGovernment => Some(&self.id),
        }
    }

    /// How an office of this kind is named whose own id is not known: `local_government:futian`.
    pub fn office_id(&self, office: Office) -> String {
        let division = self.division_of(office).map(|division| format!(":{division}"));
        format!("{}{}", office.as_str(), division.unwrap_or_default())
    }

    /// Whether it is a province or the Corps.
    pub fn is_provincial(&self) -> bool {
        matches!(self.kind.as_str(), "province" | "corps")
    }

    /// What is wrong with it by itself, of a kind whose province may be unknown or not: the 31 and the Corps are registered as such and as nothing
    /// else (P2), and no invented subject bears a code of a real one (G16).
    ///
    /// # Errors
    /// The member that is wrong.
    pub fn check(&self, anywhere: bool) -> Result<(), FieldError> {
        let (id, kind) = (self.id.as_str(), self.kind.as_str());
        if kind == OF_PROGRAM {
            let text = said!("a program is declared, never registered", "项目不作为主体登记");
            return Err(field("/kind", text));
        }
        if self.invented {
            self.check_invented()?;
        } else if kind == "province" && !division::is_province(id) {
            let text = said!(
                "{id} is not the GB/T 2260 code of one of the 31 provincial-level divisions",
                "{id}不是31个省级行政区划的GB/T 2260代码",
                id = Given(id)
            );
            return Err(field("/id", text));
        } else if kind == "corps" && id != CORPS {
            let text = said!(
                "the Corps is registered as {id}",
                "新疆生产建设兵团以{id}登记",
                id = Given(CORPS)
            );
            return Err(field("/id", text));
        } else if !self.is_provincial() && division::is_provincial(id) {
            let text = said!(
                "{id} is a provincial-level division or the Corps",
                "{id}是省级行政区划或新疆生产建设兵团",
                id = Given(id)
            );
            return Err(field("/kind", text));
        } else if kind == "province" && self.code.as_ref().is_some_and(|code| code != id) {
            let text = said!(
                "the code of a province is its id, {id}",
                "省级行政区划的代码即其标识{id}",
                id = Given(id)
            );
            return Err(field("/code", text));
        }
        self.check_prefecture()?;
        match &self.province {
            Some(province) if self.is_provincial() && province != &self.id => {
                let text = said!(
                    "{id} is itself a province: leave it out, or name {id}",
                    "{id}本身即省级主体：请省略此项，或填{id}",
                    id = Given(id)
                );
                Err(field("/province", text))
            }
            None if !self.is_provincial() && !anywhere => {
                let text = said!("name the province in which it lies", "请填写其所在省份");
                Err(field("/province", text))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A code of a prefecture-level division is one of the list, or says which revision has it: codes are
    /// abolished.
    fn check_prefecture(&self) -> Result<(), FieldError> {
        let is_of_list =
            self.code_revision.as_ref().is_none_or(|of| of == division::PREFECTURES_OF);
        let looks = |code: &str| {
            code.len() == 6
                && code.ends_with("00")
                && division::is_real(code)
                && !division::is_provincial(code)
        };
        // An id of this form is the code where no other is stated.
        let (pointer, code) = match self.code.as_deref() {
            Some(code) => ("/code", code),
            None => ("/id", self.id.as_str()),
        };
        let is_of_list = is_of_list && looks(code);
        match Some(code).filter(|_| is_of_list && !self.invented && !division::is_prefecture(code))
        {
            None => Ok(()),
            Some(code) => {
                let text = said!(
                    "{code} is no prefecture-level division of GB/T 2260 as of January 2021; of one that had it earlier or later, state that revision in `code_revision`",
                    "{code}不是2021年1月GB/T 2260所列的地级行政区划；如属此前或此后的代码，请注明代码版本",
                    code = Given(code)
                );
                Err(field(pointer, text))
            }
        }
    }

    fn check_invented(&self) -> Result<(), FieldError> {
        if self.kind == "corps" {
            let text = said!(
                "there is one Corps, and it is real; an exercise has invented provinces (P2)",
                "兵团仅有一个，且为真实主体；演练项目只有虚构省份（P2）"
            );
            return Err(field("/kind", text));
        }
        let codes = [("/id", Some(self.id.as_str())), ("/code", self.code.as_deref())];
        for (pointer, code) in codes {
            if let Some(code) = code.filter(|code| division::is_real(code)) {
                let text = said!(
                    "{code} is a code of real divisions; an invented subject has one of its own (G16)",
                    "{code}属于真实行政区划的代码；虚构主体须另用标识（G16）",
                    code = Given(code)
                );
                return Err(field(pointer, text));
            }
        }
        Ok(())
    }
}
