//! What others look for at a well-known address (RFC 8615): which interface this is, which tokens it takes,
//! and where a weakness is reported.

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::api::asking::answer::{self, REVALIDATE};
use crate::api::asking::call::{Answered, Call};
use crate::domain::date::Timestamp;
use crate::domain::words::said;
use crate::views::media::{LINKSET, TEXT};
use crate::views::problem::{Code, OAUTH_RESOURCE, Problem};

/// Where the catalog stands.
pub const CATALOG: &str = "/.well-known/api-catalog";
/// How long what is said of reports of weaknesses is good: half a year (RFC 9116, 2.5.5: less than one).
const GOOD_US: i64 = 182 * 86_400_000_000;

/// Which tokens are taken, and who issues them (RFC 9728).
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProtectedResource {
    /// This interface.
    pub resource: String,
    /// The providers whose access tokens are taken beside Docket's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// How a token is sent.
    pub bearer_methods_supported: [&'static str; 1],
    /// What it is called.
    pub resource_name: &'static str,
    /// Where it is described.
    pub resource_documentation: String,
}

/// Answers what there is (RFC 9727): the description for machines, that for people, and whether it works.
///
/// # Errors
/// None.
pub async fn get_api_catalog(call: Call) -> Answered {
    let base = &call.state.settings.public_url;
    let link =
        |path: &str, media: &str| json!([{ "href": format!("{base}{path}"), "type": media }]);
    let links = json!({ "linkset": [{
        "anchor": format!("{base}/v1"),
        "service-desc": link("/openapi.json", "application/vnd.oai.openapi+json;version=3.1"),
        "service-doc": link("/docs", "text/html"),
        "status": link("/health/ready", "application/json"),
    }] });
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            format!("{LINKSET}; profile=\"https://www.rfc-editor.org/info/rfc9727\""),
        ))
        .insert_header((header::LINK, format!("<{base}{CATALOG}>; rel=\"api-catalog\"")))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .body(links.to_string()))
}

/// Answers which tokens are taken.
///
/// # Errors
/// None.
pub async fn get_protected_resource(call: Call) -> Answered {
    let settings = &call.state.settings;
    let base = &settings.public_url;
    let said = ProtectedResource {
        resource: base.clone(),
        authorization_servers: settings.authorization_server.iter().cloned().collect(),
        bearer_methods_supported: ["header"],
        resource_name: "Docket",
        resource_documentation: format!("{base}/docs"),
    };
    debug_assert!(call.http.path() == OAUTH_RESOURCE, "challenges name this address");
    answer::json(&call, &said)
}

/// Answers where a weakness is reported (RFC 9116).
///
/// # Errors
/// `not-found` where no contact is configured.
pub async fn get_security_txt(call: Call) -> Answered {
    let settings = &call.state.settings;
    let Some(contact) = &settings.security_contact else {
        let text = said!(
            "no contact is configured (server.security_contact)",
            "未配置联系方式（server.security_contact）"
        );
        return Err(Problem::new(Code::NotFound).detail(text.en).detail_zh(text.zh));
    };
    let now = call.state.app.clock().now();
    let until = Timestamp::from_micros(now.micros().saturating_add(GOOD_US)).civil_day();
    let base = &settings.public_url;
    let lines = format!(
        "Contact: {contact}\nExpires: {until}T00:00:00Z\nPreferred-Languages: zh, en\nCanonical: {base}/.well-known/security.txt\n"
    );
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, format!("{TEXT}; charset=utf-8")))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .body(lines))
}
