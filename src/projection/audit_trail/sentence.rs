//! What an event says, as a sentence in English or Chinese (rule G8): when, who, what was done, what
//! was decided by it, under which article.
//!
//! The labels are the measure's; a new act needs its words in `en` and `zh`, and the compiler asks
//! for them.

mod decided;
mod en;
mod lapsed;
mod local;
mod own;
mod person;
mod zh;

use crate::domain::act::{Act, ActKind, Attestation, RecordedAct, Statement, UnknownRule};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Event, Fact, Recorded};
use crate::domain::ids::{Id, Language, Node, Office, Provenance, Text};
use crate::domain::measure::{Measure, Names, Versions};
use crate::domain::words::{article, batch, capital, day, ended, office, pick, when};

pub use local::bounded;
pub use own::{Named, figure_said, own_sentence};

/// What a sentence needs beside its event.
pub struct Around<'a> {
    /// The subject's name on the event's day.
    pub subject: &'a Text,
    /// The program's measures.
    pub versions: &'a Versions,
    /// The obligations that the event met, as they are judged.
    pub met: &'a [Receipt],
    /// The title held before.
    pub title: Option<&'a Id>,
    /// Of a correction: the version that it corrects.
    pub corrected: Option<&'a Recorded>,
}

/// When something that was due was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which obligation.
    pub obligation: Id,
    /// Which of its due dates, where it recurs.
    pub due_year: Option<i32>,
    /// The revision of the event that opened it.
    pub opened_by: u64,
    /// The day of receipt.
    pub received_on: Day,
    /// How many days after the last in time; none where it has no due date.
    pub days_late: Option<i64>,
}

/// What an event of an enrollment says.
pub fn sentence(recorded: &Recorded, around: &Around<'_>, language: Language) -> String {
    let subject = around.subject.get(language);
    let words = Words { recorded, subject, around, language };
    match &recorded.event {
        Event::Acted(fact) => words.acted(fact),
        Event::ApprovalAbandoned(_) => match language {
            Language::En => format!(
                "Docket recorded that an approval of {subject} was abandoned and the place reserved for it can be released; no standing changes."
            ),
            Language::Zh => {
                format!("系统记录：{subject}的一项批准未能入档，为其预留的名额可以释放；状态不变。")
            }
        },
        Event::ObligationLapsed(lapse) => words.lapsed(lapse),
        Event::MeasureSucceeded(succeeded) => words.succeeded(succeeded),
    }
}

/// What the words of a sentence are taken from.
#[derive(Clone, Copy)]
struct Words<'a> {
    recorded: &'a Recorded,
    subject: &'a str,
    around: &'a Around<'a>,
    language: Language,
}

