//! The register of exceptions (G18): what departs from the rule, or rests on less than it, said by each
//! event of itself. What was received late is a duty's, and days over a quota are the quota's.

use super::act::{Act, ActKind};
use super::date::CivilDate;
use super::event::{Event, EventMeta, Fact, Finding, ObligationLapsed, Recorded};
use super::ids::{Id, Office, Provenance, Text};
use super::words::{Given, quoted, said};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $en:literal $zh:literal;)+) => {
        /// Why something is listed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExceptionKind { $($(#[$doc])* $kind),+ }

        impl ExceptionKind {
            /// Every kind, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// What it is called.
            pub fn label(self) -> Text {
                let (en, zh) = match self { $(Self::$kind => ($en, $zh)),+ };
                Text { en: en.to_owned(), zh: zh.to_owned() }
            }

            /// Reads a name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// An act went over a limit by a justified override.
    Override "override" "over a limit, by an override" "突破名额";
    /// Days on which more places are taken than the limit.
    DaysOverQuota "days_over_quota" "days over a quota" "超出名额的日期";
    /// A correction of a record.
    Correction "correction" "correction" "更正";
    /// A receipt that was stated, and is not the day of recording.
    StatedReceipt "stated_receipt" "stated receipt" "另行认定的收到日期";
    /// An office's own act that counts from before the day on which it was recorded.
    BackDated "back_dated" "dated before its recording" "入档日之前生效";
    /// Something that was received after the last day in time, or not at all.
    LateFiling "late_filing" "received late, or not at all" "逾期收到或未收到";
    /// Something that was found with an act.
    Finding "finding" "finding" "查明事项";
    /// An acceptance that measured against no plan, or against one that was superseded.
    PlanMeasuredAgainst "plan_measured_against" "acceptance against no plan or a superseded one" "验收所对照的方案缺失或已被取代";
    /// An act under a rule that is not known.
    RuleUnknown "rule_unknown" "rule unknown" "依据不详";
    /// Known from evidence that says so.
    Attested "attested" "known from evidence alone" "仅有佐证";
    /// Known from evidence that implies it.
    Inferred "inferred" "inferred" "据佐证推断";
    /// A date that is no single day.
    AmbiguousDate "ambiguous_date" "date not known to the day" "日期不明确到日";
}

/// Something that an event says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Why it is listed.
    pub kind: ExceptionKind,
    /// Of a finding, its code.
    pub code: Option<Id>,
    /// In words.
    pub text: Text,
    /// The article.
    pub article: Option<String>,
}

/// Findings that are a kind of their own.
const ON_PLANS: [&str; 2] = ["no_plan_on_record", "plan_version_superseded"];

/// The kinds of exceptions of an act, with the codes of findings; nothing of its content is read.
pub fn kinds_of<'a>(
    fact: &'a Fact,
    meta: &EventMeta,
) -> impl Iterator<Item = (ExceptionKind, Option<&'a Id>)> {
    let plain = plain_kinds(meta, fact).map(|kind| (kind, None));
    plain.chain(fact.found().map(|finding| (kind_of(finding), Some(&finding.code))))
}

/// What an event says of itself, in words, in the order of [`kinds_of`].
pub fn exceptions_of(event: &Recorded) -> Vec<Exception> {
    let Some(fact) = event.event.fact() else {
        return lapse(event).map(lapsed).into_iter().collect();
    };
    let plain = plain_kinds(&event.meta, fact).map(|kind| {
        let article = event.meta.article.as_deref().map(str::to_owned);
        Exception { kind, code: None, text: said_of(kind, event, fact), article }
    });
    let found = fact.found().map(|finding| Exception {
        kind: kind_of(finding),
        code: Some(finding.code.clone()),
        text: finding.text.clone(),
        article: Some(finding.article.clone()).filter(|article| !article.is_empty()),
    });
    plain.chain(found).collect()
}

/// The kinds that are no findings.
fn plain_kinds(meta: &EventMeta, fact: &Fact) -> impl Iterator<Item = ExceptionKind> + use<> {
    let provenance = meta.provenance;
    let states_receipt = meta.received_on.is_some() || fact.effects.receipt.is_some();
    let holds = [
        (ExceptionKind::Override, over_limit(fact).is_some()),
        (ExceptionKind::Correction, fact.act.kind() == ActKind::Correct),
        (ExceptionKind::StatedReceipt, states_receipt),
        (ExceptionKind::BackDated, is_back_dated(meta)),
        (ExceptionKind::RuleUnknown, fact.act.kind() == ActKind::RecordUnderUnknownRule),
        (ExceptionKind::Attested, provenance == Provenance::Attested),
        (ExceptionKind::Inferred, provenance == Provenance::Inferred),
        (ExceptionKind::AmbiguousDate, !dated(meta, fact).is_day()),
    ];
    holds.into_iter().filter(|(_, holds)| *holds).map(|(kind, _)| kind)
}

