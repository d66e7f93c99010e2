//! Documents by digest: taken as a stream, given as a stream.

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{IMMUTABLE, json_with};
use super::body::too_slow;
use super::call::{Answered, Call, wrong_parameter};
use super::etag;
use super::outgoing::Part;
use super::problem::{Code, Problem};
use crate::app::documents::{Digest, Download, put};

/// A document that is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentView {
    /// SHA-256 of its bytes, in hexadecimal: what acts cite.
    pub digest: String,
    /// Its size.
    pub size_bytes: u64,
}

/// Takes a document.
///
/// # Errors
/// See the route.
pub async fn upload_document(mut call: Call) -> Answered {
    let claimed = claimed(&call)?;
    let payload =
        call.payload.take().ok_or_else(|| Problem::internal("the route takes no body"))?;
    let (limit, patience) =
        (call.state.settings.max_document_bytes, call.state.settings.request_timeout);
    let store = call.state.app.documents().clone();
    let stored = tokio::time::timeout(patience, put(&*store, payload, claimed, limit)).await;
    let stored = stored.map_err(|_| too_slow(patience))??;
    let digest = stored.digest.to_string();
    let mut response = HttpResponse::Created();
    response
        .insert_header((header::LOCATION, format!("/v1/documents/{digest}")))
        .insert_header(("repr-digest", repr_digest(stored.digest)));
    let view = DocumentView { digest, size_bytes: stored.size_bytes };
    json_with(&call, response, &view, "no-store", None)
}

/// The digest that the sender claims, in the query or as `Repr-Digest` (RFC 9530).
fn claimed(call: &Call) -> Result<Option<Digest>, Problem> {
    let in_query = call.parsed("digest", Digest::parse)?;
    let Some(value) = call.header("repr-digest") else { return Ok(in_query) };
    let wrong = || {
        Problem::new(Code::MalformedRequest)
            .detail("Repr-Digest is written sha-256=:<base64 of 32 bytes>:")
            .detail_zh("Repr-Digest 的格式为 sha-256=:<32 字节的 base64>:")
    };
    let mut members = value.split(',').map(str::trim);
    let encoded = members.find_map(|member| member.strip_prefix("sha-256=:")).ok_or_else(wrong)?;
    let bytes = STANDARD.decode(encoded.strip_suffix(':').ok_or_else(wrong)?);
    let bytes: [u8; 32] = bytes.ok().and_then(|b| b.try_into().ok()).ok_or_else(wrong)?;
    let in_header = Digest::from_bytes(bytes);
    if in_query.is_some_and(|digest| digest != in_header) {
        return Err(wrong_parameter("digest", "it is another than that of Repr-Digest"));
    }
    Ok(Some(in_header))
}

fn repr_digest(digest: Digest) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()))
}

/// Gives a document; its media type and name are in the events that cite it.
///
/// # Errors
/// See the route.
pub async fn get_document(call: Call) -> Answered {
    let unknown = |error: crate::app::documents::DigestError| {
        Problem::new(Code::NotFound)
            .detail(error.to_string())
            .detail_zh("文件以 SHA-256 摘要（64 位小写十六进制）命名")
    };
    let digest = Digest::parse(call.path("digest")).map_err(unknown)?;
    let tag = format!("\"{digest}\"");
    let download = call.state.app.documents().get(digest).await?;
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, call.language));
    }
    let open = call.open()?;
    let size = download.size_bytes();
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .insert_header((header::CACHE_CONTROL, IMMUTABLE))
        .insert_header((header::ETAG, tag))
        .insert_header(("repr-digest", repr_digest(digest)))
        .no_chunking(size);
    let parts = futures_util::stream::unfold(Some(download), next_part);
    Ok(open.answer(response, parts))
}

/// A damaged document is never given whole: the answer breaks off, shorter than it said.
async fn next_part(
    download: Option<Box<dyn Download>>,
) -> Option<(Result<Part, Problem>, Option<Box<dyn Download>>)> {
    let mut download = download?;
    match download.next().await {
        Ok(Some(bytes)) => Some((Ok(Part::small(bytes.into())), Some(download))),
        Ok(None) => None,
        Err(error) => {
            tracing::error!(%error, "a document could not be given");
            Some((Err(Problem::from(error)), None))
        }
    }
}
