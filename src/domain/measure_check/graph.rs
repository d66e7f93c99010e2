//! Where an enrollment can get to: the moves that a measure's acts make between its nodes.

use std::collections::BTreeSet;

use super::Problems;
use crate::domain::ids::{Id, Node, covered};
use crate::domain::measure::{Measure, WaitingRule};

/// One way in which an outcome of an act leads from one node to another, or leaves one where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move<'m> {
    /// The act's rule, by its number in the file.
    pub rule: usize,
    /// The outcome.
    pub outcome: &'m Id,
    /// Where the enrollment stood; absent: nowhere yet.
    pub from: Option<Node>,
    /// Where it stands afterwards.
    pub to: Option<Node>,
}

/// The nodes of a measure and the moves between them.
#[derive(Debug, Clone)]
pub struct Graph<'m> {
    /// Every declared node, in the file's order.
    pub nodes: Vec<Node>,
    /// Every move.
    pub moves: Vec<Move<'m>>,
    /// The nodes that can be reached, `None` being the beginning.
    pub reached: BTreeSet<Option<Node>>,
}

impl<'m> Graph<'m> {
    /// The graph of a measure.
    pub fn of(measure: &'m Measure) -> Self {
        let nodes = declared_nodes(measure);
        let moves = moves(measure, &nodes);
        let mut start = BTreeSet::from([None]);
        start.extend(passing_node(measure).map(Some));
        let reached = closure(start, &moves);
        Self { nodes, moves, reached }
    }

    /// Whether some of the nodes can be reached from some others, being one of them included.
    pub fn leads(&self, from: &BTreeSet<Option<Node>>, to: impl Fn(Option<&Node>) -> bool) -> bool {
        closure(from.clone(), &self.moves).iter().any(|node| to(node.as_ref()))
    }
}

/// Where those stand whom an earlier version's approval brought under this one (C18).
pub fn passing_node(measure: &Measure) -> Option<Node> {
    Node::parse(&measure.passing.as_ref()?.phase).ok()
}

fn declared_nodes(measure: &Measure) -> Vec<Node> {
    let mut nodes = Vec::new();
    for phase in &measure.phases {
        nodes.extend(Node::parse(&phase.id));
        let steps = phase.steps.iter();
        nodes.extend(steps.filter_map(|s| Node::parse(&format!("{}.{}", phase.id, s.id)).ok()));
    }
    nodes
}

fn moves<'m>(measure: &'m Measure, nodes: &[Node]) -> Vec<Move<'m>> {
    let mut moves = Vec::new();
    for (number, rule) in measure.acts.iter().enumerate() {
        let all = std::iter::once(None).chain(nodes.iter().map(Some));
        for from in all.filter(|node| covered(&rule.from, *node)) {
            moves.extend(rule.outcomes.iter().map(|(outcome, follows)| Move {
                rule: number,
                outcome,
                from: from.cloned(),
                to: follows.to.clone().or_else(|| from.cloned()),
            }));
        }
    }
    moves
}

fn closure(start: BTreeSet<Option<Node>>, moves: &[Move<'_>]) -> BTreeSet<Option<Node>> {
    let mut reached = start;
    loop {
        let before = reached.len();
        for step in moves {
            if reached.contains(&step.from) {
                reached.insert(step.to.clone());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

/// Nodes that nothing reaches, and nodes that nothing leaves though something should.
pub(super) fn check(measure: &Measure, graph: &Graph<'_>, problems: &mut Problems) {
    if !measure.acts.iter().any(|rule| covered(&rule.from, None)) {
        problems
            .add("/act", "no act opens an enrollment: let one be done from \"none\", as apply is");
        return;
    }
    for (index, phase) in measure.phases.iter().enumerate() {
        let path = format!("/phase/{index}");
        let Ok(base) = Node::parse(&phase.id) else { continue };
        if phase.steps.is_empty() && !graph.reached.contains(&Some(base.clone())) {
            problems.add(&path, unreachable(&base));
        }
        dead_end(graph, &base, phase.terminal, &phase.waiting_for, &path, problems);
        for (step_index, step) in phase.steps.iter().enumerate() {
            let path = format!("{path}/step/{step_index}");
            let Ok(node) = Node::parse(&format!("{}.{}", phase.id, step.id)) else { continue };
            if !graph.reached.contains(&Some(node.clone())) {
                problems.add(&path, unreachable(&node));
            }
            dead_end(graph, &node, step.terminal, &step.waiting_for, &path, problems);
        }
    }
}

fn unreachable(node: &Node) -> String {
    format!("{node} cannot be reached: let an outcome lead `to = \"{node}\"`, or remove it")
}

fn dead_end(
    graph: &Graph<'_>,
    node: &Node,
    terminal: bool,
    waiting: &[WaitingRule],
    path: &str,
    problems: &mut Problems,
) {
    let here = Some(node.clone());
    let goes_on = graph.moves.iter().any(|step| step.from == here && step.to != here);
    if graph.reached.contains(&here) && !terminal && waiting.is_empty() && !goes_on {
        problems.add(
            path,
            format!(
                "{node} is a dead end: no act leads on from it and nobody is waited for; add an act from it, `waiting_for`, or `terminal = true`"
            ),
        );
    }
}

/// Two rules for one act that both cover a node leave open which of them decides.
pub(super) fn check_overlaps(measure: &Measure, problems: &mut Problems) {
    let nodes = declared_nodes(measure);
    for (later, rule) in measure.acts.iter().enumerate() {
        for (earlier, other) in measure.acts.iter().enumerate().take(later) {
            if other.act != rule.act {
                continue;
            }
            let mut all = std::iter::once(None).chain(nodes.iter().map(Some));
            let both =
                |node: &Option<&Node>| covered(&rule.from, *node) && covered(&other.from, *node);
            if let Some(node) = all.find(both) {
                let at = node.map_or("none", Node::as_str);
                problems.add(
                    format!("/act/{later}/from"),
                    format!(
                        "ambiguous: from {at} both this rule and rule {} of the file allow {}; let each node be covered by one of them",
                        earlier + 1,
                        rule.act.as_str()
                    ),
                );
            }
        }
    }
}
