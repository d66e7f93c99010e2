//! The suite on a real store: `DOCKET_TEST_S3=s3://bucket/prefix?endpoint=…`, the keys in the
//! variables of AWS. It works under a prefix of its own and leaves nothing.

use crate::documents::{self, Place};
use crate::s3::{self, S3StandIn};
use docket::app::documents::DocumentStore;
use docket::app::documents::s3::{S3Address, S3Settings, S3Store};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use std::sync::Arc;

struct Real {
    settings: S3Settings,
    behind: object_store::aws::AmazonS3,
}

impl Real {
    #[expect(clippy::disallowed_methods, reason = "each run has a prefix of its own")]
    fn at(address: &str, environment: &[(String, String)]) -> Real {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut address = S3Address::parse(address).unwrap();
        let run = uuid::Uuid::new_v4();
        address.prefix = format!("{}/test-{run}", address.prefix).trim_matches('/').to_owned();
        let keys = environment.iter().filter_map(|(name, value)| {
            let key = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>().ok()?;
            name.starts_with("AWS_").then_some((key, value))
        });
        let behind = AmazonS3Builder::new();
        let mut behind = keys
            .fold(behind, |behind, (key, value)| behind.with_config(key, value))
            .with_bucket_name(&address.bucket)
            .with_allow_http(address.allow_http)
            .with_virtual_hosted_style_request(!address.path_style)
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &address.endpoint {
            behind = behind.with_endpoint(endpoint);
        }
        if let Some(region) = &address.region {
            behind = behind.with_region(region);
        }
        let environment = environment.to_vec();
        let settings = S3Settings { environment, ..S3Settings::new(address, run) };
        Real { settings, behind: behind.build().unwrap() }
    }

    fn path(&self, name: &str) -> Path {
        Path::parse(format!("{}/{name}", self.settings.address.prefix)).unwrap()
    }
}

impl Place for Real {
    async fn store(&self) -> Arc<dyn DocumentStore> {
        Arc::new(S3Store::new(&self.settings).unwrap())
    }

    async fn names(&self) -> Vec<String> {
        let prefix = Path::parse(&self.settings.address.prefix).unwrap();
        let listed: Vec<_> = self.behind.list(Some(&prefix)).try_collect().await.unwrap();
        let name = |path: &Path| path.as_ref()[prefix.as_ref().len() + 1..].to_owned();
        let mut names: Vec<String> = listed.iter().map(|object| name(&object.location)).collect();
        names.sort();
        names
    }

    async fn remove(&self, name: &str) {
        self.behind.delete(&self.path(name)).await.unwrap();
    }

    async fn replace(&self, name: &str, bytes: &[u8]) {
        self.behind.put(&self.path(name), bytes.to_vec().into()).await.unwrap();
    }

    fn sizes(&self) -> Vec<usize> {
        super::sizes()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_store_keeps_the_same_promises() {
    let Ok(address) = std::env::var("DOCKET_TEST_S3") else {
        eprintln!("skipped: no S3 store is given in DOCKET_TEST_S3");
        return;
    };
    suite_at(&address, &std::env::vars().collect::<Vec<_>>()).await;
}

/// So that the suite is known to work before there is a real store.
#[tokio::test(flavor = "multi_thread")]
async fn the_suite_of_a_real_store_holds_on_the_stand_in() {
    let stand_in = S3StandIn::start();
    let keys = [("AWS_ACCESS_KEY_ID", s3::KEY_ID), ("AWS_SECRET_ACCESS_KEY", s3::SECRET)];
    let keys = keys.map(|(name, value)| (name.to_owned(), value.to_owned()));
    suite_at(&stand_in.address("docs"), &keys).await;
    assert_eq!(stand_in.keys(), Vec::<String>::new());
}

async fn suite_at(address: &str, environment: &[(String, String)]) {
    let mut used = Vec::new();
    let mut new = || {
        used.push(Arc::new(Real::at(address, environment)));
        used[used.len() - 1].clone()
    };
    documents::what_was_put_can_be_cited_and_read(&*new()).await;
    documents::sizes_around_a_chunk_come_back_whole(&*new()).await;
    documents::a_refused_upload_leaves_nothing(&*new()).await;
    documents::what_is_damaged_is_never_given_whole_and_an_upload_mends_it(&*new()).await;
    documents::what_one_node_keeps_another_cites(&*new()).await;
    documents::nodes_that_keep_the_same_at_once_keep_it_once(&*new()).await;
    for place in used {
        let names = futures_util::stream::iter(place.names().await);
        names.for_each(async |name| place.remove(&name).await).await;
    }
}
