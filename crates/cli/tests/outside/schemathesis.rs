//! Schemathesis, which makes requests of all kinds from the OpenAPI document, against a running service.

use crate::server::{Client, Server, member};
use crate::support::{Outhaul, is_deep, python, root};
use std::process::Command;

#[test]
fn the_service_is_as_its_document_says() {
    let Some(python) = python("schemathesis") else { return };
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__ACCESS_TOKEN_SECONDS", 86_400)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ADDRESS", 1_000_000);
    let messages = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1", "--days", "10"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(&outhaul, "org-0001", "ada@example.org", "admin");
    member(&outhaul, "org-0001", "bo@example.org", "member");
    let server = Server::start(&outhaul, "serve");
    let bo = Client::sign_in(&server, "bo@example.org").get("/v1/me").json();
    let token = Client::sign_in(&server, "ada@example.org").token;
    let examples = if is_deep() { "200" } else { "12" };
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(root().join("tests/schemathesis.toml"));
    command.args(["run", "--no-color", "--max-examples", examples, "--seed", "1"]);
    command.arg(format!("{}/openapi.json", server.url));
    command.current_dir(outhaul.file("")).env("OUTHAUL_TOKEN", token).env("OUTHAUL_MEMBER", bo["id"].as_str().unwrap());
    let ran = command.output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(server.stop(), Some(0));
}
