//! Documents by digest: taken as a stream, given as a stream.

use actix_web::http::{Method, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{IMMUTABLE, json_with};
use crate::api::asking::body::{BrokenOff, fell_silent};
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::etag;
use crate::api::asking::header_list::HeaderList;
use crate::api::asking::outgoing::Part;
use crate::app::documents::{Digest, Download, put, verify};
use crate::domain::words::said;
use crate::views::headers::NO_STORE;
use crate::views::problem::{Code, Problem};

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
    let incoming =
        call.payload.take().ok_or_else(|| Problem::internal("the route takes no body"))?;
    let (limit, patience) =
        (call.state.settings.max_document_bytes, call.state.settings.request_timeout);
    let store = call.state.app.documents().clone();
    let mut silent = None;
    let content = incoming.paced(patience).inspect_err(|error| {
        if let BrokenOff::Silent(patience) = error {
            silent = Some(*patience);
        }
    });
    let stored = put(&*store, content, claimed, limit).await;
    let stored = stored.map_err(|error| silent.map_or_else(|| error.into(), fell_silent))?;
    let digest = stored.digest.to_string();
    let mut response = HttpResponse::Created();
    response
        .insert_header((header::LOCATION, format!("/v1/documents/{digest}")))
        .insert_header(("repr-digest", repr_digest(stored.digest)));
    let view = DocumentView { digest, size_bytes: stored.size_bytes };
    json_with(&call, response, &view, NO_STORE, None)
}

/// The digest that the sender claims, in the query or as `Repr-Digest` (RFC 9530).
fn claimed(call: &Call) -> Result<Option<Digest>, Problem> {
    let in_query = call.parsed("digest", Digest::parse)?;
    let digests = HeaderList::of(call.http.headers(), "repr-digest");
    let Some(digests) = digests else { return Ok(in_query) };
    let wrong = || {
        Problem::new(Code::MalformedRequest)
            .detail("Repr-Digest is written sha-256=:<base64 of 32 bytes>:")
            .detail_zh("Repr-Digest 的格式为 sha-256=:<32 字节的 base64>:")
    };
    let encoded = digests.member("sha-256").ok_or_else(wrong)?;
    let encoded = encoded.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let bytes = STANDARD.decode(encoded.ok_or_else(wrong)?);
    let bytes: [u8; 32] = bytes.ok().and_then(|b| b.try_into().ok()).ok_or_else(wrong)?;
    let in_header = Digest::from_bytes(bytes);
    if in_query.is_some_and(|digest| digest != in_header) {
        return Err(wrong_parameter(
            "digest",
            said!("it is another than that of Repr-Digest", "与 Repr-Digest 请求头不一致"),
        ));
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
    let digest = Digest::parse(&call.path("digest")).map_err(unknown)?;
    let tag = format!("\"{digest}\"");
    let store = call.state.app.documents().clone();
    // A HEAD has no body that could break off: it is read to its end before it is answered.
    let is_head = call.http.method() == Method::HEAD;
    let whole = if is_head { Some(verify(&*store, digest).await?) } else { None };
    let mut download = store.get(digest).await?;
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, IMMUTABLE, None));
    }
    if let Some(size) = whole {
        let none = futures_util::stream::empty::<Result<actix_web::web::Bytes, Problem>>();
        return Ok(headed(digest, tag, size).streaming(none));
    }
    let open = call.open()?;
    let size = download.size_bytes();
    // What is found damaged before anything of it is given is answered with a problem.
    let first = download.next().await?;
    let first = futures_util::stream::iter(first.map(|bytes| Ok(Part::small(bytes.into()))));
    let parts = first.chain(futures_util::stream::unfold(Some(download), next_part));
    Ok(open.answer(headed(digest, tag, size), parts))
}

fn headed(digest: Digest, tag: String, size: u64) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .insert_header((header::CACHE_CONTROL, IMMUTABLE))
        .insert_header((header::ETAG, tag))
        .insert_header(("repr-digest", repr_digest(digest)))
        .no_chunking(size);
    response
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
