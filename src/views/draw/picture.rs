//! What is in the drawing: nodes, labels of moves, and the lines between them; not yet where.

use std::collections::BTreeMap;

use super::text::{LARGE, LEADING, SMALL, width, wrap};
use super::words::{self, Words};
use crate::domain::ids::{Id, Language, Node};
use crate::domain::measure::{ActRule, Measure, Names, Phase, WaitingRule};
use crate::domain::measure_check::Graph;
use crate::domain::words::article;

/// More starting nodes than this, and a move is drawn once, at its target.
const MOST_SOURCES: usize = 3;
const NODE_WIDTH: f64 = 138.0;
const LABEL_WIDTH: f64 = 142.0;
const LANE_NAME_WIDTH: f64 = 116.0;

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Where everyone begins.
    Start,
    /// A phase or step.
    Node {
        /// Whether one stands in the program there.
        standing: bool,
        /// Whether nothing has to follow.
        terminal: bool,
    },
    /// What leads from a node to another.
    Label,
    /// The same, where the target or the source is named instead of a line drawn to it.
    Tag,
    /// Room for a line that passes through.
    Pass,
}

/// A box: a node or a label.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: Kind,
    /// The lane, from the top.
    pub lane: usize,
    /// The column: nodes in even ones, labels in odd ones.
    pub column: usize,
    /// Lines of large print.
    pub head: Vec<String>,
    /// Lines of small print.
    pub small: Vec<String>,
    pub width: f64,
    pub height: f64,
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
}

/// A line through boxes, by their numbers, with an arrow at its end if it ends at a node.
#[derive(Debug, Clone)]
pub struct Line {
    pub through: Vec<usize>,
    pub arrow: bool,
}

/// Everything that is drawn above the table.
pub struct Picture {
    pub items: Vec<Item>,
    pub lines: Vec<Line>,
    /// The least height of each lane, for its name.
    pub lanes: Vec<f64>,
    pub columns: usize,
}

/// A move with everything that makes one label: a rule's outcomes that lead from nodes to one.
struct Arrow<'m> {
    rule: &'m ActRule,
    outcomes: Vec<&'m Id>,
    from: Vec<Option<Node>>,
    to: Node,
}

struct Builder<'m> {
    measure: &'m Measure,
    language: Language,
    words: Words,
    order: BTreeMap<Option<Node>, usize>,
    layers: BTreeMap<Option<Node>, usize>,
    at: BTreeMap<Option<Node>, usize>,
    picture: Picture,
}

impl Picture {
    /// What is to be drawn of a measure.
    pub fn of(measure: &Measure, language: Language) -> Self {
        let graph = Graph::of(measure);
        let mut nodes: Vec<Option<Node>> = Vec::new();
        if !measure.acts.is_empty() {
            nodes.push(None);
        }
        let shown =
            |node: &&Node| measure.known_in_part || graph.reached.contains(&Some((*node).clone()));
        nodes.extend(graph.nodes.iter().filter(shown).cloned().map(Some));
        let order = nodes.iter().cloned().zip(0..).collect();
        let arrows = arrows(measure, &graph);
        let picture = Self {
            items: Vec::new(),
            lines: Vec::new(),
            lanes: measure.phases.iter().map(|phase| name_height(phase, language)).collect(),
            columns: 0,
        };
        let mut builder = Builder {
            measure,
            language,
            words: words::words(language),
            order,
            layers: BTreeMap::new(),
            at: BTreeMap::new(),
            picture,
        };
        builder.layer(&nodes, &arrows);
        for node in &nodes {
            builder.add_node(node.as_ref());
        }
        for arrow in &arrows {
            builder.arrow(arrow);
        }
        builder.passing();
        builder.picture.columns =
            builder.picture.items.iter().map(|item| item.column + 1).max().unwrap_or(1);
        builder.picture
    }
}

/// What moves with one label share: the rule, by its number, the target and the outcomes.
type Way<'m> = (usize, Node, Vec<&'m Id>);

/// The moves, those with equal label and target together.
fn arrows<'m>(measure: &'m Measure, graph: &Graph<'m>) -> Vec<Arrow<'m>> {
    let mut by_way: BTreeMap<(usize, Option<Node>, Node), Vec<&'m Id>> = BTreeMap::new();
    for step in graph.moves.iter().filter(|step| graph.reached.contains(&step.from)) {
        if let Some(to) = step.to.clone().filter(|to| step.from.as_ref() != Some(to)) {
            by_way.entry((step.rule, step.from.clone(), to)).or_default().push(step.outcome);
        }
    }
    let mut arrows: BTreeMap<Way<'m>, Vec<Option<Node>>> = BTreeMap::new();
    for ((rule, from, to), outcomes) in by_way {
        arrows.entry((rule, to, outcomes)).or_default().push(from);
    }
    let arrow = |((rule, to, outcomes), from): (Way<'m>, Vec<Option<Node>>)| Arrow {
        rule: &measure.acts[rule],
        outcomes,
        from,
        to,
    };
    arrows.into_iter().map(arrow).collect()
}

