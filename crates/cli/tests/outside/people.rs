//! Users, members, tokens and memberships from the command line.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{Outhaul, Ran};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const HEADER: &str = "email,id,name,user_id,recurring_price,currency,valid_from,valid_until,state,payment_method,\
billing_interval,billing_periods";

/// A folder with the organisation `acme`; passwords come from the environment.
fn acme() -> Outhaul {
    let outhaul = Outhaul::new().with("OUTHAUL_PASSWORD", PASSWORD);
    outhaul.run(&["org", "create", "acme"]).expect(0);
    outhaul
}

fn user(outhaul: &Outhaul, email: &str) -> String {
    let created = outhaul.json(&["user", "create", email]);
    assert_eq!((&created["state"], &created["changed"]), (&json!("active"), &json!(true)));
    created["id"].as_str().unwrap().to_owned()
}

fn with_stdin(outhaul: &Outhaul, args: &[&str], input: &[u8]) -> Ran {
    let mut command = outhaul.command(args);
    command.env_remove("OUTHAUL_PASSWORD").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    Ran::of(&child.wait_with_output().unwrap())
}

fn id(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn row(number: u32, email: &str, user_id: &str) -> String {
    format!("{email},{},Chess,{user_id},12.50,EUR,2024-01-01,,active,sepa,monthly,3", id(number))
}

fn import(outhaul: &Outhaul, rows: &[String]) -> Ran {
    fs::write(outhaul.file("m.csv"), format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"))).unwrap();
    outhaul.run(&["--json", "membership", "import", "m.csv"])
}

#[test]
fn people_users_come_change_and_go() {
    let outhaul = acme();
    let first = user(&outhaul, "U1@example.org");
    let taken = outhaul.run(&["user", "create", "u1@EXAMPLE.org"]).expect(1);
    assert!(!taken.stderr.to_lowercase().contains("u1@") && !taken.stderr.contains(PASSWORD), "{taken:?}");
    for (command, state, changed) in [
        ("disable", "disabled", true),
        ("disable", "disabled", false),
        ("enable", "active", true),
        ("enable", "active", false),
        ("delete", "deleted", true),
    ] {
        let done = outhaul.json(&["user", command, "u1@example.org"]);
        assert_eq!(done, json!({"id": first, "state": state, "changed": changed}));
    }
    for command in ["disable", "enable", "delete"] {
        outhaul.run(&["user", command, "u1@example.org"]).expect(4);
    }
    assert_ne!(user(&outhaul, "u1@example.org"), first, "the address is free again, the id is not");
    for bad in ["u1", "u1@", "a b@example.org", ""] {
        outhaul.run(&["user", "create", bad]).expect(2);
    }
}

#[test]
fn people_passwords_come_from_stdin_too() {
    let outhaul = acme();
    let create = |email, input: &str| with_stdin(&outhaul, &["user", "create", email], input.as_bytes());
    create("a@example.org", "12345678\nmore\n").expect(0);
    create("b@example.org", &"x".repeat(256)).expect(0);
    for bad in ["", "\n", "1234567\n", &"x".repeat(257)] {
        let refused = create("c@example.org", bad).expect(3);
        assert!(refused.stderr.contains("8 to 256 bytes") && refused.stdout.is_empty(), "{refused:?}");
    }
    with_stdin(&outhaul, &["user", "create", "c@example.org"], b"\xff\xff\xff\xff\xff\xff\xff\xff").expect(3);
    outhaul.run(&["user", "delete", "c@example.org"]).expect(4);
    outhaul.run(&["user", "delete", "a@example.org"]).expect(0);
}

#[test]
fn people_members_have_a_role() {
    let outhaul = acme();
    let (first, second) = (user(&outhaul, "u1@example.org"), user(&outhaul, "u2@example.org"));
    let add = |email: &str, role: &str| outhaul.json(&["member", "add", "acme", email, "--role", role]);
    let member = |user: &str, role: Value, changed: bool| json!({"organisation": "acme", "user": user, "role": role, "changed": changed});
    assert_eq!(add("U1@example.org", "admin"), member(&first, json!("admin"), true));
    assert_eq!(add("u1@example.org", "admin"), member(&first, json!("admin"), false));
    let plain = outhaul.json(&["member", "add", "acme", "u2@example.org"]);
    assert_eq!(plain, member(&second, json!("member"), true));
    // The last admin stays.
    for last in [&["member", "remove", "acme", "u1@example.org"][..], &["member", "add", "acme", "u1@example.org"]] {
        assert!(outhaul.run(last).expect(1).stderr.contains("without an admin"));
    }
    add("u2@example.org", "admin");
    let removed = outhaul.json(&["member", "remove", "acme", "u1@example.org"]);
    assert_eq!(removed, member(&first, Value::Null, true));
    outhaul.run(&["member", "remove", "acme", "u1@example.org"]).expect(4);
    outhaul.run(&["member", "add", "nobody", "u1@example.org"]).expect(4);
    outhaul.run(&["member", "add", "acme", "nobody@example.org"]).expect(4);
    outhaul.run(&["member", "add", "acme", "u1@example.org", "--role", "owner"]).expect(2);
}

#[test]
fn people_the_last_admin_goes_only_by_force() {
    let outhaul = acme();
    for email in ["u1@example.org", "u2@example.org"] {
        user(&outhaul, email);
        outhaul.run(&["member", "add", "acme", email, "--role", "admin"]).expect(0);
    }
    // One of two may go; one who cannot sign in is no admin any more.
    outhaul.run(&["user", "disable", "u2@example.org"]).expect(0);
    for command in ["disable", "delete"] {
        let refused = outhaul.run(&["user", command, "u1@example.org"]).expect(1);
        assert!(refused.stderr.contains("acme would be left without an admin"), "{refused:?}");
    }
    outhaul.run(&["user", "delete", "u2@example.org"]).expect(0);
    outhaul.run(&["user", "disable", "u1@example.org", "--force"]).expect(0);
    outhaul.run(&["user", "delete", "u1@example.org"]).expect(0);
}

#[test]
fn people_what_the_operator_does_stands_in_the_trail() {
    let outhaul = acme();
    let id = user(&outhaul, "u1@example.org");
    outhaul.run(&["member", "add", "acme", "u1@example.org"]).expect(0);
    outhaul.run(&["member", "remove", "acme", "u1@example.org"]).expect(0);
    let token = outhaul.json(&["token", "create", "acme", "--scope", "messages:write"])["id"].clone();
    outhaul.run(&["token", "revoke", "acme", token.as_str().unwrap()]).expect(0);
    import(&outhaul, &[row(1, "u1@example.org", ""), row(2, "u1@example.org", "")]).expect(0);
    for command in ["disable", "enable", "delete"] {
        outhaul.run(&["user", command, "u1@example.org"]).expect(0);
    }
    let trail = |args: &[&str]| -> Vec<(String, String)> {
        let shown = outhaul.json(&[&["trail"], args].concat());
        assert!(!shown.to_string().contains("example.org"), "{shown}");
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        let events = shown["events"].as_array().unwrap().iter().rev();
        events
            .inspect(|entry| assert_eq!(entry["actor"], "operator"))
            .map(|entry| (text(entry, "action"), text(entry, "subject")))
            .collect()
    };
    let of = |action: &str, subject: &str| (action.to_owned(), subject.to_owned());
    let token = token.as_str().unwrap();
    assert_eq!(
        trail(&["--org", "acme"]),
        [
            of("organisation.created", "acme"),
            of("member.put", &id),
            of("member.removed", &id),
            of("token.created", token),
            of("token.revoked", token),
        ]
    );
    let mut of_user = trail(&["--user", &id]);
    let import = of_user.remove(1);
    assert_eq!(import.0, "memberships.imported");
    let expected = ["user.created", "user.disabled", "user.enabled", "user.deleted"];
    assert_eq!(of_user, expected.map(|action| of(action, &id)));
    assert_eq!(trail(&["--user", &id, "--limit", "1"]).len(), 1);
    let words = outhaul.run(&["trail", "--org", "acme"]).expect(0);
    assert_eq!(words.stdout.lines().count(), 5, "{words:?}");
    outhaul.run(&["trail", "--org", "nobody"]).expect(4);
    outhaul.run(&["trail"]).expect(2);
}

#[test]
fn people_a_token_is_shown_once() {
    let outhaul = acme();
    let made = outhaul.json(&["token", "create", "acme", "--scope", "messages:write"]);
    assert_eq!((&made["organisation"], &made["scopes"]), (&json!("acme"), &json!(["messages:write"])));
    let (text, token_id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert!(text.starts_with("oht_") && text.len() == 4 + 64, "{text}");
    // Quiet or not, stdout holds the token and nothing else.
    let quiet = outhaul.run(&["-q", "token", "create", "acme", "--scope", "messages:write"]).expect(0);
    let spoken = outhaul.run(&["token", "create", "acme", "--scope", "messages:write"]).expect(0);
    for ran in [&quiet, &spoken] {
        assert!(ran.stdout.starts_with("oht_") && ran.stdout.lines().count() == 1, "{ran:?}");
    }
    let revoked = outhaul.json(&["token", "revoke", "acme", token_id]);
    assert_eq!(revoked, json!({"id": token_id, "organisation": "acme", "revoked": true}));
    outhaul.run(&["token", "revoke", "acme", token_id]).expect(4);
    outhaul.run(&["token", "create", "nobody", "--scope", "messages:write"]).expect(4);
    outhaul.run(&["token", "create", "acme"]).expect(2);
    outhaul.run(&["token", "create", "acme", "--scope", "everything"]).expect(2);
    outhaul.run(&["token", "revoke", "acme", "7"]).expect(2);
    let database = fs::read(outhaul.data().join("outhaul.db")).unwrap();
    let log = fs::read(outhaul.data().join("outhaul.db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&database, token_id) || holds(&log, token_id) || holds(&database, "acme"));
    for secret in [&text[4..], PASSWORD] {
        assert!(!holds(&database, secret) && !holds(&log, secret), "a secret is stored as it is");
    }
}

#[test]
fn people_memberships_are_imported_or_refused_whole() {
    let outhaul = acme();
    let (first, second) = (user(&outhaul, "u1@example.org"), user(&outhaul, "u2@example.org"));
    let rows = [row(1, "U1@Example.org", ""), row(2, "u2@example.org", &second)];
    let imported = import(&outhaul, &rows).expect(0).json();
    assert_eq!(imported, json!({"new": 2, "replaced": 0, "refused": [], "refused_count": 0}));
    assert_eq!(import(&outhaul, &rows).expect(0).json()["replaced"], 2);

    let bad = [
        row(3, "u1@example.org", ""),
        row(4, "nobody@example.org", ""),
        row(5, "u1@example.org", &second),
        row(6, "u1@example.org", "").replace("12.50", "free"),
    ];
    let refused = import(&outhaul, &bad).expect(3);
    assert!(!refused.stdout.contains('@'), "an address is repeated: {refused:?}");
    let refused = refused.json();
    let lines: Vec<_> =
        refused["refused"].as_array().unwrap().iter().map(|error| (&error["line"], &error["field"])).collect();
    let expected = [(json!(5), json!("recurring_price")), (json!(3), json!("email")), (json!(4), json!("user_id"))];
    assert_eq!(lines, expected.iter().map(|(line, field)| (line, field)).collect::<Vec<_>>());
    assert_eq!((&refused["refused_count"], &refused["new"]), (&json!(3), &json!(0)));
    // Another user's, found only by the store: nothing before it was imported either.
    let other = import(&outhaul, &[row(3, "u1@example.org", &first), row(2, "u1@example.org", "")]).expect(3).json();
    assert_eq!(other["refused"], json!([{"line": 3, "field": "id", "reason": "is another user's membership"}]));
    assert_eq!(import(&outhaul, &[row(3, "u1@example.org", &first)]).expect(0).json()["new"], 1);

    outhaul.run(&["membership", "import", "absent.csv"]).expect(4);
    fs::write(outhaul.file("m.csv"), "id,name\n").unwrap();
    let header = outhaul.run(&["membership", "import", "m.csv"]).expect(3);
    assert!(header.stdout.contains("line 1: has no column user_id"), "{header:?}");
    // What a deleted user had does not come back with the address.
    outhaul.run(&["user", "delete", "u2@example.org"]).expect(0);
    import(&outhaul, &[row(9, "u2@example.org", "")]).expect(3);
}

/// Killed at each durable step, the same command again ends where an undisturbed one does.
#[cfg(feature = "failpoints")]
#[test]
fn people_killed_commands_go_on() {
    use std::os::unix::process::ExitStatusExt;

    let outhaul = acme();
    let kill = |point: &str, nth: u32, args: &[&str]| {
        let killed = outhaul.command(args).env("OUTHAUL_KILL_AT", format!("{point}:{nth}")).output().unwrap();
        assert_eq!(killed.status.signal(), Some(9), "{point}: {killed:?}");
    };
    let create = ["directory.begin_user", "accounts.create", "directory.user_state"];
    let delete = ["directory.user_state", "accounts.delete"];
    for when in ["before", "after"] {
        for point in create {
            let done = (point, when) == ("directory.user_state", "after");
            kill(&format!("{point}.{when}"), 1, &["user", "create", "u1@example.org"]);
            outhaul.run(&["user", "create", "u1@example.org"]).expect(if done { 1 } else { 0 });
            outhaul.run(&["user", "disable", "u1@example.org"]).expect(0);
            outhaul.run(&["user", "delete", "u1@example.org"]).expect(0);
        }
        for point in delete {
            let done = (point, when) == ("accounts.delete", "after");
            outhaul.run(&["user", "create", "u1@example.org"]).expect(0);
            kill(&format!("{point}.{when}"), 1, &["user", "delete", "u1@example.org"]);
            outhaul.run(&["user", "delete", "u1@example.org"]).expect(if done { 4 } else { 0 });
        }
        // Over what a deletion left: the address is free all the same.
        outhaul.run(&["user", "create", "u1@example.org"]).expect(0);
        kill("accounts.delete.before", 1, &["user", "delete", "u1@example.org"]);
        outhaul.run(&["user", "create", "u1@example.org"]).expect(0);
        outhaul.run(&["user", "delete", "u1@example.org"]).expect(0);
    }
    user(&outhaul, "u1@example.org");
    for (point, new) in [("memberships.import.before", 1), ("memberships.import.after", 0)] {
        fs::write(outhaul.file("m.csv"), format!("{HEADER}\n{}\n", row(new + 1, "u1@example.org", ""))).unwrap();
        kill(point, 1, &["membership", "import", "m.csv"]);
        assert_eq!(outhaul.json(&["membership", "import", "m.csv"])["new"], new);
    }
    for point in ["directory.member.before", "directory.member.after", "audit.event.before", "audit.event.after"] {
        kill(point, 1, &["member", "add", "acme", "u1@example.org", "--role", "admin"]);
        outhaul.run(&["member", "add", "acme", "u1@example.org", "--role", "admin"]).expect(0);
        outhaul.run(&["user", "delete", "u1@example.org", "--force"]).expect(0);
        outhaul.run(&["user", "create", "u1@example.org"]).expect(0);
    }
}
