//! Lists as tables: one line for each item, in the order of the list, for who opens it in a spreadsheet.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;
use serde_json::Value as Json;

use super::answer::REVALIDATE;
use super::call::{Answered, Call};
use super::etag::{self, VARY};
use crate::codec;
use crate::export::{Form, Head, Lines, Value};
pub use crate::projection::Kind as Holds;
use crate::views::media::CSV;
use crate::views::problem::Problem;

/// A column: its name, where an item of the list has it, and what stands in it.
pub type Column = (&'static str, &'static str, Holds);

/// Answers with a list as CSV; `next` is where more of it is.
///
/// # Errors
/// `internal-error`.
pub fn csv<T: Serialize>(
    call: &Call,
    columns: &[Column],
    items: &[T],
    next: Option<String>,
) -> Answered {
    let heads: Vec<_> = columns.iter().map(|(name, _, holds)| (*name, *holds)).collect();
    let head = Head { table: "list", columns: &heads, exercise: None };
    let mut body = Vec::new();
    let form = Form::Csv { bom: false };
    let mut lines = Lines::begin(&head, form, &mut body).map_err(Problem::internal)?;
    for item in items {
        let item = serde_json::to_value(item).map_err(Problem::internal)?;
        lines.add(&row(columns, &item)).map_err(Problem::internal)?;
    }
    lines.finish().map_err(Problem::internal)?;
    let content = codec::sha256_hex(&body);
    let tag = format!("\"{}.csv.{}\"", &content[..32], call.language.tag());
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, REVALIDATE, Some(call.language)));
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, format!("{CSV}; charset=utf-8; header=present")))
        .insert_header((header::CONTENT_LANGUAGE, call.language.tag()))
        .insert_header((header::VARY, VARY))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::ETAG, tag));
    if let Some(next) = next {
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    Ok(response.body(body))
}

/// What a row of a table has of an item.
pub fn row(columns: &[Column], item: &Json) -> Vec<Value<'static>> {
    columns.iter().map(|(_, at, holds)| cell(item.pointer(at), *holds)).collect()
}

fn cell(value: Option<&Json>, holds: Holds) -> Value<'static> {
    let text = |text: String| Value::Text(text.into());
    match value {
        None | Some(Json::Null) => Value::Null,
        Some(Json::Bool(flag)) => Value::Flag(*flag),
        Some(Json::Number(number)) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => text(number.to_string()),
        },
        Some(Json::String(day)) if holds == Holds::Day => Value::Day(day.clone().into()),
        Some(Json::String(value)) => text(value.clone()),
        Some(Json::Array(values)) => {
            let texts: Vec<_> = values.iter().filter_map(Json::as_str).collect();
            text(texts.join(" "))
        }
        Some(value @ Json::Object(_)) => text(value.to_string()),
    }
}
