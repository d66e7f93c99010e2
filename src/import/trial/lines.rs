//! One line tried: recorded in the trial, found on record, or named with what is wrong with it.

use std::collections::BTreeSet;

use super::{Became, Import, ImportError, Trial};
use crate::app::{ActError, App};
use crate::domain::ids::{EventRef, Text};
use crate::domain::subject::Registration;
use crate::import::bad::BadLine;
use crate::import::line::{self, Line, Said, What};
use crate::import::trial_log::{Earlier, hash};
use crate::log::LogError;
use crate::views::problem::Code;

impl Import<'_> {
    pub(super) async fn try_one(
        &self,
        trial: &mut Trial,
        line: &Line,
        said: Result<Said, Vec<BadLine>>,
        left_out: &BTreeSet<String>,
    ) -> Result<(), ImportError> {
        trial.outcome.lines += 1;
        let said = match said {
            Ok(said) => said,
            Err(bad) => {
                let named = line.json.as_deref().ok().and_then(line::stream_named);
                // Where nobody knows of which enrollment it would be, it is left out by itself.
                let place =
                    || format!("{} line {}", line.file.as_deref().unwrap_or(""), line.number);
                let stream = named.unwrap_or_else(place);
                match left_out.contains(&stream) {
                    true => self.leave_out(trial, line),
                    false => self.tell(trial, line, stream, bad),
                }
                return Ok(());
            }
        };
        let stream = said.what.stream();
        if left_out.contains(&stream) {
            self.leave_out(trial, line);
            return Ok(());
        }
        let earlier = Before::of(trial, line, &said, &stream)?;
        // Who gives lines keys of their own says by them that they are two.
        if let Some(other) =
            earlier.of_same.as_ref().filter(|_| said.what.is_said_once() && !said.is_keyed)
        {
            let bad = vec![repeats(line, other)];
            self.tell(trial, line, stream, bad);
            return Ok(());
        }
        match (self.record_in(&trial.app, &said).await, earlier.under_key) {
            (Ok((event, true)), _) => {
                trial.outcome.on_record += 1;
                self.watch.becomes(line, Became::OnRecord(&event));
            }
            (Ok((event, false)), _) => {
                trial.outcome.recorded += 1;
                self.watch.becomes(line, Became::Recorded(&event));
            }
            (Err(ActError::KeyReused { .. }), Some(earlier)) => {
                let bad = vec![other_under_key(line, &said.key, &earlier)];
                self.tell(trial, line, stream, bad);
            }
            (Err(error), _) if error.is_refusal() => {
                let mut bad = BadLine::of_act(line.number, said.what.member(), error);
                if let Some(earlier) = earlier.of_same {
                    bad.iter_mut().for_each(|bad| bad.add(&says_otherwise(&earlier)));
                }
                self.tell(trial, line, stream, bad);
            }
            (Err(error), _) => return Err(error.into()),
        }
        Ok(())
    }

    fn leave_out(&self, trial: &mut Trial, line: &Line) {
        trial.outcome.left_out += 1;
        self.watch.becomes(line, Became::LeftOut);
    }

    fn tell(&self, trial: &mut Trial, line: &Line, stream: String, bad: Vec<BadLine>) {
        trial.outcome.bad_lines += 1;
        for mut bad in bad {
            bad.file = line.file.as_deref().map(str::to_owned);
            self.watch.is_bad(&bad);
        }
        trial.bad.insert(stream);
    }

    /// Records a line in the trial; the event that says it, and whether that was on record before.
    async fn record_in(&self, app: &App, said: &Said) -> Result<(EventRef, bool), ActError> {
        let registrar = app.registrar();
        let (caller, key) = (&self.caller, said.key.as_str());
        let written = match &said.what {
            What::Act(act) => {
                let answer = app.act(caller, act).await?;
                let event = answer.recorded.reference(&answer.stream);
                return Ok((event, answer.replayed));
            }
            What::Register(registration) => {
                let registration = Registration::clone(registration);
                registrar.register_subject(caller, registration, key).await?
            }
            What::Figure(division, figure) => {
                let division = registrar.division(division).await?;
                registrar.record_indicator(caller, &division, (**figure).clone(), key).await?
            }
            What::Correction(division, correction) => {
                let division = registrar.division(division).await?;
                registrar.mend_indicator(caller, &division, (**correction).clone(), key).await?
            }
        };
        let (stream, revision, id) = (written.stream, written.revision, written.id);
        Ok((EventRef { stream, revision, id }, written.replayed))
    }
}

/// Lines before one.
struct Before {
    /// That used its key.
    under_key: Option<Earlier>,
    /// That says something else of what it is about.
    of_same: Option<Earlier>,
}

impl Before {
    fn of(trial: &Trial, line: &Line, said: &Said, stream: &str) -> Result<Self, LogError> {
        let key = hash(&[&said.key]);
        let first = |kind: &str, what: &str| {
            let place = (line.number, line.file.as_deref());
            trial.log.first_to_say(hash(&[kind, stream, what]), place, key)
        };
        let under_key = if said.is_keyed { first("key", &said.key)? } else { None };
        let of_same = said.about.as_ref().map(|about| first("of", about)).transpose()?.flatten();
        Ok(Self { under_key, of_same: of_same.filter(|earlier| earlier.key != key) })
    }
}

/// Where an earlier line stands, in both languages.
fn place(earlier: &Earlier) -> Text {
    let number = earlier.number;
    match &earlier.file {
        Some(file) => {
            Text { en: format!("line {number} of {file}"), zh: format!("{file}第{number}行") }
        }
        None => Text { en: format!("line {number}"), zh: format!("第{number}行") },
    }
}

fn other_under_key(line: &Line, key: &str, earlier: &Earlier) -> BadLine {
    let Text { en, zh } = place(earlier);
    let text = Text {
        en: format!("the key {key:?} is that of {en}, which says something else"),
        zh: format!("键“{key}”已用于{zh}，而内容不同"),
    };
    BadLine::new(line.number, Some("key"), Code::IdempotencyKeyReused, text)
}

/// That a line says of what an earlier one is about something else, though only one can be so.
fn repeats(line: &Line, earlier: &Earlier) -> BadLine {
    let Text { en, zh } = place(earlier);
    let text = Text {
        en: format!(
            "{en} says something else of the same day by the same source: keep one of them, or name two sources"
        ),
        zh: format!("{zh}据同一来源对同一日期另有说明：请保留其一，或分别注明来源"),
    };
    BadLine::new(line.number, None, Code::AlreadyDecided, text)
}

fn says_otherwise(earlier: &Earlier) -> Text {
    let Text { en, zh } = place(earlier);
    Text {
        en: format!("; {en} of this file says something else of the same"),
        zh: format!("；本文件{zh}对同一事项另有说明"),
    }
}
