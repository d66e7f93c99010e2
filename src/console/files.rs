//! Files that come with a form: kept by their content through the interface, each before the act is checked,
//! so that what is shown, and then recorded, names them by their digests.
//!
//! What must hold: nothing is kept for a form that is not of this session; whatever is wrong with a file is
//! said by its name, and what was typed beside it is not lost.

use actix_multipart::{Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::asking::{Failure, Page, pairs};
use super::json::{list, text};
use super::links::address;

/// The longest of what is typed.
const MAX_FORM_BYTES: usize = 256 * 1024;
/// The largest file of a form. It is held in memory; a larger one goes to the interface as a stream.
const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;
/// What is read and dropped of files that are too large, so that the browser comes to read the answer.
const MAX_DROPPED_BYTES: usize = 8 * MAX_FILE_BYTES;
/// Types of file: how their names end, what they are called, and how their bytes begin.
const TYPES: [(&str, &str, &[u8]); 16] = [
    ("pdf", "application/pdf", b"%PDF-"),
    ("ofd", "application/ofd", b"PK\x03\x04"),
    ("png", "image/png", b"\x89PNG"),
    ("jpg", "image/jpeg", b"\xff\xd8\xff"),
    ("jpeg", "image/jpeg", b"\xff\xd8\xff"),
    ("tif", "image/tiff", b""),
    ("tiff", "image/tiff", b""),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04",
    ),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    ("odt", "application/vnd.oasis.opendocument.text", b"PK\x03\x04"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet", b"PK\x03\x04"),
    ("doc", "application/msword", b"\xd0\xcf\x11\xe0"),
    ("xls", "application/vnd.ms-excel", b"\xd0\xcf\x11\xe0"),
    ("zip", "application/zip", b"PK\x03\x04"),
    ("csv", "text/csv", b""),
    ("txt", "text/plain", b""),
];

/// What a browser sent.
#[derive(Default)]
pub struct Sent {
    /// What was typed.
    pub typed: Vec<(String, String)>,
    files: Vec<File>,
}

struct File {
    /// For what it is: `document`, or a kind of material.
    of: String,
    name: String,
    /// Nothing where it is too large.
    bytes: Option<Bytes>,
}

/// Reads a form, with or without files; nothing where it can't be read or is too long.
pub async fn sent(http: &HttpRequest, body: web::Payload) -> Option<Sent> {
    let is_parts = http.headers().get(header::CONTENT_TYPE);
    let is_parts = is_parts.and_then(|media| media.to_str().ok());
    if is_parts.is_some_and(|media| media.starts_with("multipart/form-data")) {
        return parts(Multipart::new(http.headers(), body)).await.ok().flatten();
    }
    let body = body.to_bytes_limited(MAX_FORM_BYTES).await.ok()?.ok()?;
    Some(Sent { typed: pairs(std::str::from_utf8(&body).ok()?), files: Vec::new() })
}

async fn parts(mut parts: Multipart) -> Result<Option<Sent>, MultipartError> {
    let (mut sent, mut typed, mut dropped) = (Sent::default(), 0, 0);
    while let Some(mut part) = parts.try_next().await? {
        let disposition = part.content_disposition();
        let name = disposition.and_then(|is| is.get_name()).unwrap_or_default().to_owned();
        let file = disposition.and_then(|is| is.get_filename()).map(str::to_owned);
        let most = if file.is_some() { MAX_FILE_BYTES } else { MAX_FORM_BYTES };
        let (mut bytes, mut fits) = (BytesMut::new(), true);
        while let Some(more) = part.try_next().await? {
            fits = fits && bytes.len() + more.len() <= most;
            if fits {
                bytes.extend_from_slice(&more);
            } else {
                dropped += more.len();
            }
            if dropped > MAX_DROPPED_BYTES {
                return Ok(None);
            }
        }
        if file.is_none() && !fits {
            return Ok(None);
        }
        match (file, name.strip_prefix("file-")) {
            // A field for a file that nothing was chosen for.
            (Some(file), _) if file.is_empty() => {}
            (Some(file), Some(of)) => {
                let bytes = fits.then(|| bytes.freeze());
                sent.files.push(File { of: of.to_owned(), name: file, bytes });
            }
            _ => {
                typed += bytes.len();
                let value = String::from_utf8_lossy(&bytes).trim().replace("\r\n", "\n");
                sent.typed.push((name, value));
            }
        }
        // What is typed is kept whole, or nothing is.
        if typed > MAX_FORM_BYTES {
            return Ok(None);
        }
    }
    Ok(Some(sent))
}

/// The file's type, by the end of its name, if its bytes begin as such a file does.
fn type_of(name: &str, bytes: &[u8]) -> Option<&'static str> {
    let end = name.rsplit_once('.')?.1.to_lowercase();
    let (_, media, begins) = TYPES.iter().find(|(known, ..)| *known == end)?;
    let is_text = media.starts_with("text/");
    let fits = match *media {
        "image/tiff" => bytes.starts_with(b"II") || bytes.starts_with(b"MM"),
        _ if is_text => !bytes.contains(&0),
        _ => bytes.starts_with(begins),
    };
    fits.then_some(media)
}

