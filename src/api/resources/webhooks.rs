//! Webhook endpoints: made, changed, watched and replayed by operators. A secret is in the answer
//! that made it and in no other; no answer that changes something is kept by a cache.

mod views;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use uuid::Uuid;

use crate::api::asking::answer::{List, REVALIDATE, by_content, json, json_with, limit};
use crate::api::asking::call::{Answered, Call, to_the_end, wrong_parameter};
use crate::api::asking::cursor::{CURSOR, next_link};
use crate::api::asking::named::none_of;
use crate::api::asking::page::LIMIT;
use crate::domain::refusal::form_error;
use crate::views::headers::NO_STORE;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem, of_fields};
use crate::views::sequence::a_sequence;
use crate::views::sequence::sequence;
use crate::webhooks::{
    Changes, Counts, DeliveryState, NewEndpoint, Revealed, StartAt, WebhookError, Webhooks,
};
use views::{delivery_view, endpoint_view, replay_view};

pub use views::{
    DeliveryPage, DeliveryView, EndpointChanges, EndpointRequest, EndpointView, ReplayRequest,
    ReplayView, RevealedView, RotationRequest,
};

/// How long old keys sign beside new ones where nothing is asked for: a day.
const DEFAULT_OVERLAP_S: u64 = 24 * 3600;
/// The parameters of the list of deliveries.
pub const DELIVERIES: &[Parameter] = &[
    Parameter::new(
        "state",
        Kind::OneOf(|| DeliveryState::ALL.iter().map(|state| state.as_str()).collect()),
        "`pending`, `delivered` or `failed`; all unless told.",
        "pending（待推送）、delivered（已送达）或 failed（已放弃）；默认全部。",
    ),
    LIMIT,
    CURSOR,
];

fn problem(call: &Call, error: WebhookError) -> Problem {
    let text = error.to_string();
    match error {
        WebhookError::Invalid(errors) => of_fields(&errors, call.language),
        WebhookError::NoEndpoint(id) => {
            Problem::new(Code::NotFound).detail(text).detail_zh(format!("没有 Webhook 端点 {id}"))
        }
        WebhookError::NoDelivery { sequence, .. } => Problem::new(Code::NotFound)
            .detail(text)
            .detail_zh(format!("该端点尚未到达事件 {sequence}，或其筛选条件不包括该事件")),
        WebhookError::Log(error) => Problem::from(error),
        WebhookError::Unavailable { .. } => {
            tracing::warn!(%text, "webhook endpoints can't be reached");
            Problem::new(Code::WebhooksUnavailable)
        }
        WebhookError::File { .. }
        | WebhookError::Unusable { .. }
        | WebhookError::Missing(_)
        | WebhookError::InUse(_)
        | WebhookError::Lost
        | WebhookError::Unsettled
        | WebhookError::OtherLog { .. }
        | WebhookError::BeyondEnd { .. }
        | WebhookError::Database(_)
        | WebhookError::Codec(_)
        | WebhookError::BrokenOff(_) => Problem::internal(text),
    }
}

fn webhooks(call: &Call) -> Result<Arc<Webhooks>, Problem> {
    call.state.webhooks.clone().ok_or_else(|| {
        Problem::new(Code::NotFound)
            .detail("this server has no webhooks: they are those of `docket serve`")
            .detail_zh("此服务器没有 Webhook：由 docket serve 提供")
    })
}

fn id(call: &Call) -> Result<Uuid, Problem> {
    let text: String = call.path("endpoint").chars().take(80).collect();
    Uuid::parse_str(&text).map_err(|_| problem(call, WebhookError::NoEndpoint(text)))
}

