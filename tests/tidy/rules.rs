//! The rules: one file's path and text in, its faults out.

const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 70;

/// A module and those it may use, besides itself. Dependencies point one way; `cli` also puts the
/// program together, and `domain` and `log` know nothing of each other.
const MAY_USE: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "api",
            "console",
            "views",
            "app",
            "export",
            "import",
            "moving",
            "projection",
            "ledger",
            "verify",
            "webhooks",
            "oidc",
            "trace",
            "codec",
            "domain",
            "log",
        ],
    ),
    (
        "console",
        &["views", "oidc", "verify", "app", "projection", "ledger", "codec", "domain", "log"],
    ),
    (
        "api",
        &[
            "views",
            "app",
            "export",
            "import",
            "projection",
            "ledger",
            "webhooks",
            "oidc",
            "trace",
            "codec",
            "domain",
            "log",
        ],
    ),
    ("oidc", &["domain"]),
    ("views", &["app", "projection", "ledger", "codec", "domain", "log"]),
    ("import", &["views", "app", "codec", "domain", "log"]),
    ("app", &["trace", "codec", "domain", "log"]),
    ("export", &["projection", "domain"]),
    ("projection", &["trace", "codec", "domain", "log"]),
    ("moving", &["ledger", "log"]),
    ("ledger", &["codec", "domain", "log"]),
    // What verifies shares nothing with what it verifies.
    ("verify", &[]),
    ("webhooks", &["codec", "domain", "log"]),
    ("codec", &["domain", "log"]),
    ("domain", &[]),
    ("log", &["trace"]),
    // Spans alone.
    ("trace", &[]),
];

/// What the pure core must not touch: dynamic JSON, async, clocks, the machine.
const NOT_IN_DOMAIN: &[&str] = &[
    "async fn",
    "async move",
    ".await",
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::env",
    "std::net",
    "tokio::",
    "rusqlite::",
    "rand::",
];

/// Every fault of one file, each with its place and what would satisfy the rule.
pub fn check(path: &str, text: &str) -> Vec<String> {
    let mut faults = check_words(path, text);
    if path.ends_with(".rs") {
        let lines = text.lines().count();
        if lines > MAX_FILE_LINES {
            faults.push(format!("{path}: {lines} lines; split it, {MAX_FILE_LINES} at most"));
        }
        faults.extend(check_functions(path, text));
        faults.extend(check_edges(path, text));
        if path.starts_with("src/domain/") || path == "src/domain.rs" {
            faults.extend(check_domain(path, text));
        }
    }
    faults
}

fn check_words(path: &str, text: &str) -> Vec<String> {
    // In two parts, so that this file does not hold them.
    let todo = concat!("TO", "DO");
    let workplaces = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut faults = Vec::new();
    for (number, line) in numbered(text) {
        if let Some((before, after)) = line.split_once(todo) {
            let is_word = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let reason = after.strip_prefix(": ").unwrap_or_default();
            if is_word && reason.trim().len() < 10 {
                faults.push(format!("{path}:{number}: write `{todo}: ` and the reason"));
            }
        }
        for workplace in workplaces {
            let stands = line.match_indices(workplace).any(|(at, _)| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '_')
            });
            if stands {
                faults.push(format!("{path}:{number}: a path of one machine, {workplace}"));
            }
        }
    }
    faults
}

/// Counts from the line of `fn` to the brace at the same indentation, as rustfmt puts it.
fn check_functions(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut faults = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let body = lines[start..].iter().position(|l| l.ends_with(['{', ';', '}']));
        let Some(body) = body.filter(|b| lines[start + b].ends_with('{')) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = lines[start + body..]
            .iter()
            .position(|l| l.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}')));
        let length = body + end.unwrap_or(lines.len() - start - body) + 1;
        if length > MAX_FUNCTION_LINES {
            faults.push(format!(
                "{path}:{}: fn {name} has {length} lines; split it, {MAX_FUNCTION_LINES} at most",
                start + 1
            ));
        }
    }
    faults
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifiers = ["pub", "const", "async", "unsafe", "extern", "\"C\""];
    let is_item = before
        .split_whitespace()
        .all(|word| qualifiers.contains(&word) || word.starts_with("pub(") || word.ends_with(')'));
    let name = after.split(['(', '<']).next()?;
    (is_item && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
}

fn check_edges(path: &str, text: &str) -> Vec<String> {
    let Some(module) = module_of(path) else {
        return Vec::new();
    };
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{path}: module {module} has no place; give it one in MAY_USE")];
    };
    let mut faults = Vec::new();
    for (number, used) in used_modules(path, text) {
        if used != module && !may_use.contains(&used.as_str()) {
            faults.push(format!(
                "{path}:{number}: {module} uses {used}; it may use {}",
                if may_use.is_empty() { "nothing".to_owned() } else { may_use.join(", ") }
            ));
        }
    }
    faults
}

/// The top module of a source file; none for the roots, which join them all.
fn module_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?;
    let module = inner.split('/').next()?.trim_end_matches(".rs");
    (!["lib", "main", "bin"].contains(&module)).then_some(module)
}

/// Each top module that is named through `crate::` or enough `super::`, with its line.
fn used_modules(path: &str, text: &str) -> Vec<(usize, String)> {
    let code: String = text.lines().map(|l| without_comment(l) + "\n").collect();
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let to_root = "super::".repeat(inner.split('/').count());
    let mut used = Vec::new();
    for root in ["crate::", to_root.as_str()] {
        for (at, _) in code.match_indices(root) {
            let number = code[..at].lines().count().max(1);
            let after = &code[at + root.len()..];
            let names = match after.strip_prefix('{') {
                Some(group) => top_names(group),
                None => vec![identifier(after)],
            };
            used.extend(names.into_iter().filter(|n| is_module(n)).map(|n| (number, n)));
        }
    }
    used
}

fn is_module(name: &str) -> bool {
    MAY_USE.iter().any(|(module, _)| *module == name)
}

/// The first identifiers of `a::b, c::{d, e}, f}`: a, c, f.
fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut part, mut names) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(identifier(std::mem::take(&mut part).trim())),
            c if depth == 0 => part.push(c),
            _ => {}
        }
    }
    names.push(identifier(part.trim()));
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn check_domain(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in numbered(text) {
        let line = without_comment(line);
        let dynamic = line.contains("serde_json::") && line.contains("Value");
        let found = NOT_IN_DOMAIN.iter().find(|w| line.contains(**w)).copied();
        if let Some(word) = found.or(dynamic.then_some("serde_json::Value")) {
            faults.push(format!("{path}:{number}: {word} has no place in the pure core"));
        }
    }
    faults
}

fn without_comment(line: &str) -> String {
    let is_comment = line.trim_start().starts_with("//");
    if is_comment { String::new() } else { line.to_owned() }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line))
}
