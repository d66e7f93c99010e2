//! The compose files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use docket::cli::config::keys::KEYS;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, command, docket, run, text};
use crate::{text_of, top, yaml};

const FILES: [&str; 3] =
    ["docker/compose.yaml", "docker/compose.kurrentdb.yaml", "docker/compose.cluster.yaml"];

/// A service: its file, its name, what it says.
type Service = (&'static str, String, Value);

fn file(path: &str) -> Value {
    yaml::parse(&text_of(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn services() -> Vec<Service> {
    FILES.into_iter().flat_map(services_of).collect()
}

fn services_of(path: &'static str) -> Vec<Service> {
    let file = file(path);
    let of_file = file["services"].as_object().unwrap().clone();
    of_file.into_iter().map(|(name, service)| (path, name, service)).collect()
}

fn of_docket(service: &Value) -> bool {
    service["image"].as_str().unwrap().starts_with("docket:")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

/// The variables of a service with their values; of `${NAME:-value}` the value.
fn environment(service: &Value) -> BTreeMap<String, String> {
    let variables = service["environment"].as_object().into_iter().flatten();
    let value = |value: &Value| {
        let value = value.as_str().unwrap();
        let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        inner.map_or(value, |inner| inner.split_once(":-").unwrap().1).to_owned()
    };
    variables.map(|(name, given)| (name.clone(), value(given))).collect()
}

#[test]
fn no_service_has_more_rights_than_it_needs() {
    for (path, name, service) in services() {
        let at = format!("{path}: {name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{at}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{at}");
        assert!(service.get("privileged").is_none() && service.get("pid").is_none(), "{at}");
        let is_node = service["image"].as_str().unwrap().contains("/kurrentdb:");
        assert_eq!(service["read_only"] == Value::Bool(true), !is_node, "{at}");
        let root = service["user"] == "0:0";
        assert_eq!(root, name == "certificates", "{at} runs as root");
        if root {
            assert_eq!(service["network_mode"], "none", "{at}");
        } else {
            assert!(service.get("cap_add").is_none(), "{at}");
        }
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{at} is open to the network: {port}");
        }
        assert!(service.get("restart").is_some(), "{at}");
        if is_node {
            assert_eq!(service["restart"], "unless-stopped", "{at} ends with 0 and must come back");
        }
    }
}

#[test]
fn images_are_of_one_version() {
    let version = format!("docket:{}", env!("CARGO_PKG_VERSION"));
    let mut built = Vec::new();
    for (path, name, service) in services() {
        let image = service["image"].as_str().unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{path}: {name}: {image}"));
        let numbers = tag.split('-').next().unwrap();
        let pinned = numbers.split('.').count() >= 3 || image.starts_with("postgres:17.");
        assert!(pinned && numbers.starts_with(|c: char| c.is_ascii_digit()), "{path}: {image}");
        if of_docket(&service) {
            assert_eq!(image, version, "{path}: {name}");
            if let Some(build) = service.get("build") {
                built.push(path);
                let folder = top().join("docker").join(build["context"].as_str().unwrap());
                assert!(folder.join(build["dockerfile"].as_str().unwrap()).exists());
            }
        }
    }
    assert_eq!(built, FILES, "each file builds the image once");
}

#[test]
fn what_is_named_is_there() {
    for path in FILES {
        let file = file(path);
        let declared = |kind: &str, name: &str| {
            assert!(file[kind].get(name).is_some(), "{path}: {kind} {name} is not declared");
        };
        for (path, name, service) in services_of(path) {
            for volume in texts(&service["volumes"]) {
                let source = volume.split(':').next().unwrap();
                match source.strip_prefix("./") {
                    Some(script) => assert!(top().join("docker").join(script).exists(), "{volume}"),
                    None => declared("volumes", source),
                }
            }
            texts(&service["secrets"]).iter().for_each(|secret| declared("secrets", secret));
            texts(&service["networks"]).iter().for_each(|network| declared("networks", network));
            for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
                let condition = how["condition"].as_str().unwrap();
                let other = &file["services"][other];
                let checked = other.get("healthcheck").is_some();
                let once = other["restart"] != "unless-stopped";
                match condition {
                    "service_healthy" => assert!(checked, "{path}: {name} waits for no check"),
                    "service_completed_successfully" => assert!(once, "{path}: {name}"),
                    _ => panic!("{path}: {name}: {condition}"),
                }
            }
        }
    }
}

#[test]
fn no_password_has_a_default_and_none_stands_in_a_file() {
    for path in FILES {
        let text = text_of(path);
        assert!(!text.contains("changeit") && !text.contains("INSECURE"), "{path}");
        assert!(!text.to_lowercase().contains("tlsverifycert"), "{path}");
        let secrets = &file(path)["secrets"];
        for (name, secret) in secrets.as_object().into_iter().flatten() {
            assert_eq!(secret["file"], format!("./secrets/{name}"), "{path}");
        }
        for (path, name, service) in services_of(path) {
            let text = service.to_string().to_lowercase();
            for (variable, value) in environment(&service) {
                let about_password =
                    variable.contains("PASSWORD") || variable.contains("READ_MODEL");
                if about_password {
                    assert!(variable.ends_with("_FILE"), "{path}: {name}: {variable}");
                    let secret = value.strip_prefix("/run/secrets/").unwrap();
                    assert!(
                        texts(&service["secrets"]).contains(&secret),
                        "{path}: {name}: {secret}"
                    );
                }
            }
            assert!(!text.contains("postgres://"), "{path}: {name}");
        }
    }
    let ignored = text_of("docker/.gitignore");
    assert!(ignored.lines().any(|line| line == "/secrets/"), "passwords must not be committed");
}

#[test]
fn every_variable_is_a_key_and_every_configuration_is_good() {
    let secrets = made_secrets();
    let authority = rcgen::generate_simple_self_signed(["node1".to_owned()]).unwrap();
    std::fs::write(secrets.path().join("ca.crt"), authority.cert.pem()).unwrap();
    let mut checked = 0;
    for (path, name, service) in services().into_iter().filter(|(_, _, s)| of_docket(s)) {
        let at = format!("{path}: {name}");
        let args = texts(&service["command"]);
        assert!(docket(&[args[0], "--help"]).done().contains("Usage: docket"), "{at}");
        let mut check = command(&["config", "check"]);
        for (variable, value) in environment(&service) {
            let rest = variable.strip_prefix("DOCKET_").unwrap().to_lowercase().replace("__", ".");
            let key = rest.strip_suffix("_file").unwrap_or(&rest);
            assert!(KEYS.iter().any(|known| known.name == key), "{at}: {variable} is no key");
            let value = value.replace("/run/secrets", text(secrets.path()));
            check.env(variable, value.replace("/certs/ca", text(secrets.path())));
        }
        let checked_one = run(&mut check);
        assert_eq!(checked_one.code, 0, "{at}: {}", checked_one.stderr);
        checked += 1;
    }
    assert_eq!(checked, 6);
}

/// Runs `make-secrets.sh`.
pub fn make_secrets(folder: &Path) {
    let script = top().join("docker/make-secrets.sh");
    assert!(Command::new("sh").arg(script).arg(folder).status().unwrap().success());
}

/// A folder that it has made.
pub fn made_secrets() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_secrets(folder.path());
    folder
}

#[test]
fn api_nodes_share_what_must_be_the_same_and_workers_fill_the_read_models() {
    let [api1, api2] = ["api1", "api2"].map(environment_of);
    assert_eq!(api1, api2);
    assert_eq!(api1["DOCKET_PROJECTIONS__RUN"], "false");
    assert!(api1["DOCKET_AUTH__TOKEN_KEY"].starts_with("/shared/"));
    assert!(api1["DOCKET_STORE__DOCUMENTS"].starts_with("file:/shared/"));
    let [worker1, worker2] = ["worker1", "worker2"].map(environment_of);
    assert_eq!(worker1, worker2);
    for same in ["LOG", "KURRENTDB__USER", "READ_MODEL_FILE"] {
        let same = format!("DOCKET_STORE__{same}");
        assert_eq!(api1[&same], worker1[&same]);
    }
    // Each has a folder of its own.
    let mut folders: Vec<String> = Vec::new();
    for (_, _, service) in services_of(FILES[2]).into_iter().filter(|(_, _, s)| of_docket(s)) {
        let volumes = texts(&service["volumes"]);
        folders.extend(volumes.iter().filter(|v| v.ends_with(":/data")).map(ToString::to_string));
    }
    folders.dedup();
    assert_eq!(folders.len(), 4);
}

fn environment_of(name: &str) -> BTreeMap<String, String> {
    environment(&file(FILES[2])["services"][name])
}

#[test]
fn a_node_is_reached_by_a_name_that_its_certificate_has() {
    for path in &FILES[1..] {
        let services = &file(path)["services"];
        let named = texts(&services["certificates"]["command"]);
        let named: Vec<_> = named.iter().map(|n| n.split_once('=').unwrap_or((n, ""))).collect();
        for (_, name, service) in services_of(path) {
            let log = environment(&service).remove("DOCKET_STORE__LOG");
            let Some(log) = log.filter(|_| of_docket(&service)) else { continue };
            let hosts = log.strip_prefix("kurrentdb://").unwrap().split('?').next().unwrap();
            let hosts: Vec<_> =
                hosts.split(',').map(|h| h.strip_suffix(":2113").unwrap()).collect();
            assert_eq!(hosts, named.iter().map(|(n, _)| *n).collect::<Vec<_>>(), "{path}: {name}");
            assert!(log.ends_with("?tls=true&tlsCAFile=/certs/ca/ca.crt"), "{path}: {log}");
            assert!(texts(&service["volumes"]).contains(&"ca:/certs/ca:ro"), "{path}: {name}");
        }
        for (node, ip) in named.iter().filter(|(_, ip)| !ip.is_empty()) {
            let service = &services[node];
            let environment = environment(service);
            assert_eq!(&environment["KURRENTDB_REPLICATION_IP"], ip);
            assert_eq!(&environment["KURRENTDB_ADVERTISE_HOST_TO_CLIENT_AS"], node);
            assert_eq!(service["networks"]["log"]["ipv4_address"], *ip);
            let others = named.iter().filter(|(other, _)| other != node);
            let seed: Vec<_> = others.map(|(_, ip)| format!("{ip}:2113")).collect();
            assert_eq!(environment["KURRENTDB_GOSSIP_SEED"], seed.join(","), "{node}");
        }
    }
}

#[test]
fn the_health_check_asks_the_configured_address() {
    for (path, name, service) in services().into_iter().filter(|(_, _, s)| of_docket(s)) {
        let check = &service["healthcheck"];
        if texts(&service["command"]) == ["worker"] {
            assert_eq!(check["disable"], Value::Bool(true), "{path}: {name}");
        } else {
            assert_eq!(texts(&check["test"]), ["CMD", "docket", "healthcheck"], "{path}: {name}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let port = server.base.rsplit_once(':').unwrap().1.to_owned();
    let ask = || run(command(&["healthcheck"]).env("DOCKET_SERVER__LISTEN", anywhere(&port)));
    assert!(ask().done().contains("UP"));
    assert_eq!(server.stop("TERM").0, 0);
    assert_eq!(ask().code, 8);
}

fn anywhere(port: &str) -> String {
    format!("0.0.0.0:{port}")
}

#[test]
fn the_readme_names_every_file() {
    let readme = text_of("docker/README.md");
    for path in FILES {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}
