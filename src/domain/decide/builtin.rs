//! Acts that every program knows, whatever its measure says: evidence, notes, acknowledgements,
//! acts under unknown rules (G9, G10, G12, G14). Corrections need the whole history and are
//! decided in `history_decide`.

use super::{Deciding, Decision, Footing};
use crate::domain::act::{Act, ActKind, Attestation, Receipt, UnknownRule};
use crate::domain::date::CivilDate;
use crate::domain::event::{DutyOpened, Effects, PlaceEffect, Title, TitleEffect};
use crate::domain::ids::{Id, Node, Office, Provenance};
use crate::domain::measure::{ActRule, DueRule, Edition, Measure, Outcome, Passing};
use crate::domain::refusal::{Reason, Refusal, field};

/// The offices that do an act which every program knows, and the rule that says so.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other act is the measure's")]
pub fn every_program_knows(kind: ActKind) -> Option<(&'static [Office], &'static str)> {
    match kind {
        ActKind::Note | ActKind::AttestStanding => Some((&[Office::Registrar], "G9")),
        ActKind::ConfirmStanding => Some((&[Office::NationalOffice], "G10")),
        ActKind::RecordUnderUnknownRule => Some((&[Office::Registrar], "G14")),
        ActKind::AcknowledgeReceipt => {
            Some((&[Office::NationalOffice, Office::ProvincialDepartment], "G12"))
        }
        _ => None,
    }
}

impl Footing<'_> {
    pub(super) fn only(&self, offices: &[Office], rule: &str) -> Result<(), Refusal> {
        if offices.contains(&self.office) {
            return self.check_jurisdiction();
        }
        let names: Vec<_> = offices.iter().map(|office| office.as_str()).collect();
        Err(self
            .refuse(
                Reason::OfficeForbidden { required: offices.to_vec() },
                format!("{} is an act of {}", self.kind.as_str(), names.join(" or ")),
                format!("{} 由 {} 作出", self.kind.as_str(), names.join("、")),
            )
            .under(rule))
    }

    /// What such an act asks of the state and the measure, whatever it says.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most ask nothing")]
    pub(super) fn check_builtin(&self) -> Result<(), Refusal> {
        match self.kind {
            ActKind::ConfirmStanding => self.evidenced_node().map(|_| ()),
            ActKind::RecordUnderUnknownRule => self.check_rule_unknown(),
            _ => Ok(()),
        }
    }

    /// Where the enrollment stands, if only evidence says so (G10).
    fn evidenced_node(&self) -> Result<&Node, Refusal> {
        let node = self.state.node.as_ref().filter(|_| self.state.is_evidenced_only());
        node.ok_or_else(|| {
            self.not_permitted(
                "attested_standing",
                "no standing here is known only from evidence, so there is none to confirm",
                "此处没有仅凭证据记录的状态可供确认",
            )
        })
    }

    /// That the rule is not known: of a known measure the act itself is recorded (G14).
    fn check_rule_unknown(&self) -> Result<(), Refusal> {
        let Some(edition) = self.edition.filter(|edition| !edition.measure.known_in_part) else {
            return Ok(());
        };
        let (version, day) = (&edition.measure.version, self.day);
        Err(self.not_permitted(
            "unknown_rule",
            format!("on {day} measure {version} was in force and is known: record the act itself (from an archive, with `archive`)"),
            format!("{day} 有效的办法 {version} 内容已知：请直接补录该行为（用 archive）"),
        ))
    }

    fn not_permitted(
        &self,
        missing: &str,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Refusal {
        let (stands_at, missing) = (self.stands_at(), vec![Id::from(missing)]);
        let reason = Reason::NotPermitted { stands_at, allowed_from: vec![], missing };
        self.refuse(reason, en, zh)
    }
}

