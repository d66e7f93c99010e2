//! How long requests take, by row of the table, method and class of status, and which acts were refused.
//!
//! Each row knows its numbers from the start, so a request is counted by three additions. The time
//! is that until the answer's head is ready: what streams goes on after it, as fast as it is read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};

use crate::views::problem::{Code, Problem};

/// The methods that are told apart; any other is the last.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "_OTHER"];
/// The classes of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The upper bounds of the buckets, in microseconds: those of OpenTelemetry, and three below.
const BOUNDS_US: [u64; 17] = [
    250, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000,
    1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
];
/// The most rows that the table of routes may have; it stands above, and is held to this there.
pub const MAX_ROWS: usize = 96;

/// What is counted of requests.
pub struct Requests {
    /// One for each row, and one for what fits none.
    routes: Box<[ByMethod]>,
    refused: Box<[AtomicU64]>,
}

/// Made when it is first needed: most routes are asked with one method, and answer well.
type ByMethod = [[OnceLock<Box<Histogram>>; CLASSES.len()]; METHODS.len()];

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

/// The requests of one row, method and class.
#[derive(Debug)]
pub struct Series {
    /// The number of the row; past the last: none.
    pub row: usize,
    /// The method.
    pub method: &'static str,
    /// The class of the status.
    pub class: &'static str,
    /// How many fell into each bucket, by its upper bound; the last has none.
    pub buckets: Vec<(f64, u64)>,
    /// How long they took together.
    pub sum: Duration,
}

/// The number of a method.
pub fn method_of(method: &Method) -> usize {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            routes: (0..=MAX_ROWS).map(|_| ByMethod::default()).collect(),
            refused: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Requests {
    /// Counts an answer by the number of its row in the table; of what fits none, past the last.
    pub fn count(
        &self,
        row: usize,
        method: usize,
        answered: &Result<HttpResponse, Problem>,
        took: Duration,
    ) {
        let status = match answered {
            Ok(response) => response.status(),
            Err(problem) => problem.code().status(),
        };
        let slot = &self.routes[row.min(MAX_ROWS)][method][class_of(status)];
        slot.get_or_init(Box::default).observe(took);
    }

    /// Counts an act that was not recorded.
    pub fn count_refused(&self, code: Code) {
        self.refused[code as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Acts that were not recorded, by problem.
    pub fn refused(&self) -> Vec<(&'static str, u64)> {
        let counts = self.refused.iter().map(|count| count.load(Ordering::Relaxed));
        let counts = Code::ALL.iter().zip(counts).map(|(code, count)| (code.name(), count));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Requests so far.
    pub fn series(&self) -> Vec<Series> {
        let mut series = Vec::new();
        let bounds = BOUNDS_US.iter().map(|bound| Duration::from_micros(*bound).as_secs_f64());
        let bounds: Vec<f64> = bounds.chain([f64::INFINITY]).collect();
        for (row, methods) in self.routes.iter().enumerate() {
            for (method, classes) in METHODS.iter().zip(methods) {
                for (class, histogram) in CLASSES.iter().zip(classes) {
                    let Some(histogram) = histogram.get() else { continue };
                    let counts = histogram.buckets.iter().map(|n| n.load(Ordering::Relaxed));
                    let buckets = bounds.iter().copied().zip(counts).collect();
                    let sum = Duration::from_nanos(histogram.sum_ns.load(Ordering::Relaxed));
                    series.push(Series { row, method, class, buckets, sum });
                }
            }
        }
        series
    }
}

fn class_of(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1_000 < took_ns);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(took_ns, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        for took_us in [0, 250, 251, 10_000_000, 10_000_001] {
            histogram.observe(Duration::from_micros(took_us));
        }
        let counts: Vec<u64> =
            histogram.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!((counts[0], counts[1]), (2, 1));
        assert_eq!((counts[BOUNDS_US.len() - 1], counts[BOUNDS_US.len()]), (1, 1));
    }

    #[test]
    fn a_code_is_counted_under_its_own_name() {
        for code in Code::ALL {
            let requests = Requests::default();
            requests.count_refused(*code);
            assert_eq!(requests.refused(), [(code.name(), 1)]);
        }
    }

    #[test]
    fn what_fits_no_row_is_one_series() {
        let requests = Requests::default();
        for method in ["GET", "BREW", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answered = Err(Problem::new(Code::NotFound));
            requests.count(usize::MAX, method_of(&method), &answered, Duration::ZERO);
        }
        let series = requests.series();
        let named: Vec<_> =
            series.iter().map(|s| (s.row, s.method, s.class, s.buckets[0].1)).collect();
        assert_eq!(named, [(MAX_ROWS, "GET", "4xx", 1), (MAX_ROWS, "_OTHER", "4xx", 2)]);
    }
}