impl Builder<'_> {
    fn forward(&self, from: Option<&Node>, to: &Node) -> bool {
        self.order.get(&from.cloned()) < self.order.get(&Some(to.clone()))
    }

    /// The longest way to each node along the moves that follow the file's order of nodes.
    fn layer(&mut self, nodes: &[Option<Node>], arrows: &[Arrow<'_>]) {
        for node in nodes {
            let before = arrows.iter().filter(|arrow| Some(&arrow.to) == node.as_ref());
            let layer = before
                .flat_map(|arrow| &arrow.from)
                .filter(|from| node.as_ref().is_some_and(|to| self.forward(from.as_ref(), to)))
                .filter_map(|from| self.layers.get(from))
                .max()
                .map_or(0, |layer| layer + 1);
            self.layers.insert(node.clone(), layer);
        }
    }

    fn lane(&self, node: &Node) -> usize {
        self.measure.phases.iter().position(|phase| phase.id == node.phase()).unwrap_or(0)
    }

    fn add(&mut self, item: Item) -> usize {
        self.picture.items.push(item);
        self.picture.items.len() - 1
    }

    fn add_node(&mut self, node: Option<&Node>) {
        let column = 2 * self.layers.get(&node.cloned()).copied().unwrap_or(0);
        let item = match node {
            None => {
                let head = wrap(self.words.start, LARGE, NODE_WIDTH - 40.0);
                boxed(Kind::Start, 0, column, head, vec![])
            }
            Some(node) => self.node(node, column),
        };
        let number = self.add(item);
        self.at.insert(node.cloned(), number);
    }

    fn node(&self, node: &Node, column: usize) -> Item {
        let measure = self.measure;
        let lane = self.lane(node);
        let phase = &measure.phases[lane];
        let step = phase.steps.iter().find(|step| Some(step.id.as_str()) == node.step());
        let (label, terminal) = match step {
            Some(step) => (&step.label, step.terminal),
            None => (&phase.label, phase.terminal),
        };
        let head = wrap(label.get(self.language), LARGE, NODE_WIDTH - 14.0);
        let waiting = measure.waiting_at(node).iter().map(|waiting| self.waiting(waiting));
        let small = waiting.flat_map(|text| wrap(&text, SMALL, NODE_WIDTH - 14.0)).collect();
        let kind = Kind::Node { standing: phase.standing, terminal };
        boxed(kind, lane, column, head, small)
    }

    fn waiting(&self, waiting: &WaitingRule) -> String {
        let colon = match self.language {
            Language::En => ": ",
            Language::Zh => "：",
        };
        format!(
            "{} {}{colon}{} · {}",
            self.words.waits_for,
            words::office(waiting.office, self.language),
            waiting.act.label().get(self.language),
            article(&waiting.article, self.language)
        )
    }

    fn label(&self, arrow: &Arrow<'_>) -> String {
        label(self.measure, arrow.rule, &arrow.outcomes, self.language)
    }

    fn arrow(&mut self, arrow: &Arrow<'_>) {
        let (on, back): (Vec<_>, Vec<_>) =
            arrow.from.iter().partition(|from| self.forward(from.as_ref(), &arrow.to));
        for group in [&on, &back] {
            if group.len() > MOST_SOURCES {
                let covering = if group.len() == arrow.from.len() {
                    arrow.rule.from.clone()
                } else {
                    group.iter().map(|from| pattern(from.as_ref())).collect()
                };
                let nodes = patterns(self.measure, &covering, self.language);
                let text = format!("{} ({} {nodes})", self.label(arrow), self.words.from);
                self.tag_before(&text, &arrow.to);
            }
        }
        if on.len() <= MOST_SOURCES {
            on.iter().for_each(|from| self.line(arrow, from.as_ref()));
        }
        if back.len() <= MOST_SOURCES {
            back.iter().for_each(|from| self.tag(arrow, from.as_ref()));
        }
    }

    /// A label before its target, its source named in it.
    fn tag_before(&mut self, text: &str, to: &Node) {
        let Some(&target) = self.at.get(&Some(to.clone())) else { return };
        let column = self.picture.items[target].column.saturating_sub(1);
        let lines = wrap(text, SMALL, LABEL_WIDTH - 10.0);
        let lane = self.lane(to);
        let label = self.add(boxed(Kind::Tag, lane, column, vec![], lines));
        self.picture.lines.push(Line { through: vec![label, target], arrow: true });
    }

    /// A move that leads on: source, label, and room to pass in every column up to the target.
    fn line(&mut self, arrow: &Arrow<'_>, from: Option<&Node>) {
        let (Some(&source), Some(&target)) =
            (self.at.get(&from.cloned()), self.at.get(&Some(arrow.to.clone())))
        else {
            return;
        };
        let lane = self.lane(&arrow.to);
        let (first, last) = (self.picture.items[source].column, self.picture.items[target].column);
        let lines = wrap(&self.label(arrow), SMALL, LABEL_WIDTH - 10.0);
        let mut through =
            vec![source, self.add(boxed(Kind::Label, lane, first + 1, vec![], lines))];
        for column in first + 2..last {
            through.push(self.add(boxed(Kind::Pass, lane, column, vec![], vec![])));
        }
        through.push(target);
        self.picture.lines.push(Line { through, arrow: true });
    }

    /// A move that leads back: a tag at its source that names the target.
    fn tag(&mut self, arrow: &Arrow<'_>, from: Option<&Node>) {
        let Some(&source) = self.at.get(&from.cloned()) else { return };
        let target = self.measure.label(&arrow.to);
        let target = target.as_ref().map_or("", |label| label.get(self.language));
        let text = format!("{} → {target}", self.label(arrow));
        let lines = wrap(&text, SMALL, LABEL_WIDTH - 10.0);
        let Item { lane, column, .. } = self.picture.items[source];
        let label = self.add(boxed(Kind::Tag, lane, column + 1, vec![], lines));
        self.picture.lines.push(Line { through: vec![source, label], arrow: false });
    }

    fn passing(&mut self) {
        let Some(passing) = &self.measure.passing else { return };
        let Ok(node) = Node::parse(&passing.phase) else { return };
        let mark = if passing.reading.is_some() { "†" } else { "" };
        let text =
            format!("{} · {}{mark}", self.words.passing, article(&passing.article, self.language));
        self.tag_before(&text, &node);
    }
}

