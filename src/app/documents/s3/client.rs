//! The two clients of a store: one that asks, and is answered or gives up within seconds, since acts
//! wait for it; one that moves content, which may take its time while bytes flow.

use super::S3Settings;
use super::failure::{Failed, too_late};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use std::time::Duration;

/// For the connection alone: a store is near its nodes.
const CONNECT: Duration = Duration::from_secs(2);
/// Of one attempt to ask; two fit into the whole.
const ATTEMPT: Duration = Duration::from_millis(2_400);

/// What is read of the standard environment, and whether it is a part of the credentials.
const STANDARD: &[(&str, AmazonS3ConfigKey, bool)] = &[
    ("AWS_ACCESS_KEY_ID", AmazonS3ConfigKey::AccessKeyId, true),
    ("AWS_SECRET_ACCESS_KEY", AmazonS3ConfigKey::SecretAccessKey, true),
    ("AWS_SESSION_TOKEN", AmazonS3ConfigKey::Token, true),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", AmazonS3ConfigKey::WebIdentityTokenFile, true),
    ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn, true),
    ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName, true),
    (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
        true,
    ),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", AmazonS3ConfigKey::ContainerCredentialsFullUri, true),
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
        true,
    ),
    ("AWS_REGION", AmazonS3ConfigKey::Region, false),
    ("AWS_DEFAULT_REGION", AmazonS3ConfigKey::DefaultRegion, false),
];

/// Whether the environment says by what credentials to come in, or where to get them.
pub(super) fn has_credentials(environment: &[(String, String)]) -> bool {
    let names =
        STANDARD.iter().filter(|(.., is_credential)| *is_credential).map(|(name, ..)| *name);
    names.into_iter().any(|name| environment.iter().any(|(given, _)| given == name))
}

pub(super) struct Clients {
    pub asking: AmazonS3,
    pub moving: AmazonS3,
    /// For a question with all its attempts.
    answer_within: Duration,
}

impl Clients {
    pub fn new(settings: &S3Settings) -> object_store::Result<Clients> {
        let attempt = ATTEMPT.min(settings.answer_within);
        let options = || {
            ClientOptions::new()
                .with_allow_http(settings.address.allow_http)
                .with_connect_timeout(CONNECT)
        };
        let asking = builder(settings)
            .with_client_options(options().with_timeout(attempt))
            .with_retry(retries(2, settings.answer_within))
            .build()?;
        let moving = builder(settings)
            .with_client_options(
                options().with_timeout_disabled().with_read_timeout(settings.silence),
            )
            .with_retry(retries(3, Duration::from_secs(20)))
            .build()?;
        Ok(Clients { asking, moving, answer_within: settings.answer_within })
    }

    /// Waits for an answer, but not for long.
    pub async fn ask<T>(
        &self,
        question: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failed> {
        match tokio::time::timeout(self.answer_within, question).await {
            Ok(answer) => answer.map_err(|error| Failed::of(&error)),
            Err(_) => Err(too_late(self.answer_within.as_secs_f32())),
        }
    }
}

fn retries(max_retries: usize, retry_timeout: Duration) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries, retry_timeout }
}

fn builder(settings: &S3Settings) -> AmazonS3Builder {
    let address = &settings.address;
    let mut builder = AmazonS3Builder::new();
    for (name, value) in &settings.environment {
        let known = STANDARD.iter().find(|(standard, ..)| standard == name);
        // Keys that are configured stand alone: a token of the environment belongs to other keys.
        if let Some((_, key, _)) = known.filter(|known| !known.2 || settings.login.is_none()) {
            builder = builder.with_config(*key, value);
        }
    }
    if let Some(login) = &settings.login {
        builder = builder
            .with_access_key_id(&login.access_key_id)
            .with_secret_access_key(&login.secret_access_key);
    }
    if let Some(region) = &address.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &address.endpoint {
        builder = builder.with_endpoint(match address.path_style {
            true => endpoint.clone(),
            false => endpoint.replacen("://", &format!("://{}.", address.bucket), 1),
        });
    }
    builder
        .with_bucket_name(&address.bucket)
        .with_virtual_hosted_style_request(!address.path_style)
        // Not every store has it, and there is little to delete.
        .with_disable_bulk_delete(true)
}