impl Words<'_> {
    fn acted(&self, fact: &Fact) -> String {
        let language = self.language;
        let article = self.recorded.meta.article.as_deref().map(|text| article(text, language));
        let article = article.map(|article| match language {
            Language::En => format!(" ({article})"),
            Language::Zh => format!("（{article}）"),
        });
        let mut parts = vec![self.head(&fact.act, &article.unwrap_or_default())];
        parts.extend(self.decided(fact));
        parts.extend(self.archived());
        let last = parts.len() - 1;
        for part in &mut parts[..last] {
            part.truncate(part.trim_end_matches(['.', '。']).len());
        }
        let text = parts.join(self.pick("; ", "；"));
        ended(capital(&text), language)
    }

    /// When, who, and what was done. Of evidence and notes: when they were recorded, and of when
    /// they speak.
    fn head(&self, act: &RecordedAct, article: &str) -> String {
        match act.read() {
            Ok(Act::AttestStanding(attestation)) => self.attested(attestation),
            Ok(Act::Note(note)) => self.noted(note),
            Ok(Act::RecordUnderUnknownRule(unknown)) => self.under_unknown_rule(unknown),
            _ => self.done_on(act, article),
        }
    }

    /// What was done; where the content can't be read, only which act it was.
    fn done(&self, act: &RecordedAct) -> String {
        let label = act.kind().label().get(self.language);
        match (act.read(), self.language) {
            (Ok(act), Language::En) => en::done(self, act),
            (Ok(act), Language::Zh) => zh::done(self, act),
            (Err(error), Language::En) => format!("recorded “{label}” ({error})"),
            (Err(_), Language::Zh) => format!("记录“{label}”（其内容无法读取）"),
        }
    }

    fn done_on(&self, act: &RecordedAct, article: &str) -> String {
        let (language, office, done) = (self.language, self.office(), self.done(act));
        let done = if article.is_empty() { &*done } else { done.trim_end_matches(['.', '。']) };
        let effective = self.recorded.meta.effective_on;
        let on = |date: &CivilDate| when(date, language);
        match (self.decided_apart(), language) {
            (None, Language::En) => {
                format!("{} {office} {done}{article}", on(&effective))
            }
            (None, Language::Zh) => {
                format!("{}，{office}{done}{article}", on(&effective))
            }
            (Some(decided), Language::En) => {
                let from = en::from(&effective);
                format!("{} {office} {done}, with effect {from}{article}", on(&decided))
            }
            (Some(decided), Language::Zh) => {
                let decides = if zh::decides(act.kind()) { "决定" } else { "" };
                let (decided, from) = (on(&decided), on(&effective));
                format!("{office}{decided}{decides}{done}{article}，自{from}起生效")
            }
        }
    }

    /// The day of the decision, where its effect certainly begins on another.
    fn decided_apart(&self) -> Option<CivilDate> {
        let meta = &self.recorded.meta;
        let recorded = CivilDate::from(meta.recorded_at.civil_day());
        let effective = meta.effective_on;
        match meta.decided_on {
            Some(decided) => (decided.certainly_before(&effective)
                || decided.certainly_after(&effective))
            .then_some(decided),
            None => effective.certainly_after(&recorded).then_some(recorded),
        }
    }

    fn attested(&self, attestation: &Attestation) -> String {
        let (language, subject) = (self.language, self.subject);
        let (recorded, of) = (self.recorded_on(), self.of_when());
        let node = self.node(&attestation.stands_at);
        let inferred = attestation.confidence == Provenance::Inferred;
        let (source, shown) = (&attestation.source, self.shown(attestation));
        match language {
            Language::En => {
                let how = if inferred { "inferred" } else { "recorded" };
                format!(
                    "the registrar {how} on {recorded} from evidence: {subject} stood at “{node}” {of}{shown} ({source})"
                )
            }
            Language::Zh => {
                let (how, stood) = (if inferred { "推定，" } else { "，" }, zh::stood(&node));
                format!(
                    "据佐证材料{how}{subject}{of}{stood}{shown}（登记员{recorded}补录）；来源：{source}"
                )
            }
        }
    }

    /// What evidence shows beside the standing: an act, its grade, the batch.
    fn shown(&self, attestation: &Attestation) -> String {
        let language = self.language;
        let act = attestation.shows.map(|shows| shows.act().label().get(language));
        let grade = attestation.grade.as_ref().map(|grade| self.outcome(grade));
        let batch = attestation.batch.as_deref().map(|text| batch(text, language));
        let (act, grade, batch) = match language {
            Language::En => (
                act.map(|act| format!("by the act “{act}”")),
                grade.map(|grade| format!("with the result “{grade}”")),
                batch.map(|batch| format!("in {batch}")),
            ),
            Language::Zh => (
                act.map(|act| format!("经{act}")),
                grade.map(|grade| format!("结果为{grade}")),
                batch,
            ),
        };
        let (round, theme) = (attestation.round.as_deref(), attestation.theme.as_deref());
        let more = local::evidenced(self, round, theme, attestation.term.as_ref());
        let parts = [act, grade, batch].into_iter().flatten().chain(more);
        parts.map(|part| format!("{}{part}", self.pick(", ", "，"))).collect()
    }

    fn noted(&self, note: &Statement) -> String {
        let (subject, text) = (self.subject, &note.text);
        let (recorded, of) = (self.recorded_on(), self.of_when());
        match self.language {
            Language::En => {
                format!("the registrar noted on {recorded} of {subject} {of}: {text}")
            }
            Language::Zh => format!("登记员{recorded}就{subject}{of}的情况备注：{text}"),
        }
    }

    fn under_unknown_rule(&self, unknown: &UnknownRule) -> String {
        let (subject, what) = (self.subject, &unknown.what);
        let (recorded, of) = (self.recorded_on(), self.of_when());
        match self.language {
            Language::En => format!(
                "the registrar recorded on {recorded} of {subject} {of}, under a rule that is not known: {what}"
            ),
            Language::Zh => {
                format!("登记员{recorded}补录{subject}{of}的事项（适用规定不详）：{what}")
            }
        }
    }

    /// Who recorded another office's act, and when.
    fn archived(&self) -> Option<String> {
        let meta = &self.recorded.meta;
        let fact = self.recorded.event.fact()?;
        let recorded_apart = matches!(
            fact.act.kind(),
            ActKind::AttestStanding | ActKind::Note | ActKind::RecordUnderUnknownRule
        );
        (meta.archive && !recorded_apart).then(|| match self.language {
            Language::En => {
                format!("recorded by the registrar on {} from an archive", self.recorded_on())
            }
            Language::Zh => format!("登记员{}据档案补录", self.recorded_on()),
        })
    }

    /// What the event that is corrected said: the act as it stood until then.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only a correction says it of another act")]
    fn corrected(&self) -> Option<String> {
        let recorded = self.around.corrected?;
        let words = Words { recorded, ..*self };
        let (act, on) = match recorded.event.fact()?.act.read().ok()? {
            Act::Correct(correction) => {
                let mended = correction.replacement.as_ref()?;
                (&mended.act, mended.common.effective_on)
            }
            act => (act, recorded.meta.effective_on),
        };
        let on = when(&on, self.language);
        Some(match self.language {
            Language::En => format!("{on} {}", en::done(&words, act)),
            Language::Zh => format!("{on}{}", zh::done(&words, act)),
        })
    }

    fn corrects_correction(&self) -> bool {
        let fact = self.around.corrected.and_then(|recorded| recorded.event.fact());
        fact.is_some_and(|fact| fact.act.kind() == ActKind::Correct)
    }

    fn recorded_on(&self) -> String {
        day(self.recorded.meta.recorded_at.civil_day(), self.language)
    }

    fn of_when(&self) -> String {
        when(&self.recorded.meta.effective_on, self.language)
    }

    /// The office under its name of that day; where none is recorded, what kind of office it is.
    fn office(&self) -> String {
        let meta = &self.recorded.meta;
        let name = meta.office_name.get(self.language);
        if meta.office == Office::Registrar || name.is_empty() {
            return match (meta.office, self.language) {
                (Office::Province, _) => self.subject.to_owned(),
                (Office::LocalGovernment, Language::En) => {
                    format!("the local people's government of {}", self.subject)
                }
                (Office::LocalGovernment, Language::Zh) => {
                    format!("{}所在地人民政府", self.subject)
                }
                (kind, language) => office(kind, language).to_owned(),
            };
        }
        match self.language {
            Language::Zh => name.to_owned(),
            Language::En => en::with_article(name, meta.office),
        }
    }

    /// Whether the subject itself acts, or its government, so that it need not be named again.
    fn is_own(&self) -> bool {
        let office = self.office();
        let governs = self.recorded.meta.office == Office::LocalGovernment;
        office == self.subject || governs && office.contains(self.subject)
    }

    fn pick<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        pick(self.language, en, zh)
    }

    /// The label of something the measure names, in the version that governed the event if that
    /// has it, else in the newest that has it; else its id.
    fn found(&self, id: &str, find: impl Fn(&Measure) -> Option<Text>) -> String {
        let versions = self.around.versions;
        let governing = self.recorded.meta.measure.as_deref();
        let edition = governing.and_then(|version| versions.version(version));
        let found = edition.and_then(|edition| find(&edition.measure));
        let found = found.or_else(|| versions.find(&find));
        found.map_or_else(|| id.to_owned(), |text| text.get(self.language).to_owned())
    }

    fn node(&self, node: &Node) -> String {
        self.found(node.as_str(), |measure| measure.label(node))
    }

    fn label(&self, list: Names, id: &str) -> String {
        self.found(id, |measure| measure.name_in(list, id).cloned())
    }
    /// A result, a grade, what is designated or given.
    fn outcome(&self, id: &str) -> String {
        self.label(Names::Outcomes, id)
    }
}