fn lapse(event: &Recorded) -> Option<&ObligationLapsed> {
    match &event.event {
        Event::ObligationLapsed(lapse) => Some(lapse),
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::MeasureSucceeded(_) => None,
    }
}

fn kind_of(finding: &Finding) -> ExceptionKind {
    match ON_PLANS.contains(&finding.code.as_str()) {
        true => ExceptionKind::PlanMeasuredAgainst,
        false => ExceptionKind::Finding,
    }
}

fn over_limit(fact: &Fact) -> Option<&str> {
    let mended = fact.mended.as_ref().and_then(|mended| mended.fact.over_limit.as_ref());
    fact.over_limit.as_ref().or(mended).map(|over| &*over.justification)
}

/// When what it puts on record counts: of a correction, what stands in the corrected one's place.
fn dated(meta: &EventMeta, fact: &Fact) -> CivilDate {
    fact.mended.as_ref().map_or(meta.effective_on, |mended| mended.effective_on)
}

/// Who records another office's act out of an archive dates nothing back, nor does the registrar with a note
/// of its own; nor does evidence.
fn is_back_dated(meta: &EventMeta) -> bool {
    !meta.archive
        && meta.office != Office::Registrar
        && meta.provenance == Provenance::Recorded
        && meta.effective_on.latest() < meta.recorded_at.civil_day()
}

fn said_of(kind: ExceptionKind, event: &Recorded, fact: &Fact) -> Text {
    let (meta, act) = (&event.meta, fact.act.kind());
    match kind {
        ExceptionKind::Override => said!(
            "{act} went over the limit of places by the justification: {why}",
            "{act}经说明理由突破名额：{why}",
            act = act,
            why = quoted(Given(over_limit(fact).unwrap_or_default()))
        ),
        ExceptionKind::Correction => match (fact.act.read(), &fact.mended) {
            (Ok(Act::Correct(correction)), None) => said!(
                "revision {revision} was annulled: {why}",
                "修订号{revision}的记录被撤销：{why}",
                revision = correction.corrects.revision,
                why = quoted(Given(&correction.reason))
            ),
            (Ok(Act::Correct(correction)), Some(_)) => said!(
                "revision {revision} was corrected: {why}",
                "修订号{revision}的记录被更正：{why}",
                revision = correction.corrects.revision,
                why = quoted(Given(&correction.reason))
            ),
            _ => said!("a record was corrected", "一条记录被更正"),
        },
        ExceptionKind::StatedReceipt => {
            let on = meta.received_on.or(fact.effects.receipt.map(|(_, on)| on));
            said!(
                "the receipt on {on} was stated; it was recorded on {recorded}",
                "收到日期{on}系另行认定；入档日为{recorded}",
                on = on.unwrap_or(meta.recorded_at.civil_day()),
                recorded = meta.recorded_at.civil_day()
            )
        }
        ExceptionKind::BackDated => said!(
            "{act} was recorded on {recorded} and counts {on}",
            "{act}于{recorded}入档，自{on}起生效",
            act = act,
            recorded = meta.recorded_at.civil_day(),
            on = meta.effective_on
        ),
        ExceptionKind::RuleUnknown => said!(
            "{act}: the rule under which it was done is not known",
            "{act}：所依据的规定不详",
            act = act
        ),
        ExceptionKind::Attested => {
            said!("{act}: known from evidence alone", "{act}：仅有佐证", act = act)
        }
        ExceptionKind::Inferred => {
            said!("{act}: inferred from evidence", "{act}：据佐证推断", act = act)
        }
        ExceptionKind::AmbiguousDate => said!(
            "{act}: the day is known only as {on}",
            "{act}：日期仅知为{on}",
            act = act,
            on = dated(meta, fact)
        ),
        ExceptionKind::DaysOverQuota
        | ExceptionKind::LateFiling
        | ExceptionKind::Finding
        | ExceptionKind::PlanMeasuredAgainst => kind.label(),
    }
}

fn lapsed(lapse: &ObligationLapsed) -> Exception {
    let text = said!(
        "what was due {due} and owed by {office} was not received by {last}",
        "{office}应于{due}前履行的事项，至{last}仍未收到",
        due = lapse.due,
        office = lapse.owes,
        last = lapse.not_late_before
    );
    let (kind, article) = (ExceptionKind::LateFiling, Some(lapse.article.clone()));
    Exception { kind, code: Some(lapse.obligation.clone()), text, article }
}
