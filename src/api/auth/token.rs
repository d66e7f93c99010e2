//! Making and verifying one token. The time is a parameter: Unix seconds.

use super::key::TokenKey;
use super::{Principal, Role, crypto};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// What two clocks may differ by, in seconds.
pub const LEEWAY_S: i64 = 60;
/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
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
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    role: Role,
    office: String,
    #[serde(default)]
    divisions: Vec<String>,
}

/// A principal whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub principal: Principal,
    /// The id of the key that signed the token.
    pub key_id: String,
    /// The `exp` claim, Unix seconds.
    pub expires_at: i64,
}

impl Verified {
    /// Whether the token has not expired, give or take the leeway.
    pub fn holds_at(&self, now_unix_s: i64) -> bool {
        now_unix_s < self.expires_at.saturating_add(LEEWAY_S)
    }
}

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("The token is longer than {MAX_TOKEN_BYTES} bytes.")]
    TooLong,
    #[error("The token is not a JWT: three base64url parts with dots between.")]
    Malformed,
    #[error("The token is not signed with EdDSA, the only algorithm taken.")]
    Algorithm,
    #[error("The token's type is not at+jwt, an access token.")]
    Type,
    #[error("The token has a critical header that is not understood.")]
    Critical,
    #[error("The token is signed with a key that is not accepted (any more).")]
    UnknownKey,
    #[error("The token's signature does not fit.")]
    Signature,
    #[error("The token comes from another issuer.")]
    Issuer,
    #[error("The token was issued for another service.")]
    Audience,
    #[error("The token has expired.")]
    Expired,
    #[error("The token is not valid yet.")]
    NotYetValid,
    #[error(
        "The token lacks a claim, or one has the wrong form: iss, aud, sub, exp, role and office are needed."
    )]
    Claims,
}

/// Tells who a token stands for: the seam for identity providers outside.
pub trait Verifier: Send + Sync {
    /// Verifies a token at a time given in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError`], the first thing that is wrong.
    fn verify(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError>;

    /// Whether tokens signed with this key still count; asked at each use of a remembered token.
    fn accepts_key(&self, key_id: &str) -> bool;
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
    crypto::install();
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
    };
    let der = key.pair.to_pkcs8_der().map_err(|_| ErrorKind::InvalidEddsaKey)?;
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(der.as_bytes()))
}

/// Verifies tokens that were issued with Docket's own key.
pub struct LocalVerifier {
    key_id: String,
    key: DecodingKey,
    validation: Validation,
}

impl LocalVerifier {
    /// Accepts tokens of this key, issuer and audience, and no others.
    pub fn new(key: &TokenKey, issuer: &str, audience: &str) -> LocalVerifier {
        crypto::install();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would read the machine's clock; the times are checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        LocalVerifier {
            key_id: key.id().to_owned(),
            key: DecodingKey::from_ed_der(key.public().as_bytes()),
            validation,
        }
    }

    fn check_header(&self, token: &str) -> Result<(), TokenError> {
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
        match header.kid {
            Some(kid) if self.accepts_key(&kid) => Ok(()),
            _ => Err(TokenError::UnknownKey),
        }
    }
}

impl Verifier for LocalVerifier {
    fn verify(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        self.check_header(token)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|e| token_error(e.kind()))?
            .claims;
        if claims.sub.is_empty() || claims.office.is_empty() {
            return Err(TokenError::Claims);
        }
        if claims.nbf.is_some_and(|nbf| now_unix_s < nbf.saturating_sub(LEEWAY_S)) {
            return Err(TokenError::NotYetValid);
        }
        let verified = Verified {
            key_id: self.key_id.clone(),
            expires_at: claims.exp,
            principal: Principal {
                iss: claims.iss,
                sub: claims.sub,
                role: claims.role,
                office: claims.office,
                divisions: claims.divisions,
            },
        };
        if verified.holds_at(now_unix_s) { Ok(verified) } else { Err(TokenError::Expired) }
    }

    fn accepts_key(&self, key_id: &str) -> bool {
        key_id == self.key_id
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
