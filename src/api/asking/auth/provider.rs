//! What the claims of a provider's tokens mean: who acts, in which role, for which office and divisions.
//! And the verifier that goes by a token's issuer.
//!
//! What must hold: nothing is guessed. Claims that name no role, or two, no office where one is needed, or
//! no division where the role acts for some, let nobody in, and what is missing is said.

use super::token::{LocalVerifier, Verified, Verifier};
use super::{Principal, Role};
use crate::domain::ids::Text;
use crate::domain::text::says_something;
use crate::oidc::{Claims, Provider, TokenError, issuer_of};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use std::sync::Arc;

/// From claims to a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMap {
    /// The claim that names roles: a text, or a list of them. A name with dots is also a path.
    pub roles_claim: String,
    /// What the provider calls each role; nothing: it calls them as Docket does.
    pub roles: Vec<(String, Role)>,
    /// The claim that names the office.
    pub office_claim: String,
    /// The claim that names divisions and areas.
    pub divisions_claim: String,
}

impl ClaimMap {
    /// Who a token with these claims stands for.
    ///
    /// # Errors
    /// [`TokenError::Nobody`], with what is missing; [`TokenError::Claim`].
    pub fn principal(
        &self,
        issuer: &str,
        claims: &Map<String, Value>,
    ) -> Result<Principal, TokenError> {
        let sub = claims.get("sub").and_then(Value::as_str).filter(|sub| says_something(sub));
        let sub = sub.ok_or(TokenError::Claim("sub"))?.to_owned();
        let role = self.role(claims)?;
        let offices = texts(claims, &self.office_claim);
        let [office] = offices.as_slice() else {
            let claim = &self.office_claim;
            return Err(nobody(
                format!(
                    "The claim {claim} names {} offices; exactly one is needed.",
                    offices.len()
                ),
                format!("声明 {claim} 列出 {} 个机关，须恰为一个。", offices.len()),
            ));
        };
        let divisions = texts(claims, &self.divisions_claim);
        let is_of_divisions =
            matches!(role, Role::ProvincialDepartment | Role::Province | Role::LocalGovernment);
        if is_of_divisions && divisions.is_empty() {
            let claim = &self.divisions_claim;
            return Err(nobody(
                format!(
                    "The claim {claim} names no division or area; the role {role} acts for some."
                ),
                format!("声明 {claim} 未列出行政区划或区域，角色 {role} 须有。"),
            ));
        }
        let (iss, office) = (issuer.to_owned(), office.clone());
        Ok(Principal { iss, sub, role, office, divisions })
    }

    fn role(&self, claims: &Map<String, Value>) -> Result<Role, TokenError> {
        let named = texts(claims, &self.roles_claim);
        let known = |name: &String| match self.roles.is_empty() {
            true => Role::parse(name),
            false => self.roles.iter().find(|(of, _)| of == name).map(|(_, role)| *role),
        };
        let mut roles: Vec<_> = named.iter().filter_map(known).collect();
        roles.sort_unstable();
        roles.dedup();
        let claim = &self.roles_claim;
        match roles.as_slice() {
            [role] => Ok(*role),
            [] => Err(nobody(
                format!(
                    "The claim {claim} names no role that is known here; exactly one is needed."
                ),
                format!("声明 {claim} 未列出本系统已知的角色，须恰为一个。"),
            )),
            several => {
                let list: Vec<_> = several.iter().map(|role| role.as_str()).collect();
                let list = list.join(", ");
                Err(nobody(
                    format!(
                        "The claim {claim} names several roles ({list}); exactly one is needed."
                    ),
                    format!("声明 {claim} 列出多个角色（{list}），须恰为一个。"),
                ))
            }
        }
    }
}

fn nobody(en: String, zh: String) -> TokenError {
    TokenError::Nobody(Text { en, zh })
}

/// The texts of a claim, each once; a number counts as its digits.
fn texts(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    let by_path = || {
        let (first, rest) = claim.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, part| value.get(part))
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let found = claims.get(claim).or_else(by_path);
    let mut texts: Vec<String> = match found {
        Some(Value::Array(several)) => several.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    };
    texts.retain(|text| says_something(text));
    let mut seen = Vec::new();
    texts.retain(|text| {
        !seen.contains(text) && {
            seen.push(text.clone());
            true
        }
    });
    texts
}

