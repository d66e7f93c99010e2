//! The services as gRPC methods: each is a plain function from a request to an answer or a status,
//! put behind tonic's codec.

use std::future::Future;
use std::task::{Context, Poll};

use hyper::body::Incoming;
use tonic::body::Body;
use tonic::codec::ProstCodec as Codec;
use tonic::codegen::http::{Request as HttpRequest, Response as HttpResponse};
use tonic::codegen::{BoxFuture, Service};
use tonic::metadata::MetadataMap;
use tonic::server::Grpc;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::appends;
use super::batches;
use super::node::Link;
use super::reads;
use super::wire::{ClusterInfo, EndPoint, Id, MemberInfo, SupportedMethod, SupportedMethods};

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 16 << 20;

/// A function as the service that tonic asks for.
struct Method<F>(F);

impl<F, Q, A, T> Service<Request<Q>> for Method<F>
where
    F: FnMut(Request<Q>) -> T,
    T: Future<Output = Result<Response<A>, Status>> + Send + 'static,
{
    type Response = Response<A>;
    type Error = Status;
    type Future = BoxFuture<Response<A>, Status>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        Box::pin((self.0)(request))
    }
}

pub async fn read(link: Link, request: HttpRequest<Incoming>) -> HttpResponse<Body> {
    let method = Method(move |request: Request<_>| {
        let link = link.clone();
        async move {
            let (metadata, _, message) = request.into_parts();
            reads::read(link, &metadata, message).await.map(Response::new)
        }
    });
    Grpc::new(Codec::default()).server_streaming(method, request).await
}

pub async fn append(link: Link, request: HttpRequest<Incoming>) -> HttpResponse<Body> {
    let method = Method(move |request: Request<Streaming<_>>| {
        let link = link.clone();
        async move {
            let (metadata, _, messages) = request.into_parts();
            appends::append(link, &metadata, messages).await.map(Response::new)
        }
    });
    Grpc::new(Codec::default())
        .max_decoding_message_size(MAX_MESSAGE)
        .client_streaming(method, request)
        .await
}

pub async fn batch_append(link: Link, request: HttpRequest<Incoming>) -> HttpResponse<Body> {
    let method = Method(move |request: Request<Streaming<_>>| {
        let link = link.clone();
        async move {
            let (metadata, _, messages) = request.into_parts();
            batches::batch_append(link, &metadata, messages).map(Response::new)
        }
    });
    Grpc::new(Codec::default())
        .max_decoding_message_size(MAX_MESSAGE)
        .streaming(method, request)
        .await
}

pub async fn delete(
    link: Link,
    request: HttpRequest<Incoming>,
    for_ever: bool,
) -> HttpResponse<Body> {
    let method = Method(move |request: Request<_>| {
        let link = link.clone();
        async move {
            let (metadata, _, message) = request.into_parts();
            appends::delete(&link, &metadata, message, for_ever).map(Response::new)
        }
    });
    Grpc::new(Codec::default()).unary(method, request).await
}

/// Who is there and who leads; answered to anybody.
pub async fn gossip(link: Link, request: HttpRequest<Incoming>) -> HttpResponse<Body> {
    const FOLLOWER: i32 = 6;
    const LEADER: i32 = 8;
    let method = Method(move |_: Request<()>| {
        let leader = link.world.leader();
        let members = link.world.nodes.iter().map(|node| MemberInfo {
            instance_id: Some(Id::text(Uuid::from_u128(node.number as u128 + 1))),
            time_stamp: 0,
            state: if node.number == leader { LEADER } else { FOLLOWER },
            is_alive: node.is_up(),
            http_end_point: Some(EndPoint {
                address: node.address.ip().to_string(),
                port: node.address.port().into(),
            }),
        });
        std::future::ready(Ok(Response::new(ClusterInfo { members: members.collect() })))
    });
    Grpc::new(Codec::default()).unary(method, request).await
}

/// The server's version; answered to anybody. A server too old does not know the question.
pub async fn features(link: Link, request: HttpRequest<Incoming>) -> HttpResponse<Body> {
    let method = Method(move |_: Request<()>| {
        std::future::ready(match &link.world.version {
            Some(version) => {
                let batch_append = SupportedMethod {
                    method: "batchappend".to_owned(),
                    service: "event_store.client.streams.streams".to_owned(),
                };
                let (methods, server_version) = (vec![batch_append], version.clone());
                Ok(Response::new(SupportedMethods { methods, server_version }))
            }
            None => Err(Status::unimplemented("Service is unimplemented.")),
        })
    });
    Grpc::new(Codec::default()).unary(method, request).await
}

/// The status of a refusal, with the trailers by which the client knows it.
pub fn refusal(code: tonic::Code, message: &str, exception: &'static str) -> Status {
    let mut status = Status::new(code, message);
    status.metadata_mut().insert("exception", exception.parse().unwrap());
    status
}

/// Refuses what only the leader answers, on another node.
pub fn check_leader(link: &Link, metadata: &MetadataMap) -> Result<(), Status> {
    let required = metadata.get("requires-leader").is_some_and(|value| value == "true");
    if required && link.world.leader() != link.node { Err(not_leader(link)) } else { Ok(()) }
}

pub fn not_leader(link: &Link) -> Status {
    let mut status = refusal(tonic::Code::NotFound, "Leader info available", "not-leader");
    let leader = link.world.nodes[link.world.leader()].address;
    let trailers = status.metadata_mut();
    trailers.insert("leader-endpoint-host", leader.ip().to_string().parse().unwrap());
    trailers.insert("leader-endpoint-port", leader.port().into());
    status
}
