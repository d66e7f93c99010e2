//! One provider: what was agreed with it, and whether a token is one of its own.
//!
//! The time is a parameter: Unix seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use reqwest::Client;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use super::error::{MAX_TOKEN_BYTES, SignInError, TokenError};
use super::keys::{KeySet, Keys, Pace};
use super::{crypto, fetch};

/// The pause after keys could not be read, at first; twice as long after each time.
const AGAIN: Duration = Duration::from_secs(1);

/// What was agreed with a provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its issuer, letter by letter as its tokens and its description say it.
    pub issuer: String,
    /// The audience of access tokens for this server; without it none are taken.
    pub audience: Option<String>,
    /// Where its keys are; else where its description says.
    pub jwks_url: Option<String>,
    /// The algorithms taken, of RS256, ES256 and EdDSA.
    pub algorithms: Vec<Algorithm>,
    /// What its clock and this one may differ by, in seconds.
    pub leeway_s: i64,
    /// The longest that a token may last.
    pub max_life_s: u32,
    /// The ways of signing in of which tokens must name one (claim `acr`); any where there are none.
    pub required_acr: Vec<String>,
    /// As whom people are signed in; else they are not.
    pub client: Option<ClientSettings>,
    /// How often keys are read.
    pub pace: Pace,
}

/// What this server is to the provider.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Its id.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<String>,
    /// What is asked for, `openid` among it.
    pub scopes: String,
    /// Where the provider sends people back to.
    pub redirect: String,
    /// Where it sends them once they are signed out.
    pub back: String,
}

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// All of it.
    pub all: Map<String, Value>,
    /// The id of the key that signed it.
    pub key_id: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// A provider.
pub struct Provider {
    pub(super) settings: ProviderSettings,
    pub(super) http: Client,
    keys: Keys,
    /// Whether the last reading of the keys failed.
    is_away: AtomicBool,
}

/// The issuer that a token names, whether it is true or not.
pub fn issuer_of(token: &str) -> Option<String> {
    text_of(token, "iss")
}

fn text_of(token: &str, claim: &str) -> Option<String> {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN_BYTES)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&claims).ok()?;
    claims.get(claim)?.as_str().map(ToOwned::to_owned)
}

/// Who else knows the person of a token of this server (claim `sub_iss`), whether it is true or not.
pub(super) fn known_by(token: &str) -> Option<String> {
    text_of(token, "sub_iss")
}

