use crate::domain::measure::{OfficesFile, Program, ProgramFile, Programs};
use crate::domain::measure_file::{FILES, Kind, measures, read, read_as};

fn programs() -> Vec<Program> {
    let files = FILES.iter().filter(|file| file.kind() == Kind::Program);
    let files = files.map(|file| read_as::<ProgramFile>(file.text).unwrap());
    Programs::of(OfficesFile { office_names: Vec::new() }, files).programs
}

#[test]
fn every_embedded_measure_makes_sense() {
    for file in measures(FILES) {
        let measure = read(file.text).unwrap();
        assert_eq!(super::check(&measure, &programs()), [], "{}", file.path);
    }
}

/// The schema lets no rule for an act through that code knows without one; neither does the check.
#[test]
fn an_act_that_is_the_same_everywhere_needs_no_rule() {
    let file = FILES.iter().find(|file| file.path.ends_with("cluster_area/2014-40.toml")).unwrap();
    let text = file.text.replacen("act = \"inspect\"", "act = \"note\"", 1);
    let problems = super::check(&read(&text).unwrap(), &programs());
    let found: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(found, ["note is the same in every program and needs no rule: remove it"]);
}
