//! The S3 operations that the store uses, over objects in memory.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>

use super::line::Cuts;
use super::sign::{self, Login, hex};
use super::{BUCKET, KEY_ID, REGION, SECRET};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Status, code and message of an answer that is an error.
pub struct Refusal(pub u16, pub &'static str, pub String);

type Answer = Result<HttpResponse, Refusal>;

#[derive(Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub modified: DateTime<Utc>,
}

/// An upload in parts that is under way.
pub struct UnderWay {
    pub key: String,
    parts: BTreeMap<u32, Bytes>,
}

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Object>,
    pub uploads: BTreeMap<String, UnderWay>,
    pub next_upload: u64,
    /// Method and key of each request that was let in.
    pub requests: Vec<String>,
    /// So many requests are answered `503 SlowDown`.
    pub slow_downs: usize,
    /// Each answer comes so much later.
    pub late: Option<Duration>,
    pub deny: bool,
    /// Whether `If-None-Match` is answered `501 NotImplemented`, as older stores do.
    pub no_conditions: bool,
    /// The largest object that it copies.
    pub max_copy_bytes: Option<usize>,
    /// Whether the answer to the completion of an upload is lost, once.
    pub lose_completion: bool,
    pub cuts: Arc<Mutex<Cuts>>,
    /// A list is cut into pages of so many keys.
    pub page_keys: Option<usize>,
}

pub async fn serve(
    request: HttpRequest,
    body: Bytes,
    state: web::Data<Arc<Mutex<State>>>,
) -> HttpResponse {
    let late = state.lock().expect("state").late;
    if let Some(late) = late {
        tokio::time::sleep(late).await;
    }
    let answer = answer(&request, body, &mut state.lock().expect("state"));
    answer.unwrap_or_else(|Refusal(status, code, message)| {
        let status = StatusCode::from_u16(status).expect("a status");
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        HttpResponse::build(status).content_type("application/xml").body(xml)
    })
}

fn answer(request: &HttpRequest, body: Bytes, state: &mut State) -> Answer {
    if state.slow_downs > 0 {
        state.slow_downs -= 1;
        return Err(Refusal(503, "SlowDown", "Please reduce your request rate.".to_owned()));
    }
    sign::check(request, &body, &Login { key_id: KEY_ID, secret: SECRET, region: REGION })?;
    if state.deny {
        return Err(Refusal(403, "AccessDenied", "Access Denied".to_owned()));
    }
    let path = sign::decode(request.uri().path());
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        let text = "The specified bucket does not exist".to_owned();
        return Err(Refusal(404, "NoSuchBucket", text));
    }
    state.requests.push(format!("{} {key}", request.method()));
    let query = sign::query(request);
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    match (request.method(), asked("uploadId")) {
        (&Method::GET, _) if key.is_empty() => Ok(list(&asked, state)),
        (&Method::GET | &Method::HEAD, _) => get(request, key, state),
        (&Method::PUT, Some(id)) => put_part(asked("partNumber"), id, body, state),
        (&Method::PUT, None) => put(request, key, body, state),
        (&Method::POST, None) if asked("uploads").is_some() => Ok(create(key, state)),
        (&Method::POST, Some(id)) => complete(key, id, &body, state),
        (&Method::DELETE, Some(id)) => match state.uploads.remove(id) {
            Some(_) => Ok(HttpResponse::NoContent().finish()),
            None => Err(no_such_upload()),
        },
        (&Method::DELETE, None) => {
            state.objects.remove(key);
            Ok(HttpResponse::NoContent().finish())
        }
        _ => Err(Refusal(405, "MethodNotAllowed", "Not allowed".to_owned())),
    }
}

fn no_such_upload() -> Refusal {
    Refusal(404, "NoSuchUpload", "The specified upload does not exist.".to_owned())
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &hex(&Sha256::digest(bytes))[..32])
}

fn get(request: &HttpRequest, key: &str, state: &State) -> Answer {
    let missing = || Refusal(404, "NoSuchKey", "The specified key does not exist.".to_owned());
    let object = state.objects.get(key).ok_or_else(missing)?;
    let (size, mut response) = (object.bytes.len(), HttpResponse::Ok());
    let mut part = object.bytes.clone();
    let range = request.headers().get(header::RANGE).and_then(|v| v.to_str().ok());
    if let Some((from, to)) = range.and_then(|r| r.strip_prefix("bytes=")?.split_once('-')) {
        let to = to.parse().map_or(size, |to: usize| size.min(to + 1));
        let from = from.parse().unwrap_or(0);
        if from >= to {
            return Err(Refusal(416, "InvalidRange", "Not satisfiable".to_owned()));
        }
        part = part.slice(from..to);
        response.status(StatusCode::PARTIAL_CONTENT);
        response.insert_header((header::CONTENT_RANGE, format!("bytes {from}-{}/{size}", to - 1)));
    }
    let modified = object.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Ok(response
        .insert_header((header::ETAG, etag(&object.bytes)))
        .insert_header((header::LAST_MODIFIED, modified))
        .content_type("application/octet-stream")
        .body(part))
}

#[expect(clippy::disallowed_methods, reason = "the stand-in is a server of its own")]
fn insert(state: &mut State, key: &str, bytes: Bytes) {
    state.objects.insert(key.to_owned(), Object { bytes, modified: Utc::now() });
}

