//! Documents in an S3 store: what every store promises, over a stand-in that speaks the protocol and
//! over a real store where there is one (`DOCKET_TEST_S3`); and what is done when the store fails.
#![cfg(feature = "s3")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "support/documents.rs"]
mod documents;
#[path = "documents_s3/failing.rs"]
mod failing;
#[path = "documents_s3/leftovers.rs"]
mod leftovers;
#[path = "documents_s3/real.rs"]
mod real;
#[path = "support/s3.rs"]
mod s3;

use docket::app::documents::DocumentStore;
use documents::Place;
use s3::S3StandIn;
use std::sync::Arc;

/// The stand-in under a prefix.
struct StandIn(S3StandIn);

const PREFIX: &str = "ministry/docs";

impl StandIn {
    fn start() -> StandIn {
        StandIn(S3StandIn::start())
    }
}

/// Around a frame, a part in memory, and several parts.
fn sizes() -> Vec<usize> {
    let part = 8 << 20;
    vec![0, 1, 65_537, 200_001, part, part + 1, 2 * part, 2 * part + 3]
}

impl Place for StandIn {
    async fn store(&self) -> Arc<dyn DocumentStore> {
        Arc::new(self.0.store(PREFIX))
    }

    async fn names(&self) -> Vec<String> {
        let under_way =
            self.0.state().uploads.values().map(|u| format!("parts of {}", u.key)).collect();
        let names = self.0.keys().into_iter().map(|key| {
            let name = key.strip_prefix(PREFIX).and_then(|name| name.strip_prefix('/'));
            name.unwrap_or_else(|| panic!("{key} is outside the prefix")).to_owned()
        });
        [under_way, names.collect::<Vec<_>>()].concat()
    }

    async fn remove(&self, name: &str) {
        self.0.state().objects.remove(&format!("{PREFIX}/{name}")).unwrap();
    }

    async fn replace(&self, name: &str, bytes: &[u8]) {
        self.0.replace(&format!("{PREFIX}/{name}"), bytes);
    }

    fn sizes(&self) -> Vec<usize> {
        sizes()
    }
}

documents::suite!(StandIn::start());
