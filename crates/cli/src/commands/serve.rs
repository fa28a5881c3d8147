//! `outhaul serve`, `api` and `worker`: the service, until it is told to stop.

use std::net::SocketAddr;

use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::report::Report;
use crate::service::{Roles, Service};
use crate::wiring::Installation;

#[derive(Serialize)]
struct Listening {
    listening: String,
}

/// Serves until a signal, then lets what runs end.
pub async fn run(config: &Config, roles: Roles, listen: Option<SocketAddr>, report: &Report) -> Result<Exit, Failure> {
    // Before anything is begun, so that no signal finds it half done.
    let (stop, exit) = interrupt::stop()?;
    let installation = Installation::serve(config, roles.name()).await?;
    // Workers are many: one listens only where it is told to.
    let listen = listen.or(roles.has_api().then_some(config.http.listen));
    let service = Service::start(&installation, roles, listen, stop).await?;
    tell(&service, report);
    service.ended().await?;
    Ok(exit.get().copied().unwrap_or(Exit::Done))
}

/// The address that is really listened on: a line on stderr, with `--json` an object on stdout.
fn tell(service: &Service, report: &Report) {
    let Some(address) = service.address else {
        report.say("working");
        return;
    };
    let listening = format!("http://{address}");
    if report.is_json() {
        report.result(&Listening { listening }, String::new);
    } else {
        report.say(format!("listening on {listening}"));
    }
}