/// The programs named, as the library, which alone knows them, writes their ids.
fn named_programs(
    call: &Call,
    programs: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Problem> {
    let Some(programs) = programs else { return Ok(None) };
    let (mut known, mut errors) = (Vec::new(), Vec::new());
    for (index, id) in programs.iter().enumerate() {
        if let Some(program) = call.state.app.library().program(id) {
            known.push(program.id.to_string());
        } else {
            let id: String = id.chars().take(80).collect();
            errors.push(form_error(
                format!("/programs/{index}"),
                format!("there is no program {id:?}; see /v1/programs"),
                format!("没有项目“{id}”"),
            ));
        }
    }
    if errors.is_empty() { Ok(Some(known)) } else { Err(of_fields(&errors, call.language)) }
}

fn revealed(call: &Call, revealed: Revealed, counts: Counts) -> Answered {
    let mut response = HttpResponse::Created();
    let address = format!("/v1/webhook-endpoints/{}", revealed.endpoint.id);
    response.insert_header((header::LOCATION, address));
    let endpoint = endpoint_view(call, revealed.endpoint, counts);
    let view = RevealedView { endpoint, secret: revealed.secret };
    json_with(call, response, &view, NO_STORE, None)
}

/// Lists the endpoints.
///
/// # Errors
/// See the route.
pub async fn list_webhook_endpoints(call: Call) -> Answered {
    let all = webhooks(&call)?.list().await.map_err(|error| problem(&call, error))?;
    let items = all.into_iter().map(|(endpoint, counts)| endpoint_view(&call, endpoint, counts));
    json(&call, &List { items: items.collect::<Vec<_>>() })
}

/// Makes an endpoint.
///
/// # Errors
/// See the route.
pub async fn create_webhook_endpoint(mut call: Call) -> Answered {
    let webhooks = webhooks(&call)?;
    let request: EndpointRequest = call.content()?;
    let programs = named_programs(&call, request.programs)?;
    let start = request.from_sequence.map(|start| start.read("/from_sequence")).transpose();
    let start = start.map_err(|error| of_fields(&[error], call.language))?;
    let new = NewEndpoint {
        url: request.url,
        description: request.description.unwrap_or_default(),
        programs: programs.unwrap_or_default(),
        types: request.types.unwrap_or_default(),
        start_at: start.unwrap_or(StartAt::Now),
    };
    let made = to_the_end(async move { webhooks.create(new).await }).await?;
    revealed(&call, made.map_err(|error| problem(&call, error))?, Counts::default())
}

/// Answers an endpoint.
///
/// # Errors
/// See the route.
pub async fn get_webhook_endpoint(call: Call) -> Answered {
    let found = webhooks(&call)?.get(id(&call)?).await;
    let (endpoint, counts) = found.map_err(|error| problem(&call, error))?;
    json(&call, &endpoint_view(&call, endpoint, counts))
}

/// Changes an endpoint.
///
/// # Errors
/// See the route.
pub async fn update_webhook_endpoint(mut call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let request: EndpointChanges = call.content()?;
    let programs = named_programs(&call, request.programs)?;
    let changes = Changes {
        url: request.url,
        description: request.description,
        programs,
        types: request.types,
        enabled: request.enabled,
    };
    let work = async move {
        webhooks.change(id, changes).await?;
        webhooks.get(id).await
    };
    let changed = to_the_end(work).await?;
    let (endpoint, counts) = changed.map_err(|error| problem(&call, error))?;
    let view = endpoint_view(&call, endpoint, counts);
    json_with(&call, HttpResponse::Ok(), &view, NO_STORE, None)
}

/// Removes an endpoint.
///
/// # Errors
/// See the route.
pub async fn delete_webhook_endpoint(call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let removed = to_the_end(async move { webhooks.remove(id).await }).await?;
    removed.map_err(|error| problem(&call, error))?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, NO_STORE)).finish())
}

/// Gives an endpoint new keys.
///
/// # Errors
/// See the route.
pub async fn rotate_webhook_secret(mut call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let request: RotationRequest = call.content()?;
    let overlap = Duration::from_secs(request.overlap_s.unwrap_or(DEFAULT_OVERLAP_S));
    let work = async move {
        let rotated = webhooks.rotate(id, overlap).await?;
        let (_, counts) = webhooks.get(id).await?;
        Ok((rotated, counts))
    };
    let rotated = to_the_end(work).await?;
    let (rotated, counts) = rotated.map_err(|error| problem(&call, error))?;
    revealed(&call, rotated, counts)
}

/// Lists an endpoint's deliveries.
///
/// # Errors
/// See the route.
pub async fn list_webhook_deliveries(call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let state = call.parsed("state", |text| {
        DeliveryState::parse(text).ok_or_else(|| none_of(text, "pending, delivered, failed"))
    })?;
    let limit = limit(&call)?;
    let before = match call.parameter("cursor").map(a_sequence) {
        None => None,
        Some(Ok(before)) => Some(before),
        Some(Err(_)) => {
            return Err(Problem::new(Code::CursorInvalid).member("parameter", "cursor"));
        }
    };
    // One more than is shown, to know whether another page follows.
    let found = webhooks.deliveries(id, state, before, limit + 1).await;
    let mut found = found.map_err(|error| problem(&call, error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|delivery| delivery.sequence);
    let next = last.map(|last| next_link(&call, &sequence(last)));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    let items = found.into_iter().map(delivery_view).collect();
    by_content(&call, response, &DeliveryPage { items, next }, REVALIDATE)
}

/// Delivers an event again.
///
/// # Errors
/// See the route.
pub async fn redeliver_webhook(call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let number = a_sequence(&call.path("sequence"));
    let number = number.map_err(|error| wrong_parameter("sequence", error))?;
    let made = to_the_end(async move { webhooks.redeliver(id, number).await }).await?;
    let view = delivery_view(made.map_err(|error| problem(&call, error))?);
    json_with(&call, HttpResponse::Created(), &view, NO_STORE, None)
}

/// Delivers everything from an event on again.
///
/// # Errors
/// See the route.
pub async fn replay_webhook(mut call: Call) -> Answered {
    let (webhooks, id) = (webhooks(&call)?, id(&call)?);
    let request: ReplayRequest = call.content()?;
    let from = match request.from_sequence.read("/from_sequence") {
        Ok(StartAt::Sequence(from)) => from,
        Ok(StartAt::Now) => {
            let error = form_error("/from_sequence", "name a sequence", "请给出序号");
            return Err(of_fields(&[error], call.language));
        }
        Err(error) => return Err(of_fields(&[error], call.language)),
    };
    let replayed = to_the_end(async move { webhooks.replay(id, from).await }).await?;
    let replayed = replayed.map_err(|error| problem(&call, error))?;
    json_with(&call, HttpResponse::Created(), &replay_view(&replayed), NO_STORE, None)
}
