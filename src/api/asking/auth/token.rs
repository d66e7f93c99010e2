//! Making and verifying one token. The time is a parameter: Unix seconds.

use super::accepted::{AcceptedKeys, is_token_id};
use super::key::{KeyError, TokenKey};
use super::{Principal, Role};
use crate::domain::text::says_something;
use crate::oidc::{MAX_TOKEN_BYTES, TokenError, install_crypto};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use futures_util::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::future::ready;
use std::path::Path;

/// What two clocks may differ by, in seconds.
pub const LEEWAY_S: i64 = 60;
/// The longest that any token may last: 400 days.
pub const MAX_TOKEN_LIFE_S: u32 = 400 * 24 * 3600;
/// RFC 9068: the type that tells an access token from every other JWT of the same issuer.
const TOKEN_TYPE: &str = "at+jwt";

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Grant {
    pub issuer: String,
    pub audience: String,
    pub sub: String,
    pub role: Role,
    pub office: String,
    pub divisions: Vec<String>,
    /// A unique id of this token.
    pub jti: String,
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    role: Role,
    office: &'a str,
    divisions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_iss: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
    jti: String,
    role: Role,
    office: String,
    #[serde(default)]
    divisions: Vec<String>,
    sub_iss: Option<String>,
}

/// A principal whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub principal: Principal,
    /// The id of the key that signed the token.
    pub key_id: String,
    /// The `jti` claim, by which it is revoked.
    pub token_id: String,
    /// The `exp` claim, Unix seconds.
    pub expires_at: i64,
    /// What two clocks may differ by, in seconds.
    pub leeway_s: i64,
    /// Whether it was issued with Docket's own key.
    pub is_own: bool,
}

impl Verified {
    /// Whether the token has not expired, give or take the leeway.
    pub fn holds_at(&self, now_unix_s: i64) -> bool {
        now_unix_s < self.expires_at.saturating_add(self.leeway_s)
    }
}

/// Tells who a token stands for: the seam for identity providers outside.
pub trait Verifier: Send + Sync {
    /// Verifies a token at a time given in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError`], the first thing that is wrong.
    fn verify(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError>;

    /// Whether a token that was verified before still counts, as far as its key and its id go; asked at
    /// each use of a remembered token.
    fn still_accepts(&self, verified: &Verified, now_unix_s: i64) -> bool;

    /// Gets what was lacking where a token was refused for its key; whether to verify it again.
    fn learn<'a>(&'a self, _token: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(ready(false))
    }
}

/// A token for `ttl_s` seconds from `now_unix_s`.
///
/// # Errors
/// None in practice: only if the key or the claims cannot be encoded.
pub fn issue(
    key: &TokenKey,
    grant: &Grant,
    now_unix_s: i64,
    ttl_s: u32,
) -> Result<String, jsonwebtoken::errors::Error> {
    issue_for(key, grant, None, now_unix_s, ttl_s)
}

/// As [`issue`], for somebody whom this issuer knows by that name: the record names a person alike,
/// whether signed in or with a token of the provider.
///
/// # Errors
/// As [`issue`].
pub fn issue_for(
    key: &TokenKey,
    grant: &Grant,
    known_by: Option<&str>,
    now_unix_s: i64,
    ttl_s: u32,
) -> Result<String, jsonwebtoken::errors::Error> {
    install_crypto();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(key.id().to_owned());
    let claims = IssuedClaims {
        iss: &grant.issuer,
        aud: &grant.audience,
        sub: &grant.sub,
        client_id: "docket",
        iat: now_unix_s,
        exp: now_unix_s + i64::from(ttl_s),
        jti: &grant.jti,
        role: grant.role,
        office: &grant.office,
        divisions: &grant.divisions,
        sub_iss: known_by,
    };
    let der = key.pair.to_pkcs8_der().map_err(|_| ErrorKind::InvalidEddsaKey)?;
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(der.as_bytes()))
}

/// Verifies tokens that were issued with Docket's own key.
pub struct LocalVerifier {
    keys: AcceptedKeys,
    validation: Validation,
    max_life_s: u32,
}

