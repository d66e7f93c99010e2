//! Every configuration key: its kind, its default and what it is for. What is not here is refused,
//! with the nearest key that is.

use toml::Value;

use super::kind::Kind;

/// One configuration key.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// May hold `<data>`, `<listen>` or `<scheme>`, which stand for other keys; none: may be absent.
    pub default: Option<&'static str>,
    /// May carry a password, so it can come from a file, and is masked when printed.
    pub secret: bool,
    pub help: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Key {
    Key { name, kind, default: Some(default), secret: false, help }
}

const fn absent(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, default: None, secret: false, help }
}

const fn secret(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, kind: Kind::Text, default: Some(default), secret: true, help }
}

const fn absent_secret(name: &'static str, help: &'static str) -> Key {
    Key { name, kind: Kind::Text, default: None, secret: true, help }
}

const fn number(min: i64, max: i64) -> Kind {
    Kind::Number { min, max }
}

/// All keys, in the order in which they are printed.
pub const KEYS: &[Key] = &[
    key("server.listen", Kind::Socket, "127.0.0.1:8080", "address and port of the API"),
    absent("server.metrics_listen", Kind::Socket, "address and port of /metrics; else none"),
    key("server.public_url", Kind::Url, "<scheme>://<listen>", "how clients reach the API"),
    absent(
        "server.tls.cert",
        Kind::Path,
        "certificate of the listener with its chain (PEM), read again when it changes; else no TLS",
    ),
    absent("server.tls.key", Kind::Path, "private key of that certificate (PEM)"),
    absent(
        "server.tls.client_ca",
        Kind::Path,
        "authorities (PEM) of one of which every client needs a certificate; else none is asked for",
    ),
    key("server.max_body_bytes", number(1024, 1 << 30), "1048576", "largest JSON body"),
    key("server.max_document_bytes", number(1024, 1 << 34), "67108864", "largest document"),
    key(
        "server.max_import_bytes",
        number(1024, 1 << 36),
        "1073741824",
        "largest file to import; of an archive also what it holds",
    ),
    key("server.shutdown_grace_s", number(0, 3600), "10", "seconds that stopping may take"),
    absent(
        "server.security_contact",
        Kind::Uri,
        "where a weakness is reported, for /.well-known/security.txt: https://… or mailto:…; else none",
    ),
    absent("server.workers", number(1, 1024), "threads that serve requests; else one per core"),
    key(
        "store.data_dir",
        Kind::Path,
        "docket-data",
        "folder of log, read models, documents and keys",
    ),
    secret("store.log", "sqlite:<data>/log.sqlite", "address of the log"),
    secret(
        "store.read_model",
        "sqlite:<data>/read-models",
        "address of the read models: sqlite:<folder>, postgres://user@host/database",
    ),
    secret(
        "store.documents",
        "file:<data>/documents",
        "address of the documents: file:<folder>, s3://bucket/prefix?endpoint=…&region=…",
    ),
    key(
        "store.wait_s",
        number(0, 3600),
        "60",
        "seconds that a start waits for a log or read models that do not answer yet",
    ),
    absent_secret(
        "store.s3.access_key_id",
        "key by which to reach documents in an S3 store; else the variables of AWS",
    ),
    absent_secret("store.s3.secret_access_key", "the secret that belongs to that key"),
    key(
        "store.kurrentdb.prefix",
        Kind::Prefix,
        "docket.",
        "what the names of the log's streams begin with in a KurrentDB; fixed with the log",
    ),
    absent("store.kurrentdb.user", Kind::Text, "user of a KurrentDB, instead of the address's"),
    absent_secret("store.kurrentdb.password", "the user's password, instead of the address's"),
    // Not the address: who recorded an act is kept as `issuer|subject`, and a server that moves stays
    // the same issuer.
    key("auth.issuer", Kind::Text, "docket", "issuer of the tokens, issued and accepted"),
    key("auth.audience", Kind::Text, "docket", "audience of the tokens, issued and accepted"),
    key(
        "auth.token_key",
        Kind::Path,
        "<data>/token-key.pem",
        "key pair of the tokens, made at the first start",
    ),
    key(
        "auth.max_token_ttl_s",
        number(1, 34_560_000),
        "34560000",
        "seconds that a token may last at most, issued and accepted",
    ),
    absent(
        "auth.oidc.issuer",
        Kind::Uri,
        "OpenID Connect provider whose tokens are taken too, and by which people sign in; else none",
    ),
    absent("auth.oidc.audience", Kind::Text, "audience of its access tokens; else none are taken"),
    absent("auth.oidc.jwks_url", Kind::Url, "its keys; else where its description says"),
    key(
        "auth.oidc.algorithms",
        Kind::Text,
        "RS256,ES256,EdDSA",
        "algorithms of its signatures that are taken, of these three",
    ),
    key("auth.oidc.leeway_s", number(0, 300), "60", "seconds that its clock may differ by"),
    key("auth.oidc.roles_claim", Kind::Text, "roles", "claim that names the role; dots are a path"),
    absent(
        "auth.oidc.roles",
        Kind::Text,
        "what it calls roles: ip-department=provincial_department,audit=auditor; else as Docket does",
    ),
    absent(
        "auth.oidc.required_acr",
        Kind::Text,
        "ways of signing in that its tokens must name (claim acr), commas between them; else any",
    ),
    key("auth.oidc.office_claim", Kind::Text, "office", "claim that names the office"),
    key(
        "auth.oidc.divisions_claim",
        Kind::Text,
        "divisions",
        "claim that lists divisions and areas",
    ),
    absent(
        "auth.oidc.client_id",
        Kind::Text,
        "client as which people are signed in to the console; else with tokens only",
    ),
    absent_secret("auth.oidc.client_secret", "secret of that client, if it has one"),
    key("auth.oidc.scopes", Kind::Text, "openid", "scopes that signing in asks for"),
    key("auth.oidc.session_s", number(60, 86_400), "3600", "seconds that a person stays signed in"),
    absent(
        "reporting.reader_role",
        Kind::Text,
        "PostgreSQL role that may read docket_report and nothing else",
    ),
    key(
        "projections.batch_size",
        number(1, 100_000),
        "1000",
        "events per transaction of a read model",
    ),
    key(
        "projections.run",
        Kind::Flag,
        "true",
        "whether the server fills the read models; else `docket worker` does",
    ),
    key(
        "projections.lease_ms",
        number(100, 60_000),
        "3000",
        "milliseconds without a sign of life after which another process fills the read models",
    ),
    key(
        "cache.enrollment_bytes",
        number(0, 1 << 40),
        "83886080",
        "memory for enrollments kept at hand",
    ),
    key(
        "clerk.enabled",
        Kind::Flag,
        "true",
        "whether this node records that due dates passed in silence",
    ),
    key(
        "clerk.interval_s",
        number(1, 86_400),
        "60",
        "seconds between two looks, and until after its newest event an enrollment is looked at",
    ),
    key(
        "webhooks.allow_private_networks",
        Kind::Flag,
        "false",
        "whether webhooks may go to private networks, and over plain HTTP",
    ),
    key(
        "webhooks.timeout_s",
        number(1, 60),
        "20",
        "seconds that a webhook's receiver has to answer",
    ),
    key(
        "webhooks.max_attempts",
        number(1, 30),
        "10",
        "attempts of a delivery before its endpoint is disabled",
    ),
    key(
        "i18n.default_language",
        Kind::Choice(&["zh-CN", "en"]),
        "zh-CN",
        "language where a client names none",
    ),
    // Both are part of what readers keep: chosen once, before the first reader.
    key("events.type_prefix", Kind::Dotted, "docket", "what types begin with in feeds"),
    absent("events.source", Kind::Uri, "source of the events in feeds; else urn:docket:<log id>"),
    key(
        "telemetry.log_format",
        Kind::Choice(&["text", "json"]),
        "text",
        "form of the lines on stderr",
    ),
    absent_secret(
        "privacy.key_store",
        "keys of persons: sqlite:<file>, postgres://…; else a file beside a log in a file, or the database of the read models",
    ),
    absent("log.origin", Kind::Text, "origin of a new log's checkpoints; else docket/<log id>"),
    absent(
        "log.witnesses",
        Kind::Text,
        "witnesses that cosign checkpoints (C2SP tlog-witness): key and address of each with a space between, commas between them",
    ),
    absent(
        "log.timestamps",
        Kind::Text,
        "authority that stamps the time of checkpoints (RFC 3161), once a minute: a name for it, a space, its address",
    ),
];

impl Key {
    /// The value in the form that the key takes; `value` may be text wherever it comes from.
    ///
    /// # Errors
    /// What the key takes, for the message.
    pub fn accept(&self, value: Value) -> Result<Value, String> {
        self.kind.accept(value)
    }
}

/// The key with this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// The name most like this one.
pub fn nearest(name: &str) -> &'static str {
    let by_distance = KEYS.iter().min_by_key(|k| strsim::levenshtein(k.name, name));
    by_distance.map_or("", |k| k.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        for (given, meant) in [
            ("server.listn", "server.listen"),
            ("servr.public_url", "server.public_url"),
            ("store.datadir", "store.data_dir"),
            ("auth.isuer", "auth.issuer"),
            ("telemetry.format", "telemetry.log_format"),
        ] {
            assert_eq!(nearest(given), meant);
        }
    }
}
