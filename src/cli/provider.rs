//! The provider of the configuration (`auth.oidc`): its tokens for the interface, and signing in by it.

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use reqwest::Url;

use super::config::{Config, Oidc};
use super::exit::{Exit, failure};
use super::masked::masked_text;
use super::token::{new_id, now_unix_s, token_key};
use crate::api::auth::{ByIssuer, ClaimMap, Grant, LocalVerifier, Role, Verifier, issue_for};
use crate::oidc::{
    Claims, ClientSettings, Pace, Provider, ProviderSettings, SignInBy, SignInError,
};

/// Where the provider sends people back to, below the public address.
const CALLBACK: &str = "/console/login/callback";
/// The algorithms that may be taken: none of a secret that both sides know.
const ALGORITHMS: [(&str, Algorithm); 3] =
    [("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];

/// A provider as it is configured.
pub struct Configured {
    settings: ProviderSettings,
    map: ClaimMap,
}

/// A provider that is asked for its keys now and again.
pub struct Kept {
    provider: Arc<Provider>,
    map: ClaimMap,
    keeping: tokio::task::JoinHandle<()>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

/// The provider of the configuration, if it names one.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn configured(config: &Config) -> anyhow::Result<Option<Configured>> {
    let oidc = &config.auth.oidc;
    check(oidc, &config.auth.issuer)
        .map_err(|(key, text)| failure(Exit::Usage, format!("auth.oidc.{key}: {text}")))?;
    let wrong = |key: &str, text: String| failure(Exit::Usage, format!("auth.oidc.{key}: {text}"));
    let algorithms = algorithms(&oidc.algorithms).map_err(|text| wrong("algorithms", text))?;
    let roles = roles_of(oidc.roles.as_deref().unwrap_or_default());
    let roles = roles.map_err(|text| wrong("roles", text))?;
    let required_acr = ways_of(oidc.required_acr.as_deref().unwrap_or_default());
    let required_acr = required_acr.map_err(|text| wrong("required_acr", text))?;
    let Some(issuer) = oidc.issuer.clone() else { return Ok(None) };
    let client = oidc.client_id.clone().map(|id| ClientSettings {
        id,
        secret: oidc.client_secret.clone(),
        scopes: oidc.scopes.clone(),
        redirect: format!("{}{CALLBACK}", config.server.public_url),
        back: format!("{}/console/login", config.server.public_url),
    });
    let settings = ProviderSettings {
        issuer,
        audience: oidc.audience.clone(),
        jwks_url: oidc.jwks_url.clone(),
        algorithms,
        leeway_s: oidc.leeway_s.into(),
        max_life_s: config.auth.max_token_ttl_s,
        required_acr,
        client,
        pace: Pace::default(),
    };
    let map = ClaimMap {
        roles_claim: oidc.roles_claim.clone(),
        roles,
        office_claim: oidc.office_claim.clone(),
        divisions_claim: oidc.divisions_claim.clone(),
    };
    Ok(Some(Configured { settings, map }))
}

/// The first key whose value does not go with the others, and what would.
fn check(oidc: &Oidc, own_issuer: &str) -> Result<(), (&'static str, String)> {
    let said = |key: &'static str, text: &str| Err((key, text.to_owned()));
    let Some(issuer) = &oidc.issuer else {
        let alone = [
            ("audience", &oidc.audience),
            ("jwks_url", &oidc.jwks_url),
            ("roles", &oidc.roles),
            ("required_acr", &oidc.required_acr),
            ("client_id", &oidc.client_id),
            ("client_secret", &oidc.client_secret),
        ];
        return match alone.iter().find(|(_, given)| given.is_some()) {
            Some((key, _)) => said(key, "auth.oidc.issuer is not given; name the provider"),
            None => Ok(()),
        };
    };
    if issuer == own_issuer {
        return said(
            "issuer",
            "it is auth.issuer, whose tokens are Docket's own; a token's issuer decides who verifies it",
        );
    }
    for (key, url) in [("issuer", Some(issuer)), ("jwks_url", oidc.jwks_url.as_ref())] {
        if let Some(url) = url.filter(|url| !is_safe(url)) {
            let text = "expected an https:// address without user and query (http:// on a loopback address alone)";
            return Err((key, format!("{}: {text}", masked_text(url))));
        }
    }
    if oidc.audience.is_none() && oidc.client_id.is_none() {
        return said(
            "issuer",
            "give auth.oidc.audience for its access tokens, auth.oidc.client_id for signing in, or both",
        );
    }
    if oidc.audience.is_some() && oidc.audience == oidc.client_id {
        return said(
            "audience",
            "it is the client's id, which is the audience of ID tokens; access tokens need another",
        );
    }
    if oidc.client_secret.is_some() && oidc.client_id.is_none() {
        return said("client_secret", "auth.oidc.client_id is not given");
    }
    if !oidc.scopes.split_whitespace().any(|scope| scope == "openid") {
        return said("scopes", "openid is not among them");
    }
    Ok(())
}

/// Whether nobody on the way can put other keys in the place of the provider's.
fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let is_plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    is_plain && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
}

fn algorithms(list: &str) -> Result<Vec<Algorithm>, String> {
    let known = |name: &str| {
        let found = ALGORITHMS.iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
            format!(
                "{name:?} is not taken; expected some of RS256, ES256, EdDSA, commas between them"
            )
        })
    };
    list.split(',').map(|name| known(name.trim())).collect()
}

