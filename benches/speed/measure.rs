//! What is measured with: percentiles, the disk's flush, processor time and memory of a process,
//! and the lines that are printed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Times in microseconds, to ask for percentiles.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<u32>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn join(&mut self, other: Times) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds below which this share of the times lies.
    pub fn percentile_ms(&mut self, share: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        self.0.sort_unstable();
        let at = (self.0.len() as f64 * share) as usize;
        f64::from(self.0[at.min(self.0.len() - 1)]) / 1000.0
    }

    /// The median and the 99th percentile, as printed.
    pub fn shown(&mut self) -> String {
        format!("{:.2} / {:.2}", self.percentile_ms(0.5), self.percentile_ms(0.99))
    }
}

/// How long this disk takes now to append a page of 4 KiB to a file and flush it.
pub fn flush(folder: &Path) -> anyhow::Result<Times> {
    let path = folder.join("flush.probe");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Times::default();
    for turn in 0..400u32 {
        let began = Instant::now();
        file.write_all(&[turn as u8; 4096])?;
        file.sync_data()?;
        times.add(began.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(times)
}

/// Processor time of a process so far: user and system, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    pub user_s: f64,
    pub system_s: f64,
}

impl Cpu {
    pub fn of(pid: u32) -> Self {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name, which may hold spaces: state is field 3, utime 14, stime 15; ticks of 10 ms.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        Self { user_s: ticks(11) / 100.0, system_s: ticks(12) / 100.0 }
    }

    pub fn own() -> Self {
        Self::of(std::process::id())
    }

    pub fn since(self, before: Self) -> Self {
        Self { user_s: self.user_s - before.user_s, system_s: self.system_s - before.system_s }
    }

    /// Microseconds of one core for each of so many: other work on the machine hardly moves it.
    pub fn each_us(self, count: usize) -> f64 {
        1e6 * (self.user_s + self.system_s) / count.max(1) as f64
    }

    /// Percent of one core over a time, user and system.
    pub fn share(self, time: Duration) -> String {
        let percent = |seconds: f64| 100.0 * seconds / time.as_secs_f64();
        format!("{:.0}+{:.0}%", percent(self.user_s), percent(self.system_s))
    }
}

/// Seconds of processor time by the name of the thread.
pub type Threads = BTreeMap<String, f64>;

/// What the threads of a process took so far; those of one name together.
pub fn threads(pid: u32) -> Threads {
    let mut threads = Threads::new();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    for task in tasks.into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        // Nanoseconds on a processor, where `stat` counts in ticks of 10 ms.
        let schedstat = read("schedstat");
        let nanos = schedstat.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
        *threads.entry(read("comm").trim().to_owned()).or_default() += nanos / 1e9;
    }
    threads
}

/// What they took since, for each of so many, in microseconds; least ones left out.
pub fn by_thread(after: &Threads, before: &Threads, count: usize) -> String {
    let each = after.iter().map(|(name, seconds)| {
        let since = seconds - before.get(name).copied().unwrap_or(0.0);
        (name, 1e6 * since / count.max(1) as f64)
    });
    let shown: Vec<String> = each
        .filter(|(_, each_us)| *each_us >= 0.5)
        .map(|(name, each_us)| format!("{name} {each_us:.0}"))
        .collect();
    shown.join(", ")
}

/// A line of `/proc/<pid>/status` in MiB: `VmRSS` now, `VmHWM` at most so far.
pub fn memory_mib(pid: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kib = kib.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// How loaded the machine was over the last minute; other work makes every figure a lower bound.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("?").to_owned()
}

/// A heading.
pub fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.chars().count()));
}

/// A line with a name, a rate and what else is to be said.
pub fn line(name: &str, rate: f64, unit: &str, more: &str) {
    println!("{name:<44} {:>11} {unit:<9} {more}", thousands(rate));
}

/// A number with its thousands apart.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
