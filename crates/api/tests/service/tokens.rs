//! Access tokens that are not good, by the name of what is wrong with them.

use api::Options;
use api::tokens::access::{TokenError, verify};
use axum::http::{Method, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::forge::Forge;
use crate::support::{NOW, World};

/// Refused over HTTP without a word about the reason, and for this reason inside.
async fn check(world: &World, name: &str, token: &str, expected: fn(&TokenError) -> bool) {
    let error = verify(&world.app, token).expect_err(name);
    assert!(expected(&error), "{name}: {error:?}");
    let answer = world.get("/v1/me", token).await;
    answer.is_problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(answer.json().get("detail"), None, "{name}");
}

async fn world() -> (World, Forge) {
    let world = World::new().await;
    let forge = Forge::new(&world).await;
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    assert_eq!(world.get("/v1/me", &good).await.status, StatusCode::OK);
    (world, forge)
}

#[tokio::test]
async fn alg_none_and_its_spellings() {
    let (world, forge) = world().await;
    for alg in ["none", "None", "NONE", "nOnE", "", "none ", "EDDSA", "eddsa", "Ed25519", "ES256", "RS256"] {
        let token = forge.with_header("alg", json!(alg));
        check(&world, alg, &token, |error| matches!(error, TokenError::Header)).await;
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        check(&world, alg, &unsigned, |error| matches!(error, TokenError::Header)).await;
    }
    for alg in [Value::Null, json!(0), json!(["EdDSA"]), json!({})] {
        let token = forge.with_header("alg", alg);
        check(&world, "alg of another type", &token, |error| matches!(error, TokenError::Header)).await;
    }
}

#[tokio::test]
async fn hmac_with_the_public_key() {
    let (world, forge) = world().await;
    for alg in ["HS256", "HS384", "HS512"] {
        let mut header = forge.header();
        header["alg"] = json!(alg);
        let token = forge.sign_hmac(&header.to_string(), &forge.claims().to_string());
        check(&world, alg, &token, |error| matches!(error, TokenError::Header)).await;
    }
    let token = forge.sign_hmac(&forge.header().to_string(), &forge.claims().to_string());
    check(&world, "EdDSA", &token, |error| matches!(error, TokenError::Signature)).await;
}

#[tokio::test]
async fn keys_that_the_token_brings() {
    let (world, forge) = world().await;
    for (name, value) in [
        ("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" })),
        ("jku", json!("https://keys.example.org/jwks.json")),
        ("x5u", json!("https://keys.example.org/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
    ] {
        let mut header = forge.header();
        header[name] = value;
        let (header, claims) = (header.to_string(), forge.claims().to_string());
        let header_error = |error: &TokenError| matches!(error, TokenError::Header);
        check(&world, name, &forge.sign_foreign(&header, &claims), header_error).await;
        check(&world, name, &forge.sign(&header, &claims), header_error).await;
    }
}

#[tokio::test]
async fn kid_paths_and_unknown_kids() {
    let (world, forge) = world().await;
    let unknown = |error: &TokenError| matches!(error, TokenError::UnknownKey);
    for kid in ["", "../server", "../../../../dev/null", "/etc/passwd", "server.secret", "x' OR '1'='1", "*", "\0"] {
        check(&world, kid, &forge.with_header("kid", json!(kid)), unknown).await;
    }
    let path = forge.with_header("kid", json!(format!("{}.key", forge.kid)));
    check(&world, "the file's name", &path, unknown).await;
}

#[tokio::test]
async fn another_signature() {
    let (world, forge) = world().await;
    let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
    let wrong = |error: &TokenError| matches!(error, TokenError::Signature);
    check(&world, "a foreign key", &forge.sign_foreign(&header, &claims), wrong).await;
    let good = forge.sign(&header, &claims);
    let (signed, _) = good.rsplit_once('.').unwrap();
    check(&world, "no signature", &format!("{signed}."), wrong).await;
    let other = forge.with_claim("sub", json!("01890a5d-ac96-774b-bcce-b302099a8057"));
    let moved = format!("{signed}.{}", other.rsplit_once('.').unwrap().1);
    check(&world, "another token's signature", &moved, wrong).await;
}

#[tokio::test]
async fn claims_missing_or_of_another_type() {
    let (world, forge) = world().await;
    let claims = |error: &TokenError| matches!(error, TokenError::Claims);
    for name in ["iss", "aud", "sub", "typ", "exp", "iat", "nbf", "jti", "organisations", "scopes"] {
        check(&world, name, &forge.without_claim(name), claims).await;
        check(&world, name, &forge.with_claim(name, Value::Null), claims).await;
        check(&world, name, &forge.with_claim(name, json!({ "a": 1 })), claims).await;
    }
    for (name, value) in [
        ("exp", json!("1769904300")),
        ("exp", json!(1.5e300)),
        ("aud", json!(["outhaul"])),
        ("sub", json!("root")),
        ("sub", json!("01890A5D-AC96-774B-BCCE-B302099A8057")),
        ("jti", json!("")),
        ("scopes", json!(["everything"])),
        ("organisations", json!([{ "slug": "../x", "role": "admin" }])),
        ("organisations", json!([{ "slug": "o1", "role": "owner" }])),
        ("admin", json!(true)),
    ] {
        check(&world, name, &forge.with_claim(name, value), claims).await;
    }
}

#[tokio::test]
async fn claims_of_others() {
    let (world, forge) = world().await;
    let purpose = |error: &TokenError| matches!(error, TokenError::Purpose);
    for (name, value) in [
        ("iss", "https://example.org"),
        ("iss", "http://127.0.0.1:8470/"),
        ("aud", "another"),
        ("typ", "refresh"),
        ("typ", "Access"),
    ] {
        check(&world, name, &forge.with_claim(name, json!(value)), purpose).await;
    }
    for typ in ["JWT", "jwt", "AT+JWT", "refresh+jwt"] {
        let header = |error: &TokenError| matches!(error, TokenError::Header);
        check(&world, typ, &forge.with_header("typ", json!(typ)), header).await;
    }
}

#[tokio::test]
async fn times_that_are_over_or_to_come() {
    let (world, forge) = world().await;
    let now = NOW.0 / 1_000_000;
    let time = |error: &TokenError| matches!(error, TokenError::Time);
    for (name, value) in [
        ("exp", now - 5),
        ("exp", now + 301),
        ("exp", i64::MAX),
        ("exp", i64::MIN),
        ("exp", now - 1_000),
        ("nbf", now + 6),
        ("iat", now + 6),
        ("iat", i64::MIN),
    ] {
        check(&world, name, &forge.with_claim(name, json!(value)), time).await;
    }
    for (name, value) in [("nbf", now + 5), ("iat", now + 5), ("exp", now)] {
        let answer = world.get("/v1/me", &forge.with_claim(name, json!(value))).await;
        assert_eq!(answer.status, StatusCode::OK, "{name} within the leeway");
    }
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    world.wait(304);
    assert_eq!(world.get("/v1/me", &good).await.status, StatusCode::OK);
    world.wait(1);
    check(&world, "five minutes and the leeway", &good, time).await;
}

#[tokio::test]
async fn duplicate_keys() {
    let (world, forge) = world().await;
    let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
    let twice = |text: &str, member: &str| format!("{},{member}}}", text.strip_suffix('}').unwrap());
    for member in [r#""alg":"EdDSA""#, r#""kid":"x""#, r#""typ":"at+jwt""#] {
        let token = forge.sign(&twice(&header, member), &claims);
        check(&world, member, &token, |error| matches!(error, TokenError::Header)).await;
    }
    for member in [r#""sub":"x""#, r#""typ":"access""#, r#""exp":9999999999"#, r#""\u0065xp":1"#] {
        let token = forge.sign(&header, &twice(&claims, member));
        check(&world, member, &token, |error| matches!(error, TokenError::Claims)).await;
    }
    let nested = claims.replace("\"organisations\":[]", r#""organisations":[{"slug":"a","slug":"b","role":"admin"}]"#);
    assert_ne!(nested, claims);
    check(&world, "nested", &forge.sign(&header, &nested), |error| matches!(error, TokenError::Claims)).await;
}

#[tokio::test]
async fn oversized_or_misshapen() {
    let (world, forge) = world().await;
    let long = forge.with_claim("jti", json!("a".repeat(12 << 10)));
    check(&world, "oversized", &long, |error| matches!(error, TokenError::TooLong)).await;
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let (a, b, c) = (parts[0], parts[1], parts[2]);
    for token in [
        "x".to_owned(),
        "..".to_owned(),
        format!("{a}.{b}"),
        format!("{a}.{b}.{c}."),
        format!("{a}.{b}.{c}.{c}"),
        format!("{a}.{b}.{c}="),
        format!("{a}=.{b}.{c}"),
        format!(".{a}.{b}.{c}"),
        format!("{a}..{c}"),
        format!("{a}.{b}.!{c}"),
    ] {
        let shape =
            |error: &TokenError| matches!(error, TokenError::Shape | TokenError::Header | TokenError::Signature);
        check(&world, &token, &token, shape).await;
    }
}

#[tokio::test]
async fn every_changed_letter_is_noticed() {
    let (world, forge) = world().await;
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    for index in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verify(&world.app, &changed).is_err(), "letter {index}");
    }
}

