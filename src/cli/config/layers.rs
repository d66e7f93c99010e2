//! The sources laid over each other, each value with where it came from. A later source wins.

use super::keys::{self, KEYS, Key};
use super::{ConfigArgs, ConfigError, Effective, Origin, Origins};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use toml::{Table, Value};

use crate::cli::masked::{masked, masked_text};

const PREFIX: &str = "DOCKET_";
const DEFAULT_FILE: &str = "docket.toml";

#[derive(Default)]
pub(super) struct Layers {
    values: BTreeMap<&'static str, (Value, Origin)>,
}

impl Layers {
    pub fn add_file(&mut self, args: &ConfigArgs) -> Result<(), ConfigError> {
        let path = args.config.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound && args.config.is_none() => return Ok(()),
            Err(e) => return Err(ConfigError(format!("cannot read {}: {e}", path.display()))),
        };
        let table = text.parse::<Table>();
        // Without the lines themselves, which may hold a password.
        let table = table.map_err(|e| {
            let line = e.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            ConfigError(format!("{}: line {line}: {}", path.display(), e.message()))
        })?;
        let mut flat = Vec::new();
        flatten("", table, &mut flat);
        for (name, value) in flat {
            self.set(&name, value, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    pub fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (variable, value) in environment {
            let Some(rest) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            let rest = rest.to_ascii_lowercase();
            if rest.contains("__") {
                let name = rest.replace("__", ".");
                self.set(&name, Value::String(value), Origin::Environment(variable))?;
            } else if let Some(key) = KEYS.iter().find(|k| k.name.replace('.', "_") == rest) {
                // Other names without `__` are left alone: orchestrators set DOCKET_PORT and the like.
                return Err(ConfigError(format!(
                    "{variable} is not read; write {} for {}",
                    variable_of(key),
                    key.name
                )));
            }
        }
        Ok(())
    }

    pub fn add_command_line(&mut self, args: &ConfigArgs) -> Result<(), ConfigError> {
        for setting in &args.set {
            let origin = Origin::CommandLine("--set".to_owned());
            let Some((name, value)) = setting.split_once('=') else {
                let setting = masked_text(setting);
                return Err(ConfigError(format!("--set {setting}: write KEY=VALUE")));
            };
            self.set(name.trim(), Value::String(value.to_owned()), origin)?;
        }
        let flags = [
            ("--data-dir", "store.data_dir", &args.data_dir),
            ("--listen", "server.listen", &args.listen),
            ("--log", "store.log", &args.log),
            ("--read-model", "store.read_model", &args.read_model),
            ("--documents", "store.documents", &args.documents),
        ];
        for (flag, name, value) in flags {
            if let Some(value) = value {
                let origin = Origin::CommandLine(flag.to_owned());
                self.set(name, Value::String(value.clone()), origin)?;
            }
        }
        Ok(())
    }

    /// Fills in what no source gave; a default may stand on a value that one gave.
    pub fn add_defaults(&mut self) {
        for key in KEYS {
            let Some(default) = key.default else { continue };
            if self.values.contains_key(key.name) {
                continue;
            }
            let value = default
                .replace("<data>", self.text("store.data_dir"))
                .replace("<listen>", self.text("server.listen"))
                .replace("<scheme>", self.scheme());
            let value = key.accept(Value::String(value.clone())).unwrap_or(Value::String(value));
            self.values.insert(key.name, (value, Origin::Default));
        }
    }

    fn scheme(&self) -> &'static str {
        if self.values.contains_key("server.tls.cert") { "https" } else { "http" }
    }

    fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(|(v, _)| v.as_str()).unwrap_or_default()
    }

    fn set(&mut self, name: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let of_file = name.strip_suffix("_file").and_then(keys::find).filter(|k| k.secret);
        let (key, value) = match (keys::find(name), of_file) {
            (Some(key), _) => (key, value),
            (None, Some(key)) => (key, read_secret(name, &value, &origin)?),
            (None, None) => {
                let (name, nearest) = (masked_text(name), keys::nearest(name));
                return Err(ConfigError(format!(
                    "there is no key {name} ({origin}); the nearest is {nearest}"
                )));
            }
        };
        let shown = shown(key, &value);
        let value = key.accept(value).map_err(|expected| {
            ConfigError(format!("{name} = {shown} ({origin}): expected {expected}"))
        })?;
        if let Some((_, earlier)) = self.values.insert(key.name, (value, origin.clone()))
            && earlier == origin
        {
            return Err(ConfigError(format!("{} is given twice ({origin})", key.name)));
        }
        Ok(())
    }

    /// All values as one nested table.
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        for (name, (value, _)) in &self.values {
            put(&mut table, name, value);
        }
        table
    }

    pub fn origins(&self) -> Origins {
        let effective = |key: &'static Key| {
            let (value, origin) = self.values.get(key.name)?;
            let value = shown(key, value);
            Some(Effective { key: key.name, value, origin: origin.clone(), help: key.help })
        };
        KEYS.iter().filter_map(effective).collect()
    }
}

fn put(table: &mut Table, name: &str, value: &Value) {
    let Some((section, rest)) = name.split_once('.') else {
        table.insert(name.to_owned(), value.clone());
        return;
    };
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(fields) = section {
        put(fields, rest, value);
    }
}

fn flatten(prefix: &str, table: Table, into: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.is_empty() => flatten(&name, inner, into),
            // An empty section says nothing.
            Value::Table(_) if KEYS.iter().any(|k| k.name.starts_with(&format!("{name}."))) => {}
            value => into.push((name, value)),
        }
    }
}

fn read_secret(name: &str, path: &Value, origin: &Origin) -> Result<Value, ConfigError> {
    let path = path.as_str().unwrap_or_default();
    let text = fs::read_to_string(path).map_err(|e| {
        let shown = masked_text(path);
        ConfigError(format!("{name} = {shown:?} ({origin}): cannot read it: {e}"))
    })?;
    Ok(Value::String(text.trim_end().to_owned()))
}

/// A value as TOML, with the password of an address masked.
fn shown(key: &Key, value: &Value) -> String {
    match value {
        // Addresses have defaults; a secret without one is nothing but secret.
        Value::String(_) if key.secret && key.default.is_none() => "\"***\"".to_owned(),
        Value::String(text) if key.secret => Value::String(masked(text)).to_string(),
        // What is no address of ours may be one that was put in the wrong place.
        other => masked_value(other).to_string(),
    }
}

fn masked_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(masked_value).collect()),
        Value::Table(members) => {
            let masked = members.iter().map(|(name, value)| (name.clone(), masked_value(value)));
            Value::Table(masked.collect())
        }
        other => other.clone(),
    }
}

fn variable_of(key: &Key) -> String {
    format!("{PREFIX}{}", key.name.replace('.', "__").to_ascii_uppercase())
}
