//! Acts that every program knows, whatever its measure says: notes, acknowledgements, acts under
//! unknown rules (G9, G12, G14); evidence is in `evidence`. Corrections need the whole history and are
//! decided in `history_decide`.

use std::collections::BTreeSet;

use super::{Deciding, Decision, Footing};
use crate::domain::act::{Act, ActKind, Receipt, UnknownRule};
use crate::domain::event::Finding;
use crate::domain::ids::{Id, Node, Office, Text};
use crate::domain::measure::Names;
use crate::domain::refusal::{Called, Lack, Reason, Refusal, field};
use crate::domain::subject::Subject;
use crate::domain::words::{Given, OneOf, said};

/// Who corrects: whoever acts (G1).
const ALL_WHO_ACT: &[Office] = &[
    Office::NationalOffice,
    Office::ProvincialDepartment,
    Office::Province,
    Office::LocalGovernment,
    Office::Registrar,
];

/// The offices that do an act which every program knows, and the rule that says so.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other act is the measure's")]
pub fn every_program_knows(kind: ActKind) -> Option<(&'static [Office], &'static str)> {
    match kind {
        ActKind::Note | ActKind::AttestStanding => Some((&[Office::Registrar], "G9")),
        ActKind::ConfirmStanding => Some((&[Office::NationalOffice], "G10")),
        ActKind::RecordListComplete => Some((&[Office::Registrar], "G10")),
        ActKind::RecordFigure => Some((&[Office::Registrar], "G9")),
        ActKind::RecordUnderUnknownRule => Some((&[Office::Registrar], "G14")),
        ActKind::AcknowledgeReceipt => {
            Some((&[Office::NationalOffice, Office::ProvincialDepartment], "G12"))
        }
        ActKind::Correct => Some((ALL_WHO_ACT, "G1")),
        _ => None,
    }
}

/// Whether an act is done for a subject, or for a program as a whole, as far as that is not for the
/// measure to say: a program has no standing to be attested or confirmed, and one list.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other act is the measure's, or anyone's")]
pub fn is_done_for(kind: ActKind, subject: &Subject) -> bool {
    match kind {
        ActKind::AttestStanding | ActKind::ConfirmStanding | ActKind::RecordUnderUnknownRule => {
            !subject.is_program()
        }
        ActKind::RecordListComplete | ActKind::RecordFigure => subject.is_program(),
        _ => true,
    }
}

impl Footing<'_> {
    pub(super) fn only(&self, offices: &[Office], rule: &str) -> Result<(), Refusal> {
        if offices.contains(&self.office) {
            return self.check_jurisdiction().map_err(|refusal| refusal.under(rule));
        }
        let required = offices.to_vec();
        let text = said!(
            "{act} is an act of {by}",
            "{act}须由{by}作出",
            act = self.kind,
            by = OneOf(required.clone())
        );
        Err(self.refuse(Reason::OfficeForbidden { required }, text).under(rule))
    }

    /// What such an act asks of the state and the measure, whatever it says.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most ask nothing")]
    pub(super) fn check_builtin(&self) -> Result<(), Refusal> {
        match self.kind {
            ActKind::ConfirmStanding => self.evidenced_node().map(|_| ()),
            ActKind::RecordUnderUnknownRule => self.check_rule_unknown(),
            ActKind::AcknowledgeReceipt => self.check_receivable(),
            ActKind::Correct => self.check_on_record(),
            _ => Ok(()),
        }
    }

    /// Where the enrollment stands, if only evidence says so (G10).
    pub(super) fn evidenced_node(&self) -> Result<&Node, Refusal> {
        let node = self.state.node.as_ref().filter(|_| self.state.is_evidenced_only());
        node.ok_or_else(|| {
            self.not_permitted(
                Lack::AttestedStanding,
                said!(
                    "no standing here is known only from evidence, so there is none to confirm",
                    "此处没有仅凭佐证记录的状态可供确认"
                ),
            )
        })
    }

    /// That there is something to correct (G1).
    fn check_on_record(&self) -> Result<(), Refusal> {
        if self.state.acts > 0 || !self.state.unsupported.is_empty() {
            return Ok(());
        }
        let text = said!("nothing is on record yet", "尚无任何记录");
        Err(self.not_permitted(Lack::ActOnRecord, text))
    }

    /// That there is something of which a receipt can be acknowledged (G12).
    fn check_receivable(&self) -> Result<(), Refusal> {
        if self.state.duties.iter().any(|duty| !duty.met.is_empty()) {
            return Ok(());
        }
        Err(self.not_permitted(
            Lack::ObligationMet,
            said!(
                "nothing on record met an obligation, so there is no receipt to acknowledge",
                "尚无履行义务的行为入档，没有可确认的收到日期"
            ),
        ))
    }

    /// That the rule is not known: of a known measure the act itself is recorded (G14).
    fn check_rule_unknown(&self) -> Result<(), Refusal> {
        let Some(edition) = self.edition.filter(|edition| !edition.measure.known_in_part) else {
            return Ok(());
        };
        let text = said!(
            "on {day} {number} was in force, which is known: record the act itself (from an archive, with `archive`)",
            "{day}有效的{number}内容已知：请据档案直接补录该行为",
            day = self.day,
            number = edition.measure.cited()
        );
        Err(self.not_permitted(Lack::UnknownRule, text))
    }

    pub(super) fn not_permitted(&self, missing: Lack, text: Text) -> Refusal {
        let rule = every_program_knows(self.kind).map_or("G5", |(_, rule)| rule);
        self.lacking(missing, text).under(rule)
    }

    /// A refusal because something is lacking where the enrollment stands.
    pub(super) fn lacking(&self, missing: impl Into<Called>, text: Text) -> Refusal {
        let stands_at = self.state.node.as_ref().map(|node| {
            let label = self.ctx.versions.label(node);
            Called::new(
                node.as_str(),
                label.unwrap_or_else(|| Text { en: node.to_string(), zh: node.to_string() }),
            )
        });
        let missing = vec![missing.into()];
        self.refuse(Reason::NotPermitted { stands_at, allowed_from: vec![], missing }, text)
    }
}

