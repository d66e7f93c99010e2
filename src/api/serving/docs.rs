//! The pages about the interface: a first hour, the words, a page for each resource with examples that
//! run against this server, the acts, the types, and the problems.
//!
//! What must hold: the pages are made from what the code knows (the table of routes, the OpenAPI document,
//! the catalogue of problems). They are for anyone, so nothing of the record stands on them: where an
//! example needs an id, its commands ask the server for one.

mod bodies;
mod causes;
mod example;
mod frame;
mod problems;
mod prose;
mod reference;
mod resource;
mod start;
mod words;

use maud::Markup;

use crate::api::asking::reader::Reader;
use crate::views::problem::Code;
use frame::framed;

/// The pages that are of no resource: the end of the address, and what it is called.
const SHARED: [(&str, &str, &str); 4] = [
    ("words", "Words", "词汇"),
    ("acts", "Acts", "行为"),
    ("types", "Types", "类型"),
    ("problems", "Problems", "问题"),
];

/// The page with this end of its address; the first one where it has none.
pub fn page(reader: &Reader, end: &str) -> Option<Markup> {
    let shared = SHARED.iter().find(|(name, ..)| *name == end);
    let title = shared.map_or("", |(_, en, zh)| reader.say(en, zh));
    let body = match end {
        "" => return Some(framed(reader, "", "", &start::page(reader))),
        "words" => words::page(reader),
        "acts" => reference::acts(reader),
        "types" => reference::types(reader),
        "problems" => problems::list(reader),
        name => {
            let routes = resource::routes_of(name);
            let title = resource::title(reader, name);
            let page = || framed(reader, name, &title, &resource::page(reader, name, &routes));
            return (!routes.is_empty()).then(page);
        }
    };
    Some(framed(reader, end, title, &body))
}

/// The ends of the addresses of all the pages but the first.
pub fn pages() -> Vec<&'static str> {
    resource::names().into_iter().chain(SHARED.map(|(name, ..)| name)).collect()
}

/// The page of a problem.
pub fn problem(reader: &Reader, code: Code) -> Markup {
    framed(reader, "problems", code.title(reader.language), &problems::page(reader, code))
}
