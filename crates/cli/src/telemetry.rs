//! Spans on their way to an OpenTelemetry collector, by OTLP over HTTP (protobuf).
//!
//! What a span says is what the log says of it: nothing of people, tokens or messages. Sampling, queue and time-outs follow the
//! usual `OTEL_` variables.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use ureq::Agent;

use crate::config;
use crate::exit::{Failure, OrExit};
use crate::remote::tls;

/// Under which the collector finds us, as long as OTEL_SERVICE_NAME says nothing else.
const SERVICE: &str = "outhaul";
/// Crates whose spans are exported.
const CRATES: [&str; 4] = ["api", "lake", "outhaul", "worker"];
/// How long one batch may take.
const EXPORT: Duration = Duration::from_secs(10);
/// How long the last batch may keep the process.
const LAST: Duration = Duration::from_secs(5);
/// Most of an answer that is read (bytes).
const ANSWER_BYTES: u64 = 64 << 10;

/// The way to the collector, where one is configured.
#[derive(Debug, Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Opens the way; nothing is sent yet.
    ///
    /// # Errors
    /// The address cannot be one, or the trusted certificates cannot be read.
    pub fn new(config: &config::Telemetry) -> Result<Self, Failure> {
        if config.traces_url.is_empty() {
            return Ok(Self::default());
        }
        let client = Agent::config_builder()
            .tls_config(tls::config()?)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(EXPORT))
            .build();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client(client.new_agent()))
            .with_endpoint(&config.traces_url)
            .with_timeout(EXPORT)
            .build();
        let exporter = exporter.or_exit(crate::exit::Exit::Usage)?;
        let resource = Resource::builder().with_service_name(SERVICE).build();
        Ok(Self(Some(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())))
    }

    /// What takes spans in, to be put beside the log.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> Option<impl Layer<S> + use<S>> {
        let tracer = self.0.as_ref()?.tracer(SERVICE);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        let ours = Targets::new().with_targets(CRATES.map(|name| (name, LevelFilter::INFO)));
        Some(layer.with_filter(ours))
    }

    /// Sends what is left. It waits, so it is not for a thread of the runtime.
    pub fn finish(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST)
        {
            warn!(%error, "the last spans were lost");
        }
    }
}

/// The same client as that of the commands, so that there is one HTTP and one TLS stack.
#[derive(Debug)]
struct Client(Agent);

#[async_trait]
impl HttpClient for Client {
    /// Called on the exporter's own thread, which may wait.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.0.run(request.map(|body| body.to_vec()))?;
        let (head, body) = response.into_parts();
        let body = body.into_with_config().limit(ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}