impl Deciding<'_> {
    /// Decides the act if it is one of those that every program knows.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is the measure's")]
    pub(super) fn builtin(&self, findings: &mut Vec<Finding>) -> Result<Option<Decision>, Refusal> {
        if let Some((offices, rule)) = every_program_knows(self.kind) {
            self.only(offices, rule)?;
            self.check_builtin().or_else(|refusal| self.excuse(refusal, findings))?;
            self.check_dated_back(findings)?;
        }
        match &self.request.act {
            Act::Note(_) | Act::RecordListComplete(_) | Act::RecordFigure(_) => {
                Ok(Some(self.plain_decision(self.common_effects(), vec![])))
            }
            Act::AttestStanding(attestation) => self.attest(attestation).map(Some),
            Act::ConfirmStanding(_) => {
                let stands = self.state.node.as_ref();
                self.confirm_standing(stands.map_or_else(|| self.evidenced_node(), Ok)?).map(Some)
            }
            Act::RecordUnderUnknownRule(unknown) => self.unknown_rule(unknown).map(Some),
            Act::AcknowledgeReceipt(receipt) => self.acknowledge(receipt, findings).map(Some),
            _ => Ok(None),
        }
    }

    fn unknown_rule(&self, unknown: &UnknownRule) -> Result<Decision, Refusal> {
        let mut effects = self.common_effects();
        if let Some(node) = &unknown.stands_at {
            self.check_stands_at(node, unknown.category.as_ref())?;
            effects.enters = Some(node.clone());
            effects.category.clone_from(&unknown.category);
        }
        let findings = self.date_findings(&effects);
        let follows = self.succession(&effects);
        let mut decision = self.plain_decision(effects, findings);
        decision.article = None;
        decision.follows = follows;
        Ok(decision)
    }

    fn acknowledge(
        &self,
        receipt: &Receipt,
        findings: &mut Vec<Finding>,
    ) -> Result<Decision, Refusal> {
        let of = receipt.of.revision;
        // Whether it is that event, by another office, is checked on the history.
        let met = self.state.duties.iter().any(|duty| duty.met.values().any(|met| met.by == of));
        if receipt.of.stream != self.ctx.stream || !met {
            let text = said!(
                "what it names is no event of this record that met an obligation",
                "所指的不是本项目记录中履行义务的行为"
            );
            self.missed(self.invalid(vec![field("/of", text)]), findings)?;
        }
        let today = self.ctx.now.civil_day();
        if receipt.receipt_on > today {
            let why = said!("nothing was received yet", "尚未收到");
            let text = self.ahead("receipt_on", receipt.receipt_on, why);
            return Err(self.invalid(vec![field("/receipt_on", text)]));
        }
        let mut effects = self.common_effects();
        effects.receipt = Some((of, receipt.receipt_on));
        let mut decision = self.plain_decision(effects, vec![]);
        decision.grounds.push(of);
        Ok(decision)
    }

    pub(super) fn check_stands_at(
        &self,
        node: &Node,
        category: Option<&Id>,
    ) -> Result<(), Refusal> {
        let versions = self.ctx.versions;
        if versions.find(|measure| measure.declares(node).then_some(())).is_none() {
            let editions = versions.all().iter();
            let known = editions.flat_map(|edition| &edition.measure.phases);
            let known: BTreeSet<&str> = known.map(|phase| phase.id.as_str()).collect();
            let text = said!(
                "“{node}” is no phase or step of “{program}”: its phases are {known}",
                "“{node}”不是“{program}”的阶段：其阶段为{known}",
                node = Given(node.as_str()),
                program = self.ctx.program.name,
                known = self.all_named(Names::Phases, known.iter().copied())
            );
            return Err(self.invalid(vec![field("/stands_at", text).accepting(known)]));
        }
        let categories = versions
            .find(|measure| (!measure.categories.is_empty()).then(|| measure.categories.clone()))
            .unwrap_or_default();
        let known = categories.iter().map(|category| category.id.as_str());
        match category {
            None if categories.is_empty() || self.state.category.is_some() => Ok(()),
            given => {
                let given = given.cloned().unwrap_or_default();
                self.known_id("/category", &given, Names::Categories, known)?;
                let newest = versions.newest();
                newest.map_or(Ok(()), |edition| self.check_kind_of(&edition.measure, &given))
            }
        }
    }
}
