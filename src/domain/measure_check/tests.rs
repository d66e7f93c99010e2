use crate::domain::measure_file::{MEASURES, PROGRAMS, read, read_programs};

#[test]
fn every_embedded_measure_makes_sense() {
    let programs = read_programs(PROGRAMS.text).unwrap().programs;
    for file in MEASURES {
        let measure = read(file.text).unwrap();
        assert_eq!(super::check(&measure, &programs), [], "{}", file.path);
    }
}
