//! Signing in by authorization code (RFC 6749), with PKCE (RFC 7636), state and nonce.
//!
//! What must hold: a code counts only with the verifier that the very browser keeps, and a token only
//! with the nonce that was asked for; nothing secret stands in an address but the code itself, which is
//! good for one use.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::{SignInError, TokenError};
use super::fetch;
use super::provider::{Claims, ClientSettings, Provider, known_by};

/// What a browser that was sent to the provider keeps until it comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Comes back with the code.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shows that the code was asked for by this browser.
    pub verifier: String,
    /// The page wanted before.
    pub next: String,
}

/// Makes a token of this server out of what a provider's says.
type Issue = dyn Fn(&Claims) -> Result<String, SignInError> + Send + Sync;

/// A provider by which people sign in.
#[derive(Clone)]
pub struct SignInBy {
    provider: Arc<Provider>,
    client: ClientSettings,
    issue: Arc<Issue>,
    clock: fn() -> i64,
}

impl SignInBy {
    /// Signs people in by a provider, as the client that is agreed with it; nothing where none is.
    /// `clock` gives Unix seconds.
    pub fn new(
        provider: &Arc<Provider>,
        issue: impl Fn(&Claims) -> Result<String, SignInError> + Send + Sync + 'static,
        clock: fn() -> i64,
    ) -> Option<Self> {
        let (provider, client) = (Arc::clone(provider), provider.settings.client.clone()?);
        Some(Self { provider, client, issue: Arc::new(issue), clock })
    }

    /// What people know the provider by: its host.
    pub fn name(&self) -> String {
        let issuer = &self.provider.settings.issuer;
        let host = Url::parse(issuer).ok();
        let host = host.and_then(|url| url.host_str().map(ToOwned::to_owned));
        host.unwrap_or_else(|| issuer.clone())
    }

    /// Where to send a browser.
    ///
    /// # Errors
    /// When the provider does not say where.
    pub async fn address(&self, sent: &Sent) -> Result<String, SignInError> {
        let said = self.provider.description().await?;
        let to = self.endpoint(&said, "authorization_endpoint")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent.verifier));
        let mut url = Url::parse(&to).map_err(|_| not_said("authorization_endpoint"))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.client.redirect)
            .append_pair("scope", &self.client.scopes)
            .append_pair("state", &sent.state)
            .append_pair("nonce", &sent.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let ways @ [_, ..] = self.provider.settings.required_acr.as_slice() {
            url.query_pairs_mut().append_pair("acr_values", &ways.join(" "));
        }
        Ok(url.into())
    }

    /// Whether a token of this server is of who was signed in by the provider; it is not verified.
    pub fn signed_in(&self, token: &str) -> bool {
        known_by(token).is_some_and(|known_by| known_by == self.provider.settings.issuer)
    }

    /// Where to send a browser that is to be signed out at the provider too (OpenID Connect RP-Initiated
    /// Logout 1.0, 2), if the provider has such an address.
    ///
    /// # Errors
    /// When the provider's description can't be had.
    pub async fn sign_out_address(&self) -> Result<Option<String>, SignInError> {
        let said = self.provider.description().await?;
        if said["end_session_endpoint"].is_null() {
            return Ok(None);
        }
        let to = self.endpoint(&said, "end_session_endpoint")?;
        let mut url = Url::parse(&to).map_err(|_| not_said("end_session_endpoint"))?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", &self.client.back);
        Ok(Some(url.into()))
    }

    /// A token of this server for who came back with a code.
    ///
    /// # Errors
    /// [`SignInError`], the first thing that is wrong.
    pub async fn token(&self, code: &str, sent: &Sent) -> Result<String, SignInError> {
        let said = self.provider.description().await?;
        let answer = self.exchanged(&said, code, sent).await?;
        let Some(token) = answer["id_token"].as_str() else {
            let text = "the provider's answer holds no id_token; is openid among the scopes?";
            return Err(SignInError::Answer(text.to_owned()));
        };
        let now_unix_s = (self.clock)();
        let verify = || self.provider.verified(token, &self.client.id, now_unix_s);
        let claims = match verify() {
            Err(TokenError::UnknownKey | TokenError::ProviderAway)
                if self.provider.learn(token).await =>
            {
                verify()
            }
            verified => verified,
        }?;
        let says = |name: &str| claims.all.get(name).and_then(Value::as_str);
        if says("nonce") != Some(&sent.nonce) {
            return Err(SignInError::Nonce);
        }
        // A token for several is one for whom it was issued to.
        if says("azp").is_some_and(|party| party != self.client.id) {
            return Err(TokenError::Audience.into());
        }
        (self.issue)(&claims)
    }

    async fn exchanged(&self, said: &Value, code: &str, sent: &Sent) -> Result<Value, SignInError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.client.redirect),
            ("code_verifier", &sent.verifier),
        ];
        let mut request = self.provider.http.post(self.endpoint(said, "token_endpoint")?);
        match &self.client.secret {
            None => fields.push(("client_id", &self.client.id)),
            Some(secret) => match takes(said, "client_secret_basic") {
                true => request = request.header("authorization", self.basic(secret)),
                false => {
                    fields.push(("client_id", &self.client.id));
                    fields.push(("client_secret", secret));
                }
            },
        }
        let body: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body.join("&"));
        match fetch::json(request).await {
            Ok((StatusCode::OK, answer)) => Ok(answer),
            Ok((status, answer)) => {
                let why = [&answer["error"], &answer["error_description"]];
                let why: Vec<_> = why.iter().filter_map(|text| text.as_str()).collect();
                let status = status.as_u16();
                Err(SignInError::Answer(format!(
                    "the provider does not take the code: {status} {}",
                    why.join(", ")
                )))
            }
            Err(error) => Err(SignInError::Away(format!("the provider does not answer: {error}"))),
        }
    }

    fn endpoint(&self, said: &Value, name: &'static str) -> Result<String, SignInError> {
        let url = said[name].as_str().ok_or_else(|| not_said(name))?;
        self.provider.check_address(url).map_err(SignInError::Answer)?;
        Ok(url.to_owned())
    }

    /// RFC 6749, 2.3.1: id and secret are encoded as in a form first.
    fn basic(&self, secret: &str) -> String {
        let pair = format!("{}:{}", encoded(&self.client.id), encoded(secret));
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// Whether the provider takes this way of saying a client's secret; the first way where it says nothing.
fn takes(said: &Value, way: &str) -> bool {
    let ways = said["token_endpoint_auth_methods_supported"].as_array();
    ways.is_none_or(|ways| ways.iter().any(|known| known == way))
}

fn not_said(name: &str) -> SignInError {
    SignInError::Answer(format!("the provider's description lacks a good {name}"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
