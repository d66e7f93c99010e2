//! Who acts: bearer tokens (JWT, RFC 9068) signed with Ed25519, and the principal they stand for.
//!
//! What must hold: there is no mode without authentication; one algorithm is allowed of Docket's own
//! tokens; a key never comes from the token (`jku`, `x5u`, `jwk` are ignored); a token is read from the
//! `Authorization` header and nowhere else, so that none ends in an access log. The seam for outside
//! identity providers is [`Verifier`]. What a role may do is not decided here but by the measure, in `app`.

mod accepted;
mod cache;
mod key;
mod provider;
mod token;

pub use crate::oidc::{MAX_TOKEN_BYTES, TokenError};
pub(super) use accepted::{Mark, mark};
pub use accepted::{is_token_id, revoke};
pub use key::{KeyError, KeyUse, TokenKey};
pub use provider::{ByIssuer, ClaimMap};
pub use token::{
    Grant, LEEWAY_S, LocalVerifier, MAX_TOKEN_LIFE_S, Verified, Verifier, issue, issue_for,
};

use crate::views::problem::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use cache::VerifiedTokens;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The part that an office plays in the programs, or a person beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The national intellectual property office.
    NationalOffice,
    /// The intellectual property department of a province.
    ProvincialDepartment,
    /// The government of a province.
    Province,
    /// The government of a city, county, park or area.
    LocalGovernment,
    /// Enters what archives hold.
    Registrar,
    /// Reads everything and writes nothing.
    Auditor,
    /// Runs the machine and performs no act of any office.
    Operator,
    /// Answers for the data of persons: holds them, erases them, and performs no act of any office.
    Custodian,
}

impl Role {
    /// Every role, in the order in which they are declared.
    pub const ALL: [Role; 8] = [
        Role::NationalOffice,
        Role::ProvincialDepartment,
        Role::Province,
        Role::LocalGovernment,
        Role::Registrar,
        Role::Auditor,
        Role::Operator,
        Role::Custodian,
    ];

    /// The role with this snake_case name.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Role::NationalOffice => "national_office",
            Role::ProvincialDepartment => "provincial_department",
            Role::Province => "province",
            Role::LocalGovernment => "local_government",
            Role::Registrar => "registrar",
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Custodian => "custodian",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who stands behind a request, as a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The issuer of the token.
    pub iss: String,
    /// The person or machine, an opaque id that the issuer never gives to another.
    pub sub: String,
    pub role: Role,
    /// The office for which the principal acts, an opaque id.
    pub office: String,
    /// The jurisdiction: province codes or subject ids; of a local government, its areas.
    pub divisions: Vec<String>,
}

impl Principal {
    /// The id that the record keeps, `iss|sub`.
    pub fn id(&self) -> String {
        format!("{}|{}", self.iss, self.sub)
    }
}

/// Verifies the token of each request; given to the application as `web::Data`.
pub struct Authenticator {
    verifier: Arc<dyn Verifier>,
    remembered: VerifiedTokens,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Authenticator {
    /// `clock` gives Unix seconds; remembered tokens take at most about `cache_bytes` bytes.
    pub fn new(
        verifier: Arc<dyn Verifier>,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
        cache_bytes: usize,
    ) -> Authenticator {
        Authenticator {
            verifier,
            remembered: VerifiedTokens::new(cache_bytes),
            clock: Box::new(clock),
        }
    }

    /// The principal of a token, from memory if it was verified before.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong with the token.
    pub fn authenticate(&self, token: &str) -> Result<Arc<Verified>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let key = VerifiedTokens::key(token);
        if let Some(known) = self.remembered.get(&key)
            && self.still_holds(&known)
        {
            return Ok(known);
        }
        let verified = Arc::new(self.verifier.verify(token, (self.clock)())?);
        self.remembered.insert(key, Arc::clone(&verified));
        Ok(verified)
    }

    /// Whether a token that was verified has not expired since, nor been revoked, nor its key been
    /// withdrawn: for answers that go on for longer than a request.
    pub fn still_holds(&self, verified: &Verified) -> bool {
        let now = (self.clock)();
        verified.holds_at(now) && self.verifier.still_accepts(verified, now)
    }

    /// The principal of a request, by its `Authorization` header. Where a provider has new keys, it is
    /// asked for them.
    ///
    /// # Errors
    /// `invalid-token`, `malformed-request`, `identity-provider-unavailable`.
    pub async fn authenticate_request(
        &self,
        headers: &HeaderMap,
    ) -> Result<Arc<Verified>, Problem> {
        let token = bearer(headers)?;
        let lacking = match self.authenticate(token) {
            Err(lacking @ (TokenError::UnknownKey | TokenError::ProviderAway)) => lacking,
            known => return Ok(known?),
        };
        match self.verifier.learn(token).await {
            true => Ok(self.authenticate(token)?),
            false => Err(lacking.into()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = values.next().ok_or_else(Problem::credentials_missing)?;
    if values.next().is_some() {
        return Err(Problem::new(Code::MalformedRequest)
            .detail("The request carries more than one Authorization header; send one.")
            .detail_zh("请求携带了多个 Authorization 请求头，只能有一个。"));
    }
    let value = value.to_str().map_err(|_| Problem::from(TokenError::Malformed))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(token.trim()),
        false => Err(Problem::credentials_missing()),
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Problem {
        match error {
            TokenError::ProviderAway => Problem::new(Code::IdentityProviderUnavailable),
            TokenError::Otherwise(ways) => Problem::signed_in_otherwise(&ways),
            TokenError::Nobody(text) => {
                Problem::new(Code::InvalidToken).detail(text.en).detail_zh(text.zh)
            }
            error => Problem::new(Code::InvalidToken).detail(error.to_string()),
        }
    }
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Principal, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let authenticator = request.app_data::<web::Data<Authenticator>>();
            let authenticator = authenticator
                .ok_or_else(|| Problem::internal("the application has no Authenticator"))?;
            let verified = authenticator.authenticate_request(request.headers()).await?;
            Ok(verified.principal.clone())
        })
    }
}