/// The ways of signing in in a list. A challenge names them in quotes, with blanks between.
fn ways_of(list: &str) -> Result<Vec<String>, String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let ways = list.split(',').map(str::trim).filter(|way| !way.is_empty());
    let ways = ways.map(|way| match way.bytes().all(is_plain) {
        true => Ok(way.to_owned()),
        false => Err(format!("{way:?}: expected visible ASCII without quotes and blanks")),
    });
    ways.collect()
}

/// The provider whose access tokens are taken, if there is one.
pub fn authorization_server(config: &Config) -> Option<String> {
    let oidc = &config.auth.oidc;
    oidc.issuer.clone().filter(|_| oidc.audience.is_some())
}

fn roles_of(list: &str) -> Result<Vec<(String, Role)>, String> {
    let mut roles: Vec<(String, Role)> = Vec::new();
    for pair in list.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, role) = pair.rsplit_once('=').unwrap_or((pair, ""));
        let Some(role) = Role::parse(role.trim()) else {
            let known = Role::ALL.map(Role::as_str).join(", ");
            return Err(format!("{pair:?}: expected the provider's name, =, and one of {known}"));
        };
        let name = name.trim();
        if name.is_empty() || roles.iter().any(|(known, _)| known == name) {
            return Err(format!("{pair:?}: each of the provider's names stands there once"));
        }
        roles.push((name.to_owned(), role));
    }
    Ok(roles)
}

impl Configured {
    /// Begins to ask the provider for its keys; nobody waits for them. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn keep(self) -> anyhow::Result<Kept> {
        let provider = Provider::new(self.settings)?;
        let keeping = provider.keep();
        Ok(Kept { provider, map: self.map, keeping })
    }
}

impl Kept {
    /// Takes Docket's own tokens and the provider's.
    pub fn verifier(&self, own: LocalVerifier) -> Arc<dyn Verifier> {
        Arc::new(ByIssuer::new(own, self.provider.clone(), self.map.clone()))
    }

    /// Signs people in with short tokens of Docket's key; nothing where no client is configured.
    pub fn sign_in(&self, config: &Config) -> Option<SignInBy> {
        let (map, auth) = (self.map.clone(), config.auth.clone());
        let known_by = self.provider.settings().issuer.clone();
        let issue = move |claims: &Claims| {
            let principal = map.principal(&known_by, &claims.all)?;
            let grant = Grant {
                issuer: auth.issuer.clone(),
                audience: auth.audience.clone(),
                sub: principal.sub,
                role: principal.role,
                office: principal.office,
                divisions: principal.divisions,
                jti: new_id().to_string(),
            };
            let ttl_s = auth.oidc.session_s.min(auth.max_token_ttl_s);
            // Read each time: the key may have been changed since the start.
            let key = token_key(&auth.token_key);
            let issued = key
                .and_then(|key| Ok(issue_for(&key, &grant, Some(&known_by), now_unix_s(), ttl_s)?));
            issued.map_err(|error| {
                tracing::error!(%error, "nobody can be signed in");
                SignInError::Away("this server can't issue a token".to_owned())
            })
        };
        SignInBy::new(&self.provider, issue, now_unix_s)
    }
}
