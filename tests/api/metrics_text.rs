//! A reader of the Prometheus text format 0.0.4 that takes nothing which the format and its
//! conventions don't allow.

use std::collections::{BTreeMap, HashSet};

/// A sample: its name, its labels in their order, its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Families by name, each with its kind and samples.
pub type Families = BTreeMap<String, (String, Vec<Sample>)>;

/// Reads a text, or says which line is wrong and why.
pub fn read(text: &str) -> Result<Families, String> {
    let mut families = Families::new();
    let (mut help, mut family): (Option<String>, Option<String>) = (None, None);
    let mut seen = HashSet::new();
    if !text.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in text.lines() {
        let wrong = |why: &str| format!("{why}: {line:?}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, text) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if text.trim().is_empty() || !text.ends_with('.') {
                return Err(wrong("the help is no sentence"));
            }
            help = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if help.take().as_deref() != Some(name) {
                return Err(wrong("no help before the type"));
            }
            check_name(name, kind).map_err(|why| wrong(&why))?;
            let family_of = (kind.to_owned(), Vec::new());
            if families.insert(name.to_owned(), family_of).is_some() {
                return Err(wrong("the family comes twice"));
            }
            family = Some(name.to_owned());
        } else {
            let sample = sample(line).ok_or_else(|| wrong("no sample"))?;
            let of = family.clone().ok_or_else(|| wrong("a sample without a family"))?;
            let (kind, samples) = families.get_mut(&of).ok_or_else(|| wrong("no family"))?;
            if !belongs(&of, kind, &sample) {
                return Err(wrong("a sample of another family"));
            }
            if !seen.insert((sample.name.clone(), sample.labels.clone())) {
                return Err(wrong("the sample comes twice"));
            }
            samples.push(sample);
        }
    }
    for (name, (kind, samples)) in &families {
        if kind == "histogram" {
            check_histogram(name, samples)?;
        }
    }
    Ok(families)
}

fn check_name(name: &str, kind: &str) -> Result<(), String> {
    if !["counter", "gauge", "histogram"].contains(&kind) {
        return Err(format!("the kind {kind}"));
    }
    if !is_name(name, ":") || name.contains("__") || name != name.to_lowercase() {
        return Err("not a name".to_owned());
    }
    if !name.starts_with("docket_") && !name.starts_with("http_server_") {
        return Err("not ours".to_owned());
    }
    if (kind == "counter") != name.ends_with("_total") {
        return Err("_total is for counters, and for all of them".to_owned());
    }
    let units = ["_ms", "_us", "_milliseconds", "_microseconds", "_minutes", "_kb", "_percent"];
    if units.iter().any(|unit| name.trim_end_matches("_total").ends_with(unit)) {
        return Err("not a base unit".to_owned());
    }
    if ["_bucket", "_sum", "_count", "_info"].iter().any(|end| name.ends_with(end)) {
        return match kind {
            "gauge" if name.ends_with("_info") => Ok(()),
            _ => Err("an ending that stands for something else".to_owned()),
        };
    }
    Ok(())
}

fn is_name(name: &str, also: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || also.contains(c);
    !name.is_empty() && name.chars().all(good) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn belongs(family: &str, kind: &str, sample: &Sample) -> bool {
    match (kind, sample.name.strip_prefix(family)) {
        ("histogram", Some("_bucket")) => sample.labels.contains_key("le"),
        ("histogram", Some("_sum" | "_count")) => !sample.labels.contains_key("le"),
        ("counter", Some("")) => sample.value >= 0.0,
        ("gauge", Some("")) => true,
        _ => false,
    }
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let name = line[..end].to_owned();
    let (labels, rest) = match line[end..].strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), &line[end..]),
    };
    let value = rest.strip_prefix(' ')?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            number.parse().ok()?
        }
        _ => return None,
    };
    is_name(&name, ":").then_some(Sample { name, labels, value })
}

fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match characters.next()?.1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    _ => return None,
                }),
                (_, c) => value.push(c),
            }
        };
        if !is_name(name, "")
            || name.starts_with("__")
            || labels.insert(name.to_owned(), value).is_some()
        {
            return None;
        }
        rest = &after[end + 1..];
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        rest = rest.strip_prefix(',')?;
    }
}

fn check_histogram(name: &str, samples: &[Sample]) -> Result<(), String> {
    let mut series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
    for bucket in samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = bucket.labels.clone();
        let le = labels.remove("le").unwrap_or_default();
        let le = if le == "+Inf" { f64::INFINITY } else { le.parse().map_err(|_| le)? };
        series.entry(labels).or_default().push((le, bucket.value));
    }
    for (labels, buckets) in series {
        let rises = buckets.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1);
        let one = |end: &str| {
            let mut found = samples.iter().filter(|s| s.name == format!("{name}{end}"));
            found.find(|sample| sample.labels == labels).map(|sample| sample.value)
        };
        let last = buckets.last().copied();
        let whole =
            last.is_some_and(|(le, count)| le.is_infinite() && one("_count") == Some(count));
        if !rises || !whole || one("_sum").is_none() {
            return Err(format!("{name}{labels:?} is no histogram"));
        }
    }
    Ok(())
}

#[test]
fn what_the_format_does_not_allow_is_found() {
    let good = "# HELP docket_a_total Some.\n# TYPE docket_a_total counter\ndocket_a_total{x=\"a\\\"b\"} 1\n";
    assert_eq!(read(good).unwrap()["docket_a_total"].1[0].labels["x"], "a\"b");
    for (from, to) in [
        ("docket_a_total{", "docket_b_total{"),
        ("# HELP docket_a_total Some.\n", ""),
        ("counter", "gauge"),
        ("\"} 1", "\"} one"),
        ("\"} 1", "\" 1"),
        ("x=", "9x="),
        ("docket_a_total", "docket_a_ms_total"),
        ("} 1\n", "} 1"),
        (
            "docket_a_total{x=\"a\\\"b\"} 1\n",
            "docket_a_total{x=\"a\"} 1\ndocket_a_total{x=\"a\"} 1\n",
        ),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        assert!(read(&bad).is_err(), "{bad}");
    }
}
