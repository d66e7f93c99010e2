//! No module uses one that uses it, at any level: among the children of one module each stands for all
//! that is in it. A re-export leads to where the name is from; a module and what it holds are one.
//! Some modules are built in floors, of which each uses itself and those below it.

use std::collections::{BTreeMap, BTreeSet};

/// A path of modules from the crate's root, the last part perhaps an item.
type Path = Vec<String>;

/// Who uses whom among the modules of one parent, and where it says so.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

struct Module<'t> {
    file: &'t str,
    code: String,
    /// What it says with `use`, by the name under which it is known here; only `pub` ones lead on.
    names: Vec<Use>,
}

struct Use {
    name: String,
    path: Path,
    line: usize,
    is_public: bool,
}

/// Every circle under the given top modules, as a line each.
pub fn circles(texts: &[(String, String)], tops: &[&str]) -> Vec<String> {
    let levels = levels(texts);
    let inner = levels
        .iter()
        .filter(|(parent, _)| parent.first().is_some_and(|top| tops.contains(&top.as_str())));
    inner.flat_map(|(parent, edges)| of_level(parent, edges)).collect()
}

/// Every use of a floor above the user's own, by the floors of a module from below; and each of its
/// children that stands on none.
pub fn climbs(texts: &[(String, String)], floors: &[(&str, &[&str])]) -> Vec<String> {
    let levels = levels(texts);
    let mut faults = Vec::new();
    for (parent, floors) in floors {
        let path: Path = parent.split("::").map(str::to_owned).collect();
        let floor_of = |child: &str| floors.iter().position(|floor| *floor == child);
        for (from, used) in levels.get(&path).into_iter().flatten() {
            let Some(floor) = floor_of(from) else {
                faults.push(format!("in {parent}: {from} stands on no floor"));
                continue;
            };
            for (to, place) in used {
                if floor_of(to).is_some_and(|above| above > floor) {
                    faults.push(format!("in {parent}: {from} uses {to} above it ({place})"));
                }
            }
        }
    }
    faults
}

/// Who uses whom, by the parent of the two.
fn levels(texts: &[(String, String)]) -> BTreeMap<Path, Edges> {
    let mut modules: BTreeMap<Path, Module<'_>> = BTreeMap::new();
    for (file, text) in texts {
        let Some(path) = module_path(file) else { continue };
        modules.insert(path, Module { file, code: code_of(text), names: Vec::new() });
    }
    let known: BTreeSet<Path> = modules.keys().cloned().collect();
    for (path, module) in &mut modules {
        module.names = uses(&module.code, path, &known);
    }
    let mut levels: BTreeMap<Path, Edges> = BTreeMap::new();
    for (path, module) in &modules {
        let paths = paths(&module.code, path, &known);
        let used = module.names.iter().map(|one| (&one.path, one.line));
        for (target, line) in used.chain(paths.iter().map(|(path, line)| (path, *line))) {
            let target = resolve(target, &modules, 0);
            let shared = path.iter().zip(&target).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(to)) = (path.get(shared), target.get(shared)) else { continue };
            let place = format!("{}:{line}", module.file);
            let level = levels.entry(path[..shared].to_vec()).or_default();
            level.entry(from.clone()).or_default().entry(to.clone()).or_insert(place);
        }
    }
    levels
}

/// The circles among siblings: for each edge that closes one, the shortest way back.
fn of_level(parent: &Path, edges: &Edges) -> Vec<String> {
    let mut found = BTreeMap::new();
    for start in edges.keys() {
        if let Some(circle) = way_back(start, edges) {
            let members: BTreeSet<String> = circle.iter().cloned().collect();
            found.entry(members).or_insert(circle);
        }
    }
    let shown = |circle: Vec<String>| {
        let steps = circle.iter().zip(circle.iter().cycle().skip(1));
        let steps: Vec<String> =
            steps.map(|(a, b)| format!("{a} uses {b} ({})", edges[a][b])).collect();
        format!("in {}: {}", parent.join("::"), steps.join(", "))
    };
    found.into_values().map(shown).collect()
}

