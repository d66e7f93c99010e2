//! The Prometheus text format 0.0.4 out of OpenMetrics.

/// The same metrics in the older form: there a counter is called in its head as its samples are,
/// with `_total`, and nothing is said of units and the end.
pub fn to_prometheus(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
            continue;
        }
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let suffix = if kind == "counter" { "_total" } else { "" };
        if let Some((_, help)) = help.take() {
            text.push_str(&format!("# HELP {name}{suffix} {help}\n"));
        }
        text.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::to_prometheus;

    #[test]
    fn a_counter_is_called_as_its_samples_are() {
        let text = "# HELP a Some.\n# TYPE a counter\na_total{x=\"y\"} 1\n\
            # HELP b_seconds More.\n# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 2\n# EOF\n";
        assert_eq!(
            to_prometheus(text),
            "# HELP a_total Some.\n# TYPE a_total counter\na_total{x=\"y\"} 1\n\
             # HELP b_seconds More.\n# TYPE b_seconds gauge\nb_seconds 2\n"
        );
    }
}
