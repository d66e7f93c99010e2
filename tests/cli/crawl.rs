//! Every link of the console as each role follows it, without script: none is dead, none leads from what is
//! real to what is invented, and a figure is as many as what it opens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::browser::{ROLES, token_of};
use crate::console::{Browser, Shown};
use crate::support::{Server, demo_copy};

/// Pages of a kind that are looked at, by the auditor and by every other role. A kind is the pattern of an address (a register is one for each
/// program), for the auditor in each language and at each sort of times.
const OF_A_KIND: [usize; 2] = [2, 1];
/// Figures of a page that are counted, spread over it, on the first page of each kind that has any.
const FIGURES: usize = 8;
const STARTS: [&str; 4] = [
    "/console/register/strong_province?lang=en",
    "/console/register/exercise_cluster_area?lang=zh-CN",
    "/console/cluster_area/futian?lang=en&as_of=2016-12-31&at_sequence=200",
    "/console/exercise_cluster_area/exercise_a?lang=en",
];
/// Who keeps the server and reads no record.
const NO_READER: &str = "operator";
/// What a figure can open.
const LISTS: [&str; 5] = [
    "/console/exceptions?",
    "/console/log?",
    "/console/obligations?",
    "/console/quotas/",
    "/console/register/",
];
/// Where the interface is described.
const ABOUT: [&str; 3] = ["/docs", "/problems", "/openapi.json"];
/// Pages of both worlds, which mark what is invented line by line.
const NEUTRAL: [&str; 3] = ["/console/log", "/console/measures", "/console/find"];

/// What is invented: ids and names that no page of what is real may hold.
struct Invented(Vec<String>);

impl Invented {
    fn of(browser: &Browser, auditor: &str) -> Self {
        let all = |exercise: &str| {
            let path = format!("/v1/enrollments?limit=1000{exercise}");
            browser.json(auditor, &path)["items"].as_array().unwrap().clone()
        };
        let text =
            |item: &serde_json::Value, member: &str| item[member].as_str().unwrap().to_owned();
        let real: BTreeSet<_> = all("").iter().map(|item| text(item, "subject")).collect();
        let invented = all("&exercise=true");
        let invented =
            invented.iter().filter(|item| !real.contains(item["subject"].as_str().unwrap()));
        let words: BTreeSet<_> =
            invented.flat_map(|item| [text(item, "subject"), text(item, "name")]).collect();
        assert!(words.len() > 50, "the exercises are not listed");
        Self(words.into_iter().chain(["exercise_".to_owned()]).collect())
    }

    /// The first that stands in a text by itself.
    fn in_text(&self, text: &str) -> Option<&str> {
        let is_word =
            |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
        let found = |word: &&String| {
            text.match_indices(word.as_str()).any(|(at, _)| {
                let after = text[at + word.len()..].chars().next();
                let ends = word.ends_with('_') || !is_word(after);
                ends && !is_word(text[..at].chars().next_back())
            })
        };
        self.0.iter().find(found).map(String::as_str)
    }
}

#[test]
fn each_role_follows_every_link_and_none_is_dead() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let tokens =
        ROLES.map(|(role, divisions)| (role, token_of(folder.path(), role, divisions, "28800")));
    let auditor = &tokens.iter().find(|(role, _)| *role == "auditor").unwrap().1;
    let invented = Invented::of(&Browser::new(&server.base), auditor);
    for (role, token) in &tokens {
        let mut browser = Browser::new(&server.base);
        browser.sign_in(token);
        if *role == NO_READER {
            for start in STARTS {
                let shown = browser.get(start);
                assert_eq!(shown.status, 403, "{role} {start}: {}", shown.body);
                holds(start, &shown, &invented);
                // Nothing leads there.
                let parts = shown.body.split("<nav").nth(1).unwrap().split("</nav>").next();
                assert!(!parts.unwrap().contains("href="), "{role}: {parts:?}");
                assert!(!shown.body.contains("action=\"/console/find\""), "{role} finds");
            }
            let home = browser.get("/console");
            assert_eq!((home.status, home.header("location")), (303, "/docs"));
            assert_eq!(browser.get("/docs").status, 200);
            continue;
        }
        let in_depth = *role == "auditor";
        let mut crawl = Crawl {
            role,
            token,
            browser,
            in_depth,
            waiting: STARTS.map(|start| (start.to_owned(), String::new())).into(),
            seen: STARTS.map(str::to_owned).into(),
            kinds: BTreeMap::new(),
            counted: BTreeSet::new(),
            figures: 0,
            wrong: Vec::new(),
        };
        let pages = crawl.run(&invented);
        assert!(crawl.wrong.is_empty(), "{role}:\n{}", crawl.wrong.join("\n"));
        eprintln!(
            "{role}: {pages} pages of {} kinds, {} figures",
            crawl.kinds.len(),
            crawl.figures
        );
        let (least, figures) = if in_depth { (120, 20) } else { (15, 4) };
        assert!(pages >= least, "{role}: {pages} pages");
        assert!(crawl.figures >= figures, "{role}: {} figures", crawl.figures);
    }
    let (code, said) = server.stop("INT");
    assert_eq!(code, 0);
    assert!(!said.contains("a member that the answer does not have"), "{said}");
}

