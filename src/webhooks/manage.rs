//! Endpoints made, changed and removed; deliveries listed and made anew.

use std::time::Duration;

use uuid::Uuid;

use super::payload::{known_types, wants};
use super::sign::Keys;
use super::step::found;
use super::store::deliveries::{self, Counts};
use super::store::rows::Rows;
use super::store::{
    Access, Delivery, DeliveryState, Disabled, DisabledReason, Endpoint, endpoints,
};
use super::{MAX_ENDPOINTS, WebhookError, Webhooks};
use crate::domain::refusal::{FieldError, form_error};

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 500;
/// The longest filter.
const MAX_FILTERS: usize = 100;
/// The longest that old keys sign beside new ones.
pub const MAX_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3600);

/// The event with which an endpoint begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// The next one.
    Now,
    /// This one.
    Sequence(u64),
}

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where deliveries go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The programs whose events it gets; none: all.
    pub programs: Vec<String>,
    /// The types of events it gets; none: all.
    pub types: Vec<String>,
    /// The event to begin with.
    pub start_at: StartAt,
}

/// What changes in an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Where deliveries go.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The programs, for events that were not looked at yet.
    pub programs: Option<Vec<String>>,
    /// The types, for events that were not looked at yet.
    pub types: Option<Vec<String>>,
    /// Whether it gets anything.
    pub enabled: Option<bool>,
}

/// An endpoint, and its secret: shown this once.
#[derive(Debug, Clone)]
pub struct Revealed {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// `whsec_…`.
    pub secret: String,
}

/// What a replay came to.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its position before.
    pub from_position: u64,
}

impl Webhooks {
    /// Makes an endpoint.
    ///
    /// # Errors
    /// [`WebhookError::Invalid`] names everything that is wrong.
    pub async fn create(&self, new: NewEndpoint) -> Result<Revealed, WebhookError> {
        let mut errors = self.check(Some(&new.url), Some(&new.description), Some(&new.types));
        errors.extend(check_count("/programs", &new.programs));
        let end = self.end().await?;
        let next_sequence = match new.start_at {
            StartAt::Now => end,
            StartAt::Sequence(sequence) if sequence <= end => sequence,
            StartAt::Sequence(sequence) => {
                errors.push(too_far("/from_sequence", sequence, end));
                end
            }
        };
        if !errors.is_empty() {
            return Err(WebhookError::Invalid(errors));
        }
        let endpoint = Endpoint {
            id: uuid::Builder::from_random_bytes(self.random_bytes()).into_uuid(),
            url: new.url,
            description: new.description,
            programs: new.programs,
            types: new.types,
            created_at_us: self.now_us(),
            disabled: None,
            next_sequence,
            paused_until_us: None,
            replays: 0,
            keys: self.new_keys(),
            previous: None,
        };
        let kept = endpoint.clone();
        let keep = move |db: &mut dyn Rows| {
            if endpoints::count(db)? >= MAX_ENDPOINTS {
                return Err(WebhookError::Invalid(vec![form_error(
                    "",
                    format!("there are {MAX_ENDPOINTS} endpoints already, the limit; delete one"),
                    format!("端点已达上限 {MAX_ENDPOINTS} 个，请先删除一个"),
                )]));
            }
            endpoints::put(db, &kept)
        };
        self.store.run(Access::Change, keep).await?;
        self.changed.notify_one();
        Ok(Revealed { secret: endpoint.keys.secret_text(), endpoint })
    }

    fn new_keys(&self) -> Keys {
        Keys { secret: self.random_bytes(), seed: self.random_bytes() }
    }

    /// The sequence that the next event will have.
    async fn end(&self) -> Result<u64, WebhookError> {
        Ok(self.log.head().await?.map_or(0, |head| head + 1))
    }

