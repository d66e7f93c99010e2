//! How long requests took, as a histogram by route, method and class of status.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::api::asking::requests::Series;
use crate::api::table::routes::ROUTES;

/// What stands for the route of a request that fits none.
const NO_ROUTE: &str = "";

/// Writes them as a histogram.
pub fn encode(encoder: &mut DescriptorEncoder<'_>, requests: &[Series]) -> fmt::Result {
    let help = "How long requests took until the head of their answer was ready.";
    let name = "http_server_request_duration_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for one in requests {
        let labels = [
            ("http_route", ROUTES.get(one.row).map_or(NO_ROUTE, |route| route.path)),
            ("http_request_method", one.method),
            ("http_response_status_class", one.class),
        ];
        let count = one.buckets.iter().map(|(_, count)| count).sum();
        let sum = one.sum.as_secs_f64();
        family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
            sum,
            count,
            &one.buckets,
            None,
        )?;
    }
    Ok(())
}
