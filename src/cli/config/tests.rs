use super::keys::KEYS;
use super::*;
use std::fs;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

/// Loads with this file's text, this environment and these `--set`.
fn load(
    file: &str,
    variables: &[(&str, &str)],
    set: &[&str],
) -> Result<(Config, Origins), ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.toml");
    fs::write(&path, file).unwrap();
    let set = set.iter().map(|s| (*s).to_owned()).collect();
    let args = ConfigArgs { config: Some(path), set, ..ConfigArgs::default() };
    Config::load(&args, environment(variables))
}

fn origin(origins: &Origins, key: &str) -> String {
    origins.iter().find(|e| e.key == key).unwrap().origin.to_string()
}

#[test]
fn defaults_stand_on_what_was_given() {
    let (config, origins) = load("store.data_dir = \"/srv/docket\"", &[], &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.max_body_bytes, 1 << 20);
    assert_eq!(config.server.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.auth.issuer, "docket");
    assert_eq!(config.store.log, "sqlite:/srv/docket/log.sqlite");
    assert_eq!(config.auth.token_key, PathBuf::from("/srv/docket/token-key.pem"));
    assert_eq!(config.i18n.default_language, Language::Zh);
    assert!(!config.webhooks.allow_private_networks);
    assert_eq!((config.webhooks.timeout_s, config.webhooks.max_attempts), (20, 10));
    assert_eq!(config.telemetry.log_format, LogFormat::Text);
    assert_eq!((config.events.type_prefix.as_str(), config.events.source), ("docket", None));
    assert_eq!((config.server.workers, config.log.origin), (None, None));
    assert_eq!((config.clerk.enabled, config.clerk.interval_s), (true, 60));
    assert_eq!(origin(&origins, "store.log"), "default");
    let with_value = KEYS.iter().filter(|k| k.default.is_some()).count();
    assert_eq!(origins.len(), with_value);
}

#[test]
fn each_source_goes_over_the_one_before() {
    let file = "[server]\nlisten = \"0.0.0.0:1\"\nworkers = 3\n[telemetry]\nlog_format = \"json\"\n[log]\n";
    let variables = [("DOCKET_SERVER__LISTEN", "0.0.0.0:2"), ("DOCKET_SERVER__WORKERS", "4")];
    let (config, origins) = load(file, &variables, &["server.listen=0.0.0.0:3"]).unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:3");
    assert_eq!(config.server.workers, Some(4));
    assert_eq!(config.telemetry.log_format, LogFormat::Json);
    assert_eq!(origin(&origins, "server.listen"), "command line --set");
    assert_eq!(origin(&origins, "server.workers"), "environment DOCKET_SERVER__WORKERS");
    assert!(origin(&origins, "telemetry.log_format").ends_with("docket.toml"));
    let flags = ConfigArgs { listen: Some("[::1]:9".to_owned()), ..ConfigArgs::default() };
    let (config, origins) = Config::load(&flags, environment(&variables)).unwrap();
    assert_eq!(config.server.listen.to_string(), "[::1]:9");
    assert_eq!(origin(&origins, "server.listen"), "command line --listen");
}

/// The message holds each of these parts.
#[track_caller]
fn assert_refused(file: &str, variables: &[(&str, &str)], set: &[&str], parts: &[&str]) {
    let error = load(file, variables, set).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{error:?} lacks {part:?}");
    }
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest() {
    let file = |text: &str, parts: &[&str]| assert_refused(text, &[], &[], parts);
    file("server.listn = \"x\"", &["server.listn", "docket.toml", "is server.listen"]);
    file("typo = 1", &["no key typo"]);
    file("[servers]", &["no key servers"]);
    file("server = 1", &["no key server "]);
    file("[server", &["docket.toml", "line 1"]);
    let variable = |name: &str, parts: &[&str]| assert_refused("", &[(name, "1")], &[], parts);
    variable("DOCKET_SERVER__PORT", &["server.port", "environment DOCKET_SERVER__PORT"]);
    variable("DOCKET_SERVER_LISTEN", &["write DOCKET_SERVER__LISTEN"]);
    let set = |setting: &str, parts: &[&str]| assert_refused("", &[], &[setting], parts);
    set("servr.listen=1", &["servr.listen", "--set", "is server.listen"]);
    set("server.listen", &["KEY=VALUE"]);
    assert_refused("", &[], &["server.workers=1", "server.workers=2"], &["given twice"]);
    // What orchestrators set for a service of this name is no configuration.
    let foreign = [("DOCKET_PORT", "tcp://10.0.0.1:80"), ("DOCKET_SERVICE_HOST", "h")];
    load("", &foreign, &[]).unwrap();
    let missing = ConfigArgs { config: Some("no/such.toml".into()), ..ConfigArgs::default() };
    let error = Config::load(&missing, []).unwrap_err().to_string();
    assert!(error.contains("no/such.toml"), "{error}");
}

