//! Schemathesis, which makes requests of all kinds from the OpenAPI document, against a running service.

use crate::server::{Client, Server, member};
use crate::support::{Outhaul, is_deep, python, root};
use serde_json::json;
use std::process::Command;

const DAYS: (&str, &str) = ("2024-01-01", "2024-01-10");

#[test]
fn the_service_is_as_its_document_says() {
    let Some(python) = python("schemathesis") else { return };
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__ACCESS_TOKEN_SECONDS", 86_400)
        .with("OUTHAUL_LIMITS__LINK_SECONDS", 86_400)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ADDRESS", 1_000_000);
    let messages = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1", "--days", "10"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(&outhaul, "org-0001", "ada@example.org", "admin");
    member(&outhaul, "org-0001", "bo@example.org", "member");
    let server = Server::start(&outhaul, "serve");
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(root().join("tests/schemathesis.toml"));
    let examples = if is_deep() { "200" } else { "12" };
    command.args(["run", "--no-color", "--max-examples", examples, "--seed", "1"]);
    command.arg(format!("{}/openapi.json", server.url));
    command.current_dir(outhaul.file("")).env("PYTHONPATH", root().join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(what_is_there(&server));
    let ran = command.output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(server.stop(), Some(0));
}

/// The variables of `tests/schemathesis.toml`.
fn what_is_there(server: &Server) -> [(&'static str, String); 5] {
    let bo = Client::sign_in(server, "bo@example.org").get("/v1/me").json();
    let ada = Client::sign_in(server, "ada@example.org");
    let export = ada.ask("org-0001", DAYS);
    let mine = ada.send("POST", "/v1/me/exports", &[], &json!({"dataset": "memberships"})).location.unwrap();
    ada.wait_for(&export, "succeeded");
    ada.wait_for(&mine, "succeeded");
    let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    [
        ("OUTHAUL_LINK", last(&ada.link(&export))),
        ("OUTHAUL_EXPORT", last(&export)),
        ("OUTHAUL_MY_EXPORT", last(&mine)),
        ("OUTHAUL_MEMBER", bo["id"].as_str().unwrap().to_owned()),
        ("OUTHAUL_TOKEN", ada.token),
    ]
}
