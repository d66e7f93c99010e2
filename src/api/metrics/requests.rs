//! How long requests take, by route, method and class of status, and which acts were refused.
//!
//! Each route knows its numbers from the start, so a request is counted by three additions. The time
//! is that until the answer's head is ready: what streams goes on after it, as fast as it is read.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::api::call::Answered;
use crate::api::problem::Code;
use crate::api::routes::ROUTES;

/// The methods that are told apart; any other is the last.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "_OTHER"];
/// The classes of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The upper bounds of the buckets, in microseconds: those of OpenTelemetry, and three below.
const BOUNDS_US: [u64; 17] = [
    250, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000,
    1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
];
/// What stands for the route of a request that fits none.
const NO_ROUTE: &str = "";

/// What is counted of requests.
pub struct Requests {
    /// One for each route, and one for what fits none.
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

/// The requests of one route, method and class.
#[derive(Debug)]
pub struct Series {
    route: &'static str,
    method: &'static str,
    class: &'static str,
    buckets: Vec<u64>,
    sum_ns: u64,
}

/// The number of a method.
pub fn method_of(method: &Method) -> usize {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            routes: (0..=ROUTES.len()).map(|_| ByMethod::default()).collect(),
            refused: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Requests {
    /// Counts an answer of a route by its number in the table; of what fits none, past the last.
    pub fn count(&self, route: usize, method: usize, answered: &Answered, took: Duration) {
        let status = match answered {
            Ok(response) => response.status(),
            Err(problem) => problem.code().status(),
        };
        let slot = &self.routes[route.min(ROUTES.len())][method][class_of(status)];
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
        for (index, methods) in self.routes.iter().enumerate() {
            let route = ROUTES.get(index).map_or(NO_ROUTE, |route| route.path);
            for (method, classes) in METHODS.iter().zip(methods) {
                for (class, histogram) in CLASSES.iter().zip(classes) {
                    let Some(histogram) = histogram.get() else { continue };
                    let counts = histogram.buckets.iter().map(|n| n.load(Ordering::Relaxed));
                    let buckets = counts.collect();
                    let sum_ns = histogram.sum_ns.load(Ordering::Relaxed);
                    series.push(Series { route, method, class, buckets, sum_ns });
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

/// Writes them as a histogram.
pub fn encode(encoder: &mut DescriptorEncoder<'_>, requests: &[Series]) -> fmt::Result {
    let help = "How long requests took until the head of their answer was ready.";
    let name = "http_server_request_duration_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for one in requests {
        let labels = [
            ("http_route", one.route),
            ("http_request_method", one.method),
            ("http_response_status_class", one.class),
        ];
        let bounds = BOUNDS_US.iter().map(|bound| Duration::from_micros(*bound).as_secs_f64());
        let bounds = bounds.chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(one.buckets.iter().copied()).collect();
        let count = one.buckets.iter().sum();
        let sum = Duration::from_nanos(one.sum_ns).as_secs_f64();
        family
            .encode_family(&labels)?
            .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Problem;

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
    fn what_fits_no_route_is_one_series() {
        let requests = Requests::default();
        for method in ["GET", "BREW", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answered = Err(Problem::new(Code::NotFound));
            requests.count(usize::MAX, method_of(&method), &answered, Duration::ZERO);
        }
        let series = requests.series();
        let named: Vec<_> =
            series.iter().map(|s| (s.route, s.method, s.class, s.buckets[0])).collect();
        assert_eq!(named, [("", "GET", "4xx", 1), ("", "_OTHER", "4xx", 2)]);
    }
}
