//! What a document sets out to reach, by what it measures, and the zones that it names.

use super::Checking;
use crate::domain::measure::IndicatorRule;

impl Checking<'_> {
    pub(super) fn aims(&mut self) {
        let measure = self.measure;
        self.named("/task", &measure.tasks);
        self.unique("/characteristic", measure.characteristics.iter().map(|one| &one.id));
        for (index, one) in measure.characteristics.iter().enumerate() {
            self.text(&format!("/characteristic/{index}/label"), &one.label);
            self.article(&format!("/characteristic/{index}/article"), &one.article);
        }
        self.unique("/zone", measure.zones.iter().map(|zone| &zone.id));
        for (index, zone) in measure.zones.iter().enumerate() {
            self.text(&format!("/zone/{index}/label"), &zone.label);
            self.article(&format!("/zone/{index}/article"), &zone.article);
        }
        self.targets();
        for (index, category) in measure.categories.iter().enumerate() {
            let path = format!("/category/{index}/indicator");
            self.unique(&path, category.indicators.iter().map(|one| &one.id));
            for (number, indicator) in category.indicators.iter().enumerate() {
                self.indicator(&format!("{path}/{number}"), indicator);
            }
        }
        self.kinds_as_categories();
    }

    fn targets(&mut self) {
        let measure = self.measure;
        self.unique("/target", measure.targets.iter().map(|target| &target.id));
        for (index, target) in measure.targets.iter().enumerate() {
            let path = format!("/target/{index}");
            self.text(&format!("{path}/label"), &target.label);
            self.article(&format!("{path}/article"), &target.article);
            self.reading(&path, &target.reading);
            if let Some(category) = &target.category {
                let known = measure.categories.iter().map(|category| &category.id);
                self.declared(&format!("{path}/category"), "category", category, known);
            }
            let Some(count) = &target.count else { continue };
            let known = measure.phases.iter().map(|phase| &phase.id);
            self.declared(&format!("{path}/count/phase"), "phase", &count.phase, known);
            if count.from > count.to {
                self.problems.add(
                    format!("{path}/count/to"),
                    format!("less than it begins with: a number from {} on", count.from),
                );
            }
        }
    }

    fn indicator(&mut self, path: &str, indicator: &IndicatorRule) {
        self.text(&format!("{path}/label"), &indicator.label);
        self.article(&format!("{path}/article"), &indicator.article);
        self.reading(path, &indicator.reading);
        self.text(&format!("{path}/target"), &indicator.target);
        if let Some(unit) = &indicator.unit {
            self.text(&format!("{path}/unit"), unit);
        }
        if indicator.at_most.is_some() && indicator.at_least.is_none() {
            self.problems.add(
                format!("{path}/at_most"),
                "a range has two ends: add `at_least`, or remove this",
            );
        }
    }

    fn kinds_as_categories(&mut self) {
        let measure = self.measure;
        if !measure.category_is_kind {
            return;
        }
        let program = self.programs.iter().find(|program| program.id == measure.program);
        let Some(program) = program else { return };
        for (index, category) in measure.categories.iter().enumerate() {
            if !program.takes(&category.id) {
                let kinds = program.kinds().join(", ");
                self.problems.add(
                    format!("/category/{index}/id"),
                    format!(
                        "{} is no kind of subject of {}: its kinds are {kinds}",
                        category.id, program.id
                    ),
                );
            }
        }
    }
}
