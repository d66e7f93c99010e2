//! AWS Signature Version 4 as a server checks it: computed anew from the request as it arrived.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use super::service::Refusal;
use actix_web::HttpRequest;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

pub struct Login<'a> {
    pub key_id: &'a str,
    pub secret: &'a str,
    pub region: &'a str,
}

/// Refuses a request that is not signed by this key.
pub fn check(request: &HttpRequest, body: &[u8], login: &Login) -> Result<(), Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let denied = || Refusal(403, "AccessDenied", "Anonymous access is not allowed".to_owned());
    let field = |name: &str| {
        let fields = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let (credential, signed) =
        (field("Credential").zip(field("SignedHeaders"))).ok_or_else(denied)?;
    let given = field("Signature").ok_or_else(denied)?;
    let time = header("x-amz-date").ok_or_else(denied)?;
    let content_hash = header("x-amz-content-sha256").ok_or_else(denied)?;
    let mut scope = credential.split('/');
    if scope.next() != Some(login.key_id) {
        let text = "The AWS Access Key Id you provided does not exist in our records.";
        return Err(Refusal(403, "InvalidAccessKeyId", text.to_owned()));
    }
    let day = scope.next().filter(|day| time.starts_with(day)).ok_or_else(denied)?;
    if scope.next() != Some(login.region) {
        let text = format!("the region is wrong; expecting '{}'", login.region);
        return Err(Refusal(400, "AuthorizationHeaderMalformed", text));
    }
    check_time(time)?;
    if hex(&Sha256::digest(body)) != content_hash {
        let text = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(Refusal(400, "XAmzContentSHA256Mismatch", text.to_owned()));
    }
    let canonical = canonical_request(request, signed, content_hash);
    let scope = format!("{day}/{}/s3/aws4_request", login.region);
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let mut key = mac(format!("AWS4{}", login.secret).as_bytes(), day);
    for part in [login.region, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    if hex(&mac(&key, &to_sign)) != given {
        // As Amazon answers: with what was signed, by which key.
        let text = format!(
            "The request signature we calculated does not match the signature you provided. Check \
             your key and signing method.</Message><AWSAccessKeyId>{}</AWSAccessKeyId>\
             <StringToSign>{to_sign}</StringToSign><SignatureProvided>{given}</SignatureProvided>\
             <Message>",
            login.key_id
        );
        return Err(Refusal(403, "SignatureDoesNotMatch", text));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the stand-in is a server of its own")]
fn check_time(time: &str) -> Result<(), Refusal> {
    let parsed = chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ");
    let skew = parsed.map(|time| (time.and_utc() - chrono::Utc::now()).num_minutes().abs());
    match skew {
        Ok(minutes) if minutes < 15 => Ok(()),
        _ => {
            let text = "The difference between the request time and the current time is too large.";
            Err(Refusal(403, "RequestTimeTooSkewed", text.to_owned()))
        }
    }
}

fn canonical_request(request: &HttpRequest, signed: &str, content_hash: &str) -> String {
    let mut pairs: Vec<(String, String)> =
        query(request).into_iter().map(|(key, value)| (encode(&key), encode(&value))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(k, v)| format!("{k}={v}")).collect();
    let headers: String = signed
        .split(';')
        .map(|name| {
            let values = request.headers().get_all(name);
            let values: Vec<&str> = values.map(|v| v.to_str().unwrap_or("").trim()).collect();
            format!("{name}:{}\n", values.join(","))
        })
        .collect();
    let (method, path) = (request.method(), request.uri().path());
    format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{content_hash}", pairs.join("&"))
}

/// The decoded pairs of the query.
pub fn query(request: &HttpRequest) -> Vec<(String, String)> {
    let pairs = request.query_string().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|b| (*b as char).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
                continue;
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
