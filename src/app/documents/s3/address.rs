//! Addresses of S3 stores: `s3://bucket/prefix?endpoint=…&region=…&allow_http=…&path_style=…`.
//! Credentials are deliberately no part of them: an address is shown in messages.

use std::fmt;

const KNOWN: &str = "endpoint, region, allow_http and path_style";

/// Where an S3 store is; shown without what follows the question mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Address {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    /// Of a store that is not Amazon's: `https://host:port`.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// Whether the endpoint may be plain `http://`.
    pub allow_http: bool,
    /// Whether the bucket is the first part of the path rather than of the host's name.
    pub path_style: bool,
}

/// What is wrong with an address, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct S3AddressError(String);

fn wrong<T>(reason: impl Into<String>) -> Result<T, S3AddressError> {
    Err(S3AddressError(reason.into()))
}

impl S3Address {
    /// The address that this text writes.
    ///
    /// # Errors
    /// [`S3AddressError`]; nothing of the text is in it that may be a password.
    pub fn parse(text: &str) -> Result<S3Address, S3AddressError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            return wrong("an S3 store is written s3://bucket/prefix");
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if place.contains('@') {
            return wrong(
                "credentials don't belong in the address: they are store.s3.access_key_id and \
                 store.s3.secret_access_key",
            );
        }
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if !is_bucket(bucket) {
            return wrong(
                "it names no bucket: 3 to 63 characters of a-z, 0-9, dot and hyphen after s3://",
            );
        }
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.split('/').all(is_segment) {
            return wrong(
                "the prefix has a part that is empty, a dot, or has other characters than A-Z, a-z, \
                 0-9 and . _ -",
            );
        }
        let mut address = S3Address {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: None,
            allow_http: false,
            path_style: false,
        };
        address.read_query(query)?;
        Ok(address)
    }

    fn read_query(&mut self, query: &str) -> Result<(), S3AddressError> {
        let mut path_style = None;
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if seen.contains(&key) {
                return wrong("a parameter is given twice");
            }
            seen.push(key);
            match key {
                "endpoint" => self.endpoint = Some(endpoint(value)?),
                "region" if !value.is_empty() && value.bytes().all(is_region_byte) => {
                    self.region = Some(value.to_owned());
                }
                "region" => return wrong("region takes a name such as us-east-1"),
                "allow_http" => self.allow_http = flag(key, value)?,
                "path_style" => path_style = Some(flag(key, value)?),
                // Not shown: it may be a key that was put in the wrong place.
                _ => return wrong(format!("a parameter is not known here; known are {KNOWN}")),
            }
        }
        // Other stores than Amazon's seldom have a name in the DNS for each bucket.
        self.path_style = path_style.unwrap_or(self.endpoint.is_some());
        let plain = self.endpoint.as_deref().filter(|e| e.starts_with("http://"));
        if let Some(endpoint) = plain.filter(|_| !self.allow_http) {
            return wrong(format!(
                "{endpoint} is not encrypted; write allow_http=true if that is meant, or https://"
            ));
        }
        Ok(())
    }
}

impl fmt::Display for S3Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

fn endpoint(value: &str) -> Result<String, S3AddressError> {
    let value = value.trim_end_matches('/');
    let host = value.strip_prefix("https://").or(value.strip_prefix("http://"));
    let good = |host: &str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
    };
    if host.is_some_and(good) {
        return Ok(value.to_owned());
    }
    wrong("endpoint takes https://host:port, or http://host:port with allow_http=true")
}

fn flag(key: &str, value: &str) -> Result<bool, S3AddressError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => wrong(format!("{key} takes true or false")),
    }
}

fn is_bucket(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    (3..=63).contains(&name.len())
        && name.bytes().all(good)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
}

fn is_segment(part: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !matches!(part, "" | "." | "..") && part.bytes().all(good)
}

fn is_region_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_a_prefix_and_settings() {
        let text = "s3://docket-docs/real/one/?endpoint=http://127.0.0.1:9000/&region=eu-west-1\
                    &allow_http=true&path_style=false";
        let address = S3Address::parse(text).unwrap();
        assert_eq!(address.to_string(), "s3://docket-docs/real/one");
        assert_eq!(address.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(address.region.as_deref(), Some("eu-west-1"));
        assert!(address.allow_http && !address.path_style);
        let bare = S3Address::parse("s3://docket-docs").unwrap();
        assert_eq!((bare.to_string().as_str(), bare.path_style), ("s3://docket-docs", false));
        assert!(
            S3Address::parse("s3://docket-docs?endpoint=https://s3.example").unwrap().path_style
        );
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            ("http://bucket", "s3://bucket/prefix"),
            ("s3://", "3 to 63"),
            ("s3://Bucket", "a-z"),
            ("s3://key:secret@bucket", "store.s3.secret_access_key"),
            ("s3://bucket/a//b", "prefix"),
            ("s3://bucket/../b", "prefix"),
            ("s3://KEY:hush/bucket", "3 to 63"),
            ("s3://bucket/KEY:hush", "prefix"),
            ("s3://bucket?hush", "known are"),
            ("s3://bucket?hush&hush", "known are"),
            ("s3://bucket?secret_access_key=hush", "known are endpoint, region"),
            ("s3://bucket?endpoint=http://127.0.0.1:9000", "allow_http=true"),
            ("s3://bucket?endpoint=ftp://x", "https://host:port"),
            ("s3://bucket?endpoint=https://user:hush@x", "https://host:port"),
            ("s3://bucket?allow_http=yes", "true or false"),
            ("s3://bucket?region=", "us-east-1"),
            ("s3://bucket?region=a&region=b", "twice"),
        ] {
            let error = S3Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