/// What one label says: the act, its outcomes, the article, a mark where it is a reading.
pub fn label(measure: &Measure, rule: &ActRule, outcomes: &[&Id], language: Language) -> String {
    let follows = || outcomes.iter().filter_map(|id| rule.outcomes.get(*id));
    let mut articles: Vec<&str> = Vec::new();
    for one in follows().map(|outcome| outcome.article.as_deref().unwrap_or(&rule.article)) {
        if !articles.contains(&one) {
            articles.push(one);
        }
    }
    // An act without outcomes is done, which needs no word.
    let results: Vec<String> = outcomes
        .iter()
        .filter(|id| **id != "done")
        .map(|id| measure.label_in(Names::Outcomes, id).get(language).to_owned())
        .collect();
    let reading = rule.reading.is_some() || follows().any(|outcome| outcome.reading.is_some());
    let colon = match (results.is_empty(), language) {
        (true, _) => "",
        (false, Language::En) => ": ",
        (false, Language::Zh) => "：",
    };
    format!(
        "{}{colon}{} · {}{}",
        rule.act.label().get(language),
        results.join(" / "),
        article(&articles.join(", "), language),
        if reading { "†" } else { "" }
    )
}

fn pattern(node: Option<&Node>) -> Id {
    Id::from(node.map_or("none", Node::as_str))
}

/// The nodes that a rule's patterns cover, in words.
pub fn patterns(measure: &Measure, patterns: &[Id], language: Language) -> String {
    let words = words::words(language);
    let named = |pattern: &Id| -> String {
        if pattern == "none" {
            return words.start.to_owned();
        }
        let (node, every) = match pattern.strip_suffix(".*") {
            Some(node) => (node, true),
            None => (pattern.as_str(), false),
        };
        let label = Node::parse(node).ok().and_then(|node| measure.label(&node));
        let label = label.as_ref().map_or(node, |label| label.get(language));
        let steps = measure.phase(node).is_some_and(|phase| !phase.steps.is_empty());
        if every && steps { format!("{label} [{}]", words.any_step) } else { label.to_owned() }
    };
    patterns.iter().map(named).collect::<Vec<_>>().join(words.comma)
}

/// The name of a lane, in lines; its article follows in small print.
pub fn lane_name(phase: &Phase, language: Language) -> Vec<String> {
    wrap(phase.label.get(language), LARGE, LANE_NAME_WIDTH)
}

#[expect(clippy::cast_precision_loss, reason = "a name has few lines")]
fn name_height(phase: &Phase, language: Language) -> f64 {
    (lane_name(phase, language).len() + 1) as f64 * LARGE * LEADING
}

#[expect(clippy::cast_precision_loss, reason = "a box has few lines")]
fn boxed(kind: Kind, lane: usize, column: usize, head: Vec<String>, small: Vec<String>) -> Item {
    let widest = |lines: &[String], size| lines.iter().map(|l| width(l, size)).fold(0.0, f64::max);
    let text = head.len() as f64 * LARGE * LEADING + small.len() as f64 * SMALL * LEADING;
    let (width, height) = match kind {
        Kind::Node { .. } => (NODE_WIDTH, text + 14.0),
        Kind::Start => (widest(&head, LARGE) + 28.0, text + 14.0),
        Kind::Label | Kind::Tag => (widest(&small, SMALL) + 10.0, text + 6.0),
        Kind::Pass => (0.0, 6.0),
    };
    Item { kind, lane, column, head, small, width, height, x: 0.0, y: 0.0 }
}
