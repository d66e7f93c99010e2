//! The page of a resource: its addresses with what they take and answer, and an example of each.

use maud::{Markup, html};

use super::example::{Example, set_up, tokens};
use super::reference::{Side, type_of_route};
use crate::api::asking::reader::Reader;
use crate::api::table::route::{Body, Route, Verb};
use crate::api::table::routes::ROUTES;

/// The page of the addresses that are not below `/v1/`.
const SERVER: &str = "server";

fn name_of(route: &Route) -> &'static str {
    let below = route.path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next());
    below.unwrap_or(SERVER)
}

/// The resources, in the order of the table.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for name in ROUTES.iter().map(name_of) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The addresses of a resource, in an order in which their examples run: what makes one first, what
/// removes it last.
pub fn routes_of(name: &str) -> Vec<&'static Route> {
    let mut routes: Vec<_> = ROUTES.iter().filter(|route| name_of(route) == name).collect();
    routes.sort_by_key(|route| match route.verb {
        Verb::Post if !route.path.contains('{') => 0,
        Verb::Get | Verb::Post | Verb::Patch => 1,
        Verb::Delete => 2,
    });
    routes
}

/// What the page of a resource is called.
pub fn title(reader: &Reader, name: &str) -> String {
    match name {
        SERVER => reader.say("The server itself", "服务器自身").to_owned(),
        name => format!("/v1/{name}"),
    }
}

/// The page.
pub fn page(reader: &Reader, name: &str, routes: &[&'static Route]) -> Markup {
    let examples: Vec<Example> = routes.iter().map(|route| Example::of(route, reader)).collect();
    html! {
        h1 { (title(reader, name)) }
        ul { @for route in routes { li {
            a href={ "#" (route.operation) } { span.tag { (route.verb.as_str()) } " " code { (route.path) } } " "
            (reader.say(route.en, route.zh))
        } } }
        h2 #set-up { (reader.say("First, in a shell", "首先，在命令行中")) }
        (tokens(reader, &examples))
        (set_up(reader, &examples))
        @for (route, example) in routes.iter().zip(&examples) { (described(route, reader, example)) }
    }
}

fn described(route: &Route, reader: &Reader, example: &Example) -> Markup {
    let say = |en, zh| reader.say(en, zh);
    html! {
        h2 id=(route.operation) { span.tag { (route.verb.as_str()) } " " code { (route.path) } }
        p { (say(route.en, route.zh)) " " span.quiet { (route.operation) } }
        (example.shown(reader))
        div.scroll tabindex="0" { table.fixed.slim {
            tr { th scope="row" { (say("For", "适用角色")) } td {
                @if route.roles.is_empty() { (say("anyone, without a token", "任何人，无需令牌")) }
                @for role in route.roles { code { (role) } " " }
            } }
            @for parameter in route.query {
                tr { th scope="row" { code { (parameter.name) } } td { (say(parameter.en, parameter.zh)) } }
            }
            @for header in route.takes {
                tr { th scope="row" { code { (header.name) } } td { (say(header.en, header.zh)) } }
            }
            tr { th scope="row" { (say("Body", "请求体")) } td { @match route.body {
                Body::None => "–",
                Body::Json(_) => { code { "application/json" } " " (type_of_route(reader, route, Side::Body)) },
                Body::Bytes => { code { "*/*" } },
                Body::File(taken) => { @for media in taken { code { (media) } " " } },
            } } }
            tr { th scope="row" { (say("Answer", "成功")) } td {
                (route.success.0) @for media in route.gives { " " code { (media) } }
                " " (type_of_route(reader, route, Side::Answer))
            } }
            tr { th scope="row" { (say("Problems", "问题")) } td {
                @for code in route.every_problem() {
                    a href=(reader.link(&format!("/problems/{}", code.name()))) { (code.name()) } " "
                }
            } }
        } }
    }
}
