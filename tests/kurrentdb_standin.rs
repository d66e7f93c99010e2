//! The stand-in for KurrentDB answers as a real server was seen to, and misbehaves as it is told.
//! Each test names its fact. Facts that need no misbehaviour are also put to the server whose address
//! is in `DOCKET_TEST_KURRENTDB`, in streams of their own.
#![cfg(feature = "kurrentdb")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "kurrentdb_standin/appends.rs"]
mod appends;
#[path = "kurrentdb_standin/batches.rs"]
mod batches;
#[path = "kurrentdb_standin/faults.rs"]
mod faults;
#[path = "kurrentdb_standin/nodes.rs"]
mod nodes;
#[path = "kurrentdb_standin/reads.rs"]
mod reads;
#[path = "support/kurrentdb/mod.rs"]
mod standin;

use kurrentdb::{
    AppendToStreamOptions, Client, Error, EventData, ReadAllOptions, ReadStream, ReadStreamOptions,
    ResolvedEvent, StreamPosition, StreamState, WriteResult,
};
use uuid::Uuid;

use standin::{Settings, StandIn};

/// Puts a fact to the stand-in and, where one is given, to a real server. The fact gets a client and
/// a name that no stream has yet.
async fn on_each_server(fact: impl AsyncFn(Client, String)) {
    let server = StandIn::start(Settings::default());
    fact(connect(&server.address()), new_name()).await;
    if let Ok(address) = std::env::var("DOCKET_TEST_KURRENTDB") {
        fact(connect(&address), new_name()).await;
    }
}

/// The same for what is known of the line 23.10 and is otherwise in others.
async fn on_each_server_of_the_line(fact: impl AsyncFn(Client, String)) {
    on_each_server(async |client, stream| {
        if client.server_info().await.unwrap().version() == (23, 10) {
            fact(client, stream).await;
        }
    })
    .await;
}

/// A client that does not wait half a second before it connects, as it does by default.
fn connect(address: &str) -> Client {
    let separator = if address.contains('?') { '&' } else { '?' };
    let address = format!("{address}{separator}discoveryInterval=10");
    Client::new(address.parse().unwrap()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a server that is there already remembers names")]
fn new_name() -> String {
    format!("docketfact-{}", Uuid::new_v4())
}

/// An event with this id and these bytes.
fn event(id: u128, data: &str) -> EventData {
    EventData::binary("happened", data.to_owned().into()).id(Uuid::from_u128(id))
}

fn events(ids: impl IntoIterator<Item = u128>) -> Vec<EventData> {
    ids.into_iter().map(|id| event(id, "x")).collect()
}

async fn append(
    client: &Client,
    stream: &str,
    expected: StreamState,
    events: Vec<EventData>,
) -> Result<WriteResult, Error> {
    let options = AppendToStreamOptions::default().stream_state(expected);
    client.append_to_stream(stream, &options, events).await
}

/// The events with these ids at the beginning of a new stream.
async fn begin(client: &Client, stream: &str, ids: impl IntoIterator<Item = u128>) -> WriteResult {
    append(client, stream, StreamState::NoStream, events(ids)).await.unwrap()
}

async fn collect(mut read: ReadStream) -> Result<Vec<ResolvedEvent>, Error> {
    let mut events = Vec::new();
    while let Some(event) = read.next().await? {
        events.push(event);
    }
    Ok(events)
}

async fn read(client: &Client, stream: &str) -> Result<Vec<ResolvedEvent>, Error> {
    collect(client.read_stream(stream, &ReadStreamOptions::default()).await?).await
}

/// The revisions and ids of a stream as read.
async fn contents(client: &Client, stream: &str) -> Vec<(u64, u128)> {
    let events = read(client, stream).await.unwrap();
    let pair = |event: &ResolvedEvent| {
        let event = event.get_original_event();
        (event.revision, event.id.as_u128())
    };
    events.iter().map(pair).collect()
}

/// What is in `$all` of a stream, in its order.
async fn in_all(client: &Client, stream: &str) -> Vec<ResolvedEvent> {
    let options = ReadAllOptions::default().backwards().position(StreamPosition::End);
    let mut read = client.read_all(&options).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        if event.get_original_stream_id() == stream {
            events.insert(0, event);
            if events[0].get_original_event().revision == 0 {
                break;
            }
        }
    }
    events
}