    fn check(
        &self,
        url: Option<&str>,
        description: Option<&str>,
        types: Option<&[String]>,
    ) -> Vec<FieldError> {
        let mut errors = Vec::new();
        errors.extend(url.and_then(|url| self.policy.read_url(url, "/url").err()));
        if description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
            errors.push(form_error(
                "/description",
                format!("at most {MAX_DESCRIPTION} characters"),
                format!("至多 {MAX_DESCRIPTION} 个字符"),
            ));
        }
        errors.extend(types.and_then(|types| check_count("/types", types)));
        for (index, name) in types.unwrap_or_default().iter().enumerate().take(MAX_FILTERS) {
            if !known_types().contains(name) {
                let known = known_types().join(", ");
                let name: String = name.chars().take(80).collect();
                errors.push(form_error(
                    format!("/types/{index}"),
                    format!("{name:?} is no type of events; types are {known}"),
                    format!("{name:?} 不是事件类型；可用的有 {known}"),
                ));
            }
        }
        errors
    }

    /// All endpoints, with how much waits at each.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn list(&self) -> Result<Vec<(Endpoint, Counts)>, WebhookError> {
        let read = |db: &mut dyn Rows| {
            let all = endpoints::all(db)?;
            all.into_iter().map(|e| deliveries::counts(db, e.id).map(|c| (e, c))).collect()
        };
        self.store.run(Access::Read, read).await
    }

    /// An endpoint, with how much waits at it.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`].
    pub async fn get(&self, id: Uuid) -> Result<(Endpoint, Counts), WebhookError> {
        let read =
            move |db: &mut dyn Rows| Ok((endpoints::get(db, id)?, deliveries::counts(db, id)?));
        self.store.run(Access::Read, read).await
    }

    /// Changes an endpoint. One that is enabled again goes on where it stopped; what was given up
    /// is tried again at once.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`], [`WebhookError::Invalid`].
    pub async fn change(&self, id: Uuid, changes: Changes) -> Result<Endpoint, WebhookError> {
        let (url, description) = (changes.url.as_deref(), changes.description.as_deref());
        let mut errors = self.check(url, description, changes.types.as_deref());
        errors.extend(changes.programs.as_deref().and_then(|p| check_count("/programs", p)));
        if !errors.is_empty() {
            return Err(WebhookError::Invalid(errors));
        }
        let now_us = self.now_us();
        let change = move |db: &mut dyn Rows| {
            let mut endpoint = endpoints::get(db, id)?;
            let moved = changes.url.as_ref().is_some_and(|url| *url != endpoint.url);
            endpoint.url = changes.url.unwrap_or(endpoint.url);
            endpoint.description = changes.description.unwrap_or(endpoint.description);
            endpoint.programs = changes.programs.unwrap_or(endpoint.programs);
            endpoint.types = changes.types.unwrap_or(endpoint.types);
            match (changes.enabled, endpoint.disabled) {
                (Some(true), Some(_)) => {
                    endpoint.disabled = None;
                    endpoint.paused_until_us = None;
                    deliveries::revive(db, id, now_us)?;
                }
                (Some(false), None) => {
                    let (reason, at_us) = (DisabledReason::Operator, now_us);
                    endpoint.disabled = Some(Disabled { reason, at_us, sequence: None });
                }
                // What waited for the old address need not wait for the new one.
                (_, None) if moved => {
                    endpoint.paused_until_us = None;
                    deliveries::revive(db, id, now_us)?;
                }
                _ => {}
            }
            endpoints::put(db, &endpoint)?;
            Ok(endpoint)
        };
        let endpoint = self.store.run(Access::Change, change).await?;
        self.changed.notify_one();
        Ok(endpoint)
    }

    /// Removes an endpoint with its deliveries.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`].
    pub async fn remove(&self, id: Uuid) -> Result<(), WebhookError> {
        let remove = move |db: &mut dyn Rows| endpoints::remove(db, id);
        match self.store.run(Access::Change, remove).await? {
            true => Ok(()),
            false => Err(WebhookError::NoEndpoint(id.to_string())),
        }
    }

    /// Gives an endpoint new keys; the old ones sign beside them for a while, so that the receiver
    /// can change over when it likes.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`], [`WebhookError::Invalid`].
    pub async fn rotate(&self, id: Uuid, overlap: Duration) -> Result<Revealed, WebhookError> {
        if overlap > MAX_OVERLAP {
            let limit_s = MAX_OVERLAP.as_secs();
            return Err(WebhookError::Invalid(vec![form_error(
                "/overlap_s",
                format!("at most {limit_s} seconds (30 days)"),
                format!("至多 {limit_s} 秒（30 天）"),
            )]));
        }
        let (keys, now_us) = (self.new_keys(), self.now_us());
        let until_us = now_us + i64::try_from(overlap.as_micros()).unwrap_or_default();
        let rotate = move |db: &mut dyn Rows| {
            let mut endpoint = endpoints::get(db, id)?;
            let old = std::mem::replace(&mut endpoint.keys, keys);
            endpoint.previous = (!overlap.is_zero()).then_some((old, until_us));
            endpoints::put(db, &endpoint)?;
            Ok(endpoint)
        };
        let endpoint = self.store.run(Access::Change, rotate).await?;
        Ok(Revealed { secret: endpoint.keys.secret_text(), endpoint })
    }

    /// Deliveries of an endpoint, the newest event first, before an event.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`].
    pub async fn deliveries(
        &self,
        id: Uuid,
        state: Option<DeliveryState>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Delivery>, WebhookError> {
        let read = move |db: &mut dyn Rows| {
            endpoints::get(db, id)?;
            deliveries::list(db, id, state, before, limit)
        };
        self.store.run(Access::Read, read).await
    }

    /// Makes one delivery due now, whether it was made, waits or was given up.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`]; [`WebhookError::NoDelivery`] for an event that the endpoint
    /// has not got to, or does not want.
    pub async fn redeliver(&self, id: Uuid, sequence: u64) -> Result<Delivery, WebhookError> {
        let (endpoint, _) = self.get(id).await?;
        let none = move || WebhookError::NoDelivery { endpoint: id, sequence };
        if sequence >= endpoint.next_sequence || sequence >= self.end().await? {
            return Err(none());
        }
        let event = self.event(sequence).await?;
        let now_us = self.now_us();
        let redeliver = move |db: &mut dyn Rows| {
            // A replay may have come in between: what it goes back over is delivered anyway.
            let endpoint = endpoints::get(db, id)?;
            if sequence >= endpoint.next_sequence {
                return Err(none());
            }
            let known = deliveries::find(db, id, sequence)?.is_some();
            if !known && !wants(&endpoint, &event) {
                return Err(none());
            }
            deliveries::redeliver(db, id, &found(&event), now_us)?;
            deliveries::find(db, id, sequence)?.ok_or_else(none)
        };
        let delivery = self.store.run(Access::Change, redeliver).await?;
        self.changed.notify_one();
        Ok(delivery)
    }

    /// Goes back to an event: it and everything after it is delivered anew, in order.
    ///
    /// # Errors
    /// [`WebhookError::NoEndpoint`]; [`WebhookError::Invalid`] for an event that the endpoint has
    /// not got to: a replay never skips one.
    pub async fn replay(&self, id: Uuid, from: u64) -> Result<Replayed, WebhookError> {
        let end = self.end().await?;
        let replay = move |db: &mut dyn Rows| {
            let mut endpoint = endpoints::get(db, id)?;
            let from_position = endpoint.next_sequence;
            // Beyond the end of a log that was restored from an older copy it may also go back.
            let limit = from_position.min(end);
            if from > limit {
                return Err(WebhookError::Invalid(vec![too_far("/from_sequence", from, limit)]));
            }
            deliveries::replay(db, &mut endpoint, from)?;
            Ok(Replayed { endpoint, from_position })
        };
        let replayed = self.store.run(Access::Change, replay).await?;
        self.changed.notify_one();
        Ok(replayed)
    }
}

fn check_count(pointer: &str, list: &[String]) -> Option<FieldError> {
    (list.len() > MAX_FILTERS).then(|| {
        form_error(
            pointer,
            format!("at most {MAX_FILTERS} items"),
            format!("至多 {MAX_FILTERS} 项"),
        )
    })
}

fn too_far(pointer: &str, asked: u64, limit: u64) -> FieldError {
    form_error(
        pointer,
        format!("{asked} is not reached yet; name a sequence up to {limit}"),
        format!("尚未到达 {asked}；请给出不大于 {limit} 的序号"),
    )
}
