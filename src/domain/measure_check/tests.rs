use crate::domain::measure_file::{MEASURES, PROGRAMS, read, read_programs};

#[test]
fn every_embedded_measure_makes_sense() {
    let programs = read_programs(PROGRAMS.text).unwrap();
    assert_eq!(super::check_programs(&programs), []);
    for file in MEASURES {
        let measure = read(file.text).unwrap();
        assert_eq!(super::check(&measure, &programs.programs), [], "{}", file.path);
    }
}

/// The schema lets no rule for an act through that code knows without one; neither does the check.
#[test]
fn an_act_that_is_the_same_everywhere_needs_no_rule() {
    let programs = read_programs(PROGRAMS.text).unwrap();
    let text = MEASURES[1].text.replacen("act = \"inspect\"", "act = \"note\"", 1);
    let problems = super::check(&read(&text).unwrap(), &programs.programs);
    let found: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(found, ["note is the same in every program and needs no rule: remove it"]);
}