struct Crawl<'t> {
    role: &'t str,
    token: &'t str,
    browser: Browser,
    in_depth: bool,
    /// Addresses, each with the page on which it was found.
    waiting: VecDeque<(String, String)>,
    seen: BTreeSet<String>,
    kinds: BTreeMap<String, usize>,
    /// Kinds whose figures were counted.
    counted: BTreeSet<String>,
    figures: usize,
    wrong: Vec<String>,
}

impl Crawl<'_> {
    fn run(&mut self, invented: &Invented) -> usize {
        let mut pages = 0;
        while let Some((link, from)) = self.waiting.pop_front() {
            let shown = match link.starts_with("/console") {
                true => self.browser.get(&link),
                false => self.browser.open(self.token, &link),
            };
            if shown.status == 303 {
                self.meet(shown.header("location"), &link);
                continue;
            }
            if shown.status != 200 {
                self.wrong.push(format!("{} {link} on {from}: {:.300}", shown.status, shown.body));
                continue;
            }
            if !shown.header("content-type").starts_with("text/html") {
                continue;
            }
            holds(&link, &shown, invented);
            pages += 1;
            for (to, _) in links(&shown.body) {
                if let Some(id) = to.strip_prefix('#') {
                    assert!(
                        shown.body.contains(&format!("id=\"{id}\"")),
                        "{link}: nothing is at #{id}"
                    );
                }
                self.meet(to.split('#').next().unwrap(), &link);
            }
            self.count_figures(&link, &shown);
        }
        pages
    }

    /// Takes up a link, unless enough of its kind were met.
    fn meet(&mut self, link: &str, from: &str) {
        let is_elsewhere =
            ["data:", "http:", "https:"].iter().any(|scheme| link.starts_with(scheme));
        if link.is_empty() || is_elsewhere || self.seen.contains(link) {
            return;
        }
        // What describes the interface is the same for everybody.
        if !self.in_depth && ABOUT.iter().any(|about| link.starts_with(about)) {
            return;
        }
        assert!(link.starts_with('/') && !link.starts_with("//"), "{from} leads to {link}");
        let count = self.kinds.entry(kind_of(link, self.in_depth)).or_default();
        *count += 1;
        if *count <= OF_A_KIND[usize::from(!self.in_depth)] {
            self.seen.insert(link.to_owned());
            self.waiting.push_back((link.to_owned(), from.to_owned()));
        }
    }

    /// Opens figures of a page, and counts what they open.
    fn count_figures(&mut self, page: &str, shown: &Shown) {
        let is_figure = |(to, text): &(String, &str)| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number && LISTS.iter().any(|list| to.starts_with(list))
        };
        let figures: Vec<_> = links(&shown.body).into_iter().filter(is_figure).collect();
        if figures.is_empty() || !self.counted.insert(kind_of(page, self.in_depth)) {
            return;
        }
        let step = figures.len().div_ceil(FIGURES).max(1);
        for (opens, figure) in figures.into_iter().step_by(step) {
            let counted = self.listed(&opens);
            if counted.to_string() != figure {
                self.wrong.push(format!("{figure} on {page} opens {opens}, which lists {counted}"));
            }
            self.figures += 1;
        }
    }

    /// How many a list holds, over all its pages.
    fn listed(&self, first: &str) -> usize {
        let (mut all, mut next) = (0, Some(first.to_owned()));
        while let Some(link) = next {
            let shown = self.browser.get(&link);
            assert_eq!(shown.status, 200, "{} {link}: {}", self.role, shown.body);
            all += items(&link, &shown.body);
            // Outside, the other language and the record sheet lead to the same page.
            let main = shown.body.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
            let onward = links(main).into_iter();
            next = onward.map(|(to, _)| to).find(|to| {
                to.contains("cursor=") || link.contains("/log?") && to.contains("after=")
            });
        }
        all
    }
}

