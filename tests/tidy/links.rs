//! Links between the pages of the repository: each leads to a file that is there, and to a heading on it.

use std::path::{Component, Path, PathBuf};

/// Each link that leads nowhere, with its page.
pub fn dead(pages: &[(String, String)], is_there: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut dead = Vec::new();
    for (page, text) in pages {
        for link in links(text).into_iter().filter(|link| !link.contains("://")) {
            let (path, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => beside(page, path),
            };
            let there = pages.iter().find(|(known, _)| *known == target);
            let has_place = |(_, text): &(String, String)| {
                place.is_empty() || places(text).contains(&place.to_owned())
            };
            let leads = match there {
                Some(found) => has_place(found),
                None => is_there(&target) && place.is_empty(),
            };
            if !leads && !link.starts_with("mailto:") {
                dead.push(format!("{page}: {link}"));
            }
        }
    }
    dead
}

/// A path as seen from a page, from the top of the repository.
fn beside(page: &str, path: &str) -> String {
    let mut at = PathBuf::from(page);
    at.pop();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                at.pop();
            }
            part => at.push(part),
        }
    }
    at.to_string_lossy().into_owned()
}

/// The lines that are no code.
fn prose(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// What a text links to.
fn links(text: &str) -> Vec<String> {
    let text = prose(text).join("\n");
    let mut found = Vec::new();
    for part in text.split("](").skip(1) {
        let to = part.split(')').next().unwrap_or_default();
        if !to.contains(['\n', ' ']) {
            found.push(to.to_owned());
        }
    }
    // A link that is shown, not made, stands between back quotes.
    let in_code = |link: &String| text.contains(&format!("]({link})`"));
    found.retain(|link| !in_code(link));
    found
}

/// The names by which the headings of a page are linked to.
fn places(text: &str) -> Vec<String> {
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    let name = |line: String| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}