impl Provider {
    /// A provider whose keys were not read yet.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(settings: ProviderSettings) -> reqwest::Result<Arc<Self>> {
        crypto::install();
        let keys = Keys::new(settings.pace);
        let is_away = AtomicBool::default();
        Ok(Arc::new(Self { settings, http: fetch::client()?, keys, is_away }))
    }

    /// What was agreed with it.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Reads the keys now and again, until the handle is aborted.
    pub fn keep(self: &Arc<Self>) -> JoinHandle<()> {
        let provider = Arc::clone(self);
        tokio::spawn(async move {
            let every = provider.keys.pace().every;
            let mut pause = AGAIN;
            loop {
                if provider.keys.read(provider.read_keys()).await {
                    pause = AGAIN;
                    tokio::time::sleep(every).await;
                } else {
                    tokio::time::sleep(pause.min(every)).await;
                    pause = (pause * 2).min(every);
                }
            }
        })
    }

    /// Reads the keys if a token was refused for lack of its key and it is time; whether to verify it
    /// again.
    pub async fn learn(&self, token: &str) -> bool {
        let Ok(header) = self.header(token) else { return false };
        self.keys.learn(header.kid.as_deref(), self.read_keys()).await
    }

    async fn read_keys(&self) -> Option<KeySet> {
        let issuer = &self.settings.issuer;
        let read = match &self.settings.jwks_url {
            Some(url) => self.keys_at(url).await,
            None => match self.description().await {
                Ok(said) => {
                    let url = said["jwks_uri"].as_str().unwrap_or_default();
                    match self.check_address(url) {
                        Ok(()) => self.keys_at(url).await,
                        Err(error) => Err(error),
                    }
                }
                Err(error) => Err(error.to_string()),
            },
        };
        match read {
            Ok(keys) => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!(%issuer, "the provider's keys can be read again");
                }
                Some(keys)
            }
            // Told once: it is tried again and again.
            Err(_) if self.is_away.swap(true, Ordering::Relaxed) => None,
            Err(error) => {
                tracing::warn!(%issuer, %error, "the provider's keys can't be read; those that were read last count");
                None
            }
        }
    }

    async fn keys_at(&self, url: &str) -> Result<KeySet, String> {
        let what = format!("the keys at {url}");
        let jwks = fetch::good(self.http.get(url), &what).await?;
        match jwks["keys"].is_array() {
            true => Ok(KeySet::of(&jwks)),
            false => Err(format!("{what} are no JWKS: a list called keys is missing")),
        }
    }

    /// Refuses an address out of the description by which others could answer for the provider.
    pub(super) fn check_address(&self, url: &str) -> Result<(), String> {
        let is_encrypted = url.starts_with("https://");
        match is_encrypted || self.settings.issuer.starts_with("http://") {
            true => Ok(()),
            false => Err(format!("the provider names {url:?}, which is no https:// address")),
        }
    }

    /// What the provider publishes of itself.
    ///
    /// # Errors
    /// [`SignInError::Away`], or it is of another issuer.
    pub async fn description(&self) -> Result<Value, SignInError> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let said = fetch::good(self.http.get(&url), &url).await.map_err(SignInError::Away)?;
        if said["issuer"] != issuer.as_str() {
            let text = format!("{url} names another issuer than {issuer}");
            return Err(SignInError::Answer(text));
        }
        Ok(said)
    }

    /// Verifies an access token for this server.
    ///
    /// # Errors
    /// [`TokenError`], the first thing that is wrong.
    pub fn access(&self, token: &str, now_unix_s: i64) -> Result<Claims, TokenError> {
        let audience = self.settings.audience.as_deref().ok_or(TokenError::Audience)?;
        let kind = self.header(token)?.typ.unwrap_or_default().to_ascii_lowercase();
        // Many providers say no more than that it is a JWT; the audience tells it from an ID token.
        if !["", "jwt", "at+jwt", "application/at+jwt"].contains(&kind.as_str()) {
            return Err(TokenError::Type);
        }
        let claims = self.verified(token, audience, now_unix_s)?;
        if claims.all.contains_key("nonce") && !kind.ends_with("at+jwt") {
            return Err(TokenError::Type);
        }
        Ok(claims)
    }

    /// Whether tokens that a key signed still count.
    pub fn knows(&self, key_id: &str) -> bool {
        let has = |keys: Arc<KeySet>| {
            let mut taken = self.settings.algorithms.iter();
            taken.any(|algorithm| keys.find(Some(key_id), *algorithm).is_some())
        };
        self.keys.known().is_some_and(has)
    }

    /// Verifies a token for an audience, whatever its kind.
    ///
    /// # Errors
    /// As [`Provider::access`].
    pub(super) fn verified(
        &self,
        token: &str,
        audience: &str,
        now_unix_s: i64,
    ) -> Result<Claims, TokenError> {
        let header = self.header(token)?;
        let keys = self.keys.known().ok_or(TokenError::ProviderAway)?;
        let key = keys.find(header.kid.as_deref(), header.alg).ok_or(TokenError::UnknownKey)?;
        let mut validation = Validation::new(header.alg);
        // Only the signature: what the claims say is looked at below, at the time given.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation);
        let all = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            _ => TokenError::Malformed,
        })?;
        let all = all.claims;
        if all.get("iss").and_then(Value::as_str) != Some(&self.settings.issuer) {
            return Err(TokenError::Issuer);
        }
        let is_meant = match all.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            _ => false,
        };
        if !is_meant {
            return Err(TokenError::Audience);
        }
        let acr = all.get("acr").and_then(Value::as_str);
        let ways = &self.settings.required_acr;
        if !ways.is_empty() && !ways.iter().any(|way| acr == Some(way)) {
            return Err(TokenError::Otherwise(ways.clone()));
        }
        let expires_at = self.check_times(&all, now_unix_s)?;
        Ok(Claims { all, key_id: key.id.clone(), expires_at })
    }

    fn check_times(&self, claims: &Map<String, Value>, now_unix_s: i64) -> Result<i64, TokenError> {
        let instant = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => seconds(value).map(Some).ok_or(TokenError::Claim(name)),
        };
        let expires_at = instant("exp")?.ok_or(TokenError::Claim("exp"))?;
        let (issued_at, from) = (instant("iat")?, instant("nbf")?);
        let leeway_s = self.settings.leeway_s;
        if now_unix_s >= expires_at.saturating_add(leeway_s) {
            return Err(TokenError::Expired);
        }
        let first = from.max(issued_at).unwrap_or(now_unix_s);
        if now_unix_s < first.saturating_sub(leeway_s) {
            return Err(TokenError::NotYetValid);
        }
        let max_s = self.settings.max_life_s;
        if expires_at.saturating_sub(issued_at.unwrap_or(now_unix_s)) > i64::from(max_s) {
            return Err(TokenError::LastsTooLong { max_s });
        }
        Ok(expires_at)
    }

    /// A token's header, if its algorithm is one that is taken.
    fn header(&self, token: &str) -> Result<Header, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let taken = || {
            let taken = self.settings.algorithms.iter().map(|algorithm| format!("{algorithm:?}"));
            TokenError::ProviderAlgorithm { taken: taken.collect::<Vec<_>>().join(", ") }
        };
        let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
            // `alg: none` and unknown algorithms are no variant of the library's enum.
            ErrorKind::Json(cause) if cause.to_string().contains("unknown variant") => taken(),
            _ => TokenError::Malformed,
        })?;
        if !self.settings.algorithms.contains(&header.alg) {
            return Err(taken());
        }
        match header.crit {
            Some(_) => Err(TokenError::Critical),
            None => Ok(header),
        }
    }
}

/// A NumericDate, which may have a fraction.
#[expect(clippy::cast_possible_truncation, reason = "a fraction of a second decides nothing")]
fn seconds(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.abs() < 1e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_over_https_leads_to_no_plain_address() {
        let provider = |issuer: &str| {
            Provider::new(ProviderSettings {
                issuer: issuer.to_owned(),
                audience: None,
                jwks_url: None,
                algorithms: vec![Algorithm::ES256],
                leeway_s: 60,
                max_life_s: 600,
                required_acr: Vec::new(),
                client: None,
                pace: Pace::default(),
            })
        };
        let encrypted = provider("https://idp.example").unwrap();
        assert_eq!(encrypted.check_address("https://keys.example/jwks"), Ok(()));
        for plain in ["http://idp.example/token", "", "javascript:alert(1)"] {
            assert!(encrypted.check_address(plain).is_err(), "{plain}");
        }
        assert_eq!(
            provider("http://127.0.0.1:1").unwrap().check_address("http://127.0.0.1:1/t"),
            Ok(())
        );
    }
}