fn put(request: &HttpRequest, key: &str, body: Bytes, state: &mut State) -> Answer {
    if request.headers().contains_key(header::IF_NONE_MATCH) {
        if state.no_conditions {
            let text = "A header you provided implies functionality that is not implemented.";
            return Err(Refusal(501, "NotImplemented", text.to_owned()));
        }
        if state.objects.contains_key(key) {
            let text = "At least one of the pre-conditions you specified did not hold".to_owned();
            return Err(Refusal(412, "PreconditionFailed", text));
        }
    }
    let Some(source) = request.headers().get("x-amz-copy-source") else {
        let tag = etag(&body);
        insert(state, key, body);
        return Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).finish());
    };
    let source = sign::decode(source.to_str().unwrap_or_default());
    let from = source.trim_start_matches('/').strip_prefix(BUCKET).unwrap_or_default();
    let object = state.objects.get(from.trim_start_matches('/')).cloned();
    let missing = || Refusal(404, "NoSuchKey", "The specified key does not exist.".to_owned());
    let object = object.ok_or_else(missing)?;
    if state.max_copy_bytes.is_some_and(|max| object.bytes.len() > max) {
        let text = "The specified copy source is larger than the maximum allowable size";
        return Err(Refusal(400, "InvalidRequest", text.to_owned()));
    }
    let tag = etag(&object.bytes);
    insert(state, key, object.bytes);
    let xml = format!("<CopyObjectResult><ETag>{tag}</ETag></CopyObjectResult>");
    Ok(HttpResponse::Ok().content_type("application/xml").body(xml))
}

fn create(key: &str, state: &mut State) -> HttpResponse {
    state.next_upload += 1;
    let id = format!("upload/{}+=", state.next_upload);
    state.uploads.insert(id.clone(), UnderWay { key: key.to_owned(), parts: BTreeMap::new() });
    let xml = format!(
        "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key>\
         <UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
    );
    HttpResponse::Ok().content_type("application/xml").body(xml)
}

fn put_part(number: Option<&str>, id: &str, body: Bytes, state: &mut State) -> Answer {
    let upload = state.uploads.get_mut(id).ok_or_else(no_such_upload)?;
    let number = number.and_then(|n| n.parse().ok()).filter(|n| (1..=10_000).contains(n));
    let wrong = || Refusal(400, "InvalidArgument", "Part number must be 1 to 10000".to_owned());
    let tag = etag(&body);
    upload.parts.insert(number.ok_or_else(wrong)?, body);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).finish())
}

fn complete(key: &str, id: &str, body: &[u8], state: &mut State) -> Answer {
    let upload = state.uploads.get(id).filter(|upload| upload.key == key);
    let upload = upload.ok_or_else(no_such_upload)?;
    let body = String::from_utf8_lossy(body);
    let listed: Vec<&str> = body.split("<Part>").skip(1).collect();
    let named = upload.parts.iter().zip(&listed).all(|((number, bytes), listed)| {
        let tag = etag(bytes);
        let is_tag = listed.contains(&tag) || listed.contains(&tag.replace('"', "&quot;"));
        listed.contains(&format!("<PartNumber>{number}</PartNumber>")) && is_tag
    });
    if !named || listed.len() != upload.parts.len() || listed.is_empty() {
        let text = "One or more of the specified parts could not be found.".to_owned();
        return Err(Refusal(400, "InvalidPart", text));
    }
    let mut parts: Vec<&Bytes> = upload.parts.values().collect();
    let whole =
        Bytes::from(parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<u8>>());
    parts.pop();
    if parts.iter().any(|part| part.len() < 5 << 20) {
        let text = "Your proposed upload is smaller than the minimum allowed size".to_owned();
        return Err(Refusal(400, "EntityTooSmall", text));
    }
    let tag = etag(&whole);
    state.uploads.remove(id);
    insert(state, key, whole);
    if std::mem::take(&mut state.lose_completion) {
        state.cuts.lock().expect("cuts").answers_after = Some(0);
    }
    let xml = format!(
        "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key>\
         <ETag>{}</ETag></CompleteMultipartUploadResult>",
        tag.replace('"', "&quot;")
    );
    Ok(HttpResponse::Ok().content_type("application/xml").body(xml))
}

fn list<'a>(asked: &impl Fn(&str) -> Option<&'a str>, state: &State) -> HttpResponse {
    let (prefix, delimiter) = (asked("prefix").unwrap_or(""), asked("delimiter").unwrap_or(""));
    let after = asked("continuation-token").unwrap_or("");
    let mut entries = BTreeMap::new();
    for (key, object) in state.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
        let rest = &key[prefix.len()..];
        let folder = Some(delimiter).filter(|d| !d.is_empty()).and_then(|d| rest.split_once(d));
        let (name, entry) = match folder {
            Some((folder, _)) => {
                let name = format!("{prefix}{folder}{delimiter}");
                let xml = format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>");
                (name, xml)
            }
            None => {
                let modified = object.modified.format("%Y-%m-%dT%H:%M:%S.000Z");
                let (size, tag) = (object.bytes.len(), etag(&object.bytes).replace('"', "&quot;"));
                let xml = format!(
                    "<Contents><Key>{key}</Key><LastModified>{modified}</LastModified>\
                     <ETag>{tag}</ETag><Size>{size}</Size></Contents>"
                );
                (key.clone(), xml)
            }
        };
        if name.as_str() > after {
            entries.insert(name, entry);
        }
    }
    let page = state.page_keys.unwrap_or(1000);
    let more = entries.len() > page;
    let last = entries.keys().nth(page.saturating_sub(1)).cloned();
    let token = last
        .filter(|_| more)
        .map(|last| format!("<NextContinuationToken>{last}</NextContinuationToken>"));
    let xml = format!(
        "<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{more}</IsTruncated>{}{}</ListBucketResult>",
        token.unwrap_or_default(),
        entries.into_values().take(page).collect::<String>(),
    );
    HttpResponse::Ok().content_type("application/xml").body(xml)
}
