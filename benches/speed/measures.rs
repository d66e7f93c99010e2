//! A new program folder, read from the disk and checked: its shape by the schema, then the model check.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::ensure;
use docket::app::measure_files::check_files;
use docket::domain::measure_file::{FILES, Source};

use crate::measure::{Times, heading, line};

/// How often it is read and checked.
const ROUNDS: usize = 100;
/// The folders with the longest measures, and what their program is called as a new one.
const FOLDERS: [(&str, &str); 2] =
    [("cluster_area", "bench_area"), ("strong_province", "bench_province")];

/// Reads and checks a folder.
pub fn measures(data: &Path) -> anyhow::Result<()> {
    heading("A new program folder");
    let known = check_files(FILES, None);
    ensure!(known.faults.is_empty(), "the measures that docket brings along have faults");
    for (folder, new) in FOLDERS {
        let place = data.join("new-program").join(new);
        fs::create_dir_all(&place)?;
        for file in FILES.iter().filter(|file| file.path.contains(&format!("/{folder}/"))) {
            fs::write(place.join(file.folder_and_name().1), file.text.replace(folder, new))?;
        }
        let (mut times, began) = (Times::default(), Instant::now());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let mut texts = Vec::new();
            for entry in fs::read_dir(&place)? {
                let path = entry?.path();
                texts.push((path.display().to_string(), fs::read_to_string(&path)?));
            }
            let sources: Vec<_> = texts.iter().map(|(path, text)| Source { path, text }).collect();
            let checked = check_files(&sources, Some(&known.programs));
            times.add(started.elapsed());
            let faults: Vec<_> = checked.faults.iter().map(ToString::to_string).collect();
            ensure!(faults.is_empty() && !checked.measures.is_empty(), "{faults:?}");
        }
        let rate = ROUNDS as f64 / began.elapsed().as_secs_f64();
        let more = format!("{} ms (p50 / p99)", times.shown());
        line(&format!("read and checked: {folder}"), rate, "folders/s", &more);
        fs::remove_dir_all(&place)?;
    }
    Ok(())
}