/// Keeps the files of a form, and names them in what was typed. The problem, where one is not as it must be.
///
/// # Errors
/// When nobody is signed in any longer.
pub async fn keep(page: &Page, sent: &mut Sent) -> Result<Option<Value>, Failure> {
    let mut wrong = Vec::new();
    for file in std::mem::take(&mut sent.files) {
        let stated = format!("digest-{}", file.of);
        let stated = if file.of == "document" { "document.digest" } else { &stated };
        let stated = typed(sent, stated).to_owned();
        match kept(page, &file, &stated).await? {
            Ok((digest, media)) => named(sent, &file, &digest, media),
            Err(detail) => wrong.push(json!({
                "pointer": format!("#/file/{}", file.of), "detail": format!("{}: {detail}", file.name),
            })),
        }
    }
    let first = wrong.first().map(|error| error["detail"].clone());
    Ok(first.map(|detail| {
        json!({"title": page.say("A file is not as it must be", "文件不符合要求"), "detail": detail, "errors": wrong})
    }))
}

/// That the files of a form that is not of this session were not kept.
pub fn left(page: &Page, sent: &Sent) -> Option<Value> {
    let errors: Vec<_> = sent.files.iter().map(|file| {
        let again = page.say("not kept: choose it again", "未存档，请重新选择");
        json!({"pointer": format!("#/file/{}", file.of), "detail": format!("{}: {again}", file.name)})
    }).collect();
    let detail = page.say(
        "This form was not made in the session that you are signed in to now. What you typed is here.",
        "该表单不属于当前登录的会话。已填写的内容保留如下。",
    );
    (!errors.is_empty()).then(|| {
        json!({"title": page.say("The files were not kept", "文件未存档"), "detail": detail, "errors": errors})
    })
}

/// The digest and the type of a file that is kept; what is wrong with it, otherwise.
async fn kept(
    page: &Page,
    file: &File,
    stated: &str,
) -> Result<Result<(String, &'static str), String>, Failure> {
    let Some(bytes) = &file.bytes else {
        let most = MAX_FILE_BYTES / (1024 * 1024);
        return Ok(Err(match page.language {
            crate::domain::ids::Language::En => format!(
                "it is larger than {most} MiB. Send it to POST /v1/documents, and write its SHA-256 here."
            ),
            crate::domain::ids::Language::Zh => {
                format!("超过 {most} MiB。请通过 POST /v1/documents 上传，并在此填写其 SHA-256。")
            }
        }));
    };
    let Some(media) = type_of(&file.name, bytes) else {
        let known = TYPES.map(|(end, ..)| end).join(", ");
        return Ok(Err(format!(
            "{} ({known})",
            page.say(
                "its name does not end as a file of a known type does, or its bytes are of another type",
                "文件名后缀不在下列类型之内，或内容与后缀不符"
            )
        )));
    };
    let target = address("/v1/documents", [("digest", stated)]);
    let (status, answer) = page.send(&target, bytes.clone()).await?;
    Ok(match status {
        StatusCode::CREATED => Ok((text(&answer, "digest").to_owned(), media)),
        _ => Err(said(&answer)),
    })
}

fn said(problem: &Value) -> String {
    let member = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let details = errors.filter_map(|error| error.get("detail")?.as_str());
    let all = [member("title"), member("detail")].into_iter().chain(details);
    all.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(". ")
}

fn typed<'s>(sent: &'s Sent, name: &str) -> &'s str {
    let found = sent.typed.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// Names a file that is kept where the act names it.
fn named(sent: &mut Sent, file: &File, digest: &str, media: &str) {
    let mut put = |name: &str, value: String| {
        sent.typed.retain(|(known, _)| known != name);
        sent.typed.push((name.to_owned(), value));
    };
    if file.of == "document" {
        put("document.digest", digest.to_owned());
        put("document.media_type", media.to_owned());
        return;
    }
    put(&format!("digest-{}", file.of), String::new());
    let before = typed(sent, "materials");
    let mut materials = match before {
        "" => json!([]),
        // What can't be read stays as it was typed, and is told by the form.
        before => serde_json::from_str(before).unwrap_or(Value::Null),
    };
    let Some(all) = materials.as_array_mut() else { return };
    all.retain(|known| known["digest"] != digest || known["kind"] != file.of);
    all.push(json!({"kind": file.of, "name": file.name, "media_type": media, "digest": digest}));
    let materials = materials.to_string();
    sent.typed.retain(|(known, _)| known != "materials");
    sent.typed.push(("materials".to_owned(), materials));
}