impl Deciding<'_> {
    /// Decides the act if it is one of those that every program knows.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is the measure's")]
    pub(super) fn builtin(&self) -> Result<Option<Decision>, Refusal> {
        if let Some((offices, rule)) = every_program_knows(self.kind) {
            self.only(offices, rule)?;
            self.check_builtin()?;
        }
        match &self.request.act {
            Act::Note(_) => Ok(Some(self.plain_decision(self.common_effects(), vec![]))),
            Act::AttestStanding(attestation) => self.attest(attestation).map(Some),
            Act::ConfirmStanding(_) => self.confirm_standing().map(Some),
            Act::RecordUnderUnknownRule(unknown) => self.unknown_rule(unknown).map(Some),
            Act::AcknowledgeReceipt(receipt) => self.acknowledge(receipt).map(Some),
            _ => Ok(None),
        }
    }

    fn attest(&self, attestation: &Attestation) -> Result<Decision, Refusal> {
        if attestation.confidence == Provenance::Recorded {
            return Err(self.invalid(vec![field(
                "/confidence",
                "evidence is attested (a source says so) or inferred (it follows from one)",
                "证据的可信程度为 attested（来源明示）或 inferred（由来源推知）",
            )]));
        }
        let node = &attestation.stands_at;
        self.check_stands_at(node, attestation.category.as_ref())?;
        if let Some(title) = &attestation.title {
            let all = self.ctx.versions.all().iter();
            let known = all.flat_map(|edition| &edition.measure.title_kinds);
            self.known_id("/title", title, known.map(|kind| kind.id.as_str()))?;
        }
        let on = self.on;
        let mut effects = self.common_effects();
        effects.enters = Some(node.clone());
        effects.stands_by = Some(attestation.confidence);
        effects.category.clone_from(&attestation.category);
        let founding = self.founding(node);
        effects.title = self.attested_title(attestation, founding);
        if let Some((measure, outcome)) = founding
            && let Some(period) = outcome.term
        {
            effects.term = Some(super::effects::term(on, period, article_of(measure, outcome)));
        }
        if founding.is_some_and(|(_, outcome)| outcome.takes_place) {
            let category = attestation.category.clone().or_else(|| self.state.category.clone());
            effects.place = category.map(|category| PlaceEffect::Takes { category });
        } else if self.state.place.is_some() && self.state.phase() != Some(node.phase()) {
            effects.place = Some(PlaceEffect::Frees);
        }
        if let Some((_, passing)) = self.passing(node) {
            effects.term = Some(super::effects::term(on, passing.term, &passing.article));
        }
        let findings = self.date_findings(&effects);
        let mut decision = self.plain_decision(effects, findings);
        decision.provenance = attestation.confidence;
        Ok(decision)
    }

    /// The title that evidence shows; one held before is lost where the subject stands no more.
    fn attested_title(
        &self,
        attestation: &Attestation,
        founding: Option<(&Measure, &Outcome)>,
    ) -> Option<TitleEffect> {
        let on = self.on;
        let Some(title) = attestation.title.clone() else {
            let phase = attestation.stands_at.phase();
            let versions = self.ctx.versions;
            let stands = versions.find(|measure| measure.phase(phase).map(|p| p.standing));
            let lost = self.state.title.is_some() && stands == Some(false);
            return lost.then_some(TitleEffect::Cancelled);
        };
        let period = founding.and_then(|(_, outcome)| outcome.title_term);
        let until = period.map(|period| period.add_to(&on));
        let article = founding.map_or("", |(measure, o)| article_of(measure, o)).to_owned();
        Some(TitleEffect::Granted(Title { title, from: on, until, article }))
    }

    fn confirm_standing(&self) -> Result<Decision, Refusal> {
        let node = self.evidenced_node()?;
        let mut effects = self.common_effects();
        effects.stands_by = Some(Provenance::Recorded);
        effects.ground.from = vec![Id::from(node.as_str())];
        let held = self.state.place.as_ref().map(|place| place.category.clone());
        effects.place = held.map(|category| PlaceEffect::Takes { category });
        let start = self.state.phase_since.unwrap_or(self.on);
        effects.term = self.state.term.as_deref().cloned();
        effects.title = self.state.title.as_deref().cloned().map(TitleEffect::Granted);
        if let Some((edition, passing)) = self.passing_since(node, start) {
            self.passing_duties(&edition.measure, passing, &mut effects, start);
        } else if let Some((measure, outcome)) = self.founding(node) {
            self.duties_opened(measure, &outcome.opens, &mut effects, start);
        }
        self.yearly_duties(node, &mut effects, start);
        Ok(self.plain_decision(effects, vec![]))
    }

    /// What recurs every year while an enrollment stands in this phase, whenever that began.
    fn yearly_duties(&self, node: &Node, effects: &mut Effects, start: CivilDate) {
        let Some(edition) = self.edition else {
            return;
        };
        let measure = &edition.measure;
        let opened: Vec<Id> = effects.opens.iter().map(|duty| duty.obligation.clone()).collect();
        let recurs = |due: &DueRule| match due {
            DueRule::Every { during, .. } => during.iter().any(|phase| *phase == node.phase()),
            DueRule::After(_) | DueRule::Stated | DueRule::AfterEnd | DueRule::Undated => false,
        };
        let missing: Vec<Id> = measure
            .obligations
            .iter()
            .filter(|rule| recurs(&rule.due) && !opened.contains(&rule.id))
            .map(|rule| rule.id.clone())
            .collect();
        let first = effects.opens.len();
        self.duties_opened(measure, &missing, effects, start);
        if start.certainly_before(&measure.in_force_from) {
            begin_in_force(measure, &mut effects.opens[first..]);
        }
    }

    fn unknown_rule(&self, unknown: &UnknownRule) -> Result<Decision, Refusal> {
        let on = self.on;
        let mut effects = self.common_effects();
        if let Some(node) = &unknown.stands_at {
            self.check_stands_at(node, unknown.category.as_ref())?;
            effects.enters = Some(node.clone());
            effects.category.clone_from(&unknown.category);
            if let Some((edition, passing)) = self.passing(node) {
                effects.term = Some(super::effects::term(on, passing.term, &passing.article));
                self.passing_duties(&edition.measure, passing, &mut effects, on);
            }
        }
        let findings = self.date_findings(&effects);
        let mut decision = self.plain_decision(effects, findings);
        decision.article = None;
        Ok(decision)
    }

    fn acknowledge(&self, receipt: &Receipt) -> Result<Decision, Refusal> {
        let of = receipt.of.revision;
        // Whether it is that event, by another office, is checked on the history.
        let met = self.state.duties.iter().any(|duty| duty.met.values().any(|met| met.by == of));
        if receipt.of.stream != self.ctx.stream || !met {
            return Err(self.invalid(vec![field(
                "/of",
                format!("{} is no event of {} that met an obligation", receipt.of, self.ctx.stream),
                format!("{} 不是 {} 中履行义务的事件", receipt.of, self.ctx.stream),
            )]));
        }
        let today = self.ctx.now.civil_day();
        if receipt.receipt_on > today {
            return Err(self.invalid(vec![field(
                "/receipt_on",
                format!("{} lies in the future (today is {today})", receipt.receipt_on),
                format!("{} 在将来（今天是 {today}）", receipt.receipt_on),
            )]));
        }
        let mut effects = self.common_effects();
        effects.receipt = Some((of, receipt.receipt_on));
        let mut decision = self.plain_decision(effects, vec![]);
        decision.grounds.push(of);
        Ok(decision)
    }

    fn check_stands_at(&self, node: &Node, category: Option<&Id>) -> Result<(), Refusal> {
        let versions = self.ctx.versions;
        if versions.find(|measure| measure.declares(node).then_some(())).is_none() {
            let known: Vec<_> = versions
                .all()
                .iter()
                .flat_map(|edition| edition.measure.phases.iter().map(|p| p.id.to_string()))
                .collect();
            return Err(self.invalid(vec![field(
                "/stands_at",
                format!(
                    "{node} is no phase or step of {}: its phases are {}",
                    self.ctx.program.id,
                    known.join(", ")
                ),
                format!(
                    "{node} 不是 {} 的阶段：其阶段为 {}",
                    self.ctx.program.id,
                    known.join("、")
                ),
            )]));
        }
        let categories = versions
            .find(|measure| (!measure.categories.is_empty()).then(|| measure.categories.clone()))
            .unwrap_or_default();
        let known = || categories.iter().map(|category| category.id.as_str());
        match category {
            Some(category) => self.known_id("/category", category, known()),
            None if categories.is_empty() || self.state.category.is_some() => Ok(()),
            None => self.known_id("/category", &Id::default(), known()),
        }
    }

    /// The outcome by which an enrollment enters a node's phase, in the measure in force.
    fn founding(&self, node: &Node) -> Option<(&Measure, &Outcome)> {
        let measure = &self.edition?.measure;
        let phase = node.phase();
        let within = |rule: &ActRule| {
            rule.from.iter().any(|from| from.split('.').next().is_some_and(|p| p == phase))
        };
        let rules = measure.acts.iter().filter(|rule| !within(rule));
        let founding = rules.flat_map(|rule| rule.outcomes.values()).find(|outcome| {
            outcome.to.as_ref().is_some_and(|to| to.phase() == phase && to.step().is_none())
        })?;
        Some((measure, founding))
    }

    /// What a later known version lays on those who stand in this node already (C18).
    fn passing(&self, node: &Node) -> Option<(&Edition, &Passing)> {
        self.passing_since(node, self.on)
    }

    fn passing_since(&self, node: &Node, since: CivilDate) -> Option<(&Edition, &Passing)> {
        self.ctx.versions.all().iter().find_map(|edition| {
            let passing = edition.measure.passing.as_ref()?;
            let before = since.certainly_before(&edition.measure.in_force_from);
            (before && passing.phase == node.phase()).then_some((&**edition, passing))
        })
    }

    fn passing_duties(
        &self,
        measure: &Measure,
        passing: &Passing,
        effects: &mut Effects,
        start: CivilDate,
    ) {
        let first = effects.opens.len();
        self.duties_opened(measure, &passing.opens, effects, start);
        begin_in_force(measure, &mut effects.opens[first..]);
    }
}

/// A recurring duty of those who stood already first falls due after the version came into force.
fn begin_in_force(measure: &Measure, duties: &mut [DutyOpened]) {
    for duty in duties {
        if let Some(series) = &mut duty.series {
            duty.open_from = measure.in_force_from;
            series.first_due = series.every.first_after(measure.in_force_from.latest());
        }
    }
}

fn article_of<'m>(measure: &'m Measure, outcome: &'m Outcome) -> &'m str {
    outcome.article.as_deref().unwrap_or_else(|| {
        measure
            .acts
            .iter()
            .find(|rule| rule.outcomes.values().any(|o| std::ptr::eq(o, outcome)))
            .map_or("", |rule| rule.article.as_str())
    })
}