impl LocalVerifier {
    /// Accepts tokens of this key, issuer and audience, and no others.
    pub fn new(key: &TokenKey, issuer: &str, audience: &str) -> LocalVerifier {
        LocalVerifier::with_keys(AcceptedKeys::fixed(key), issuer, audience)
    }

    /// As [`LocalVerifier::new`], of the keys in the file at a path and beside it, which are looked at
    /// again whenever they change.
    ///
    /// # Errors
    /// A file that is no key, or can't be read.
    pub fn watching(path: &Path, issuer: &str, audience: &str) -> Result<LocalVerifier, KeyError> {
        Ok(LocalVerifier::with_keys(AcceptedKeys::watched(path)?, issuer, audience))
    }

    /// The same, but no token may last longer than this.
    #[must_use]
    pub fn taking_at_most(self, max_life_s: u32) -> LocalVerifier {
        LocalVerifier { max_life_s, ..self }
    }

    fn with_keys(keys: AcceptedKeys, issuer: &str, audience: &str) -> LocalVerifier {
        install_crypto();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would read the machine's clock; the times are checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        LocalVerifier { keys, validation, max_life_s: MAX_TOKEN_LIFE_S }
    }

    /// Checks a token's header; the id of its key.
    fn check_header(token: &str) -> Result<String, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|e| match e.kind() {
            // `alg: none` and unknown algorithms are no variant of the library's enum.
            ErrorKind::Json(cause) if cause.to_string().contains("unknown variant") => {
                TokenError::Algorithm
            }
            _ => TokenError::Malformed,
        })?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Algorithm);
        }
        let kind = header.typ.unwrap_or_default().to_ascii_lowercase();
        if kind.strip_prefix("application/").unwrap_or(&kind) != TOKEN_TYPE {
            return Err(TokenError::Type);
        }
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        header.kid.ok_or(TokenError::UnknownKey)
    }

    /// Checks what the claims say of when the token counts.
    fn check_times(&self, claims: &Claims, now_unix_s: i64) -> Result<(), TokenError> {
        let from = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if now_unix_s < from.saturating_sub(LEEWAY_S) {
            return Err(TokenError::NotYetValid);
        }
        if claims.exp.saturating_sub(claims.iat) > i64::from(self.max_life_s) {
            return Err(TokenError::LastsTooLong { max_s: self.max_life_s });
        }
        Ok(())
    }
}

impl Verifier for LocalVerifier {
    fn verify(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let key_id = LocalVerifier::check_header(token)?;
        let known = self.keys.at(now_unix_s);
        let key = known.key(&key_id).ok_or(TokenError::UnknownKey)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|e| token_error(e.kind()))?
            .claims;
        let is_named = [&claims.sub, &claims.office].into_iter().all(|text| says_something(text));
        if !is_named || !is_token_id(&claims.jti) {
            return Err(TokenError::Claims);
        }
        self.check_times(&claims, now_unix_s)?;
        if known.is_revoked(&claims.jti) {
            return Err(TokenError::Revoked);
        }
        let verified = Verified {
            key_id,
            token_id: claims.jti,
            expires_at: claims.exp,
            leeway_s: LEEWAY_S,
            is_own: true,
            principal: Principal {
                iss: claims.sub_iss.unwrap_or(claims.iss),
                sub: claims.sub,
                role: claims.role,
                office: claims.office,
                divisions: claims.divisions,
            },
        };
        if verified.holds_at(now_unix_s) { Ok(verified) } else { Err(TokenError::Expired) }
    }

    fn still_accepts(&self, verified: &Verified, now_unix_s: i64) -> bool {
        let known = self.keys.at(now_unix_s);
        known.key(&verified.key_id).is_some() && !known.is_revoked(&verified.token_id)
    }
}

fn token_error(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => TokenError::Algorithm,
        ErrorKind::MissingRequiredClaim(_)
        | ErrorKind::InvalidClaimFormat(_)
        | ErrorKind::InvalidSubject
        | ErrorKind::Json(_) => TokenError::Claims,
        _ => TokenError::Malformed,
    }
}