/// The fields for files: the document, and a material of each kind that the measure names.
pub fn fields(
    page: &Page,
    kinds: &[(String, String)],
    typed: &[(String, String)],
    errors: &[Value],
) -> Markup {
    let document =
        ("document".to_owned(), page.say("The document of the act", "行为所依据的文件").to_owned());
    let typed = |name: &str| {
        let found = typed.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let kept: Value = serde_json::from_str(typed("materials")).unwrap_or_default();
    html! {
        fieldset.files {
            legend { (page.say("Files", "文件")) }
            p.quiet { (page.say("Each is kept by the SHA-256 of its bytes once the form is checked. Where you write one that you expect, the bytes must have it. 16 MiB at most.", "检查表单时即按 SHA-256 存档。如填写预期摘要，内容须与之相符。每个文件至多 16 MiB。")) }
            @for (of, label) in std::iter::once(&document).chain(kinds) {
                @let pointer = format!("#/file/{of}");
                @let wrong = errors.iter().find(|error| error.get("pointer").and_then(Value::as_str) == Some(&pointer));
                @let wrong = wrong.and_then(|error| error.get("detail")?.as_str());
                div.field.wrong[wrong.is_some()] {
                    label for={ "f-file-" (of) } { (label) }
                    @if let Some(wrong) = wrong { p.alarm id={ "e-file-" (of) } { (wrong) } }
                    @for material in kept.as_array().into_iter().flatten().filter(|one| one["kind"] == **of) {
                        p { "✓ " (material["name"].as_str().unwrap_or_default()) " " code { (material["digest"].as_str().unwrap_or_default()) } }
                    }
                    input type="file" id={ "f-file-" (of) } name={ "file-" (of) } aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| format!("e-file-{of}"))];
                    @if of != "document" {
                        label.quiet for={ "f-digest-" (of) } { (page.say("SHA-256 that it must have (may be left out)", "预期的 SHA-256（可不填）")) }
                        input id={ "f-digest-" (of) } name={ "digest-" (of) } size="64" value=(typed(&format!("digest-{of}"))) spellcheck="false";
                    }
                }
            }
        }
    }
}

/// Materials, each with its digest.
pub fn shown(materials: &str) -> Markup {
    let all: Value = serde_json::from_str(materials).unwrap_or_default();
    html! { @match all.as_array() {
        Some(all) => ul { @for one in all { li { (one["kind"].as_str().unwrap_or_default()) ": " (one["name"].as_str().unwrap_or_default()) " " code { (one["digest"].as_str().unwrap_or_default()) } } } },
        None => (materials),
    } }
}

/// The kinds of material that an act may bring, and what they are called.
pub fn kinds(acts: &Value, act: &str) -> Vec<(String, String)> {
    let of = list(acts, "acts").iter().find(|one| text(one, "act") == act);
    let all = |member| of.map_or(Vec::new(), |of| super::json::texts(of, member));
    let owned = |(kind, label): (&str, &str)| (kind.to_owned(), label.to_owned());
    all("materials").into_iter().zip(all("material_labels")).map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_type_is_what_its_name_and_its_bytes_say() {
        assert_eq!(type_of("批复.PDF", b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(type_of("a.pdf", b"MZ\x90"), None, "another file under this name");
        assert_eq!(type_of("a.exe", b"MZ\x90"), None);
        assert_eq!(type_of("pdf", b"%PDF-1.7"), None);
        assert_eq!(type_of("a.txt", "一、".as_bytes()), Some("text/plain"));
        assert_eq!(type_of("a.txt", b"a\0b"), None);
        assert_eq!(type_of("scan.tif", b"II*\0"), Some("image/tiff"));
    }

    #[test]
    fn a_file_that_is_kept_is_named_once() {
        let mut sent = Sent::default();
        let file = |of: &str| File { of: of.to_owned(), name: "a.txt".to_owned(), bytes: None };
        named(&mut sent, &file("plan"), "00", "text/plain");
        named(&mut sent, &file("plan"), "00", "text/plain");
        named(&mut sent, &file("document"), "11", "text/plain");
        let materials: Value = serde_json::from_str(typed(&sent, "materials")).unwrap();
        let one =
            json!({"kind": "plan", "name": "a.txt", "media_type": "text/plain", "digest": "00"});
        assert_eq!(materials, json!([one]));
        assert_eq!(typed(&sent, "document.digest"), "11");
    }
}