fn way_back(start: &str, edges: &Edges) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in edges.get(&way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    longer.push([way.clone(), vec![next.clone()]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

/// The module that a source file is; none for the roots and for tests.
fn module_path(file: &str) -> Option<Path> {
    let inner = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    let path: Path = inner.split('/').map(str::to_owned).collect();
    let is_module = !["lib", "main"].contains(&inner) && path.last()? != "tests";
    is_module.then_some(path)
}

/// The code without comments and without what is for tests alone.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let line = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
    code.lines().map(line).collect()
}

/// What a module says with `use`, wherever it says it.
fn uses(code: &str, here: &Path, known: &BTreeSet<Path>) -> Vec<Use> {
    let mut uses = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let start = code[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = code[start..at].trim();
        if !before.is_empty() && !before.starts_with("pub") {
            continue;
        }
        let tree = code[at + 4..].split(';').next().unwrap_or_default();
        let mut paths = Vec::new();
        expand(tree, "", &mut paths);
        for path in paths {
            let (path, alias) = path.split_once(" as ").unwrap_or((&path, ""));
            let Some(path) = absolute(path, here, known) else { continue };
            let last = path.last().cloned().unwrap_or_default();
            let name = if alias.is_empty() { last } else { alias.to_owned() };
            let line = line_of(code, at);
            uses.push(Use { name, path, line, is_public: before.starts_with("pub") });
        }
    }
    uses
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`; `self` is the path before it.
fn expand(tree: &str, before: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let whole = format!("{before}{tree}");
        let whole = whole.strip_suffix("::self").unwrap_or(&whole);
        if !tree.is_empty() {
            paths.push(whole.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        return;
    };
    let group = group.trim().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut part) = (0, String::new());
    for c in group.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                expand(&std::mem::take(&mut part), &format!("{before}{head}"), paths)
            }
            '{' | '}' => {
                depth += if c == '{' { 1 } else { -1 };
                part.push(c);
            }
            c => part.push(c),
        }
    }
}

/// Paths in the code that begin with `crate` or `super`, or with a module that stands in this one.
fn paths(code: &str, here: &Path, known: &BTreeSet<Path>) -> Vec<(Path, usize)> {
    let mut paths = Vec::new();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for (at, _) in code.match_indices("::") {
        let start = code[..at].rfind(|c| !is_part(c)).map_or(0, |end| end + 1);
        let whole: String = code[start..].chars().take_while(|c| is_part(*c)).collect();
        if at == start + whole.find("::").unwrap_or_default() {
            paths.extend(absolute(&whole, here, known).map(|path| (path, line_of(code, at))));
        }
    }
    paths
}

/// The path from the crate's root, if it leads into the crate.
fn absolute(path: &str, here: &Path, known: &BTreeSet<Path>) -> Option<Path> {
    let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
    let mut at = here.clone();
    match *parts.peek()? {
        "crate" => at.clear(),
        "super" | "self" => {}
        child => {
            let inner = [here.as_slice(), &[child.to_owned()]].concat();
            if !known.contains(&inner) {
                return None;
            }
        }
    }
    for part in parts {
        match part {
            "crate" | "self" => {}
            "super" => {
                at.pop();
            }
            part => at.push(part.to_owned()),
        }
    }
    (!at.is_empty()).then_some(at)
}

/// The module in which what the path names is from.
fn resolve(path: &Path, modules: &BTreeMap<Path, Module<'_>>, depth: usize) -> Path {
    let longest = (0..=path.len()).rev().find(|n| modules.contains_key(&path[..*n])).unwrap_or(0);
    let (module, rest) = path.split_at(longest);
    let led = rest.first().and_then(|item| {
        let names = &modules.get(module)?.names;
        names.iter().find(|one| one.is_public && one.name == *item)
    });
    match led {
        Some(one) if depth < 8 => resolve(&one.path, modules, depth + 1),
        _ => module.to_vec(),
    }
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}