#[test]
fn a_wrong_value_is_refused_with_what_would_be_right() {
    let set = |setting: &str, parts: &[&str]| assert_refused("", &[], &[setting], parts);
    set("server.listen=localhost", &["127.0.0.1:8080"]);
    set("server.workers=0", &["\"0\"", "from 1 to 1024"]);
    set("server.public_url=docket.example", &["http:// or https://"]);
    set("i18n.default_language=fr", &["one of zh-CN, en"]);
    set("store.data_dir=", &["a path"]);
    set("clerk.enabled=maybe", &["\"maybe\"", "true or false"]);
    set("clerk.interval_s=0", &["from 1 to 86400"]);
    set("events.type_prefix=cn..Docket", &["dots between"]);
    set("events.source=docket", &["a URI with its scheme"]);
    set("events.source=urn:a b", &["a URI with its scheme"]);
    let file = |text: &str, parts: &[&str]| assert_refused(text, &[], &[], parts);
    file("clerk.enabled = 1", &["true or false"]);
    file("server.workers = true", &["true", "from 1 to 1024"]);
    file("server.listen = 8080", &["8080", "an IP address and port"]);
}

#[test]
fn secrets_come_from_files_and_are_masked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("address");
    fs::write(&path, "kurrentdb://docket:pass@word@db:2113/x?key=s\n").unwrap();
    let variables = [("DOCKET_STORE__LOG_FILE", path.to_str().unwrap())];
    let (config, origins) = load("", &variables, &[]).unwrap();
    assert_eq!(config.store.log, "kurrentdb://docket:pass@word@db:2113/x?key=s");
    let shown = &origins.iter().find(|e| e.key == "store.log").unwrap().value;
    assert_eq!(shown, "\"kurrentdb://docket:***@db:2113/x?***\"");
    let missing = load("", &[("DOCKET_STORE__LOG_FILE", "/no/such")], &[]).unwrap_err();
    assert!(missing.to_string().contains("/no/such"), "{missing}");
    let not_secret = load("server.listen_file = \"x\"", &[], &[]).unwrap_err();
    assert!(not_secret.to_string().contains("no key server.listen_file"), "{not_secret}");
}

/// Keys of an S3 store are nothing but secret, so nothing of them is shown.
#[test]
fn keys_of_three_parts_reach_their_place_and_are_masked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "hush/hush\n").unwrap();
    let variables = [("DOCKET_STORE__S3__SECRET_ACCESS_KEY_FILE", path.to_str().unwrap())];
    let file = "[store.s3]\naccess_key_id = \"AKIA\"\n";
    let (config, origins) = load(file, &variables, &["store.kurrentdb.prefix=x."]).unwrap();
    assert_eq!(config.store.s3.access_key_id.as_deref(), Some("AKIA"));
    assert_eq!(config.store.s3.secret_access_key.as_deref(), Some("hush/hush"));
    assert_eq!(config.store.kurrentdb.prefix, "x.");
    let shown = |key: &str| &origins.iter().find(|e| e.key == key).unwrap().value;
    assert_eq!(shown("store.s3.access_key_id"), "\"***\"");
    assert_eq!(shown("store.s3.secret_access_key"), "\"***\"");
}

#[test]
fn a_flag_is_written_bare_or_as_text() {
    let enabled = |file: &str, set: &[&str]| load(file, &[], set).unwrap().0.clerk.enabled;
    assert!(!enabled("clerk.enabled = false", &[]));
    assert!(!enabled("clerk.enabled = \"false\"", &[]));
    assert!(!enabled("", &["clerk.enabled=false"]));
    assert!(enabled("clerk.enabled = false", &["clerk.enabled=true"]));
}