/// Docket's own tokens, and those of a provider: a token's issuer decides.
pub struct ByIssuer {
    own: LocalVerifier,
    provider: Arc<Provider>,
    map: ClaimMap,
}

impl ByIssuer {
    /// Takes the tokens of both.
    pub fn new(own: LocalVerifier, provider: Arc<Provider>, map: ClaimMap) -> Self {
        Self { own, provider, map }
    }

    fn is_providers(&self, token: &str) -> bool {
        issuer_of(token).is_some_and(|issuer| issuer == self.provider.settings().issuer)
    }

    fn of_provider(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError> {
        let claims = self.provider.access(token, now_unix_s)?;
        let principal = self.map.principal(&self.provider.settings().issuer, &claims.all)?;
        let id = claims.all.get("jti").and_then(Value::as_str);
        let Claims { key_id, expires_at, .. } = claims;
        Ok(Verified {
            principal,
            key_id,
            token_id: id.unwrap_or_default().to_owned(),
            expires_at,
            leeway_s: self.provider.settings().leeway_s,
            is_own: false,
        })
    }
}

impl Verifier for ByIssuer {
    fn verify(&self, token: &str, now_unix_s: i64) -> Result<Verified, TokenError> {
        match self.is_providers(token) {
            true => self.of_provider(token, now_unix_s),
            false => self.own.verify(token, now_unix_s),
        }
    }

    fn still_accepts(&self, verified: &Verified, now_unix_s: i64) -> bool {
        match verified.is_own {
            true => self.own.still_accepts(verified, now_unix_s),
            false => self.provider.knows(&verified.key_id),
        }
    }

    fn learn<'a>(&'a self, token: &'a str) -> BoxFuture<'a, bool> {
        match self.is_providers(token) {
            true => Box::pin(self.provider.learn(token)),
            false => self.own.learn(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(roles: &[(&str, Role)]) -> ClaimMap {
        ClaimMap {
            roles_claim: "realm_access.roles".to_owned(),
            roles: roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect(),
            office_claim: "https://docket.example/office".to_owned(),
            divisions_claim: "divisions".to_owned(),
        }
    }

    fn principal(map: &ClaimMap, claims: Value) -> Result<(Role, Vec<String>), String> {
        let Value::Object(claims) = claims else { return Err("no object".to_owned()) };
        let made = map.principal("https://idp.example", &claims);
        made.map(|made| (made.role, made.divisions)).map_err(|error| error.to_string())
    }

    #[test]
    fn claims_name_a_role_an_office_and_divisions_by_path_or_by_name() {
        let claims = |roles: Value, divisions: Value| {
            json!({
                "sub": "u", "realm_access": {"roles": roles}, "divisions": divisions,
                "https://docket.example/office": "gd-ip",
            })
        };
        let plain = map(&[]);
        let named = map(&[("ip-gd", Role::ProvincialDepartment), ("ip-all", Role::Auditor)]);
        let province = Ok((Role::ProvincialDepartment, vec!["440000".to_owned()]));
        let own = json!(["offline_access", "provincial_department"]);
        assert_eq!(principal(&plain, claims(own.clone(), json!(440000))), province);
        assert_eq!(
            principal(&named, claims(json!("ip-gd"), json!(["440000", "440000"]))),
            province
        );
        assert_eq!(
            principal(&named, claims(json!(["ip-all"]), Value::Null)),
            Ok((Role::Auditor, vec![]))
        );
        for (map, roles, divisions, says) in [
            (&named, own, json!("440000"), "realm_access.roles names no role"),
            (&named, json!(["ip-gd", "ip-all"]), json!("440000"), "auditor"),
            (&named, json!(["ip-gd"]), json!([]), "divisions names no division"),
            (&named, json!({"ip-gd": true}), json!("440000"), "names no role"),
        ] {
            let refused = principal(map, claims(roles, divisions)).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        let mut without = claims(json!("ip-gd"), json!("440000"));
        without["https://docket.example/office"] = json!(["a", "b"]);
        assert!(principal(&named, without.clone()).unwrap_err().contains("names 2 offices"));
        without["sub"] = json!(" ");
        assert!(principal(&named, without).unwrap_err().contains("claim sub"));
    }
}