/// What a list shows of what it lists.
fn items(link: &str, body: &str) -> usize {
    let main = body.split("<main").nth(1).unwrap();
    let (from, item) = match link.split(['?', '/']).nth(2).unwrap() {
        "exceptions" => ("<ol class=\"cases\">", "<li>"),
        "quotas" => ("<dl class=\"places\">", "<a class=\"box"),
        _ => ("<tbody>", "<tr"),
    };
    let end = from.split([' ', '>']).next().unwrap().replacen('<', "</", 1);
    let list = main.split(from).nth(1).unwrap_or_default();
    list.split(&end).next().unwrap().matches(item).count()
}

/// The addresses to which a page leads, with what each link says where that is a text alone.
fn links(body: &str) -> Vec<(String, &str)> {
    let parts = body.split("href=\"").skip(1);
    let link = |part: &'_ str| -> Option<(usize, usize)> {
        let address = part.find('"')?;
        let text = part.find('>')?;
        Some((address, text))
    };
    parts
        .filter_map(|part| {
            let (address, text) = link(part)?;
            let text = part[text + 1..].split('<').next().unwrap_or_default();
            Some((part[..address].replace("&amp;", "&"), text))
        })
        .collect()
}

/// The pattern of an address; in depth with its language and what else of its parameters makes another page.
fn kind_of(link: &str, in_depth: bool) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let mut parts: Vec<_> = path.split('/').skip(1).collect();
    match parts.as_mut_slice() {
        ["console", "register", _] if in_depth && query.is_empty() => {}
        ["console", "register", program] => *program = "*",
        ["console", "quotas", program] => *program = "*",
        ["console", "log", sequence, ..] => *sequence = "*",
        ["console", "measures", program, version, ..] => (*program, *version) = ("*", "*"),
        ["console", program, subject, rest @ ..] => {
            (*program, *subject) =
                (if program.starts_with("exercise_") { "invented" } else { "real" }, "*");
            if let ["corrections", sequence, ..] = rest {
                *sequence = "*";
            }
        }
        ["v1", _, rest @ ..] => {
            rest.fill("*");
        }
        _ => {}
    }
    let has = |wanted: &[&str]| {
        let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
        names.any(|name| wanted.contains(&name))
    };
    let language = query.split('&').find(|pair| in_depth && pair.starts_with("lang="));
    let past = if in_depth && has(&["as_of", "at_sequence"]) { "past" } else { "" };
    let printed = if has(&["print"]) { "printed" } else { "" };
    match printed {
        "" => format!("/{} {} {past}", parts.join("/"), language.unwrap_or_default()),
        printed => format!("/{} {printed}", parts.join("/")),
    }
}

/// What holds on every page.
fn holds(link: &str, shown: &Shown, invented: &Invented) {
    let body = &shown.body;
    let policy = shown.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{link}: {policy}"
    );
    for never in ["style=\"", "onclick", "http-equiv", "src=\"http"] {
        assert!(!body.contains(never), "{link}: {never}");
    }
    for script in body.split("<script").skip(1) {
        let is_own = script.starts_with(" src=\"/console/") && script.contains(" defer></script>");
        assert!(is_own, "{link}: a script that is not a file of this server");
    }
    let language = shown.header("content-language");
    assert!(body.contains(&format!("<html lang=\"{language}\">")), "{link}");
    assert_eq!(body.matches("<h1>").count(), 1, "{link}");
    if let Some(fixed) = link.split("lang=").nth(1) {
        assert!(fixed.starts_with(language), "{link}: {language}");
    }
    let ids: Vec<_> =
        body.split(" id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{link}: an id twice in {ids:?}");
    let is_exercise = ["exercise", "sheet exercise"]
        .iter()
        .any(|class| body.contains(&format!("<body class=\"{class}\">")));
    if is_exercise || ABOUT.iter().any(|about| link.starts_with(about)) {
        return;
    }
    let main = body.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    if NEUTRAL.iter().any(|path| link.starts_with(path)) {
        for row in main.split("<tr").skip(1).filter(|row| row.contains("exercise_")) {
            let is_marked =
                row.starts_with(" class=\"invented\"") || link.starts_with("/console/measures");
            assert!(is_marked, "{link}: not marked as invented: {row}");
        }
        return;
    }
    // The one door to the exercises.
    let main = match (main.find("<details class=\"tabs\">"), main.find("</details>")) {
        (Some(from), Some(to)) => format!("{}{}", &main[..from], &main[to..]),
        _ => main.to_owned(),
    };
    let met = invented.in_text(&main);
    assert!(met.is_none(), "{link}: {met:?} is invented");
}
