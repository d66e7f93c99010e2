//! The stand-in for KurrentDB gives the answers of a real server, each test naming the fact.
#![cfg(feature = "kurrentdb")]

#[path = "support/kurrentdb/mod.rs"]
mod kurrentdb;

use ::kurrentdb::{
    AppendToStreamOptions, Client, EventData, ReadAllOptions, ReadStreamOptions, StreamState,
};
use kurrentdb::{Settings, StandIn};

#[tokio::test]
async fn first() {
    let server = StandIn::start(Settings::default());
    let client = Client::new(server.address().parse().unwrap()).unwrap();
    let event =
        EventData::json("a", &serde_json::json!({"x": 1})).unwrap().id(uuid::Uuid::from_u128(1));
    let options = AppendToStreamOptions::default().stream_state(StreamState::NoStream);
    let written = client.append_to_stream("s-1", &options, event.clone()).await.unwrap();
    assert_eq!(written.next_expected_version, 0);
    let again = client.append_to_stream("s-1", &options, event.clone()).await.unwrap();
    assert_eq!(written.position, again.position);
    let mut read = client.read_stream("s-1", &ReadStreamOptions::default()).await.unwrap();
    let first = read.next().await.unwrap().unwrap();
    println!("{first:?}");
    assert!(read.next().await.unwrap().is_none());
    let mut read = client.read_all(&ReadAllOptions::default()).await.unwrap();
    while let Some(event) = read.next().await.unwrap() {
        println!("{event:?}");
    }
    println!("{:?}", client.server_info().await.map(|info| info.version().to_string()));
}
