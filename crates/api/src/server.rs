//! The listener: how many connections, how long a header may take, and the way to a graceful stop.

mod body;
mod stalling;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use self::body::Watched;
use self::stalling::Stalling;
use crate::App;
use crate::address::Peer;
use crate::middleware::Unreadable;
use crate::router::{self, router};

/// How long running requests have to end once the service is to stop.
pub const DRAIN: Duration = Duration::from_secs(30);
/// How long the header of a request may take, and how long a connection may lie idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Most headers of one request; more are answered 431.
const HEADERS_LIMIT: usize = 64;
/// Wait after a failed accept: descriptors may be spent for a moment.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the service ended.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The listener has no address any more.
    #[error("the listener failed")]
    Listener(#[source] io::Error),
}

/// Answers requests until `stop` becomes true or its sender is gone; then takes no more connections and lets what runs
/// end, for at most [`DRAIN`].
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: watch::Receiver<bool>) -> Result<(), ServeError> {
    let routes = router(Arc::clone(&app));
    listen(listener, app, routes, stop).await
}

/// The same for a worker alone: only what machines ask, alive, ready and counts.
///
/// # Errors
/// As [`serve`].
pub async fn serve_operations(
    listener: TcpListener,
    app: Arc<App>,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let routes = router::operations(Arc::clone(&app));
    listen(listener, app, routes, stop).await
}

async fn listen(
    listener: TcpListener,
    app: Arc<App>,
    routes: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    listener.local_addr().map_err(ServeError::Listener)?;
    let places = Arc::new(Semaphore::new(app.limits().connections as usize));
    let graceful = GracefulShutdown::new();
    loop {
        // Over the limit, new connections wait in the listener's backlog.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the places are never closed");
            listener.accept().await.map(|(stream, peer)| (stream, Peer(peer.ip()), place))
        };
        let stopped = async { stop.wait_for(|stop| *stop).await.map(drop) };
        tokio::select! {
            _ = stopped => break,
            accepted = next => match accepted {
                Ok((stream, peer, place)) => answer(stream, peer, place, routes.clone(), &app, &graceful),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "requests were cut off at the end");
    }
    Ok(())
}

fn answer(
    stream: TcpStream,
    peer: Peer,
    place: OwnedSemaphorePermit,
    routes: Router,
    app: &App,
    graceful: &GracefulShutdown,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if let Some(why) = unreadable(&request) {
            request.extensions_mut().insert(Unreadable(why));
        }
        answer_one(routes.clone(), request)
    });
    let patience = Duration::from_secs(app.limits().stalled_seconds);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADERS_LIMIT)
        .max_buf_size(usize::try_from(app.limits().header_bytes).unwrap_or(usize::MAX).max(8 << 10))
        .serve_connection(TokioIo::new(Stalling::new(stream, patience)), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that goes away is no event.
        let _ = watched.await;
        drop(place);
    });
}

/// Why a request whose head could be read is none all the same (RFC 9112 section 3.2).
fn unreadable(request: &hyper::Request<Incoming>) -> Option<&'static str> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    match hosts {
        0 if request.version() == Version::HTTP_11 => Some("it names no host"),
        0 | 1 => None,
        _ => Some("it names several hosts"),
    }
}

/// A body that was left unread stands between this request and the next: the client is told that there is none.
async fn answer_one(routes: Router, request: hyper::Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let (body, ended) = Watched::new(body);
    let mut response = routes.oneshot(hyper::Request::from_parts(head, Body::new(body))).await?;
    if !ended.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