#[tokio::test]
async fn headers_that_are_no_token() {
    let (world, forge) = world().await;
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    for value in ["", "Bearer", "Bearer ", "Basic dTpw", &good, &format!("Bearer  {good}"), &format!("Bearer {good} ")]
    {
        let mut request = crate::support::request(Method::GET, "/v1/me", None, axum::body::Body::empty());
        request.headers_mut().insert("authorization", value.parse().unwrap());
        world.send(request).await.is_problem(401, "unauthenticated");
    }
    let mut twice = crate::support::request(Method::GET, "/v1/me", Some(&good), axum::body::Body::empty());
    twice.headers_mut().append("authorization", format!("Bearer {good}").parse().unwrap());
    world.send(twice).await.is_problem(401, "unauthenticated");
    world.call(Method::GET, &format!("/v1/me?access_token={good}"), None).await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn tokens_of_other_kinds() {
    let (world, _) = world().await;
    world.user("u1@example.org").await;
    let o1 = world.organisation("o1").await;
    let session = world.sign_in("u1@example.org").await;
    let program = world.organisation_token(&o1, &[domain::people::Scope::MessagesWrite]).await;
    for token in [&session.refresh, &program] {
        world.get("/v1/me", token).await.is_problem(401, "unauthenticated");
        world.get("/v1/organisations/o1/members", token).await.is_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn others_can_verify_ours() {
    let world = World::new().await;
    let user = world.user("u1@example.org").await;
    let o1 = world.organisation("o1").await;
    world.member(&o1, user, domain::people::Role::Admin).await;
    let token = world.sign_in("u1@example.org").await.access;
    let set = world.call(Method::GET, "/.well-known/jwks.json", None).await.json();
    let key = DecodingKey::from_ed_components(set["keys"][0]["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["outhaul"]);
    validation.set_issuer(&["http://127.0.0.1:8470"]);
    // The library looks at the machine's clock.
    validation.validate_exp = false;
    let read = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap();
    assert_eq!(read.header.kid.as_deref(), set["keys"][0]["kid"].as_str());
    assert_eq!(read.claims["sub"], user.to_string());
    assert_eq!(read.claims["organisations"], json!([{ "slug": "o1", "role": "admin" }]));
}

/// An installation may name another issuer and another audience; tokens of the usual ones are then not good.
#[tokio::test]
async fn an_installation_names_its_issuer_and_its_audience() {
    let (issuer, audience) = ("https://id.example.org".to_owned(), "exports".to_owned());
    let options = Options { issuer: issuer.clone(), audience: audience.clone(), ..Options::default() };
    let world = World::with(options).await;
    let forge = Forge::new(&world).await;
    let mut claims = forge.claims();
    check(&world, "the usual names", &forge.sign(&forge.header().to_string(), &claims.to_string()), |error| {
        matches!(error, TokenError::Purpose)
    })
    .await;
    (claims["iss"], claims["aud"]) = (json!(issuer), json!(audience));
    let named = forge.sign(&forge.header().to_string(), &claims.to_string());
    assert_eq!(world.get("/v1/me", &named).await.status, StatusCode::OK);
    world.user("own@example.org").await;
    let own = world.sign_in("own@example.org").await;
    assert_eq!(world.get("/v1/me", &own.access).await.status, StatusCode::OK);
}
